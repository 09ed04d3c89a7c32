/**
 * ◆ What no single schema can see: settings that contradict each other. Works on
 * the document, not on the checked configuration, so that its faults are told
 * together with those of the schema.
 *
 * @module
 */
import { brokerAddress, MqttError } from "../mqtt/mqtt.ts";
import { at, type Finding, show } from "./explain.ts";
import { type Path, pathKey } from "./locate.ts";
import { hasUserPassword, isSecret } from "./secrets.ts";
import { isTable, type Table } from "./toml.ts";

/** Advice about a setting that works. */
export interface Advice {
  readonly path: Path;
  readonly part: "key" | "value";
  readonly text: string;
}

/** Longest path of a Unix socket, in bytes. [Linux unix(7): sun_path less its end] */
const SOCKET_PATH_BYTES = 107;

/** A variable whose default stands in the file: `${NAME:-text}`. */
const LITERAL_DEFAULT = /(?<!\$)\$\{[A-Za-z_][A-Za-z0-9_]*:-[^}]+\}/;

/** Settings of a document, variables resolved, that cannot stand together. */
export function contradictions(document: Table): Finding[] {
  return [
    ...reservedKeys(document),
    ...listenFaults(document),
    ...socketFaults(document),
    ...deviceFaults(document),
    ...clientFaults(document),
  ];
}

/**
 * Settings that work but should not stay so.
 *
 * @param written the document before its variables were resolved
 * @param variables paths of the texts that hold a variable
 * @param readable true when group or others may read the file
 */
export function advice(
  written: Table,
  variables: readonly Path[],
  readable: boolean,
): Advice[] {
  const fromVariable = new Set(variables.map(pathKey));
  const all: Advice[] = [];
  const visit = (value: unknown, path: Path): void => {
    if (isTable(value)) {
      for (const key of Object.keys(value)) visit(value[key], [...path, key]);
    } else if (path.at(-1) === "verify" && value === false) {
      all.push({
        path,
        part: "value",
        text:
          "the broker's certificate is not verified: anyone on the way can pose as the broker and read the password; for a private authority set ca_file instead",
      });
    } else if (
      readable && typeof value === "string" && value !== "" &&
      (!fromVariable.has(pathKey(path)) || LITERAL_DEFAULT.test(value)) &&
      (isSecret(path) || hasUserPassword(value))
    ) {
      all.push({
        path,
        part: "value",
        text:
          "others can read this file, and it holds a secret: chmod 600 the file, or use password_file or ${VARIABLE}",
      });
    }
  };
  visit(written, []);
  const sinks = written["sinks"];
  if (!isTable(sinks) || Object.keys(sinks).length === 0) {
    all.push({
      path: ["sinks"],
      part: "value",
      text:
        "there is no [sinks.NAME]: readings are kept in the outbox and delivered nowhere",
    });
  }
  return all;
}

/** Address and port of `[http] listen`; null when the text is neither. */
export function parseListen(
  text: string,
): { readonly hostname: string; readonly port: number } | null {
  const match = /^(?:\[([0-9A-Fa-f:.]+)\]|([A-Za-z0-9._-]+)):(\d{1,5})$/.exec(
    text,
  );
  const port = Number(match?.[3]);
  if (match === null || port > 65_535) return null;
  return { hostname: match[1] ?? match[2] ?? "", port };
}

/** True for an address that only this machine reaches. */
export function isLoopback(hostname: string): boolean {
  return hostname === "localhost" || hostname === "::1" ||
    /^127\.\d+\.\d+\.\d+$/.test(hostname);
}

/** The schema library passes this key by; everything unknown is refused. */
function reservedKeys(document: Table): Finding[] {
  const findings: Finding[] = [];
  const visit = (value: unknown, path: Path): void => {
    if (!isTable(value)) return;
    for (const [key, inner] of Object.entries(value)) {
      if (key === "__proto__") {
        findings.push({
          path: [...path, key],
          part: "key",
          found: "an unknown key",
          wanted: "another name",
        });
      } else visit(inner, [...path, key]);
    }
  };
  visit(document, []);
  return findings;
}

