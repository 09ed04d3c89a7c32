/**
 * `demo`: the whole path on one machine. A virtual modem on a pseudo terminal,
 * the real agent with a real store, an embedded broker; every MQTT message shown.
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
import { machineHost } from "./host.ts";
import { aborted, type Action, type ExitCode, type Io } from "./io.ts";
import { embeddedBroker, type Published } from "./sim/broker.ts";
import { meters } from "./sim/meters.ts";
import { openPty } from "./sim/pty.ts";
import { runModem } from "./sim/run.ts";
import { devicesOption, SEED } from "./simulate.ts";
import { duration } from "./values.ts";

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
    configText({ dir, port: line.path, brokerPort: broker.port }),
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
  const modem = stack.use(runModem(line, {
    clock: host.clock,
    devices: { meters: all, intervalMs: interval },
  }));
  const agent = stack.use(await startAgent(host));
  const over = AbortSignal.any([
    io.signal,
    unread.signal,
    AbortSignal.timeout(args.duration),
  ]);
  await Promise.race([aborted(over), agent.failed]);
  modem.stopPushing();
  unread.signal.throwIfAborted();
  await settled(agent, host.clock);
  const account = agent.sinks.map(({ lane }) => lane.account());
  await stack.disposeAsync();
  return summary(all.uids, seen, account, io);
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

function configText(
  { dir, port, brokerPort }: {
    readonly dir: string;
    readonly port: string;
    readonly brokerPort: number;
  },
): string {
  return `[agent]
name = "demo"
data_dir = ${JSON.stringify(`${dir}/data`)}
[serial]
port = ${JSON.stringify(port)}
[http]
listen = ""
[log]
level = "warn"
[sinks.demo]
type = "scorpio"
broker = "mqtt://127.0.0.1:${brokerPort}"
protocol = "3.1.1"
project_id = "demo"
edge_node_id = "gateway"
`;
}

/** Which devices had which messages. */
class Tally {
  readonly births = new Set<string>();
  readonly data = new Map<string, number>();

  add({ topic }: Published): void {
    const [, , kind, , device = ""] = topic.split("/");
    if (kind === "DBIRTH") this.births.add(device);
    if (kind === "DDATA") {
      this.data.set(device, (this.data.get(device) ?? 0) + 1);
    }
  }
}

/** The payload is already JSON: its digits must not pass through a double. */
function jsonLine({ topic, qos, retain, payload }: Published): string {
  return `{"topic":${JSON.stringify(topic)},"qos":${qos},"retain":${retain},` +
    `"payload":${new TextDecoder().decode(payload)}}\n`;
}

const DIM = "\x1b[2m";
const BOLD = "\x1b[1m";
const PLAIN = "\x1b[0m";

function textLine(
  { topic, qos, retain, payload }: Published,
  colors: boolean,
): string {
  const [dim, bold, plain] = colors ? [DIM, BOLD, PLAIN] : ["", "", ""];
  const metrics = metricsOf(payload);
  const time = new Date().toISOString().slice(11, 23);
  const head = `${dim}${time}${plain} ${bold}${topic}${plain} ${dim}qos ${qos}${
    retain ? ", retained" : ""
  }${plain}\n`;
  const rows = metrics.map(({ name, text }) =>
    `             ${name.padEnd(34)} ${text}\n`
  );
  return head + rows.join("");
}

/** Names with values (or data types) as they stand in the payload. */
function metricsOf(
  payload: Uint8Array,
): { readonly name: string; readonly text: string }[] {
  const parsed: unknown = JSON.parse(
    new TextDecoder().decode(payload),
    // The source text, since a 64-bit value does not fit a double.
    (_key, value, context?: { source?: string }) =>
      typeof value === "number" ? context?.source ?? String(value) : value,
  );
  if (typeof parsed !== "object" || parsed === null) return [];
  const { metrics } = parsed as { metrics?: unknown };
  if (!Array.isArray(metrics)) return [];
  return metrics.map((metric: Record<string, unknown>) => ({
    name: String(metric.name),
    text: String(metric.value ?? metric.dataType),
  }));
}

/** Says what came and gives the exit code: 0 if every device was born and heard. */
function summary(
  uids: readonly string[],
  seen: Tally,
  accounts: readonly {
    readonly readings: number;
    readonly delivered: number;
    readonly pending: number;
    readonly rejected: number;
    readonly dropped: number;
  }[],
  io: Io,
): ExitCode {
  let missing = 0;
  io.err("\n");
  for (const uid of uids) {
    const born = seen.births.has(uid);
    const count = seen.data.get(uid) ?? 0;
    if (!born || count === 0) missing++;
    io.err(`${uid}  DBIRTH ${born ? "yes" : "NO "}  DDATA ${count}\n`);
  }
  for (const { readings, delivered, pending, rejected, dropped } of accounts) {
    io.err(
      `outbox: ${readings} readings = ${delivered} delivered + ${pending} pending + ${rejected} rejected + ${dropped} dropped\n`,
    );
  }
  if (missing > 0) {
    io.err(
      `${missing} of ${uids.length} devices lack DBIRTH or DDATA; is the duration shorter than the interval?\n`,
    );
  }
  return missing === 0 ? 0 : 1;
}
