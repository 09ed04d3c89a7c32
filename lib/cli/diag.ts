/**
 * `diag`: one file for whoever is asked for help: how the agent is, its last
 * minutes, its configuration without secrets, and the machine it is on. What
 * cannot be had is told in it; without a running agent the rest is collected.
 *
 * @module
 */
import { object } from "@optique/core/constructs";
import { message } from "@optique/core/message";
import { map, optional } from "@optique/core/modifiers";
import { command, option } from "@optique/core/primitives";
import { string } from "@optique/core/valueparser";
import { ConfigError, findConfigFile, loadConfig } from "../config/config.ts";
import { type Redactor, redactor } from "../config/redactor.ts";
import { redact } from "../config/secrets.ts";
import { parseToml } from "../config/toml.ts";
import { listPorts } from "../serial/ports.ts";
import { type Agent, withAgent } from "./control.ts";
import { platform, versions } from "./diag_facts.ts";
import { examples } from "./examples.ts";
import type { Action, ExitCode, Io } from "./io.ts";
import { agentOptions, type AgentSelection } from "./socket.ts";
import { type TarFile, tarOf } from "./tar.ts";
import { bytes } from "./words.ts";

/** Grammar of `diag`. */
export const diagCommand = command(
  "diag",
  map(
    object({
      out: optional(
        option("--out", string({ metavar: "FILE" }), {
          description:
            message`name of the new file; default dash7-edge-diag-TIME.tar.gz here`,
        }),
      ),
      agent: agentOptions,
    }),
    ({ out, agent }): Action => (io) => diag(out, agent, io),
  ),
  {
    description:
      message`Write one file to mail for help: state, last minutes, configuration without secrets.`,
    footer: examples("diag", "diag --out for-support.tar.gz"),
  },
);

/** What has been collected, and what could not be. */
class Bundle {
  readonly #files: { name: string; text: string; modifiedMs: number }[] = [];
  readonly #missing: string[] = [];
  readonly #nowMs: number;

  constructor(nowMs: number) {
    this.#nowMs = nowMs;
  }

  add(name: string, text: string, modifiedMs = this.#nowMs): void {
    this.#files.push({ name, text, modifiedMs });
  }

  json(name: string, value: unknown): void {
    this.add(name, `${JSON.stringify(redact(value), null, 2)}\n`);
  }

  missing(what: string, why: unknown): void {
    const reason = why instanceof Error ? why.message : String(why);
    this.#missing.push(`${what}: ${reason.trim()}`);
  }

  /** Adds what can be had, or why it cannot. */
  async try(what: string, collect: () => Promise<void>): Promise<void> {
    try {
      await collect();
    } catch (error) {
      this.missing(what, error);
    }
  }

