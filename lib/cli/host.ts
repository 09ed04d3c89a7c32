/**
 * The machine an agent runs on: its clock, ports, brokers and configuration
 * file, put together for the verbs that start one.
 *
 * @module
 */
import project from "../../deno.json" with { type: "json" };
import type { AgentHost } from "../agent.ts";
import { FlightRecorder } from "../capture/flight.ts";
import { kernelClock, systemClock } from "../clock.ts";
import {
  type Config,
  ConfigError,
  findConfigFile,
  loadConfig,
} from "../config/config.ts";
import { openLog } from "../log.ts";
import { mqttjs } from "../mqtt/mqttjs.ts";
import { clockSynchronised } from "../serial/libc.ts";
import { openPort } from "../serial/open.ts";
import type { Io } from "./io.ts";

/** An {@link AgentHost} on this machine; records go to stderr. */
export function machineHost(config: Config, io: Io): AgentHost {
  const clock = systemClock(kernelClock(clockSynchronised));
  const flight = new FlightRecorder(clock);
  return {
    config,
    clock,
    flight,
    log: openLog(
      config.log,
      (line) => io.err(`${line}\n`),
      (entry) => flight.log(entry),
    ),
    random: Math.random,
    open: openPort(config.serial),
    connect: mqttjs(clock),
    version: project.version,
  };
}

/** A configuration with where it came from and what to warn about. */
export interface LoadedConfig {
  readonly file: string;
  readonly config: Config;
  readonly warnings: readonly string[];
}

/**
 * Loads the configuration that a verb was given or finds; tells every fault on
 * stderr and gives null when it is refused.
 *
 * @param flag the value of `--config`
 */
export async function configOf(
  flag: string | undefined,
  io: Io,
): Promise<LoadedConfig | null> {
  try {
    const file = findConfigFile({ flag, env: io.env });
    const { config, warnings } = await loadConfig(file, { env: io.env });
    return { file, config, warnings };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    io.err(`${error.message}\n`);
    return null;
  }
}
