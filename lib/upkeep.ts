/**
 * What the store needs from time to time while an agent runs: to be kept in its
 * bounds, and waiting readings re-stamped once the clock is set.
 *
 * @module
 */
import type { Clock } from "./clock.ts";
import type { Registry } from "./device/registry.ts";
import type { Log } from "./log.ts";
import { type Store, StoreError } from "./store/store.ts";

/** How often the store is brought back into its bounds. */
const MAINTAIN_MS = 60_000;
/** Pause between two slices of that work, so that readings get in between. */
const MAINTAIN_PAUSE_MS = 100;
/** How often the clock is looked at until it is synchronised. */
const SYNC_CHECK_MS = 5000;
/** Share of the outbox's size that may wait for a sink before it is worth a warning. */
const NEARLY_FULL = 0.9;

/** Keeps the store in bounds, and re-stamps what waits once the clock is set. */
export function keepUp(
  store: Store,
  registry: Registry,
  { clock, log }: { readonly clock: Clock; readonly log: Log },
): Disposable {
  let disarmMaintain = () => {};
  let high = false;
  const maintain = () => {
    const { more } = store.maintain();
    high = isNearlyFull(store, high, log);
    registry.buffer(high);
    disarmMaintain = clock.after(
      more ? MAINTAIN_PAUSE_MS : MAINTAIN_MS,
      maintain,
    );
  };
  let disarmSync = () => {};
  const sync = () => {
    const now = clock.instant();
    if (!now.synced) {
      disarmSync = clock.after(SYNC_CHECK_MS, sync);
      return;
    }
    const offsetMs = now.wallMs - now.monoMs;
    registry.restamp(now.bootId, offsetMs);
    try {
      const count = store.restamp(now.bootId, offsetMs);
      if (count > 0) {
        log.info("Clock set, waiting readings of this boot re-stamped", {
          count,
        });
      }
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      log.warn("Readings not re-stamped yet", { reason: error.message });
      disarmSync = clock.after(SYNC_CHECK_MS, sync);
    }
  };
  sync();
  disarmMaintain = clock.after(MAINTAIN_MS, maintain);
  return {
    [Symbol.dispose]() {
      disarmMaintain();
      disarmSync();
    },
  };
}

/** Whether what waits for a sink leaves little room; ends well below where it begins. */
function isNearlyFull(store: Store, high: boolean, log: Log): boolean {
  try {
    return store.fill() >= (high ? NEARLY_FULL / 2 : NEARLY_FULL);
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    log.error("Outbox cannot be measured", { reason: error.message });
    return high;
  }
}
