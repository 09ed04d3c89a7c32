/**
 * ◆ Takes the settings of the old gateway over: its `config.ini` to our TOML.
 *
 * Its keys are the long options of the script, under section heads that carry
 * no meaning. What has no counterpart stays as a note at the head of the file.
 * [Liquibit/EnergyTrackingCaMeX-IA: os-config/config.ini, PIOWAY.py]
 *
 * @module
 */
import { type Kinds, sinkKinds } from "../sink/kinds.ts";
import { configSchema } from "./schema.ts";
import { HIDDEN, isSecret } from "./secrets.ts";
import { renderTemplateFor } from "./template.ts";
import type { Table } from "./toml.ts";
import { escapeVariables } from "./variables.ts";

/** Name of the sink that takes the old gateway's place. */
const SINK = "cloud";

/** Settings the old gateway had no say in: what keeps its projects going. */
const KEPT = { type: "scorpio", protocol: "5", device_id: "trimmed" } as const;

/** Other spellings of the script's options. */
const ALIASES: Readonly<Record<string, string>> = {
  user: "username",
  baud: "rate",
  baudrate: "rate",
  host: "broker",
  pass: "password",
  log: "location",
  level: "log_level",
  logging_level: "log_level",
  port_number: "port",
};

/** Old option → place in our configuration, for what is taken over as it is. */
const PLACES: Readonly<Record<string, readonly string[]>> = {
  device: ["serial", "port"],
  username: ["sinks", SINK, "username"],
  password: ["sinks", SINK, "password"],
  client_id: ["sinks", SINK, "client_id"],
  project_id: ["sinks", SINK, "project_id"],
  edge_node_id: ["sinks", SINK, "edge_node_id"],
  ca_cert: ["sinks", SINK, "tls", "ca_file"],
  cl_cert: ["sinks", SINK, "tls", "cert_file"],
  key_file: ["sinks", SINK, "tls", "key_file"],
};

/**
 * A commented configuration with the values of the old gateway's `config.ini`.
 *
 * @throws {RangeError} when the text has settings, but none of the old gateway's
 */
export function fromPioway(ini: string): string {
  return fromPiowayFor(sinkKinds, ini);
}

/** {@link fromPioway} for another table of sinks, which must have `scorpio`. */
export function fromPiowayFor(kinds: Kinds, ini: string): string {
  const settings = readIni(ini);
  if (settings.size > 0 && ![...settings.keys()].some(isKnown)) {
    throw new RangeError(
      "Cannot take settings over: found none of the old gateway's, expected a config.ini with broker, project_id, …",
    );
  }
  const notes: string[] = [];
  const values: Table = {};
  for (const [key, value] of Object.entries(KEPT)) {
    put(values, ["sinks", SINK, key], value);
  }
  takeBroker(settings, values, notes);
  takeOthers(settings, values, notes);
  refuse(kinds, values, notes);
  notes.push(
    "The old gateway accepted any certificate; dash7-edge verifies the broker's. For a private authority set ca_file in [sinks.cloud.tls].",
    'device_id = "trimmed" writes device ids as the old gateway did, so that its SCorp-io project goes on.',
  );
  if (settings.has("password")) {
    notes.push(
      "The password was taken over: keep this file to yourself (chmod 600), or move it to password_file.",
    );
  }
  return renderTemplateFor(kinds, {
    values,
    notes: ["Taken over from the old gateway's config.ini.", ...notes],
  });
}

