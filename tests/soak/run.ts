/**
 * One soak: a world with a hundred times the load of the field, faults with
 * quiet between them, and at the end rest and the verdict.
 *
 * @module
 */
import { createReadStream } from "node:fs";
import { createInterface } from "node:readline";
import { devices } from "../bench/bed.ts";
import { faults } from "../chaos/faults/faults.ts";
import { judge, type Verdict } from "../chaos/oracle.ts";
import type { FaultName } from "../chaos/schedule.ts";
import { World } from "../chaos/world.ts";
import { clock, DEVICES, type Program } from "../system/harness.ts";
import { type Course, judgeCourse, judgeFile } from "./judge.ts";
import {
  deathsOf,
  faultsOf,
  FIRST_LIFE,
  outboxMb,
  type Planned,
} from "./plan.ts";
import { type Sample, toldBy } from "./sample.ts";
import { Watch } from "./watch.ts";

/** Meters of a large site, and what they push at a hundred times one reading in ten minutes. */
const METERS = 200;
const READINGS_PER_S = 100 * METERS / 600;
/** So long after a fault nothing is called quiet, milliseconds. */
const SETTLE_MS = 20_000;
/** Longest wait for the sinks to be done at the end, seconds. */
const REST_S = 60;

/** What is soaked, how long, and in which directory. */
export interface Wanted {
  readonly seed: number;
  readonly minutes: number;
  readonly program: Program;
  readonly dir: string;
  /** Ends it early; what was seen is judged all the same. */
  readonly signal: AbortSignal;
  /** Told of each sample as it is taken. */
  readonly onSample: (sample: Sample) => void;
  /** Told of each fault when it is over. */
  readonly onStruck: (struck: Struck) => void;
}

/** A fault that has happened. */
export interface Struck {
  readonly fault: FaultName;
  readonly atS: number;
  /** From the end of the fault to a newer reading acknowledged; null when it did not come. */
  readonly recoveredMs: number | null;
}

/** What a soak has shown. */
export interface Soaked extends Course, Verdict {
  readonly samples: readonly Sample[];
  readonly struck: readonly Struck[];
  readonly sent: number;
  readonly committed: number;
  readonly delivered: number;
  /** Lines in the file beyond the first of a reading. */
  readonly copiesInFile: number;
  /** Agents killed. */
  readonly kills: number;
  /** All that the agents have logged. */
  readonly log: string;
  readonly tookMs: number;
}

/** Runs a soak to its end. */
export async function soak(wanted: Wanted): Promise<Soaked> {
  const { dir, minutes } = wanted;
  const file = `${dir}/readings.jsonl`;
  const all = [...new Set([...DEVICES, ...devices(METERS)])].slice(0, METERS);
  await using world = await World.open(dir, {
    broker: {
      lines: ["persistence true", `persistence_location ${dir}/`],
    },
    devices: all,
    listen: "127.0.0.1:0",
    outbox: `max_mb = ${outboxMb(minutes)}`,
    sink: `[sinks.file]\ntype = "jsonl"\npath = "${file}"`,
    child: { program: wanted.program },
    judgesGrowth: false,
  });
  world.rate = READINGS_PER_S;
  await world.started();
  await world.recovered();
  world.recoveriesMs.length = 0;
  await using run = new Run(world, wanted);
  await run.faults();
  await run.rest();
  await world.stop("SIGTERM");
  const { committed, proxy } = world;
  const delivered = world.delivered();
  const verdict = judge({
    sent: world.sent,
    committed,
    destroyed: world.destroyed,
    rowsGo: false,
    delivered,
    received: world.watch.readings(),
    events: proxy.events,
    books: world.books(),
  });
  const inFile = judgeFile(await linesOf(file), committed);
  const course = judgeCourse(run.watch.samples, minutes);
  return {
    ...verdict,
    ...course,
    violations: [
      ...run.violations,
      ...run.watch.violations,
      ...world.violations,
      ...verdict.violations,
      ...inFile.violations,
      ...course.violations,
    ],
    samples: run.watch.samples,
    struck: run.struck,
    sent: world.sent.size,
    committed: committed.size,
    delivered: delivered.size,
    copiesInFile: inFile.copies,
    kills: world.kills,
    log: world.log(),
    tookMs: clock.monoMs() - run.watch.fromMs,
  };
}

