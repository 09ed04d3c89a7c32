/**
 * Judges what became of the readings of a round: none lost, order per device
 * kept, a second publish only where MQTT's "at least once" allows it, and the
 * account of the outbox adds up. Decides by the evidence alone.
 *
 * @module
 */
import { outOfOrder } from "../system/harness.ts";

/** What the proxy has seen; times are those of a clock that never steps. */
export type WireEvent =
  & {
    readonly atMs: number;
    readonly connection: number;
    /** Number of the agent's process. */
    readonly run: number;
  }
  & (
    | { readonly type: "publish"; readonly reading: string }
    | {
      readonly type: "acknowledged";
      readonly reading: string;
      readonly code: number;
      /** It came behind bytes that are no packet: these may have swallowed it. */
      readonly swallowed?: boolean;
    }
    | { readonly type: "ended" }
  );

/** A sink's row of the outbox. */
export interface Books {
  /** Readings of the log since the sink began. */
  readonly readings: number;
  readonly delivered: number;
  readonly pending: number;
  readonly rejected: number;
  readonly dropped: number;
}

/** Evidence of a round. */
export interface Evidence {
  /** What the meters sent. */
  readonly sent: ReadonlySet<string>;
  /** What was seen in the outbox at any time. */
  readonly committed: ReadonlySet<string>;
  /** Committed readings whose rows were destroyed on purpose. */
  readonly destroyed: ReadonlySet<string>;
  /** Whether rows may have left the log before they were looked at. */
  readonly rowsGo: boolean;
  /** What a platform has: acknowledged, or received by a subscriber. */
  readonly delivered: ReadonlySet<string>;
  /** Received by a subscriber of a broker that kept its state; null when it did not. */
  readonly received: readonly string[] | null;
  readonly events: readonly WireEvent[];
  readonly books: Books;
  /** See {@link forbiddenAgain}. */
  readonly unreadMs?: number;
}

/** What came out. */
export interface Verdict {
  readonly violations: readonly string[];
  readonly lost: number;
  /** Publishes beyond the first of a reading. */
  readonly duplicates: number;
}

/** An acknowledgement this close to the end of its connection may not have been read, milliseconds on a fast machine. */
export const UNREAD_MS = 1000;

/** Judges a round that has come to rest. */
export function judge(evidence: Evidence): Verdict {
  const { committed, destroyed, delivered, sent, books, events } = evidence;
  const violations: string[] = [];
  const tell = (what: string, which: readonly string[]) => {
    if (which.length === 0) return;
    const more = which.length > 5 ? ", …" : "";
    violations.push(
      `${which.length} ${what}: ${which.slice(0, 5).join(", ")}${more}`,
    );
  };
  const missing = [...committed].filter((reading) =>
    !delivered.has(reading) && !destroyed.has(reading)
  );
  // What is rejected or dropped is told: it is no loss in silence.
  const told = books.rejected + books.dropped;
  const lost = Math.max(0, missing.length - told);
  if (lost > 0) {
    tell(`committed readings not delivered, ${told} of them told`, missing);
  }
  const published = new Set(
    events.flatMap((e) => e.type === "publish" ? [e.reading] : []),
  );
  tell(
    "readings published that no meter sent",
    [...published].filter((reading) => !sent.has(reading)),
  );
  if (!evidence.rowsGo) {
    tell(
      "readings published that were not committed",
      [...published].filter((reading) => !committed.has(reading)),
    );
  }
  const order = events.flatMap((e) => e.type === "publish" ? [e.reading] : []);
  tell("readings published out of order", outOfOrder(order));
  const { received } = evidence;
  if (received !== null) {
    const here = new Set(received);
    tell(
      "readings acknowledged by the broker that no subscriber got",
      [...delivered].filter((reading) => !here.has(reading)),
    );
    tell("readings received out of order", outOfOrder(received));
  }
  tell(
    "second publishes that nothing allows",
    forbiddenAgain(events, evidence.unreadMs),
  );
  const sum = books.delivered + books.pending + books.rejected + books.dropped;
  if (sum !== books.readings) {
    violations.push(
      `the account does not add up: ${JSON.stringify(books)}`,
    );
  }
  if (books.pending > 0) {
    violations.push(`${books.pending} readings still wait at rest`);
  }
  return { violations, lost, duplicates: order.length - published.size };
}

/**
 * Second publishes of a reading whose good acknowledgement the same process had
 * been given, and publishes twice on one connection without a refusal between.
 *
 * @param unreadMs so long before the end of its connection an acknowledgement
 *   may not have been read
 */
export function forbiddenAgain(
  events: readonly WireEvent[],
  unreadMs: number = UNREAD_MS,
): string[] {
  const endMs = new Map(
    events.filter(({ type }) => type === "ended").map((
      { connection, atMs },
    ) => [connection, atMs]),
  );
  const open = new Map<string, number>();
  const done = new Map<string, Acknowledged>();
  const wrong: string[] = [];
  for (const event of events) {
    if (event.type === "ended") continue;
    const { reading, connection } = event;
    if (event.type === "publish") {
      const good = done.get(reading);
      if (
        isRead(good, event, endMs, unreadMs) || open.get(reading) === connection
      ) wrong.push(reading);
      open.set(reading, connection);
    } else {
      open.delete(reading);
      if (event.code < 0x80) done.set(reading, event);
    }
  }
  return wrong;
}

type Acknowledged = WireEvent & { readonly type: "acknowledged" };

/** Whether who publishes must have read an acknowledgement. */
function isRead(
  good: Acknowledged | undefined,
  { connection, run }: WireEvent,
  endMs: ReadonlyMap<number, number>,
  unreadMs: number,
): boolean {
  if (good === undefined || good.run !== run) return false;
  if (good.connection === connection) return true;
  const leftMs = (endMs.get(good.connection) ?? Infinity) - good.atMs;
  return good.swallowed !== true && leftMs >= unreadMs;
}
