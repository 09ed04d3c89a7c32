/**
 * What waits to be sent to the devices, as a pure machine: one downlink at a
 * time, right after the device's own uplink, the newest value of each byte of a
 * file, at most three contacts. [M-23 … M-27]
 *
 * ```
 *  asked ──▶ waiting ──contact──▶ in flight ──▶ confirmed
 *               ▲                     │
 *               └── no answer, < 3 ───┴──▶ failed: refused, or the third contact
 * ```
 *
 * @module
 */
import type { Stepped } from "../machine.ts";
import type { FieldWrite } from "./downlink.ts";
import type { Item, Queue, QueueEffect, QueueEvent, Sent } from "./events.ts";
import { endOf, overlaps, remains } from "./overlap.ts";

/** Contacts that are tried. [M-25] */
export const MAX_TRIES = 3;
/** How long after an uplink its device is taken to listen, ms. */
export const CONTACT_MS = 2000;

/** A queue without anything in it. */
export function emptyQueue(): Queue {
  return { items: [], nextId: 1, inFlight: null, contacts: new Map() };
}

/** Whether a device waits for a write. */
function writesWait(state: Queue, device: string): boolean {
  return state.items.some((item) =>
    item.device === device && item.ask.what === "write"
  );
}

/** One event through the queue. */
export function step(
  state: Queue,
  event: QueueEvent,
): Stepped<Queue, QueueEffect> {
  const moved = moves(state, event);
  const devices = new Set(
    [...state.items, ...moved.state.items].map(({ device }) => device),
  );
  const waiting: QueueEffect[] = [];
  for (const device of devices) {
    const now = writesWait(moved.state, device);
    if (writesWait(state, device) !== now) {
      waiting.push({ type: "waiting", device, waiting: now });
    }
  }
  return { state: moved.state, effects: [...waiting, ...moved.effects] };
}

function moves(
  state: Queue,
  event: QueueEvent,
): Stepped<Queue, QueueEffect> {
  switch (event.type) {
    case "restored": {
      const all = [...event.items].sort((a, b) => a.id - b.id);
      const nextId = Math.max(0, ...all.map(({ id }) => id)) + 1;
      // Killed at the last contact: whether it arrived, nobody knows.
      const spent = all.filter(({ tries }) => tries >= MAX_TRIES);
      return {
        state: {
          ...state,
          nextId,
          items: all.filter(({ tries }) => tries < MAX_TRIES),
        },
        effects: spent.flatMap((item): QueueEffect[] => [
          { type: "keep", id: item.id, item: null },
          { type: "ended", item, end: { end: "timeout" } },
        ]),
      };
    }
    case "asked":
      return asked(state, event);
    case "overtaken":
      return overtaken(state, event.device, event.write);
    case "contact": {
      if (!state.items.some(({ device }) => device === event.device)) {
        return { state, effects: [] };
      }
      const contacts = new Map(state.contacts).set(event.device, event.nowMs);
      return sendNext({ ...state, contacts }, event.nowMs, []);
    }
    case "file":
      return came(state, event);
    case "sent":
      return sent(state, event.sent, event.nowMs);
    case "removed": {
      const gone = state.items.filter(({ device }) => device === event.device);
      return {
        state: {
          ...state,
          items: state.items.filter(({ device }) => device !== event.device),
        },
        effects: gone.map(({ id }) => ({ type: "keep", id, item: null })),
      };
    }
  }
}

function asked(
  before: Queue,
  { device, ask, wallMs }: QueueEvent & { type: "asked" },
): Stepped<Queue, QueueEffect> {
  const { state, effects } = ask.what === "write"
    ? overtaken(before, device, ask)
    : overtakenReads(before, device, ask.fileIds);
  const id = state.nextId;
  const item: Item = { id, device, ask, tries: 0, queuedWallMs: wallMs };
  return {
    state: { ...state, nextId: id + 1, items: [...state.items, item] },
    effects: [...effects, { type: "keep", id, item }],
  };
}

/** Takes the bytes of a newer write out of older ones: of those, the rest stays. */
function overtaken(
  state: Queue,
  device: string,
  write: FieldWrite,
): Stepped<Queue, QueueEffect> {
  const effects: QueueEffect[] = [];
  let { nextId } = state;
  const items = state.items.flatMap((item) => {
    const { ask } = item;
    if (item.device !== device || ask.what !== "write") return [item];
    if (!overlaps(ask, write)) return [item];
    effects.push({ type: "keep", id: item.id, item: null });
    return remains(ask, write).map((rest) => {
      const kept = { ...item, id: nextId++, ask: rest };
      effects.push({ type: "keep", id: kept.id, item: kept });
      return kept;
    });
  });
  return { state: { ...state, items, nextId }, effects };
}

