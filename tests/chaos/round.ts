/**
 * One round: makes its world, lets the faults happen one after another, waits
 * for rest, and judges.
 *
 * @module
 */
import { clock } from "../system/harness.ts";
import { certificates } from "../system/mosquitto.ts";
import { clockFile } from "./faults/clock.ts";
import { mayMount, smallDisk } from "./faults/disk.ts";
import type { Ended } from "./faults/fault.ts";
import { faults } from "./faults/faults.ts";
import { HEAP_FLAG } from "./faults/memory.ts";
import { HOSTS, NAME, RESOLVER, writeNames } from "./faults/name.ts";
import { moreCertificates, tlsListeners } from "./faults/tls.ts";
import { judge, UNREAD_MS } from "./oracle.ts";
import { slowness } from "./patience.ts";
import type { FaultName, Kind, Round } from "./schedule.ts";
import { World, type WorldOptions } from "./world.ts";

/** What a round has shown. */
export interface Report {
  readonly round: Round;
  readonly faults: readonly {
    readonly fault: FaultName;
    readonly point: string | null;
    readonly ended: Ended;
  }[];
  /** Faults that were not begun for lack of time. */
  readonly leftOut: number;
  readonly violations: readonly string[];
  readonly sent: number;
  readonly committed: number;
  readonly delivered: number;
  readonly duplicates: number;
  readonly lost: number;
  /** Rows that injected damage destroyed. */
  readonly destroyed: number;
  /** Those of them that had not been delivered. */
  readonly destroyedFirst: number;
  /** Readings that were dropped or rejected, and told. */
  readonly told: number;
  readonly recoveriesMs: readonly number[];
  readonly residentMb: number;
  /** Most that the memory of an agent grew from its first delivery on. */
  readonly grownMb: number;
  /** How many times slower than usual the machine was. */
  readonly slow: number;
  /** Agents killed. */
  readonly kills: number;
  readonly log: string;
  readonly tookMs: number;
}

/** A fault that has not ended after this hangs, milliseconds: no wait in it is that long. */
const HANGS_MS = 900_000;

/**
 * Plays a round in a directory of its own; a world that cannot be made is a
 * violation as well.
 *
 * @param more whether there is time for another fault; the first comes in any case
 */
export async function play(
  round: Round,
  dir: string,
  signal: AbortSignal,
  onFault: (line: string) => void,
  more: () => boolean = () => true,
): Promise<Report> {
  const fromMs = clock.monoMs();
  try {
    const report = await act(round, dir, signal, onFault, more);
    return { ...report, tookMs: clock.monoMs() - fromMs };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return {
      ...empty(round),
      violations: [`the round could not be played: ${why}`],
      tookMs: clock.monoMs() - fromMs,
    };
  }
}

