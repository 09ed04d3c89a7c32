/**
 * The configuration of a new gateway: from an old one's `config.ini`, from
 * questions, or as it comes.
 *
 * @module
 */
import { loadConfig } from "../../config/config.ts";
import { fromPioway } from "../../config/pioway.ts";
import { isTable, parseToml, type Table } from "../../config/toml.ts";
import { escapeVariables, resolveVariables } from "../../config/variables.ts";
import { listPorts } from "../../serial/ports.ts";
import type { Io } from "../io.ts";
import { lines } from "../io.ts";
import { places, systemConfig } from "./files.ts";
import { reasonOf, SetupError } from "./preflight.ts";

/** What will stand in `/etc/dash7-edge`. */
export interface Settings {
  readonly config: string;
  /** Kept in a file of its own. */
  readonly password: string | null;
}

/** The configuration as it comes: readings go to the journal. */
export function defaultSettings(): Settings {
  return { config: systemConfig(), password: null };
}

/** @throws {SetupError} when the file cannot be used */
export async function settingsFromPioway(file: string): Promise<Settings> {
  try {
    const config = fromPioway(await Deno.readTextFile(file));
    return passwordAside(withDirectories(config));
  } catch (error) {
    throw new SetupError(`Cannot take over ${file}: ${reasonOf(error)}`);
  }
}

/** The configuration's group may read it, and is warned of a password in it: it gets a file of its own. */
function passwordAside(config: string): Settings {
  const line = /^password = .*$/m.exec(config)?.[0];
  if (line === undefined) return { config, password: null };
  const { value } = resolveVariables(parseToml(line), () => undefined);
  const password = isTable(value) ? value["password"] : undefined;
  if (typeof password !== "string" || password === "") {
    return { config, password: null };
  }
  return {
    // A function: in a text, `$` would mean something.
    config: config.replace(line, () => 'password_file = "password"')
      .replace(
        /^# The password was taken over:.*\n(# .*password_file\.\n)?/m,
        () =>
          "# The password was taken over, into the file password beside this one.\n",
      ),
    password,
  };
}

/** The template's lines for the service's directories, made active. */
function withDirectories(config: string): string {
  return config
    .replace(/^#?data_dir = .*$/m, `data_dir = "${places.state}"`)
    .replace(/^#?socket = .*$/m, `socket = "/run/dash7-edge/control.sock"`);
}

/** Asks on stderr, reads from stdin; an empty answer takes what stands in brackets. */
export async function askSettings(
  io: Io,
  hostname: string,
  ports: typeof listPorts = listPorts,
): Promise<Settings> {
  const answers = lines(io.stdin);
  const ask = async (question: string, otherwise: string): Promise<string> => {
    io.err(`${question}${otherwise === "" ? "" : ` [${otherwise}]`}: `);
    const { value, done } = await answers.next();
    if (done) throw new SetupError("No answer; nothing has been changed");
    return value.trim() || otherwise;
  };
  const needed = async (question: string): Promise<string> => {
    for (;;) {
      const answer = await ask(question, "");
      if (answer !== "") return answer;
    }
  };

  const found = await ports();
  for (const { path, byId } of found) io.err(`  ${byId[0] ?? path}\n`);
  const only = found.length === 1 ? found[0] : undefined;
  const port = await ask(
    "Serial port of the modem",
    only?.byId[0] ?? only?.path ?? "auto",
  );
  const serial = { port: escapeVariables(port) };
  for (;;) {
    const broker = await ask(
      "Broker of SCorp-io, e.g. mqtts://broker.example:8883 (empty: readings go to the journal only)",
      "",
    );
    if (broker === "") {
      return { config: systemConfig({ serial }), password: null };
    }
    const username = await ask("User name at the broker (empty: none)", "");
    const password = username === "" ? "" : await ask(
      "Password (shown as you type, kept in a file of its own)",
      "",
    );
    const cloud: Table = {
      type: "scorpio",
      broker: escapeVariables(broker),
      ...(username === "" ? {} : { username: escapeVariables(username) }),
      ...(password === "" ? {} : { password_file: "password" }),
      project_id: escapeVariables(await needed("Project at SCorp-io")),
      edge_node_id: escapeVariables(
        await ask("Name of this gateway at SCorp-io", hostname),
      ),
    };
    const config = systemConfig({ serial, sinks: { cloud } });
    const faults = await faultsOf(config, password);
    if (faults === null) return { config, password: password || null };
    io.err(`${faults}\nOnce more:\n`);
  }
}

/** What `check` would say; null when all is good. */
export async function faultsOf(
  config: string,
  password: string,
): Promise<string | null> {
  try {
    await loadConfig(places.config, {
      env: () => undefined,
      readFile: (path) =>
        Promise.resolve(path === places.config ? config : password),
      mode: () => Promise.resolve(null),
    });
    return null;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
