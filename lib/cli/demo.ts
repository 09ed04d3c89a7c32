/**
 * `demo`: the whole path on one machine. A virtual modem on a pseudo terminal,
 * the real agent with a real store, an embedded broker (with a small SICON
 * adapter at it, if asked for); every MQTT message shown.
 *
 * @module
 */
import { object } from "@optique/core/constructs";
import { message } from "@optique/core/message";
import { map, optional, withDefault } from "@optique/core/modifiers";
import { command, option } from "@optique/core/primitives";
import { startAgent } from "../agent.ts";
import { loadConfig } from "../config/config.ts";
import { openLog } from "../log.ts";
import {
  DEMO_SINKS,
  type DemoSink,
  jsonLine,
  summary,
  Tally,
  textLine,
} from "./demo_show.ts";
import { machineHost } from "./host.ts";
import { aborted, type Action, type ExitCode, type Io } from "./io.ts";
import { siconAdapter } from "./sim/adapter.ts";
import { embeddedBroker } from "./sim/broker.ts";
import { meters } from "./sim/meters.ts";
import { openPty } from "./sim/pty.ts";
import { runModem } from "./sim/run.ts";
import { devicesOption, SEED } from "./simulate.ts";
import { duration, listOf } from "./values.ts";

/** Longest wait for what is under way when the time is over. */
const SETTLE_MS = 2000;

/** Grammar of `demo`. */
export const demoCommand = command(
  "demo",
  map(
    object({
      duration: withDefault(
        option("--duration", duration(), {
          description: message`how long to show messages; default 15s`,
        }),
        15_000,
      ),
      devices: devicesOption,
      interval: optional(
        option("--interval", duration(), {
          description:
            message`time between two pushes of one meter; default 2s, less if the demo is short`,
        }),
      ),
      sinks: withDefault(
        option("--sinks", listOf(DEMO_SINKS), {
          description:
            message`platforms to serve from the same readings: scorpio, emqtt or both`,
        }),
        ["scorpio" as const],
      ),
      json: option("--json", {
        description: message`one JSON object a line, payloads as they are`,
      }),
    }),
    (args): Action => (io) => demo(args, io),
  ),
  {
    description:
      message`Show the whole path: virtual modem, agent, embedded broker.`,
  },
);

interface DemoArgs {
  readonly duration: number;
  readonly devices: number;
  readonly interval: number | undefined;
  readonly sinks: readonly DemoSink[];
  readonly json: boolean;
}

async function demo(args: DemoArgs, io: Io): Promise<ExitCode> {
  const interval = args.interval ?? Math.min(2000, args.duration / 4);
  await using stack = new AsyncDisposableStack();
  const dir = await Deno.makeTempDir({ prefix: "dash7-edge-demo-" });
  stack.defer(() => Deno.remove(dir, { recursive: true }));

  const seen = new Tally();
  const show = args.json ? jsonLine : textLine;
  const unread = new AbortController();
  const broker = stack.use(
    await embeddedBroker({
      onPublish(published) {
        seen.add(published);
        if (unread.signal.aborted) return;
        try {
          io.out(show(published, io.colors));
        } catch (error) {
          // Inside the broker nobody would catch it.
          unread.abort(error);
        }
      },
    }),
  );
  const line = await openPty();
  const all = meters({ count: args.devices, seed: SEED });
  const file = `${dir}/dash7-edge.toml`;
  await Deno.writeTextFile(
    file,
    configText({
      dir,
      port: line.path,
      brokerPort: broker.port,
      sinks: args.sinks,
    }),
    { mode: 0o600 },
  );
  const { config } = await loadConfig(file, { env: io.env });
  const host = {
    ...machineHost(config, io),
    log: openLog(config.log, (text) => io.err(`${text}\n`)),
  };
  io.err(
    `${args.devices} virtual meter${
      args.devices === 1 ? "" : "s"
    } ▶ modem on ${line.path} ▶ agent, outbox in ${dir} ▶ broker 127.0.0.1:${broker.port}\n\n`,
  );
  if (args.sinks.includes("emqtt")) {
    stack.use(
      await siconAdapter({
        broker: `mqtt://127.0.0.1:${broker.port}`,
        connect: host.connect,
        clock: host.clock,
      }),
    );
  }
  const modem = stack.use(runModem(line, {
    clock: host.clock,
    devices: { meters: all, intervalMs: interval, listen: "contact" },
  }));
  const agent = stack.use(await startAgent(host));
  const page = agent.http.url();
  if (page !== null) io.err(`Dashboard, while this runs: ${page}\n\n`);
  const over = AbortSignal.any([
    io.signal,
    unread.signal,
    AbortSignal.timeout(args.duration),
  ]);
  await Promise.race([aborted(over), agent.failed]);
  modem.stopPushing();
  unread.signal.throwIfAborted();
  await settled(agent, host.clock);
  const accounts = agent.sinks.map(({ name, lane }) =>
    [name, lane.account()] as const
  );
  await stack.disposeAsync();
  return summary(all.uids, args.sinks, seen, accounts, io);
}

/** Waits until everything logged is delivered, but not for ever. */
async function settled(
  agent: Awaited<ReturnType<typeof startAgent>>,
  clock: ReturnType<typeof machineHost>["clock"],
): Promise<void> {
  const untilMs = clock.monoMs() + SETTLE_MS;
  while (
    clock.monoMs() < untilMs &&
    agent.sinks.some(({ lane }) => lane.account().pending > 0)
  ) await clock.sleep(20);
}

/** The table of each platform's sink. */
const SINK_TABLES = {
  scorpio: (broker: string) =>
    `[sinks.scorpio]
type = "scorpio"
broker = "${broker}"
protocol = "3.1.1"
project_id = "demo"
edge_node_id = "gateway"
`,
  // The vendor id is a placeholder, the UID a locally administered address; the
  // embedded broker lets everybody in, but a plug has to have a password.
  emqtt: (broker: string) =>
    `[sinks.emqtt]
type = "emqtt"
registration = "onCloud"
broker = "${broker}"
username = "plug"
password = "demo"
uid = "020000000001"
vendor_id = 200999
`,
} as const satisfies Record<DemoSink, (broker: string) => string>;

function configText(
  { dir, port, brokerPort, sinks }: {
    readonly dir: string;
    readonly port: string;
    readonly brokerPort: number;
    readonly sinks: readonly DemoSink[];
  },
): string {
  const broker = `mqtt://127.0.0.1:${brokerPort}`;
  return `[agent]
name = "demo"
data_dir = ${JSON.stringify(`${dir}/data`)}
[serial]
port = ${JSON.stringify(port)}
[http]
listen = "127.0.0.1:0"
[log]
level = "warn"
${sinks.map((sink) => SINK_TABLES[sink](broker)).join("")}`;
}
