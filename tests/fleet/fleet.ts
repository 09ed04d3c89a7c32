/**
 * `deno task fleet`: what a fleet of gateways does to one broker, measured with
 * real sessions against mosquitto, and worked out for 100 000 of them.
 * `--gateways N` and `--json` as their names say; `--quick` takes a small fleet.
 *
 * @module
 */
import { grouped } from "../bench/percentile.ts";
import { catchUp, type CatchUpFigures, restart, wire } from "./scenarios.ts";
import { seeded, type Storm, storm } from "./storm.ts";

const quick = Deno.args.includes("--quick");
const given = Deno.args[Deno.args.indexOf("--gateways") + 1];
const size = Deno.args.includes("--gateways")
  ? Number(given)
  : quick
  ? 100
  : 500;
if (!Number.isInteger(size) || size < 1) {
  await write(Deno.stderr, "--gateways takes a number of gateways\n");
  Deno.exit(2);
}

const MANY = 100_000;

/** Storms of many gateways: how long nobody answers, and how many a second are taken. */
const storms = [
  { what: "failover: other nodes answer at once", awayS: 0, takesPerS: 1e6 },
  { what: "failover, 5 000 taken each second", awayS: 0, takesPerS: 5000 },
  { what: "failover, 1 000 taken each second", awayS: 0, takesPerS: 1000 },
  { what: "away for 10 s", awayS: 10, takesPerS: 1e6 },
  { what: "away for 60 s", awayS: 60, takesPerS: 1e6 },
  { what: "away for 10 min", awayS: 600, takesPerS: 1e6 },
  {
    what: "away for 10 min, 1 000 taken each second",
    awayS: 600,
    takesPerS: 1e3,
  },
] as const;

const say = (text: string) => write(Deno.stderr, `${text} …\n`);

await say(`restart of the broker, ${size} gateways`);
const spread = await restart(size, Math.random, true);
await say("the same without jitter");
const together = await restart(size, () => 0.5, false);
const catchUps: CatchUpFigures[] = [];
for (const receiveMaximum of quick ? [20] : [20, 256]) {
  await say(`backlog of an outage, ${receiveMaximum} on the wire`);
  catchUps.push(
    await catchUp({
      gateways: size,
      meters: 20,
      rounds: quick ? 6 : 12,
      random: Math.random,
      receiveMaximum,
      liveEveryMs: 1000,
    }),
  );
}
await say("bytes on the wire");
const idleS = quick ? 0 : 60;
const wires = await Promise.all([wire(false, idleS), wire(true, idleS)]);
await say(`storms of ${grouped(MANY)} gateways, worked out`);
const workedOut = storms.map(({ what, awayS, takesPerS }) => ({
  what,
  awayS,
  takesPerS,
  ...summary(
    storm({
      gateways: MANY,
      awayMs: awayS * 1000,
      takesPerS,
      random: seeded(7),
      untilMs: 3_600_000,
    }),
    awayS,
  ),
}));

const figures = { spread, together, catchUps, wires, workedOut };
await write(
  Deno.stdout,
  Deno.args.includes("--json") ? JSON.stringify(figures) + "\n" : tables(),
);

/** The few numbers that a storm comes down to. */
function summary({ attempts, connected, lastMs }: Storm, awayS: number) {
  const most = (counts: readonly number[]) =>
    counts.reduce((most, count) => Math.max(most, count), 0);
  // Once every gateway waits for up to 60 s each time.
  const steady = attempts.slice(300, awayS);
  return {
    attemptsPeakPerS: most(attempts),
    attemptsPeakAfterReturnPerS: most(attempts.slice(awayS)),
    attemptsSteadyPerS: steady.length === 0
      ? null
      : steady.reduce((sum, count) => sum + count, 0) / steady.length,
    connectedPeakPerS: most(connected),
    lastS: lastMs / 1000,
  };
}

function tables(): string {
  const restarts = [spread, together].map((one) => [
    one.jitter ? "as built" : "without jitter",
    grouped(one.gateways),
    grouped(one.peakPer100Ms),
    grouped(one.peakPerS),
    `${grouped(one.firstMs)} to ${grouped(one.lastMs)} ms`,
    `${grouped(one.brokerBytesPerSession)} bytes`,
  ]);
  const drains = catchUps.map((one) => [
    grouped(one.gateways),
    grouped(one.receiveMaximum),
    grouped(one.backlog),
    `${grouped(one.drainedMs / 1000, 1)} s`,
    `${grouped(one.meanPerS)} / ${grouped(one.peakPerS)}`,
    `${grouped(one.liveFirst.p50Ms)} / ${grouped(one.liveFirst.p99Ms)} ms`,
    `${grouped(one.liveInOrder.p50Ms)} / ${grouped(one.liveInOrder.p99Ms)} ms`,
    `${grouped(one.pushed - one.received)} / ${grouped(one.copies)}`,
  ]);
  const lines = wires.map((one) => [
    one.tls ? "TLS 1.3" : "plain",
    grouped(one.loginBytes),
    grouped(one.birthBytes),
    `${grouped(one.readingUpBytes)} + ${grouped(one.readingDownBytes)}`,
    Number.isNaN(one.idleBytesPerDay) ? "" : grouped(one.idleBytesPerDay),
  ]);
  const many = workedOut.map((one) => [
    one.what,
    grouped(one.attemptsPeakPerS),
    grouped(one.attemptsPeakAfterReturnPerS),
    one.attemptsSteadyPerS === null ? "" : grouped(one.attemptsSteadyPerS),
    grouped(one.connectedPeakPerS),
    `${grouped(one.lastS)} s`,
  ]);
  return [
    "Restart of the broker\n",
    table([
      [
        "back-off",
        "gateways",
        "most in 100 ms",
        "most in 1 s",
        "connected after",
        "broker, each session",
      ],
      ...restarts,
    ]),
    "Backlog of an outage\n",
    table([
      [
        "gateways",
        "on the wire",
        "backlog",
        "drained",
        "mean / peak per s",
        "live first p50 / p99",
        "live in order p50 / p99",
        "lost / twice",
      ],
      ...drains,
    ]),
    "One session on the wire, bytes\n",
    table([
      ["", "login", "DBIRTH", "DDATA up + down", "idle, each day"],
      ...lines,
    ]),
    `Storms of ${
      grouped(MANY)
    } gateways, worked out with the back-off of the product\n`,
    table([
      [
        "broker",
        "tries, most in 1 s",
        "after its return",
        "meanwhile, each s",
        "connected, most in 1 s",
        "last one back",
      ],
      ...many,
    ]),
  ].join("\n");
}

function table(rows: readonly (readonly string[])[]): string {
  const [head = [], ...body] = rows;
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |\n`;
  return line(head) + line(head.map(() => "---")) + body.map(line).join("");
}

async function write(
  to: { write(bytes: Uint8Array): Promise<number> },
  text: string,
): Promise<void> {
  const bytes = new TextEncoder().encode(text);
  for (let at = 0; at < bytes.length;) at += await to.write(bytes.subarray(at));
}