/** A soak under way. */
class Run implements AsyncDisposable {
  readonly #world: World;
  readonly #wanted: Wanted;
  readonly watch: Watch;
  readonly struck: Struck[] = [];
  readonly violations: string[] = [];
  #fault: FaultName | null = null;
  #quietFromMs = 0;

  constructor(world: World, wanted: Wanted) {
    this.#world = world;
    this.#wanted = wanted;
    const { minutes, onSample } = wanted;
    const during = () => this.#during();
    this.watch = new Watch({ world, minutes, during, onSample });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.watch[Symbol.asyncDispose]();
  }

  /** Lets all the faults happen. */
  async faults(): Promise<void> {
    const { seed, minutes } = this.#wanted;
    const endMs = this.watch.fromMs + FIRST_LIFE * minutes * 60_000;
    for (const planned of faultsOf(seed, minutes)) {
      const { quietMs, step } = planned;
      const leftMs = endMs - clock.monoMs();
      if (quietMs + step.ms > leftMs) {
        await this.#quiet(leftMs);
        break;
      }
      if (!await this.#strike(planned)) return;
    }
    for (const planned of deathsOf(seed, minutes)) {
      if (!await this.#strike(planned)) return;
    }
    await this.#quiet(this.watch.fromMs + minutes * 60_000 - clock.monoMs());
  }

  /** Stops the meters, waits until every sink has everything, and stops looking. */
  async rest(): Promise<void> {
    const world = this.#world;
    const { agent } = world;
    await world.rest();
    const endMs = clock.monoMs() + REST_S * 1000;
    for (;;) {
      const told = agent === null ? null : await toldBy(agent);
      if (told?.accounts.every(({ pending }) => pending === 0)) break;
      if (clock.monoMs() > endMs) {
        this.violations.push(`readings still wait ${REST_S} s after the last`);
        break;
      }
      await clock.sleep(200);
    }
    await this.watch.end();
  }

  /** Waits, and lets a fault happen; whether the soak goes on. */
  async #strike({ quietMs, step }: Planned): Promise<boolean> {
    const world = this.#world;
    if (!await this.#quiet(quietMs)) return false;
    const { atS } = this.watch;
    this.#fault = step.fault;
    const before = world.recoveriesMs.length;
    try {
      await faults[step.fault](world, step);
    } catch (error) {
      this.violations.push(
        `${step.fault} after ${atS.toFixed(0)} s: ${
          error instanceof Error ? error.message : String(error)
        }`,
      );
    }
    this.#fault = null;
    this.#quietFromMs = clock.monoMs() + SETTLE_MS;
    const struck = {
      fault: step.fault,
      atS,
      recoveredMs: world.recoveriesMs[before] ?? null,
    };
    this.struck.push(struck);
    this.#wanted.onStruck(struck);
    return true;
  }

  /** Waits for so long; whether the soak goes on. */
  async #quiet(ms: number): Promise<boolean> {
    const { signal } = this.#wanted;
    await clock.sleep(Math.max(0, ms), { signal });
    if (signal.aborted) {
      this.violations.push("the run was stopped");
      return false;
    }
    if (this.#world.agent?.status === null) return true;
    this.violations.push("the agent has ended by itself");
    return false;
  }

  #during(): string | null {
    if (this.#fault !== null) return this.#fault;
    const last = this.struck.at(-1);
    return last === undefined || clock.monoMs() >= this.#quietFromMs
      ? null
      : `after ${last.fault}`;
  }
}

/** The readings of a file that a jsonl sink wrote, as `DEVICE NUMBER`. */
async function linesOf(path: string): Promise<string[]> {
  const readings: string[] = [];
  for await (const line of createInterface({ input: createReadStream(path) })) {
    const { device, measurements } = JSON.parse(line) as {
      readonly device: string;
      readonly measurements: {
        readonly apparent_energy_1: { readonly value: number };
      };
    };
    readings.push(`${device} ${measurements.apparent_energy_1.value}`);
  }
  return readings;
}
