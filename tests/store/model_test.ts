import assert from "node:assert/strict";
import fc from "fast-check";
import type { Lane } from "../../lib/store/outbox.ts";
import type { Store } from "../../lib/store/store.ts";
import type { Fate } from "../../lib/store/views.ts";
import { drain, entry, imbalance, Site, uid } from "./fixture.ts";

const SINKS = ["a", "b"] as const;
const DAY_MS = 86_400_000;

type Step =
  | { readonly do: "append"; readonly devices: readonly number[] }
  | { readonly do: "lease"; readonly sink: number; readonly max: number }
  | {
    readonly do: "settle";
    readonly sink: number;
    readonly which: number;
    readonly accepted: boolean;
  }
  | { readonly do: "release"; readonly sink: number }
  | { readonly do: "purge"; readonly sink: number }
  | { readonly do: "age" }
  | { readonly do: "restart" }
  | { readonly do: "kill" };

const sink = fc.integer({ min: 0, max: 1 });
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant("append" as const),
      devices: fc.array(fc.integer({ min: 1, max: 4 }), {
        minLength: 1,
        maxLength: 5,
      }),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant("lease" as const),
      sink,
      max: fc.integer({ min: 1, max: 6 }),
    }),
  },
  {
    weight: 9,
    arbitrary: fc.record({
      do: fc.constant("settle" as const),
      sink,
      which: fc.nat(20),
      accepted: fc.boolean(),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constant("release" as const), sink }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant("purge" as const), sink }),
  },
  { weight: 1, arbitrary: fc.constant({ do: "age" as const }) },
  { weight: 1, arbitrary: fc.constant({ do: "restart" as const }) },
  { weight: 1, arbitrary: fc.constant({ do: "kill" as const }) },
);

/** What must be true of one sink, kept the simplest way. */
class Model {
  readonly pending = new Set<number>();
  readonly inFlight: number[] = [];
  delivered = 0;
  rejected = 0;
  dropped = 0;
  /** How each settled reading ended. */
  readonly fates = new Map<number, Fate["is"]>();
}

/** Drives a store and the models side by side. */
class Run {
  readonly site: Site;
  store: Store;
  lanes: Lane[];
  readonly models = [new Model(), new Model()];
  readonly logged = new Map<number, { device: string; monoMs: number }>();
  /** Too old for the log. */
  readonly gone = new Set<number>();

  constructor(site: Site) {
    this.site = site;
    this.store = site.open({ max_age_days: 1 });
    this.lanes = SINKS.map((name) => this.store.lane(name));
  }

  async perform(next: Step): Promise<void> {
    const { site, models } = this;
    if (next.do === "append") {
      const entries = next.devices.map((device) =>
        entry(site.clock, device, 1)
      );
      for (const { id, device, received } of this.store.append(entries)) {
        assert.ok(!this.logged.has(id), "an id was used twice");
        this.logged.set(id, { device, monoMs: received.monoMs });
        for (const model of models) model.pending.add(id);
      }
    } else if (next.do === "lease") {
      this.#lease(next.sink, next.max);
    } else if (next.do === "settle") {
      const model = models[next.sink];
      const id = model?.inFlight[next.which % model.inFlight.length];
      if (model === undefined || id === undefined) return;
      model.inFlight.splice(model.inFlight.indexOf(id), 1);
      const outcome = next.accepted ? "accepted" : { rejected: "no" };
      this.lanes[next.sink]?.settle(id, outcome);
      // Dropped while in flight: accounted for as that.
      if (!model.pending.delete(id)) return;
      if (next.accepted) model.delivered++;
      else model.rejected++;
      model.fates.set(id, next.accepted ? "delivered" : "rejected");
    } else if (next.do === "release") {
      this.lanes[next.sink]?.release();
      models[next.sink]?.inFlight.splice(0);
    } else if (next.do === "purge") {
      const model = models[next.sink];
      assert.ok(model);
      const purged = this.store.purge(SINKS[next.sink] ?? "");
      assert.equal(purged, model.pending.size);
      for (const id of model.pending) model.fates.set(id, "dropped");
      model.dropped += model.pending.size;
      model.pending.clear();
    } else if (next.do === "age") {
      await site.clock.advance(DAY_MS / 2);
      this.store.maintain();
      const limit = site.clock.monoMs() - DAY_MS;
      for (const [id, { monoMs }] of this.logged) {
        if (monoMs >= limit) continue;
        this.gone.add(id);
        for (const model of models) {
          if (model.pending.delete(id)) model.dropped++;
        }
      }
    } else {
      // A kill without unwritten work is a copy of the files as they are.
      this.store.flush();
      if (next.do === "kill") this.#copyThenReopen();
      else this.#reopen();
    }
    this.check();
  }

