/**
 * Collects what the runs give, so that results can be told at any time: after
 * each run, and when one fails.
 *
 * @module
 */
import { clock } from "../system/harness.ts";
import type { Scale } from "./growth.ts";
import {
  type Failure,
  type Growth,
  type Measured,
  type Point,
  type Results,
  type Row,
  spread,
  type Values,
} from "./quantity.ts";

interface Kept {
  readonly values: (number | null)[];
  readonly busy: number[];
}

/** What was measured so far. */
export class Tally {
  readonly #about: Pick<Results, "machine" | "runtime">;
  readonly #quick: boolean;
  readonly #rows: readonly Row[];
  readonly #scales: readonly Scale[];
  /** Key of a quantity → program → values. */
  readonly #values = new Map<string, Map<string, Kept>>();
  /** Name of a scale → size → costs. */
  readonly #costs = new Map<string, Map<number, (readonly number[])[]>>();
  readonly #scaleBusy = new Map<string, number[]>();
  readonly #scaleProgram = new Map<string, string>();
  readonly #courses = new Map<string, readonly Point[]>();
  readonly #failed: Failure[] = [];

  constructor(
    about: Pick<Results, "machine" | "runtime">,
    rows: readonly Row[],
    scales: readonly Scale[],
    quick: boolean,
  ) {
    this.#about = about;
    this.#rows = rows;
    this.#scales = scales;
    this.#quick = quick;
  }

  /** Values of one run. */
  add(row: Row, program: string, values: Values, busy: number): void {
    for (const { key } of row.quantities) {
      const value = values[key];
      if (value === undefined) continue;
      const of = this.#values.get(key) ?? new Map<string, Kept>();
      this.#values.set(key, of);
      const kept = of.get(program) ?? { values: [], busy: [] };
      of.set(program, kept);
      kept.values.push(Number.isFinite(value) ? value : null);
      kept.busy.push(busy);
    }
  }

  /** What one size of a scale cost in one run. */
  addCost(
    scale: Scale,
    program: string,
    size: number,
    cost: readonly number[],
    busy: number,
  ): void {
    const of = this.#costs.get(scale.name) ?? new Map();
    this.#costs.set(scale.name, of);
    of.set(size, [...of.get(size) ?? [], cost]);
    this.#scaleProgram.set(scale.name, program);
    this.#scaleBusy.set(scale.name, [
      ...this.#scaleBusy.get(scale.name) ?? [],
      busy,
    ]);
  }

  /** A course over time; of several runs the last. */
  course(name: string, points: readonly Point[]): void {
    this.#courses.set(name, points);
  }

  /** A run without values. */
  fail(name: string, program: string, reason: string): void {
    this.#failed.push({ name, program, reason, date: today() });
  }

  /** Everything so far. */
  results(): Results {
    return {
      ...this.#about,
      measured: this.#rows.flatMap((row) => this.#measured(row)),
      courses: Object.fromEntries(this.#courses),
      growth: this.#scales.flatMap((scale) => this.#growth(scale)),
      failed: this.#failed,
    };
  }

  #measured(row: Row): readonly Measured[] {
    const failed = this.#failed.some(({ name }) => name === row.name);
    return row.quantities.flatMap(({ whatQuick, ...quantity }) => {
      const of = this.#values.get(quantity.key) ?? new Map<string, Kept>();
      // What failed has its lines in the tables too.
      if (of.size === 0 && !failed) return [];
      return [{
        ...quantity,
        what: this.#quick ? whatQuick ?? quantity.what : quantity.what,
        row: row.name,
        by: Object.fromEntries([...of].map(([program, { values, busy }]) => [
          program,
          { values, othersBusy: middle(busy), date: today() },
        ])),
      }];
    });
  }

  #growth(scale: Scale): readonly Growth[] {
    const { name, what, columns } = scale;
    const costs = this.#costs.get(name);
    const failed = this.#failed.some((one) => one.name === name);
    if (costs === undefined && !failed) return [];
    const points = [...costs ?? []].toSorted(([a], [b]) => a - b)
      .map(([size, all]) => ({
        size,
        values: columns.map((_, n) => middle(all.map((cost) => cost[n]))),
        spread: columns.map((_, n) => {
          const { least = NaN, most = NaN } = spread(all.map((cost) =>
            cost[n] ?? null
          )) ?? {};
          return [least, most] as const;
        }),
        runs: all.length,
      }));
    const sizes = this.#quick ? scale.quickSizes : scale.sizes;
    const missing = sizes.filter((size) => !costs?.has(size));
    return [{
      name,
      what,
      program: this.#scaleProgram.get(name) ?? "",
      date: today(),
      othersBusy: middle(this.#scaleBusy.get(name) ?? []),
      columns,
      points,
      // What is asserted is asserted of all sizes.
      checks: missing.length === 0 ? scale.check(points) : [{
        says: `${what}: every size is measured`,
        measured: `not ${missing.join(", ")}`,
        holds: false,
      }],
    }];
  }
}

function middle(values: readonly (number | undefined)[]): number {
  return spread(values.map((value) => value ?? null))?.median ?? NaN;
}

function today(): string {
  return new Date(clock.nowMs()).toISOString().slice(0, 10);
}
