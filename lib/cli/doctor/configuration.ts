/**
 * Looks at the configuration for `doctor`: found, readable, valid, and what
 * should not stay so.
 *
 * @module
 */
import {
  type Config,
  ConfigError,
  DEFAULT_PLACES,
  findConfigFile,
  loadConfig,
} from "../../config/config.ts";
import type { Fault } from "../../config/fault.ts";
import { textOf } from "../../serial/system.ts";
import type { Io } from "../io.ts";
import {
  type Account,
  groupName,
  may,
  modeText,
  type Names,
  type Permissions,
  READ,
  whom,
} from "./account.ts";
import { type Finding, tell } from "./finding.ts";

/** A configuration as far as it could be loaded. */
export interface Loaded {
  /** null: none was found. */
  readonly file: string | null;
  /** null: it is refused. */
  readonly config: Config | null;
  readonly faults: readonly Fault[];
  /** `file:line:column: path: text`. */
  readonly warnings: readonly string[];
}

/** Directories that systemd names to the service, as its unit asks for them. */
const SERVICE_DIRECTORIES: Readonly<Record<string, string>> = {
  STATE_DIRECTORY: "/var/lib/dash7-edge",
  RUNTIME_DIRECTORY: "/run/dash7-edge",
  // Credentials are loaded from here.
  CREDENTIALS_DIRECTORY: "/etc/dash7-edge",
};
/** Variables of the service. */
const SERVICE_VARIABLES = "/etc/default/dash7-edge";

/**
 * The environment as the service has it: whoever stands before the gateway has
 * another, and would look for the outbox and passwords in the wrong place.
 *
 * @param variables text of the service's EnvironmentFile [systemd.exec(5)]
 */
export function serviceEnvironment(
  env: Io["env"],
  variables: string,
): Io["env"] {
  const own = new Map(Object.entries(SERVICE_DIRECTORIES));
  for (const line of variables.split("\n")) {
    const [, name, value] = /^\s*([A-Za-z_]\w*)=(.*?)\s*$/.exec(line) ?? [];
    if (name === undefined || value === undefined) continue;
    own.set(name, value.replace(/^(["'])(.*)\1$/, "$2"));
  }
  return (name) => env(name) ?? own.get(name);
}

/** Finds and loads the configuration. */
export async function lookAtConfig(
  flag: string | undefined,
  io: Io,
): Promise<Loaded> {
  let file: string | null = null;
  try {
    file = findConfigFile({ flag, env: io.env });
    const env = file === DEFAULT_PLACES.at(-1)
      ? serviceEnvironment(io.env, await textOf(SERVICE_VARIABLES) ?? "")
      : io.env;
    const { config, warnings } = await loadConfig(file, { env });
    return { file, config, faults: [], warnings };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return { file, config: null, faults: error.faults, warnings: [] };
  }
}

/** What is judged of the configuration. */
export function judgeConfig(
  { file, config, faults, warnings }: Loaded,
): readonly Finding[] {
  if (file === null) {
    const [fault] = faults;
    return [tell("config_absent", fault?.file || "configuration", {
      found: fault?.found ?? "none",
      file: fault?.file || "dash7-edge.toml",
    })];
  }
  if (config === null) return faults.map((fault) => judgeFault(fault, file));
  const names = Object.keys(config.sinks);
  const sinks = names.length === 0
    ? "no sinks"
    : `${names.length} sink${names.length === 1 ? "" : "s"} (${
      names.join(", ")
    })`;
  return [
    tell("config_good", file, { sinks }),
    ...warnings.map((warning) => judgeWarning(warning, file)),
  ];
}

function judgeFault(fault: Fault, file: string): Finding {
  if (fault.line === 0 && fault.found.startsWith("no permission")) {
    return tell("config_denied", file, { file });
  }
  const place = fault.line === 0 ? "" : `${fault.line}:${fault.column}: `;
  return tell("config_fault", fault.file || file, {
    place: fault.path === "" ? place : `${place}${fault.path}: `,
    found: fault.found,
    wanted: fault.hint === undefined
      ? fault.wanted
      : `${fault.wanted}; ${fault.hint}`,
  });
}

/** A warning says what is wrong, and after a colon or semicolon what would do. */
function judgeWarning(warning: string, file: string): Finding {
  const text = warning.startsWith(`${file}:`)
    ? warning.slice(file.length + 1)
    : warning;
  const parts = /^(.*)[:;] ((?:chmod|set|use|for a) .*)$/.exec(text);
  return tell("config_advice", file, {
    found: parts?.[1] ?? text,
    advice: capital(
      parts?.[2]?.replace("chmod 600 the file", `sudo chmod 600 ${file}`) ??
        "correct it, see the comments of: dash7-edge init",
    ),
  });
}

function capital(text: string): string {
  return /^[a-z]+ [a-z]/.test(text) && !text.startsWith("sudo")
    ? text.charAt(0).toUpperCase() + text.slice(1)
    : text;
}

/** Who may read and change the file. */
export function judgeConfigMode(
  file: string,
  permissions: Permissions,
  account: Account,
  names: Names,
): readonly Finding[] {
  const findings: Finding[] = [];
  if (!may(account, permissions, READ)) {
    findings.push(tell("config_unreadable", file, {
      file,
      whom: whom(account),
      group: groupName(names, account.gids[0] ?? account.uid),
    }));
  }
  if ((permissions.mode & 0o002) !== 0) {
    const mode = modeText(permissions.mode);
    findings.push(tell("config_writable", file, { file, mode }));
  }
  return findings;
}
