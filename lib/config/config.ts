/**
 * The configuration: one TOML file, its text to settings with every default
 * filled in, or to every fault it has.
 *
 * text → TOML (`toml.ts`) → variables (`variables.ts`) → password files →
 * schema (`schema.ts`) and cross rules (`rules.ts`) → defaults of the system.
 * Faults get words in `explain.ts` and line and column from `locate.ts`.
 *
 * @module
 */
import { basename, join } from "node:path";
import type * as z from "zod";
import { type Kinds, sinkKinds, type SinkSettings } from "../sink/kinds.ts";
import { cleartextPasswords } from "./cleartext.ts";
import { explain, type Finding } from "./explain.ts";
import { type Fault, faultLine, head, pathText, plain } from "./fault.ts";
import { locate, type Path, pathKey, Places } from "./locate.ts";
import { fileTrouble, readPasswords } from "./passwords.ts";
import { advice, contradictions } from "./rules.ts";
import { configSchema, jsonSchemaOf, type SchemaNode } from "./schema.ts";
import { parseToml, SyntaxFault, type Table } from "./toml.ts";
import { type Environment, resolveVariables } from "./variables.ts";

type Checked<K extends Kinds> = z.output<
  ReturnType<typeof configSchema<K>>
>;

/** A checked configuration, defaults filled in, secrets in clear. */
export type ConfigOf<K extends Kinds> =
  & Omit<
    Checked<K>,
    "agent" | "http" | "sinks"
  >
  & {
    readonly agent: { readonly name: string; readonly data_dir: string };
    readonly http: Checked<K>["http"] & { readonly socket: string };
    /** By name, in the order of the file; names of digits only come first. */
    readonly sinks: Readonly<Record<string, SinkSettings<K>>>;
  };

/** The configuration of this program. */
export type Config = ConfigOf<typeof sinkKinds>;

/** A configuration that cannot be used; its message lists all faults, one a line. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
  constructor(
    /** Every fault, in the order of the file. */
    readonly faults: readonly Fault[],
    options?: ErrorOptions,
  ) {
    super(faults.map(faultLine).join("\n"), options);
  }
}

/** What a configuration takes from the machine it is on. */
export interface ConfigHost {
  readonly env: Environment;
  /** Text of a file. */
  readonly readFile: (path: string) => Promise<string>;
  /** Permission bits of a file; null where there are none. */
  readonly mode: (path: string) => Promise<number | null>;
  readonly hostname: () => string;
}

/** The machine itself. */
export const systemHost: ConfigHost = {
  env: (name) => Deno.env.get(name),
  readFile: (path) => Deno.readTextFile(path),
  mode: async (path) => (await Deno.stat(path)).mode,
  hostname: () => Deno.hostname(),
};

/** What {@link loadConfig} gives. */
export interface Loaded<K extends Kinds> {
  readonly config: ConfigOf<K>;
  /** What works but should not stay so, one line each: `file:line:column: path: text`. */
  readonly warnings: readonly string[];
}

/**
 * Reads and checks a configuration file.
 *
 * @throws {ConfigError} with every fault of the file
 */
export function loadConfig(
  file: string,
  host: Partial<ConfigHost> = {},
): Promise<Loaded<typeof sinkKinds>> {
  return loadConfigFor(sinkKinds, file, host);
}

/** {@link loadConfig} for another table of sinks. */
export async function loadConfigFor<K extends Kinds>(
  kinds: K,
  file: string,
  host: Partial<ConfigHost> = {},
): Promise<Loaded<K>> {
  const on = { ...systemHost, ...host };
  const text = await on.readFile(file).catch((cause) => {
    throw whole(file, fileTrouble(cause, file), "a configuration file", cause);
  });
  const written = parse(text, file);
  const places = locate(text);
  const resolved = resolveVariables(written, on.env);
  const document = resolved.value as Table;
  const faulty: Finding[] = resolved.faults.map((fault) => ({
    ...fault,
    part: "value",
  }));
  const root = jsonSchemaOf(kinds);
  faulty.push(...await readPasswords(document, root, file, on));
  faulty.push(...contradictions(document));
  const parsed = configSchema(kinds).safeParse(document);
  const own = new Set(faulty.map(({ path }) => pathKey(path)));
  const findings = [
    ...faulty,
    ...explain(parsed.error?.issues ?? [], document, root)
      // A variable that is missing is one fault, not two.
      .filter(({ path }) => !own.has(pathKey(path)))
      .map((finding) => numberFromVariable(finding, resolved.variables)),
  ];
  if (findings.length > 0 || !parsed.success) {
    throw new ConfigError(inOrder(findings, file, places));
  }
  const readable = ((await on.mode(file).catch(() => null) ?? 0) & 0o044) !== 0;
  const warnings = [
    ...advice(written, resolved.variables, readable),
    ...cleartextPasswords(document),
  ].map(({ path, part, text }) =>
    head({ file, ...places.of(path, part), path: plain(pathText(path)) }) +
    plain(text)
  );
  return { config: complete<K>(parsed.data as Checked<K>, on), warnings };
}

