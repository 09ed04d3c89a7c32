/**
 * What a fleet goes through: a broker that restarts, an outage that leaves a
 * backlog, and the cost of a session and of a reading on the wire.
 *
 * @module
 */
import type { Reading } from "../../lib/reading/reading.ts";
import { clock, until } from "../system/harness.ts";
import {
  certificates,
  type Mosquitto,
  mosquitto,
  type MosquittoOptions,
} from "../system/mosquitto.ts";
import { Arrivals } from "./arrivals.ts";
import { CountedWay } from "./counted.ts";
import { type FleetHost, Gateway, templatesOf } from "./gateway.ts";
import { unusedDatabase } from "./memory_lane.ts";
import { percentile } from "../bench/percentile.ts";

/** Width of a bin of a curve, ms. */
export const BIN_MS = 100;

/** A restart of the broker, as the fleet sees it; times count from the loss. */
export interface RestartFigures {
  readonly gateways: number;
  readonly jitter: boolean;
  /** Tries to connect in each {@link BIN_MS}. */
  readonly attempts: readonly number[];
  readonly peakPer100Ms: number;
  readonly peakPerS: number;
  readonly firstMs: number;
  readonly lastMs: number;
  /** Resident memory of the broker for each session, bytes. */
  readonly brokerBytesPerSession: number;
}

/** Readings that came in while the backlog was under way, and how long each waited for its PUBACK. */
export interface LiveFigures {
  readonly count: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly mostMs: number;
}

/** An outage and what comes after; times count from the broker's return. */
export interface CatchUpFigures {
  readonly gateways: number;
  /** Publishes without PUBACK that the broker allowed each session. */
  readonly receiveMaximum: number;
  readonly backlog: number;
  /** When the last reading of the backlog was acknowledged, ms. */
  readonly drainedMs: number;
  /** DDATA that reached a subscriber in each {@link BIN_MS}. */
  readonly arrived: readonly number[];
  readonly meanPerS: number;
  readonly peakPerS: number;
  /** Meters without backlog: these go before it. */
  readonly liveFirst: LiveFigures;
  /** Meters with backlog: these keep their order and wait for it. */
  readonly liveInOrder: LiveFigures;
  readonly pushed: number;
  readonly received: number;
  readonly copies: number;
  readonly misplaced: number;
}

/** A fleet and what was seen of it. */
class Fleet implements AsyncDisposable {
  readonly gateways: Gateway[] = [];
  attemptsMs: number[] = [];
  connectedMs: number[] = [];
  delivered: FleetHost["onDelivered"] = () => {};
  reachable = true;
  readonly #unused = unusedDatabase();

  constructor(
    size: number,
    templates: readonly Reading[],
    options: Pick<FleetHost, "broker" | "random"> & { caFile?: string },
  ) {
    const host: FleetHost = {
      ...options,
      clock,
      templates,
      unused: this.#unused.db,
      reachable: () => this.reachable,
      onAttempt: (atMs) => this.attemptsMs.push(atMs),
      onConnected: (_gateway, atMs) => this.connectedMs.push(atMs),
      onDelivered: (gateway, slot, seconds) =>
        this.delivered(gateway, slot, seconds),
    };
    for (let n = 0; n < size; n++) this.gateways.push(new Gateway(host, n));
  }

  allUp(limitS = 60): Promise<void> {
    return until(
      "the whole fleet to be connected",
      () => this.gateways.every(({ up }) => up),
      limitS,
    );
  }