async function act(
  round: Round,
  dir: string,
  signal: AbortSignal,
  onFault: (line: string) => void,
  more: () => boolean,
): Promise<Report> {
  const slowBefore = await slowness();
  await using stack = new AsyncDisposableStack();
  const options = await optionsOf(round.kind, dir, stack);
  if (options === null) return notHere(round);
  const world = stack.use(await World.open(dir, options));
  const violations: string[] = [];
  const done: Report["faults"][number][] = [];
  let doing = "start";
  let verdict = { violations: [] as readonly string[], lost: 0, duplicates: 0 };
  let told = 0;
  let leftOut = 0;
  let slow = slowBefore;
  try {
    await world.started();
    await world.recovered();
    world.recoveriesMs.length = 0;
    for (const [at, step] of round.steps.entries()) {
      if (at > 0 && !more()) {
        leftOut = round.steps.length - at;
        break;
      }
      const { fault, trap } = step;
      doing = trap === undefined
        ? fault
        : `${fault} ${trap.phase} ${trap.point}`;
      const ended = await unlessStopped(faults[fault](world, step), signal);
      const point = trap === undefined ? null : `${trap.phase} ${trap.point}`;
      done.push({ fault, point, ended });
      onFault(`${doing}: ${ended}`);
      if (world.agent?.status !== null) {
        throw new Error("the agent has ended by itself");
      }
    }
    doing = "rest";
    await world.rest();
    await world.stop("SIGTERM");
    const books = world.books();
    told = books.rejected + books.dropped;
    slow = Math.max(slowBefore, await slowness());
    verdict = judge({
      sent: world.sent,
      committed: world.committed,
      destroyed: world.destroyed,
      rowsGo: world.rowsGo,
      delivered: world.delivered(),
      received: world.brokerForgot || !world.seen
        ? null
        : world.watch.readings(),
      events: world.proxy.events,
      books,
      unreadMs: UNREAD_MS * slow,
    });
  } catch (error) {
    violations.push(
      `${doing}: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
  violations.push(...world.violations, ...verdict.violations);
  const delivered = world.delivered();
  // Where rows leave the log, some are delivered and gone before anybody looks.
  const committed = new Set([...world.committed, ...delivered]);
  return {
    ...empty(round),
    faults: done,
    leftOut,
    violations,
    sent: world.sent.size,
    committed: committed.size,
    delivered: delivered.size,
    duplicates: verdict.duplicates,
    lost: verdict.lost,
    destroyed: world.destroyed.size,
    destroyedFirst: [...world.destroyed].filter((one) => !delivered.has(one))
      .length,
    told,
    recoveriesMs: world.recoveriesMs,
    residentMb: world.residentMb,
    grownMb: world.grownMb,
    slow,
    kills: world.kills,
    log: world.log(),
  };
}

/** Gives up on a fault when the run is stopped; its world is about to end. */
function unlessStopped<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const stop = () => reject(new Error("the run was stopped"));
    const disarm = clock.after(
      HANGS_MS,
      () => reject(new Error(`it has not ended in ${HANGS_MS / 60_000} min`)),
    );
    signal.addEventListener("abort", stop, { once: true });
    if (signal.aborted) stop();
    work.then(resolve, reject).finally(() => {
      disarm();
      signal.removeEventListener("abort", stop);
    });
  });
}

/** What the world of a kind of round needs; null when this machine cannot give it. */
async function optionsOf(
  kind: Kind,
  dir: string,
  stack: AsyncDisposableStack,
): Promise<WorldOptions | null> {
  switch (kind) {
    case "broker": {
      await Deno.writeTextFile(`${dir}/acl`, "topic readwrite #\n");
      return { broker: { lines: [...durable(dir), `acl_file ${dir}/acl`] } };
    }
    case "tls": {
      const made = stack.use(await certificates());
      await moreCertificates(made);
      // A name that is the same for the whole round, whatever the files are called.
      await Deno.symlink(made.file("."), `${dir}/tls`);
      const trusted = `${dir}/trusted.crt`;
      await Deno.copyFile(made.file("ca.crt"), trusted);
      return {
        broker: { lines: durable(dir), ...tlsListeners(made.file, "server") },
        url: (world) => `mqtts://127.0.0.1:${world.ports[1]}`,
        sink: `tls.ca_file = "${trusted}"`,
      };
    }
    case "name": {
      if (!(await mayMount())) return null;
      await writeNames(dir);
      return {
        host: NAME,
        child: {
          instead: [
            [`${dir}/${HOSTS}`, "/etc/hosts"],
            [`${dir}/${RESOLVER}`, "/etc/resolv.conf"],
          ],
        },
      };
    }
    case "disk": {
      // Those of its faults that need no disk of their own go on without.
      if (!(await mayMount())) return {};
      stack.use(await smallDisk(`${dir}/disk`));
      return { dataDir: `${dir}/disk`, outbox: "min_free_mb = 0" };
    }
    case "clock": {
      await Deno.writeTextFile(
        clockFile({ dir }),
        JSON.stringify({ offsetMs: 0, synced: true }),
      );
      return { child: { clockFile: clockFile({ dir }) } };
    }
    case "memory":
      return { child: { flags: [HEAP_FLAG] } };
    default:
      return {};
  }
}

/** A broker that keeps sessions and what waits for them over a restart. */
function durable(dir: string): string[] {
  return [
    "persistence true",
    `persistence_location ${dir}/`,
  ];
}

function notHere(round: Round): Report {
  return {
    ...empty(round),
    faults: round.steps.map(({ fault }) => ({
      fault,
      point: null,
      ended: "not here",
    })),
  };
}

/** Of a round in which nothing happened. */
function empty(round: Round): Report {
  return {
    round,
    faults: [],
    leftOut: 0,
    violations: [],
    sent: 0,
    committed: 0,
    delivered: 0,
    duplicates: 0,
    lost: 0,
    destroyed: 0,
    destroyedFirst: 0,
    told: 0,
    recoveriesMs: [],
    residentMb: 0,
    grownMb: 0,
    slow: 1,
    kills: 0,
    log: "",
    tookMs: 0,
  };
}
