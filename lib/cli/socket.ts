/**
 * Which socket the agent answers on. Reads no more of the configuration than
 * that, so that a verb works where the rest (passwords in the service's
 * environment, credentials) cannot be resolved.
 *
 * @module
 */
import { object } from "@optique/core/constructs";
import { message } from "@optique/core/message";
import { optional } from "@optique/core/modifiers";
import { option } from "@optique/core/primitives";
import { string } from "@optique/core/valueparser";
import {
  ConfigError,
  DEFAULT_PLACES,
  findConfigFile,
} from "../config/config.ts";
import { isTable, parseToml, SyntaxFault } from "../config/toml.ts";
import { resolveVariables } from "../config/variables.ts";
import type { Io } from "./io.ts";
import { configOption } from "./run.ts";

/** Options of every verb that asks the running agent. */
export const agentOptions = object({
  config: configOption,
  socket: optional(
    option("--socket", string({ metavar: "PATH" }), {
      description:
        message`the agent's control socket; default is that of the configuration`,
    }),
  ),
});

/** How the agent was named. */
export interface AgentSelection {
  readonly config: string | undefined;
  readonly socket: string | undefined;
}

/** Socket of an agent that the package or `install` has set up. */
export const SERVICE_SOCKET = "/run/dash7-edge/control.sock";

/** Where an agent may answer. */
export interface Place {
  readonly path: string;
  /** Who says so, for messages. */
  readonly from: string;
}

/**
 * Sockets to try, in this order.
 *
 * @throws {ConfigError} when a configuration that was named cannot be read
 */
export async function placesOf(
  { config, socket }: AgentSelection,
  io: Io,
): Promise<readonly Place[]> {
  if (socket !== undefined) return [{ path: socket, from: "--socket" }];
  const service = { path: SERVICE_SOCKET, from: "the service's default" };
  const runtime = first(io, "RUNTIME_DIRECTORY");
  const usual: Place[] = [
    ...(runtime === undefined
      ? []
      : [{ path: `${runtime}/control.sock`, from: "$RUNTIME_DIRECTORY" }]),
    service,
  ];
  const named = config ?? (io.env("DASH7_EDGE_CONFIG") || undefined);
  let file: string;
  try {
    file = findConfigFile({ flag: config, env: io.env });
  } catch (error) {
    if (named !== undefined || !(error instanceof ConfigError)) throw error;
    return usual;
  }
  try {
    const path = socketOf(await Deno.readTextFile(file), io);
    const place = { path, from: file };
    // The service is told its directories by the service manager; we are not.
    const system = file === DEFAULT_PLACES.at(-1);
    return system && path !== SERVICE_SOCKET ? [place, service] : [place];
  } catch (error) {
    if (error instanceof SyntaxFault) {
      throw new ConfigError([notToml(file, error)]);
    }
    if (!(error instanceof Deno.errors.PermissionDenied)) throw error;
    if (named === undefined) return usual;
    throw new ConfigError([{
      file,
      line: 0,
      column: 0,
      path: "",
      found: "no permission to read it",
      wanted: "a configuration file",
      hint: "run this as its owner, or name the agent's socket with --socket",
    }]);
  }
}

/** The socket that a configuration names, as `loadConfig` fills it in. */
export function socketOf(toml: string, io: Pick<Io, "env">): string {
  const table = parseToml(toml);
  const text = (section: string, key: string): string | undefined => {
    const inner = table[section];
    const found = isTable(inner) ? inner[key] : undefined;
    const { value } = resolveVariables(found, io.env);
    return typeof value === "string" && value !== "" ? value : undefined;
  };
  const dir = first(io, "RUNTIME_DIRECTORY") ?? text("agent", "data_dir") ??
    first(io, "STATE_DIRECTORY") ?? "./data";
  return text("http", "socket") ?? `${dir}/control.sock`;
}

/** systemd may name several directories, separated by colons. */
function first(io: Pick<Io, "env">, name: string): string | undefined {
  return io.env(name)?.split(":")[0] || undefined;
}

function notToml(file: string, { line, column, message }: SyntaxFault) {
  return {
    file,
    line,
    column,
    path: "",
    found: `text that is not TOML (${message})`,
    wanted: "TOML",
    hint: "or name the agent's socket with --socket",
  };
}
