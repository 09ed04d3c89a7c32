/**
 * Reads the lanes back from the database and sees to it that their accounts
 * still add up after a salvage.
 *
 * @module
 */
import { type LaneHost, type LaneState, StoredLane } from "./lane.ts";
import { Ranges } from "./ranges.ts";

/** Reads all lanes that the database knows. */
export function loadLanes(host: LaneHost): StoredLane[] {
  return host.db.sql("SELECT * FROM sink").all().map((row) => {
    const sink = String(row.name);
    const ahead = new Ranges();
    const settled = host.db.sql(
      "SELECT first_id, last_id FROM ahead WHERE sink = ? ORDER BY first_id",
    ).all(sink);
    for (const { first_id, last_id } of settled) {
      ahead.add(Number(first_id), Number(last_id));
    }
    const cursor = ahead.fold(Number(row.cursor));
    ahead.saved();
    const state = balanced({
      startId: Number(row.start_id),
      cursor,
      delivered: Number(row.delivered),
      rejected: Number(row.rejected),
      droppedBy: dropsIn(String(row.dropped)),
      settled: row.settled instanceof Uint8Array
        ? row.settled
        : new Uint8Array(),
    }, ahead.size);
    return new StoredLane(sink, state, ahead, host);
  });
}

/** A salvaged account may miss a part; its sum is made to fit what is settled. */
function balanced(state: LaneState, ahead: number): LaneState {
  const { startId, cursor, delivered, rejected, droppedBy } = state;
  const told = Object.values(droppedBy).reduce((sum, n) => sum + n, 0);
  const missing = cursor - startId + ahead - delivered - rejected - told;
  if (missing === 0) return state;
  if (missing < 0) return { ...state, delivered: delivered + missing };
  const damaged = (droppedBy.damaged ?? 0) + missing;
  return { ...state, droppedBy: { ...droppedBy, damaged } };
}

function dropsIn(text: string): LaneState["droppedBy"] {
  try {
    return JSON.parse(text) as LaneState["droppedBy"];
  } catch (error) {
    if (error instanceof SyntaxError) return {};
    throw error;
  }
}
