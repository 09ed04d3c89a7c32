/**
 * `check`: says what is wrong with a configuration, and whether port and
 * brokers can be reached with it.
 *
 * @module
 */
import { object } from "@optique/core/constructs";
import { message } from "@optique/core/message";
import { map } from "@optique/core/modifiers";
import { command, option } from "@optique/core/primitives";
import { type AgentHost, sinkHost } from "../agent.ts";
import { silentLog } from "../log.ts";
import { SerialError } from "../serial/serial.ts";
import { probeSink } from "../sink/kinds.ts";
import { configOf, machineHost } from "./host.ts";
import type { Action, ExitCode, Io } from "./io.ts";
import { configOption } from "./run.ts";

/** Longest try of one broker. */
const PROBE_MS = 25_000;

/** Grammar of `check`. */
export const checkCommand = command(
  "check",
  map(
    object({
      config: configOption,
      connect: option("--connect", {
        description: message`also open the port and log in to every broker`,
      }),
    }),
    ({ config, connect }): Action => (io) => check(config, connect, io),
  ),
  { description: message`Check the configuration; every fault with its line.` },
);

async function check(
  flag: string | undefined,
  connect: boolean,
  io: Io,
): Promise<ExitCode> {
  const loaded = await configOf(flag, io);
  if (loaded === null) return 78;
  for (const warning of loaded.warnings) io.err(`warning: ${warning}\n`);
  const sinks = Object.keys(loaded.config.sinks);
  io.out(
    `${loaded.file}: configuration is good, ${sinks.length} sink${
      sinks.length === 1 ? "" : "s"
    }${sinks.length === 0 ? "" : ` (${sinks.join(", ")})`}\n`,
  );
  if (!connect) return 0;
  const host = { ...machineHost(loaded.config, io), log: silentLog };
  const trials = [
    trial(`port ${loaded.config.serial.port}`, () => tryPort(host)),
    ...sinks.map((name) =>
      trial(`sink ${name}`, () => trySink(host, name, io.signal))
    ),
  ];
  let code: ExitCode = 0;
  for (const done of trials) {
    const { line, ok } = await done;
    io.out(line);
    if (!ok) code = 1;
  }
  return code;
}

/** Runs one try; its end is a line, good or bad. */
async function trial(
  what: string,
  run: () => Promise<string>,
): Promise<{ line: string; ok: boolean }> {
  try {
    return { line: `ok    ${what}: ${await run()}\n`, ok: true };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return { line: `FAIL  ${what}: ${reason}\n`, ok: false };
  }
}

async function tryPort(host: AgentHost): Promise<string> {
  try {
    await using port = await host.open();
    return `${port.name} opened`;
  } catch (error) {
    if (error instanceof SerialError && error.fault === "busy") {
      // The agent of this very configuration has it: as it should be.
      const pid = await agentPid(host.config.agent.data_dir);
      if (pid !== null && error.holder?.pid === pid) {
        return `held by the running agent (pid ${pid})`;
      }
      throw new Error(`${error.message}; is another agent running?`);
    }
    throw error;
  }
}

/** The process that works in a data directory; null when none does, or we may not look. */
async function agentPid(dataDir: string): Promise<number | null> {
  const text = await Deno.readTextFile(`${dataDir}/outbox.lock`).catch(() =>
    ""
  );
  return /^\d+\s*$/.test(text) ? Number(text) : null;
}

async function trySink(
  host: AgentHost,
  name: string,
  signal: AbortSignal,
): Promise<string> {
  const config = host.config.sinks[name];
  if (config === undefined) throw new Error("not configured");
  return await probeSink(
    config,
    sinkHost(host, name),
    AbortSignal.any([signal, AbortSignal.timeout(PROBE_MS)]),
  );
}
