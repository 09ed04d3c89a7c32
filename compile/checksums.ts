/**
 * `SHA256SUMS` of a directory, as `sha256sum --check` reads it.
 *
 * @module
 */
import { sha256 } from "./run.ts";

/** Writes the sums of every release file of `version` in `directory`, sorted by name. */
export async function writeChecksums(
  directory: string,
  version: string,
): Promise<void> {
  const names: string[] = [];
  for await (const { name, isFile } of Deno.readDir(directory)) {
    if (
      isFile &&
      (name.startsWith(`dash7-edge-${version}`) ||
        name.startsWith(`dash7-edge_${version}`))
    ) names.push(name);
  }
  const rows: string[] = [];
  for (const name of names.sort()) {
    rows.push(
      `${await sha256(await Deno.readFile(`${directory}/${name}`))}  ${name}\n`,
    );
  }
  await Deno.writeTextFile(`${directory}/SHA256SUMS`, rows.join(""));
}