function overtakenReads(
  state: Queue,
  device: string,
  fileIds: readonly number[],
): Stepped<Queue, QueueEffect> {
  const covered = (item: Item) =>
    item.device === device && item.ask.what === "read" &&
    item.ask.fileIds.every((id) => fileIds.includes(id));
  return {
    state: { ...state, items: state.items.filter((item) => !covered(item)) },
    effects: state.items.filter(covered).map(({ id }) => ({
      type: "keep",
      id,
      item: null,
    })),
  };
}

/** Sends what waits for the device heard last, if none is in flight. */
function sendNext(
  state: Queue,
  nowMs: number,
  before: readonly QueueEffect[],
): Stepped<Queue, QueueEffect> {
  const listening = (device: string) => {
    const heardMs = state.contacts.get(device);
    return heardMs !== undefined && nowMs - heardMs <= CONTACT_MS;
  };
  const next = state.inFlight === null
    ? state.items.find(({ device }) => listening(device))
    : undefined;
  if (next === undefined) return { state, effects: before };
  const item = { ...next, tries: next.tries + 1 };
  return {
    state: {
      ...state,
      inFlight: item,
      items: state.items.map((other) => other.id === item.id ? item : other),
    },
    // Kept first: a kill must not give a device more contacts than three.
    effects: [
      ...before,
      { type: "keep", id: item.id, item },
      { type: "send", item },
    ],
  };
}

function without(state: Queue, id: number): Queue {
  return { ...state, items: state.items.filter((item) => item.id !== id) };
}

/** The file of a device shows what was written: the write has arrived. [M-26] */
function came(
  state: Queue,
  { device, fileId, data }: QueueEvent & { type: "file" },
): Stepped<Queue, QueueEffect> {
  const arrived = state.items.filter(({ device: to, ask }) =>
    to === device && ask.what === "write" && ask.fileId === fileId &&
    endOf(ask) <= data.length &&
    ask.data.every((byte, i) => data[ask.offset + i] === byte)
  );
  let next = state;
  const effects: QueueEffect[] = [];
  for (const item of arrived) {
    next = without(next, item.id);
    effects.push(
      { type: "keep", id: item.id, item: null },
      { type: "ended", item, end: { end: "confirmed" } },
    );
  }
  return { state: next, effects };
}

function sent(
  before: Queue,
  result: Sent,
  nowMs: number,
): Stepped<Queue, QueueEffect> {
  const item = before.inFlight;
  if (item === null) return { state: before, effects: [] };
  const state: Queue = { ...before, inFlight: null };
  // Confirmed by its file meanwhile, or overtaken by a newer value.
  const stillWaits = state.items.some(({ id }) => id === item.id);
  const forget: QueueEffect = { type: "keep", id: item.id, item: null };
  // Whoever did not answer is not asked again before its next uplink.
  const contacts = new Map(state.contacts);
  contacts.delete(item.device);
  const away = { ...state, contacts };
  switch (result.end) {
    case "confirmed": {
      const ended: QueueEffect = {
        type: "ended",
        item,
        end: { end: "confirmed" },
      };
      // A superseded value has reached the device all the same.
      return sendNext(
        without(state, item.id),
        nowMs,
        stillWaits ? [forget, ended] : overtakenInFlight(before, item) ?? [],
      );
    }
    case "refused":
      if (!stillWaits) return sendNext(state, nowMs, []);
      return sendNext(without(state, item.id), nowMs, [forget, {
        type: "ended",
        item,
        end: { end: "refused", status: result.status },
      }]);
    case "silent":
      if (!stillWaits || item.tries < MAX_TRIES) {
        return sendNext(away, nowMs, []);
      }
      return sendNext(without(away, item.id), nowMs, [forget, {
        type: "ended",
        item,
        end: { end: "timeout" },
      }]);
    case "unsent": {
      if (!stillWaits) return sendNext(away, nowMs, []);
      const again = { ...item, tries: item.tries - 1 };
      const items = away.items.map((other) =>
        other.id === item.id ? again : other
      );
      return sendNext({ ...away, items }, nowMs, [
        { type: "keep", id: again.id, item: again },
      ]);
    }
  }
}

/** A superseded value that arrived stands in the device until the newer one does. */
function overtakenInFlight(
  state: Queue,
  item: Item,
): readonly QueueEffect[] | null {
  const { ask, device } = item;
  if (ask.what !== "write") return null;
  const superseded = state.items.some((other) =>
    other.device === device && other.ask.what === "write" &&
    overlaps(other.ask, ask)
  );
  return superseded
    ? [{ type: "ended", item, end: { end: "confirmed" } }]
    : null;
}
