/**
 * How long an outage could last before a reading is lost. Pure.
 *
 * @module
 */
import type { OutboxFacts } from "./snapshot.ts";

/**
 * Seconds from now until the oldest waiting reading would be dropped if nothing
 * were delivered from now on; null while unknown. Whichever comes first:
 *
 * - *age*: a reading goes when it is `max_age_days` old. The oldest waiting one
 *   has a head start; where none waits, the next one to come begins at 0.
 * - *size*: delivered readings go first, so all that does not wait is room:
 *   `max_mb` less what waits for the fullest sink.
 * - *disk*: the file may grow by what is free above `min_free_mb`, and what it
 *   holds of delivered readings is room, too.
 *
 * Room becomes time by what a reading takes on disk and how many come. While
 * none come at all, only age counts.
 *
 * @param oldestPendingMs age of the oldest waiting reading, of all sinks, ms; null when none waits
 * @param perHour readings that come
 */
export function lastsS(
  outbox: OutboxFacts,
  oldestPendingMs: number | null,
  perHour: number | null,
): number | null {
  if (perHour === null) return null;
  const ageS = Math.max(0, outbox.maxAgeMs - (oldestPendingMs ?? 0)) / 1000;
  if (perHour === 0) return Math.round(ageS);
  if (outbox.bytesPerReading === null) return null;
  const waiting = outbox.fill * outbox.maxBytes;
  const roomInSize = outbox.maxBytes - waiting;
  const roomOnDisk = outbox.diskFreeBytes === null
    ? Infinity
    : outbox.diskFreeBytes - outbox.minFreeBytes + outbox.bytes - waiting;
  const room = Math.max(0, Math.min(roomInSize, roomOnDisk));
  const roomS = room / outbox.bytesPerReading / perHour * 3600;
  return Math.round(Math.min(ageS, roomS));
}