/** JSON Schema (draft 2020-12) of the configuration file, for editors. */
export function configJsonSchema(): SchemaNode & { title: string } {
  return jsonSchemaOf(sinkKinds);
}

/** Where a configuration is looked for when none is named, in this order. */
export const DEFAULT_PLACES: readonly string[] = [
  "./dash7-edge.toml",
  "/etc/dash7-edge/dash7-edge.toml",
];

/** What {@link findConfigFile} goes by. */
export interface FindOptions {
  /** Value of `--config`. */
  readonly flag?: string | undefined;
  readonly env: Environment;
  /** What there is of that name; null: nothing. */
  readonly look?: (path: string) => "file" | "directory" | null;
}

/**
 * Name of the configuration file: `--config`, else `$DASH7_EDGE_CONFIG`, else
 * the first of {@link DEFAULT_PLACES} that exists. A file that is named must be
 * there; the others are not tried in its place.
 *
 * @throws {ConfigError} when there is none, naming all that was tried
 */
export function findConfigFile(
  { flag, env, look = lookAt }: FindOptions,
): string {
  const variable = env("DASH7_EDGE_CONFIG") || undefined;
  const named = flag ?? variable;
  if (named !== undefined) {
    const what = look(named);
    if (what === "file") return named;
    const source = flag !== undefined ? "--config" : "$DASH7_EDGE_CONFIG";
    const file = join(named, basename(DEFAULT_PLACES[0] ?? ""));
    throw what === null
      ? notFound(named, `no such file, though ${source} names it`)
      : notFound(
        named,
        `a directory, though ${source} names it`,
        look(file) === "file" ? `did you mean ${file}?` : writeOne(file),
      );
  }
  const found = DEFAULT_PLACES.find((path) => look(path) === "file");
  if (found !== undefined) return found;
  throw notFound(
    "",
    `no configuration (tried ${
      ["--config", "$DASH7_EDGE_CONFIG", ...DEFAULT_PLACES].join(", ")
    })`,
  );
}

function parse(text: string, file: string): Table {
  try {
    return parseToml(text);
  } catch (cause) {
    if (!(cause instanceof SyntaxFault)) throw cause;
    const { line, column, message } = cause;
    const hint = message.startsWith("invalid value")
      ? "text needs quotes; numbers, true and false need none"
      : message.startsWith("trying to redefine")
      ? "each key and each [table] may appear once"
      : undefined;
    throw new ConfigError([{
      file,
      line,
      column,
      path: "",
      found: `text that is not TOML (${plain(message)})`,
      wanted: "TOML; later faults show once this is put right",
      ...(hint === undefined ? {} : { hint }),
    }], { cause });
  }
}

function numberFromVariable(
  finding: Finding,
  variables: readonly Path[],
): Finding {
  const key = pathKey(finding.path);
  return /^(a (whole )?number|true or false)/.test(finding.wanted) &&
      variables.some((path) => pathKey(path) === key)
    ? {
      ...finding,
      hint: "a variable always gives text: write this value out",
    }
    : finding;
}

function inOrder(
  findings: readonly Finding[],
  file: string,
  places: Places,
): Fault[] {
  return findings.map(({ path, part, found, wanted, hint }) => ({
    file,
    ...places.of(path, part),
    path: plain(pathText(path)),
    found: plain(found),
    wanted: plain(wanted),
    ...(hint === undefined ? {} : { hint: plain(hint) }),
  })).sort((a, b) => a.line - b.line || a.column - b.column);
}

function complete<K extends Kinds>(
  checked: Checked<K>,
  host: ConfigHost,
): ConfigOf<K> {
  // systemd may name several directories, separated by colons.
  const first = (name: string) => host.env(name)?.split(":")[0] || undefined;
  const dataDir = checked.agent.data_dir ?? first("STATE_DIRECTORY") ??
    "./data";
  const devices = Object.entries(checked.devices)
    .map(([uid, device]) => [uid.toUpperCase(), device]);
  return {
    ...checked,
    agent: { name: checked.agent.name ?? host.hostname(), data_dir: dataDir },
    devices: Object.fromEntries(devices),
    http: {
      ...checked.http,
      socket: checked.http.socket ??
        `${first("RUNTIME_DIRECTORY") ?? dataDir}/control.sock`,
    },
    sinks: checked.sinks as ConfigOf<K>["sinks"],
  };
}

function whole(
  file: string,
  found: string,
  wanted: string,
  cause: unknown,
): ConfigError {
  return new ConfigError(
    [{ file, line: 0, column: 0, path: "", found, wanted }],
    { cause },
  );
}

function notFound(
  file: string,
  found: string,
  hint = writeOne(file || "dash7-edge.toml"),
): ConfigError {
  return new ConfigError([{
    file,
    line: 0,
    column: 0,
    path: "",
    found,
    wanted: "a configuration file",
    hint,
  }]);
}

function writeOne(file: string): string {
  return `write one with: dash7-edge init --out ${file}`;
}

function lookAt(path: string): "file" | "directory" | null {
  try {
    // A directory is no configuration; /dev/stdin and the like are.
    return Deno.statSync(path).isDirectory ? "directory" : "file";
  } catch {
    return null;
  }
}
