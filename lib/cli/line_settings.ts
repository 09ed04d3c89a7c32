/**
 * What a verb that looks at the serial line needs of the configuration: port,
 * speed, names. Reads no more than that, so that it works where the rest
 * (passwords in the service's environment, credentials) cannot be resolved.
 *
 * @module
 */
import { ConfigError, findConfigFile } from "../config/config.ts";
import { isTable, parseToml, SyntaxFault, type Table } from "../config/toml.ts";
import { resolveVariables } from "../config/variables.ts";
import { type SerialConfig, serialConfig } from "../serial/serial.ts";
import type { Io } from "./io.ts";

/** The line as configured. */
export interface LineSettings {
  /** Where it stands; null when no configuration was found and the usual holds. */
  readonly file: string | null;
  readonly serial: SerialConfig;
  /** Configured name of a device; null without one. */
  readonly nameOf: (device: string) => string | null;
}

/**
 * Finds and reads the settings.
 *
 * @param flag the value of `--config`
 * @throws {ConfigError} when a configuration was named, or found, and cannot be used
 */
export async function lineSettings(
  flag: string | undefined,
  io: Pick<Io, "env">,
): Promise<LineSettings> {
  const named = flag ?? (io.env("DASH7_EDGE_CONFIG") || undefined);
  let file: string;
  let text: string;
  try {
    file = findConfigFile({ flag, env: io.env });
    text = await Deno.readTextFile(file);
  } catch (error) {
    const closed = error instanceof Deno.errors.PermissionDenied;
    if (named === undefined && (closed || error instanceof ConfigError)) {
      return { file: null, serial: serialConfig.parse({}), nameOf: () => null };
    }
    if (!closed) throw error;
    throw fault(
      named ?? "",
      "no permission to read it",
      "run this as its owner",
    );
  }
  let table: Table;
  try {
    table = parseToml(text);
  } catch (error) {
    if (!(error instanceof SyntaxFault)) throw error;
    const { line, column, message } = error;
    throw fault(
      file,
      `text that is not TOML (${message})`,
      "dash7-edge check tells more",
      { line, column },
    );
  }
  const { value } = resolveVariables(table["serial"] ?? {}, io.env);
  const serial = serialConfig.safeParse(value);
  if (!serial.success) {
    throw fault(
      file,
      "a section [serial] that cannot be used",
      "dash7-edge check tells what is wrong; or name the port with --port",
    );
  }
  const devices = isTable(table["devices"]) ? table["devices"] : {};
  return {
    file,
    serial: serial.data,
    nameOf(device) {
      const entry = Object.hasOwn(devices, device) ? devices[device] : null;
      const name = isTable(entry) ? entry["name"] : null;
      return typeof name === "string" ? name : null;
    },
  };
}

function fault(
  file: string,
  found: string,
  hint: string,
  { line = 0, column = 0 } = {},
): ConfigError {
  const wanted = "a configuration file";
  return new ConfigError([{
    file,
    line,
    column,
    path: "",
    found,
    wanted,
    hint,
  }]);
}