  /** All files, every secret taken out. */
  files(secrets: Redactor): readonly TarFile[] {
    const readme = [
      "A diagnosis of dash7-edge. Passwords and tokens are replaced by (hidden).",
      "",
      ...this.#files.map(({ name }) => name),
      ...(this.#missing.length === 0
        ? []
        : ["", "Not in it:", ...this.#missing]),
      "",
    ].join("\n");
    const all = [
      { name: "README.txt", text: readme, modifiedMs: this.#nowMs },
      ...this.#files,
    ];
    return all.map(({ name, text, modifiedMs }) => ({
      name: `dash7-edge-diag/${name}`,
      bytes: new TextEncoder().encode(secrets.text(text)),
      modifiedMs,
    }));
  }

  get lacks(): readonly string[] {
    return this.#missing;
  }
}

async function diag(
  out: string | undefined,
  selection: AgentSelection,
  io: Io,
): Promise<ExitCode> {
  const now = new Date();
  const bundle = new Bundle(now.getTime());
  const asked = await askAgent(selection, bundle, io);
  const known: unknown[] = [];
  const dataDir = await addConfig(selection, bundle, known, io) ??
    asked.dataDir;
  bundle.json("versions.json", versions());
  bundle.json("platform.json", platform(asked.dataDir ?? dataDir));
  await bundle.try("ports.json", async () => {
    bundle.json("ports.json", await listPorts());
  });
  await bundle.try(
    "flight/",
    () => addCaptures(bundle, asked.dataDir ?? dataDir, asked.capture),
  );
  const stamp = now.toISOString().slice(0, 19).replaceAll(":", "-");
  const path = out ?? `dash7-edge-diag-${stamp}Z.tar.gz`;
  const packed = await gzip(tarOf(bundle.files(redactor(known))));
  try {
    await Deno.writeFile(path, packed, { createNew: true, mode: 0o600 });
  } catch (error) {
    io.err(`dash7-edge: ${unwritten(path, error)}\n`);
    return 1;
  }
  for (const line of bundle.lacks) io.err(`Not in it: ${line}\n`);
  io.err(
    `${path}, ${
      bytes(packed.length)
    }: passwords and tokens are taken out; it holds device numbers, names and readings of the last minutes.\n`,
  );
  io.out(`${path}\n`);
  return 0;
}

/** What the running agent says of itself. */
interface Asked {
  readonly dataDir: string | null;
  /** The flight capture that it has just written. */
  readonly capture: string | null;
}

async function askAgent(
  selection: AgentSelection,
  bundle: Bundle,
  io: Io,
): Promise<Asked> {
  let dataDir: string | null = null;
  let capture: string | null = null;
  let said = "";
  // No agent is no failure here: what there is to say about it goes into the file.
  const quiet: Io = { ...io, err: (text) => said += text };
  await withAgent(selection, quiet, "diag", async (agent: Agent) => {
    await bundle.try("status.json", async () => {
      const status = await agent.status();
      dataDir = status.agent.data_dir;
      bundle.json("status.json", status);
    });
    await bundle.try("devices.json", async () => {
      bundle.json("devices.json", await agent.devices());
    });
    await bundle.try("the last minutes", async () => {
      capture = (await agent.diag()).file;
    });
    return 0;
  });
  if (said !== "") {
    bundle.missing("the running agent", said.replace(/^dash7-edge: /, ""));
  }
  return { dataDir, capture };
}

/**
 * Adds the configuration as far as it can be read; gives its data directory.
 *
 * @param known takes what secrets are found by
 */
async function addConfig(
  { config: flag }: AgentSelection,
  bundle: Bundle,
  known: unknown[],
  io: Io,
): Promise<string | null> {
  try {
    const file = findConfigFile({ flag, env: io.env });
    const text = await Deno.readTextFile(file);
    try {
      known.push(parseToml(text));
    } catch {
      // What is wrong with it is told below, with its line.
    }
    const { config, warnings } = await loadConfig(file, { env: io.env });
    known.push(config);
    bundle.json("config.json", { file, config, warnings });
    return config.agent.data_dir;
  } catch (error) {
    if (error instanceof ConfigError) {
      bundle.add("config-faults.txt", `${error.message}\n`);
    }
    bundle.missing("config.json", error);
    return null;
  }
}

/** The capture of now, and those of past anomalies. */
async function addCaptures(
  bundle: Bundle,
  dataDir: string | null,
  fresh: string | null,
): Promise<void> {
  const dir = fresh?.replace(/\/[^/]*$/, "") ??
    (dataDir === null ? null : `${dataDir}/flight`);
  if (dir === null) return;
  try {
    for await (const { name, isFile } of Deno.readDir(dir)) {
      if (!isFile || !name.endsWith(".capture")) continue;
      const path = `${dir}/${name}`;
      const { mtime } = await Deno.stat(path);
      bundle.add(
        `flight/${name}`,
        await Deno.readTextFile(path),
        mtime?.getTime() ?? 0,
      );
    }
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

async function gzip(data: Uint8Array<ArrayBuffer>): Promise<Uint8Array> {
  const packed = new Blob([data]).stream()
    .pipeThrough(new CompressionStream("gzip"));
  return new Uint8Array(await new Response(packed).arrayBuffer());
}

function unwritten(path: string, error: unknown): string {
  const reason = error instanceof Deno.errors.AlreadyExists
    ? "there is a file of that name, name another one"
    : error instanceof Deno.errors.NotFound
    ? "its directory is not there, make it or name another file"
    : error instanceof Deno.errors.PermissionDenied
    ? "no permission to write there, name a file of your own with --out"
    : error instanceof Error
    ? error.message
    : String(error);
  return `Cannot write ${path}: ${reason}`;
}
