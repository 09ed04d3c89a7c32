/**
 * `run`: the agent, until a signal ends it.
 *
 * @module
 */
import { map, optional } from "@optique/core/modifiers";
import { message } from "@optique/core/message";
import { object } from "@optique/core/constructs";
import { command, option } from "@optique/core/primitives";
import { string } from "@optique/core/valueparser";
import { startAgent } from "../agent.ts";
import { StoreError } from "../store/store.ts";
import { silentLog } from "../log.ts";
import { configOf, machineHost } from "./host.ts";
import { giveBackOnceQuiet } from "./give_back.ts";
import { aborted, type Action, type ExitCode, type Io } from "./io.ts";
import { serviceNotifier, tellService } from "./service.ts";

/** Option `--config`, shared by the verbs that read one. */
export const configOption = optional(
  option("--config", string({ metavar: "FILE" }), {
    description:
      message`configuration file; default $DASH7_EDGE_CONFIG, ./dash7-edge.toml, /etc/dash7-edge/dash7-edge.toml`,
  }),
);

/** Grammar of `run`. */
export const runCommand = command(
  "run",
  map(
    object({ config: configOption }),
    ({ config }): Action => (io) => runAgent(config, io),
  ),
  { description: message`Run the agent until SIGTERM or SIGINT.` },
);

async function runAgent(
  flag: string | undefined,
  io: Io,
): Promise<ExitCode> {
  const loaded = await configOf(flag, io);
  if (loaded === null) {
    serviceNotifier(io, silentLog)?.tell({
      status: "Configuration refused, see the log",
    });
    return 78;
  }
  const { config, file, warnings } = loaded;
  const host = machineHost(config, io);
  host.log.info("Agent starts", {
    config: file,
    name: config.agent.name,
    data_dir: config.agent.data_dir,
    sinks: Object.keys(config.sinks).join(","),
  });
  for (const warning of warnings) host.log.warn(warning);
  const notifier = serviceNotifier(io, host.log);
  try {
    await using agent = await startAgent(host);
    using _told = tellService(notifier, agent, host);
    const { frames } = agent.modem.counters;
    using _memory = giveBackOnceQuiet(host.clock, () => frames.alp_data);
    const fault = await Promise.race([aborted(io.signal), agent.failed]);
    if (fault !== undefined) {
      host.log.error("Agent failed", { reason: fault });
      return 1;
    }
    host.log.info("Agent stops");
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    host.log.error("Agent cannot start", { reason: error.message });
    notifier?.tell({ status: `Cannot start: ${error.message}` });
    return 1;
  }
  host.log.info("Agent stopped");
  return 0;
}
