/**
 * `deno task compile`: one binary per target into `dist/`.
 *
 * The base runtime comes from Deno's own host; a builder that cannot reach it
 * names one of the target's version and architecture in `DENORT_BIN`.
 *
 * @module
 */
import project from "../deno.json" with { type: "json" };
import { compileArguments, targets } from "./targets.ts";

const wanted = Deno.args[0] ?? "all";
const chosen = targets.filter(({ triple, arch }) =>
  wanted === "all" || wanted === triple || wanted === arch
);
const say = (text: string) =>
  Deno.stderr.writeSync(new TextEncoder().encode(`${text}\n`));
if (chosen.length === 0) {
  const names = targets.map(({ triple }) => triple).join(", ");
  say(`Unknown target ${wanted}; there are all, ${names}`);
  Deno.exit(2);
}
for (const target of chosen) {
  const output = `dist/dash7-edge-${project.version}-linux-${target.arch}`;
  const { success } = await new Deno.Command(Deno.execPath(), {
    args: [...compileArguments(target, output)],
    stdin: "null",
  }).spawn().status;
  if (!success) {
    say(
      `Cannot compile for ${target.triple}. If the base runtime could not be downloaded, name one in DENORT_BIN.`,
    );
    Deno.exit(1);
  }
  say(`Wrote ${output}`);
}