/** Keys in lower case with `_`; section heads are dropped, empty values too. */
function readIni(text: string): Map<string, string> {
  const settings = new Map<string, string>();
  for (const raw of text.replace(/^\ufeff/, "").split(/\r\n|\r|\n/)) {
    const line = raw.trim();
    if (line === "" || /^[#;[]/.test(line)) continue;
    const match = /^([^=:]+?)\s*(?:[=:]\s*(.*))?$/.exec(line);
    const written = (match?.[1] ?? line).toLowerCase().replace(/^--/, "");
    const name = written.replaceAll(/[-\s]/g, "_");
    const key = ALIASES[name] ?? name;
    // A password may hold anything, quotes and "#" included.
    const value = isSecret([key])
      ? match?.[2] ?? ""
      : (match?.[2] ?? "true").replace(/(^|\s)[#;].*$/, "").trim()
        .replace(/^(["'])(.*)\1$/, "$2");
    if (value !== "") settings.set(key, value);
  }
  return settings;
}

/** Whether the old gateway had a setting of that name. */
function isKnown(key: string): boolean {
  return Object.hasOwn(PLACES, key) ||
    ["broker", "port", "rate", "verbose", "log_level", "location"].includes(
      key,
    );
}

/** The script always spoke TLS, on port 8883 unless told otherwise. */
function takeBroker(
  settings: ReadonlyMap<string, string>,
  values: Table,
  notes: string[],
): void {
  const broker = settings.get("broker");
  if (broker === undefined) return;
  const match =
    /^(?:([a-z]+):\/\/)?(\[[^\]]+\]|[^:/]+|[0-9a-f:]+:[0-9a-f:]+)(?::(\d+))?\/?$/i
      .exec(broker);
  const port = settings.get("port") ?? match?.[3] ?? "8883";
  if (match?.[2] === undefined || !/^\d{1,5}$/.test(port)) {
    notes.push(
      `Not taken over, no address: broker = ${broker}, port = ${port}`,
    );
    return;
  }
  const scheme = ["mqtt", "tcp"].includes(match[1]?.toLowerCase() ?? "")
    ? "mqtt"
    : "mqtts";
  const host = match[2].includes(":") && !match[2].startsWith("[")
    ? `[${match[2]}]`
    : match[2];
  put(
    values,
    ["sinks", SINK, "broker"],
    escapeVariables(`${scheme}://${host}:${port}`),
  );
  if (scheme === "mqtts" && port === "1883") {
    notes.push(
      "Port 1883 is usually the one without TLS: if the broker refuses, write mqtt:// in place of mqtts://.",
    );
  }
}

function takeOthers(
  settings: ReadonlyMap<string, string>,
  values: Table,
  notes: string[],
): void {
  for (const [key, value] of settings) {
    const place = PLACES[key];
    if (key === "broker" || key === "port") continue;
    if (place !== undefined) put(values, place, escapeVariables(value));
    else if (key === "rate" && /^\d{1,9}$/.test(value)) {
      put(values, ["serial", "baud"], Number(value));
    } else if (key === "verbose") {
      const on = /^(true|yes|on|1)$/i.test(value);
      put(values, ["log", "level"], on ? "debug" : "info");
    } else if (key === "log_level" && levelOf(value) !== undefined) {
      put(values, ["log", "level"], levelOf(value));
    } else if (key === "location") {
      notes.push(
        `Not taken over: log location ${value}. The log goes to standard error; systemd keeps it in its journal.`,
      );
    } else {
      notes.push(
        `Not taken over, no counterpart: ${key} = ${
          isSecret([key]) ? HIDDEN : value
        }`,
      );
    }
  }
}

/** Python's names of levels to ours. */
function levelOf(value: string): string | undefined {
  const levels: Readonly<Record<string, string>> = {
    debug: "debug",
    info: "info",
    warning: "warn",
    warn: "warn",
    error: "error",
    critical: "error",
  };
  return levels[value.toLowerCase()];
}

/** Takes out again what our schema would refuse; without its needs, the whole sink. */
function refuse(kinds: Kinds, values: Table, notes: string[]): void {
  const missing = new Set<string>();
  for (
    const issue of configSchema(kinds).safeParse(values).error?.issues ?? []
  ) {
    const at = issue.path.map(String);
    const paths = issue.code === "unrecognized_keys"
      ? issue.keys.map((key) => [...at, key])
      : [at];
    for (const path of paths) {
      const taken = take(values, path);
      if (taken !== undefined) {
        const shown = isSecret(path) ? HIDDEN : String(taken);
        notes.push(`Not taken over, not valid here: ${path.at(-1)} = ${shown}`);
      }
      if (path[0] === "sinks") missing.add(path.at(-1) ?? "");
    }
  }
  if (configSchema(kinds).safeParse(values).success) return;
  delete values["sinks"];
  notes.push(
    `The old file gives no usable ${
      [...missing].join(", ")
    }: fill in [sinks.scorpio] below and remove the "#" of its lines.`,
  );
}

function put(values: Table, path: readonly string[], value: unknown): void {
  const [key = "", ...rest] = path;
  if (rest.length === 0) values[key] = value;
  else put((values[key] ??= {}) as Table, rest, value);
}

/** Removes a value and gives it back. */
function take(values: Table, path: readonly string[]): unknown {
  const [key = "", ...rest] = path;
  const value = values[key];
  if (rest.length > 0) {
    return typeof value === "object" ? take(value as Table, rest) : undefined;
  }
  delete values[key];
  return value;
}
