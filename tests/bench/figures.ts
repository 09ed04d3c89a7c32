/**
 * `deno task bench`: the product's figures, measured on this machine with the
 * real components and shown as a table. `--quick` takes fewer samples, `--full`
 * drains a million readings; further words choose figures by name.
 *
 * @module
 */
import { garbage, idleMemory, startUp } from "./agent_figures.ts";
import { backlog } from "./backlog_figures.ts";
import { broker } from "./bed.ts";
import { benchCodec } from "./codec_bench.ts";
import { emqttLoad } from "./emqtt_load.ts";
import { type Figure, table, whole, withoutBroker } from "./figure.ts";
import { latency, lineRate, sustained } from "./flow_figures.ts";
import { benchOutbox } from "./outbox_bench.ts";

const quick = Deno.args.includes("--quick");
const full = Deno.args.includes("--full");
const chosen = Deno.args.filter((word) => !word.startsWith("--"));

type Result = Promise<Figure | readonly Figure[]>;

/** A figure: what it is called on the command line and in the table, and how it comes about. */
interface Row {
  readonly name: string;
  readonly what: string;
  readonly goal: string;
  /** `port` is a broker's, on 127.0.0.1. */
  readonly measure:
    | { readonly alone: () => Result }
    | { readonly withBroker: (port: number) => Result };
}

const backlogRows = full ? 1_000_000 : quick ? 50_000 : 200_000;

const rows: readonly Row[] = [
  {
    name: "codec",
    what: "codec, serial bytes → readings",
    goal: "≥ 300 000 frames/s",
    measure: { alone: () => Promise.resolve(codec()) },
  },
  {
    name: "outbox",
    what: "outbox",
    goal: "",
    measure: { alone: outbox },
  },
  {
    name: "latency",
    what: "serial write → PUBLISH received, durable, 1 frame/s",
    goal: "≤ 4 / ≤ 12 ms",
    measure: { withBroker: (port) => latency(port, quick ? 15 : 60) },
  },
  {
    name: "sustained",
    what: "sustained durable end to end, QoS 1",
    goal: "≥ 3 000/s, none lost, in order",
    measure: { withBroker: (port) => sustained(port, quick ? 10_000 : 30_000) },
  },
  {
    name: "backlog",
    what: `backlog of ${whole(backlogRows)} drained`,
    goal: "≥ 5 000/s, memory ± 20 MB",
    measure: { withBroker: (port) => backlog(port, backlogRows) },
  },
  {
    name: "line",
    what: "line rate, 100 frames/s",
    goal: "≤ 5 %",
    measure: {
      withBroker: async (port) => [
        await lineRate(port, quick ? 5 : 20, 16),
        await lineRate(port, quick ? 5 : 20, 102),
      ],
    },
  },
  {
    name: "garbage",
    what: "log written for 1 MB of garbage on the line",
    goal: "≤ 100 kB",
    measure: { alone: garbage },
  },
  {
    name: "start",
    what: "spawn of the process → first DDATA received, push waiting",
    goal: "≤ 300 ms",
    measure: { withBroker: (port) => startUp(port, quick ? 3 : 9) },
  },
  {
    name: "idle",
    what: "resident memory, idle",
    goal: "≤ 75 MB",
    measure: { withBroker: idleMemory },
  },
  {
    name: "emqtt",
    what: "eMQTT, 200 devices: cyclic data, 20 indices observed, events, 1 s",
    goal: "p99 ≤ 200 ms, ≤ 50 % CPU, memory flat",
    measure: {
      alone: () => emqttLoad({ devices: 200, seconds: quick ? 15 : 60 }),
    },
  },
];

function codec(): Figure {
  const rate = benchCodec(quick ? 1 : 3);
  return {
    what: "codec, serial bytes → readings",
    measured: `${whole(rate)} EnergyFile frames/s`,
    goal: "≥ 300 000 frames/s",
    met: rate >= 300_000,
  };
}

async function outbox(): Promise<Figure> {
  const figures = await benchOutbox(quick ? 20_000 : 100_000);
  return {
    what: "outbox alone: commits of one; rows in hundreds; drained",
    measured: `${whole(figures.singleCommits)}/s; ${
      whole(figures.rowsInHundreds)
    }/s; ${whole(figures.drained)}/s`,
    goal: "",
    met: null,
  };
}

/** Measures one figure, each with a broker of its own. */
async function measured({ what, goal, measure }: Row): Result {
  if ("alone" in measure) return await measure.alone();
  await using running = await broker();
  return running === null
    ? withoutBroker(what, goal)
    : await measure.withBroker(running.ports[0] ?? 0);
}

/** The machine, as far as it tells. */
function machine(): string {
  const cpu = /model name\s*:\s*(.*)/.exec(
    Deno.readTextFileSync("/proc/cpuinfo"),
  )?.[1] ?? Deno.build.arch;
  const cores = navigator.hardwareConcurrency;
  return `${cpu}, ${cores} cores, which modem, agent, broker and subscriber share; Deno ${Deno.version.deno}`;
}

const encoder = new TextEncoder();
const say = (text: string) => Deno.stdout.write(encoder.encode(text));
const progress = (text: string) => Deno.stderr.write(encoder.encode(text));

const names = rows.map(({ name }) => name);
const unknown = chosen.filter((name) => !names.includes(name));
if (unknown.length > 0) {
  await progress(
    `No figure called ${unknown.join(", ")}; there are ${names.join(", ")}\n`,
  );
  Deno.exit(2);
}
const figures: Figure[] = [];
for (const row of rows) {
  if (chosen.length > 0 && !chosen.includes(row.name)) continue;
  await progress(`${row.what} …\n`);
  figures.push(...[await measured(row)].flat());
}
await say(`${machine()}\n\n${table(figures)}`);
