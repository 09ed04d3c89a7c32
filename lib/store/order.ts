/**
 * ◆ Which reading a lane leases next: live ones first, the backlog behind them,
 * and never a reading of a device while an earlier one of that device waits.
 *
 * Two positions move through the log. Everything below `low` has been leased.
 * Everything from `high` on has not been looked at. Between them lies the
 * backlog, with the live readings that were leased past it. While a device has
 * a reading waiting between them, its live readings join the backlog. So the
 * order needs memory per device, not per reading.
 *
 * @module
 */
import type { Reading } from "../reading/reading.ts";

/** Where a lane stands. */
export interface Order {
  /** First id that may wait unleased. */
  low: number;
  /** First id that has not been looked at; never below {@link low}. */
  high: number;
  /** By device, the last id below {@link high} that may wait unleased. */
  readonly waiting: Map<string, number>;
}

/** What {@link pick} needs of the lane. */
export interface View {
  /** First id from `id` on that is neither settled nor leased. */
  nextFree(id: number): number;
  /** The reading, or null when its row is missing or damaged. */
  at(id: number): Reading | null;
  /** Notes that the reading is leased now. */
  take(reading: Reading): void;
  /** Notes that there is no such reading any more. */
  lost(id: number): void;
}

/** Most ids looked at in one {@link pick}, so that it never blocks for long. */
const LOOK = 4096;

/**
 * The order after a start or a release: all that is logged is backlog.
 *
 * @param cursor everything up to it is settled
 * @param lastId the newest reading
 * @param lastOf the newest reading of every device
 */
export function backlogOrder(
  cursor: number,
  lastId: number,
  lastOf: Iterable<readonly [string, number]>,
): Order {
  return { low: cursor + 1, high: lastId + 1, waiting: new Map(lastOf) };
}

/**
 * Leases up to `max` readings and moves the order on.
 *
 * @param lastId the newest reading
 * @param overtake whether live readings may pass the backlog
 */
export function pick(
  order: Order,
  max: number,
  lastId: number,
  overtake: boolean,
  view: View,
): Reading[] {
  const picked: Reading[] = [];
  let looked = 0;
  const lease = (id: number, reading: Reading | null): void => {
    if (reading === null) return view.lost(id);
    view.take(reading);
    picked.push(reading);
  };
  while (
    picked.length < max && looked < LOOK &&
    (overtake || order.low === order.high)
  ) {
    looked++;
    const caughtUp = order.low === order.high;
    if (caughtUp) order.waiting.clear();
    const id = view.nextFree(order.high);
    order.high = Math.min(id, lastId) + 1;
    if (caughtUp) order.low = order.high;
    if (id > lastId) break;
    const reading = view.at(id);
    if (reading !== null && isWaiting(order, reading.device)) {
      order.waiting.set(reading.device, id);
    } else {
      lease(id, reading);
    }
  }
  while (
    picked.length < max && looked < 2 * LOOK && order.low < order.high
  ) {
    looked++;
    const id = view.nextFree(order.low);
    order.low = Math.min(id + 1, order.high);
    if (id < order.high) lease(id, view.at(id));
  }
  return picked;
}

/** Whether a device has an earlier reading that waits. */
function isWaiting(order: Order, device: string): boolean {
  return (order.waiting.get(device) ?? -1) >= order.low;
}