  check(): void {
    for (const [at, model] of this.models.entries()) {
      const account = this.lanes[at]?.account();
      assert.ok(account);
      assert.equal(imbalance(account), 0);
      assert.deepEqual(
        [
          account.delivered,
          account.pending,
          account.rejected,
          account.dropped,
        ],
        [model.delivered, model.pending.size, model.rejected, model.dropped],
      );
    }
  }

  /** How every reading that is still in the log stands, and what waits. */
  checkFates(): void {
    for (const [at, model] of this.models.entries()) {
      const sink = SINKS[at] ?? "";
      for (const id of this.logged.keys()) {
        if (this.gone.has(id)) continue;
        const wanted = model.pending.has(id) ? "pending" : model.fates.get(id);
        assert.equal(this.store.fate(sink, id)?.is, wanted);
      }
      const waiting = [...model.pending];
      assert.deepEqual(
        this.store.peek(sink, 1000).map(({ id }) => id),
        waiting,
      );
      const oldest = this.logged.get(waiting[0] ?? 0)?.monoMs;
      assert.equal(this.store.oldestPending(sink)?.monoMs, oldest);
    }
  }

  #lease(at: number, max: number): void {
    const model = this.models[at];
    const lane = this.lanes[at];
    assert.ok(model && lane);
    const waits = model.pending.size -
      model.inFlight.filter((id) => model.pending.has(id)).length;
    const leased = lane.lease(max);
    assert.equal(leased.length, Math.min(max, waits));
    for (const { id, device } of leased) {
      assert.ok(model.pending.has(id), "leased what is not pending");
      assert.ok(!model.inFlight.includes(id), "leased twice");
      assert.equal(device, this.logged.get(id)?.device);
      for (const earlier of model.pending) {
        if (earlier >= id || model.inFlight.includes(earlier)) continue;
        assert.notEqual(this.logged.get(earlier)?.device, device, "overtaken");
      }
      model.inFlight.push(id);
    }
  }

  #reopen(): void {
    this.store.close();
    this.store = this.site.open({ max_age_days: 1 });
    this.lanes = SINKS.map((name) => this.store.lane(name));
    for (const model of this.models) model.inFlight.splice(0);
  }

  #copyThenReopen(): void {
    const { dir, file } = this.site;
    for (const end of ["", "-wal"]) {
      Deno.copyFileSync(file + end, `${dir}/copy${end}`);
    }
    this.store.close();
    for (const end of ["", "-wal"]) {
      Deno.renameSync(`${dir}/copy${end}`, file + end);
    }
    this.#reopen();
  }
}

Deno.test("Any script of appends, leases, settles, releases, purges, prunes and restarts keeps account, order, fate and every reading", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
      using site = new Site();
      const run = new Run(site);
      try {
        for (const next of steps) await run.perform(next);
        run.checkFates();
        for (const [at, model] of run.models.entries()) {
          const lane = run.lanes[at];
          assert.ok(lane);
          lane.release();
          const ids = drain(lane, 3);
          assert.deepEqual(
            [...ids].sort((a, b) => a - b),
            [...model.pending],
          );
          for (const device of [1, 2, 3, 4]) {
            const own = ids.filter((id) =>
              run.logged.get(id)?.device === uid(device)
            );
            assert.deepEqual(own, [...own].sort((a, b) => a - b));
          }
        }
      } finally {
        run.store.close();
      }
    }),
    { numRuns: 60 },
  );
});