function* listenFaults(document: Table): Iterable<Finding> {
  const path = ["http", "listen"];
  const listen = at(document, path);
  if (typeof listen !== "string" || listen === "") return;
  const address = parseListen(listen);
  if (address === null) {
    yield {
      path,
      part: "value",
      found: show(listen, path),
      wanted:
        'ADDRESS:PORT, such as "127.0.0.1:8080" or "[::1]:8080", or "" for off',
    };
  } else if (
    !isLoopback(address.hostname) &&
    at(document, ["http", "token"]) === undefined
  ) {
    yield {
      path,
      part: "value",
      found: `${show(listen, path)}, which others can reach, and no token`,
      wanted:
        'a token in [http], or a loopback address such as "127.0.0.1:8080"',
    };
  }
}

function* socketFaults(document: Table): Iterable<Finding> {
  const path = ["http", "socket"];
  const socket = at(document, path);
  if (typeof socket !== "string") return;
  const length = new TextEncoder().encode(socket).length;
  if (length > SOCKET_PATH_BYTES) {
    yield {
      path,
      part: "value",
      found: `a path of ${length} bytes`,
      wanted: `a path of ${SOCKET_PATH_BYTES} bytes or fewer`,
    };
  }
}

function* deviceFaults(document: Table): Iterable<Finding> {
  const devices = document["devices"];
  const seen = new Set<string>();
  for (const uid of isTable(devices) ? Object.keys(devices) : []) {
    if (seen.has(uid.toUpperCase())) {
      yield {
        path: ["devices", uid],
        part: "key",
        found: "the same device a second time, in other letters",
        wanted: "each device once",
      };
    }
    seen.add(uid.toUpperCase());
  }
}

/** A broker ends the connection whose client id logs in again. [MQTT-3.1.4-3] */
function* clientFaults(document: Table): Iterable<Finding> {
  const sinks = document["sinks"];
  const owners = new Map<string, string>();
  for (const [name, sink] of Object.entries(isTable(sinks) ? sinks : {})) {
    const client = isTable(sink) ? clientOf(sink) : undefined;
    if (client === undefined) continue;
    const owner = owners.get(client.key);
    if (owner !== undefined) {
      yield {
        path: ["sinks", name, client.setting],
        part: "value",
        found: `the ${client.word} ${
          JSON.stringify(client.id)
        } that sink ${owner} uses at the same broker`,
        wanted:
          `a ${client.setting} of its own for each sink: a broker keeps one connection for each`,
      };
    } else owners.set(client.key, name);
  }
}

interface Client {
  readonly key: string;
  readonly id: string;
  /** What the id is called. */
  readonly word: string;
  /** The setting that decides the id. */
  readonly setting: string;
}

function clientOf(sink: Table): Client | undefined {
  // A plug is known by its UID; by default all have the one of this gateway.
  if (sink["vendor_id"] !== undefined) {
    const uid = sink["uid"];
    const id = typeof uid === "string" && uid !== ""
      ? uid.toUpperCase()
      : "of this gateway";
    // Text, none, or what is wrong with it is for its schema to say.
    const broker = sink["broker"] ?? "";
    if (typeof broker !== "string") return undefined;
    return {
      key: `${broker.toLowerCase()} plug ${id}`,
      id,
      setting: "uid",
      word: "UID",
    };
  }
  const own = sink["client_id"];
  const edge = sink["edge_node_id"];
  const setting = typeof own === "string" && own !== ""
    ? "client_id"
    : "edge_node_id";
  const id = setting === "client_id"
    ? own
    : typeof edge === "string" && edge !== ""
    ? `dash7-edge-${edge}`
    : undefined;
  const broker = sink["broker"];
  if (typeof id !== "string" || typeof broker !== "string") return undefined;
  try {
    const address = brokerAddress(broker).text.toLowerCase();
    return { key: `${address} ${id}`, id, setting, word: "client id" };
  } catch (error) {
    // What is wrong with the address is for its schema to say.
    if (error instanceof MqttError) return undefined;
    throw error;
  }
}