  drained(limitS: number): Promise<void> {
    return until(
      "the fleet's backlog to be delivered",
      () => this.gateways.every(({ pending }) => pending === 0),
      limitS,
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(
      this.gateways.map((gateway) => gateway[Symbol.asyncDispose]()),
    );
    this.#unused[Symbol.dispose]();
  }
}

const UNBOUNDED = ["max_queued_messages 0"];

/** Ends a broker as a crash would and starts it again where it was. */
async function reborn(
  broker: Mosquitto,
  options: MosquittoOptions,
): Promise<Mosquitto> {
  await broker.kill();
  return await mosquitto({ ...options, ports: broker.ports });
}

/** Restarts the broker under a connected fleet. */
export async function restart(
  size: number,
  random: () => number,
  jitter: boolean,
): Promise<RestartFigures> {
  const options = { lines: UNBOUNDED };
  let broker = await mosquitto(options);
  try {
    const emptyBytes = residentBytes(broker.pid);
    await using fleet = new Fleet(size, templatesOf(1, clock), {
      broker: `mqtt://127.0.0.1:${broker.ports[0]}`,
      random,
    });
    await fleet.allUp();
    const fullBytes = residentBytes(broker.pid);
    fleet.attemptsMs = [];
    fleet.connectedMs = [];
    const lostMs = performance.now();
    broker = await reborn(broker, options);
    await fleet.allUp();
    const attempts = bins(fleet.attemptsMs, lostMs);
    return {
      gateways: size,
      jitter,
      attempts,
      peakPer100Ms: Math.max(...attempts),
      peakPerS: peakPerS(fleet.attemptsMs),
      firstMs: Math.min(...fleet.connectedMs) - lostMs,
      lastMs: Math.max(...fleet.connectedMs) - lostMs,
      brokerBytesPerSession: (fullBytes - emptyBytes) / size,
    };
  } finally {
    await broker[Symbol.asyncDispose]();
  }
}

/** What {@link catchUp} is about. */
export interface CatchUpOptions {
  readonly gateways: number;
  /** Meters of each gateway; two more have nothing waiting. */
  readonly meters: number;
  /** Readings of each meter that the outage leaves behind. */
  readonly rounds: number;
  readonly random: () => number;
  /** Publishes without PUBACK that the broker allows each session. */
  readonly receiveMaximum: number;
  /** Pause between a gateway's live readings, ms. */
  readonly liveEveryMs: number;
}

/** Lets an outage pile readings up, and live ones come while they are delivered. */
export async function catchUp(
  options: CatchUpOptions,
): Promise<CatchUpFigures> {
  const { meters, rounds, receiveMaximum } = options;
  const size = options.gateways;
  const lines = [
    ...UNBOUNDED,
    `max_inflight_messages ${receiveMaximum}`,
    "set_tcp_nodelay true",
  ];
  let broker = await mosquitto({ lines });
  try {
    await using arrivals = new Arrivals();
    await arrivals.listen(broker.ports[0] ?? 0);
    await using fleet = new Fleet(size, templatesOf(meters + 2, clock), {
      broker: `mqtt://127.0.0.1:${broker.ports[0]}`,
      random: options.random,
    });
    await fleet.allUp();
    let pushed = 0;
    const push = (gateway: Gateway, meter: number): number => {
      pushed++;
      return gateway.push(meter);
    };
    // Births are over before the outage, as they are in a run of weeks.
    for (const gateway of fleet.gateways) {
      for (let meter = 0; meter < meters + 2; meter++) push(gateway, meter);
    }
    await fleet.drained(120);
    // What the broker has not passed on yet would end with it.
    await until(
      "the subscriber to have it all",
      () => arrivals.count >= pushed,
      60,
    );
    fleet.reachable = false;
    await broker.kill();
    await until(
      "the fleet to see the loss",
      () => fleet.gateways.every(({ up }) => !up),
    );
    for (let round = 0; round < rounds; round++) {
      for (const gateway of fleet.gateways) {
        for (let meter = 0; meter < meters; meter++) push(gateway, meter);
      }
    }
    const backlog = size * meters * rounds;
    const live = new Map<string, number[]>();
    const times = { first: [] as number[], inOrder: [] as number[] };
    /** By gateway, how many live readings it has had. */
    const turns = new Map<number, number>();
    let backlogLeft = backlog;
    let drainedMs = NaN;
    fleet.delivered = (gateway, { device, number }, seconds) => {
      const key = `${gateway} ${device}`;
      if (live.get(key)?.includes(number)) {
        (device >= meters ? times.first : times.inOrder).push(seconds * 1000);
      } else if (--backlogLeft === 0) drainedMs = performance.now() - backMs;
    };
    arrivals.timesMs = [];
    broker = await mosquitto({ lines, ports: broker.ports });
    // The subscriber is there before the first gateway, or it would miss some.
    await arrivals.listen(broker.ports[0] ?? 0);
    fleet.reachable = true;
    const backMs = performance.now();
    await until("the backlog to be delivered while live readings come", () => {
      const atMs = performance.now() - backMs;
      fleet.gateways.forEach((gateway, n) => {
        // Spread over the period, as the meters of a fleet are.
        const offsetMs = options.liveEveryMs * n / size;
        const due = Math.floor((atMs - offsetMs) / options.liveEveryMs);
        if (!gateway.up || backlogLeft === 0 || due <= (turns.get(n) ?? -1)) {
          return;
        }
        turns.set(n, due);
        const meter = (due + n) % 2 === 0
          ? meters + Math.floor(due / 2) % 2
          : due % meters;
        const key = `${n} ${meter}`;
        live.set(key, [...live.get(key) ?? [], push(gateway, meter)]);
      });
      return backlogLeft === 0;
    }, 300);
    await fleet.drained(120);
    await until(
      "the subscriber to have it all",
      () => arrivals.count >= pushed,
      60,
    ).catch(() => {});
    const seconds = drainedMs / 1000;
    return {
      gateways: size,
      receiveMaximum,
      backlog,
      drainedMs,
      arrived: bins(arrivals.timesMs, backMs),
      meanPerS: backlog / seconds,
      peakPerS: peakPerS(arrivals.timesMs),
      liveFirst: liveOf(times.first),
      liveInOrder: liveOf(times.inOrder),
      pushed,
      received: arrivals.count,
      copies: arrivals.copies,
      misplaced: arrivals.misplaced,
    };
  } finally {
    await broker[Symbol.asyncDispose]();
  }
}

/** What a session and a reading cost on the wire; payload of TCP. */
export interface WireFigures {
  readonly tls: boolean;
  /** From the first byte to the CONNACK and the first DBIRTH with its PUBACK, bytes both ways. */
  readonly loginBytes: number;
  /** A DBIRTH with its PUBACK. */
  readonly birthBytes: number;
  /** A DDATA with its PUBACK, sent alone. */
  readonly readingUpBytes: number;
  readonly readingDownBytes: number;
  /** A ping and its answer, which an idle session sends every 20 s. */
  readonly idleBytesPerDay: number;
}

/** Counts the bytes of one gateway; `idleS` of silence tell the keep-alive. */
export async function wire(tls: boolean, idleS: number): Promise<WireFigures> {
  await using stack = new AsyncDisposableStack();
  const made = tls ? stack.use(await certificates()) : null;
  const listener = made === null ? {} : {
    certificates: {
      ca: made.file("ca.crt"),
      cert: made.file("server.crt"),
      key: made.file("server.key"),
    },
  };
  const broker = stack.use(await mosquitto({ listeners: [listener] }));
  const way = stack.use(new CountedWay(broker.ports[0] ?? 0));
  const fleet = stack.use(
    new Fleet(1, templatesOf(2, clock), {
      broker: `${tls ? "mqtts" : "mqtt"}://127.0.0.1:${way.port}`,
      random: Math.random,
      ...(made === null ? {} : { caFile: made.file("ca.crt") }),
    }),
  );
  const [gateway] = fleet.gateways;
  if (gateway === undefined) throw new Error("There is no gateway");
  const one = async (meter: number) => {
    const before = way.traffic();
    gateway.push(meter);
    await fleet.drained(10);
    // The PUBACK is the last that comes.
    const after = way.traffic();
    return {
      up: after.upBytes - before.upBytes,
      down: after.downBytes - before.downBytes,
    };
  };
  await fleet.allUp();
  const login = way.traffic();
  const announced = await one(0);
  const readings = [];
  for (let n = 0; n < 50; n++) readings.push(await one(0));
  const up = readings.reduce((sum, { up }) => sum + up, 0) / readings.length;
  const down = readings.reduce((sum, { down }) => sum + down, 0) /
    readings.length;
  let idleBytesPerDay = NaN;
  if (idleS > 0) {
    const before = way.traffic();
    await clock.sleep(idleS * 1000);
    const after = way.traffic();
    const bytes = after.upBytes + after.downBytes - before.upBytes -
      before.downBytes;
    idleBytesPerDay = bytes / idleS * 86_400;
  }
  return {
    tls,
    loginBytes: login.upBytes + login.downBytes,
    birthBytes: announced.up + announced.down - up - down,
    readingUpBytes: up,
    readingDownBytes: down,
    idleBytesPerDay,
  };
}

function liveOf(times: readonly number[]): LiveFigures {
  return {
    count: times.length,
    p50Ms: percentile(times, 0.5),
    p99Ms: percentile(times, 0.99),
    mostMs: times.reduce((most, ms) => Math.max(most, ms), 0),
  };
}

/** Events in each {@link BIN_MS} from a moment on. */
function bins(timesMs: readonly number[], fromMs: number): readonly number[] {
  const counts: number[] = [];
  for (const atMs of timesMs) {
    const bin = Math.floor((atMs - fromMs) / BIN_MS);
    if (bin >= 0) counts[bin] = (counts[bin] ?? 0) + 1;
  }
  return Array.from(counts, (count) => count ?? 0);
}

/** Most events in any second. */
function peakPerS(timesMs: readonly number[]): number {
  const sorted = timesMs.toSorted((a, b) => a - b);
  let peak = 0;
  for (let from = 0, to = 0; to < sorted.length; to++) {
    while ((sorted[to] ?? 0) - (sorted[from] ?? 0) >= 1000) from++;
    peak = Math.max(peak, to - from + 1);
  }
  return peak;
}

function residentBytes(pid: number): number {
  const status = Deno.readTextFileSync(`/proc/${pid}/status`);
  return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) * 1024;
}
