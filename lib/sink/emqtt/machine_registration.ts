/**
 * ◆ Registration of subinterfaces: parents first, one after another, each given
 * time until the adapter is through with it. [eMQTT 3.5, 4.1]
 *
 * @module
 */
import { MAIN, type Sub } from "./machine_state.ts";
import { REGISTRATION, type Turn } from "./machine_turn.ts";
import { type Payload, textIn, topicFilter } from "./payload.ts";
import type { CommandName } from "./payload_commands.ts";

/** Quiet after startEvents that ends a registration, ms. [E-121] */
const DONE_MS = 500;
/** Quiet that ends a registration in any case, ms. [E-121] */
const GIVE_UP_MS = 10_000;

/** Announces main alone, as every Off → On begins. [E-084] */
export function preregister(turn: Turn): void {
  announce(turn, MAIN);
}

/** Registers everything: main again, then the nodes that are there. [E-087, E-089] */
export function registerAll(turn: Turn): void {
  const waiting = [MAIN];
  for (const sub of turn.state.subs.values()) {
    if (sub.id !== MAIN && mayRegister(sub)) waiting.push(sub.id);
  }
  turn.set({ registration: { waiting, current: null } });
  next(turn);
}

function mayRegister(sub: Sub): boolean {
  return sub.state !== null && !sub.absent;
}

/** Registers a node that was just heard, unless it is already. [E-122, E-125] */
export function registerHeard(turn: Turn, sub: Sub): void {
  const { registration, devicesStarted } = turn.state;
  if (
    !devicesStarted || sub.phase !== "unregistered" || !mayRegister(sub) ||
    registration.waiting.includes(sub.id)
  ) return;
  turn.set({
    registration: {
      ...registration,
      waiting: [...registration.waiting, sub.id],
    },
  });
  if (registration.current === null) next(turn);
}

/** Announces the next one that waits. */
function next(turn: Turn): void {
  const [id, ...waiting] = turn.state.registration.waiting;
  if (id === undefined) {
    turn.set({ registration: { waiting: [], current: null } });
    turn.effect({ type: "disarm", key: REGISTRATION });
    return;
  }
  const sub = turn.sub(id);
  turn.set({ registration: { waiting, current: null } });
  // It may have gone while it waited.
  if (sub === undefined || (id !== MAIN && !mayRegister(sub))) {
    return next(turn);
  }
  announce(turn, id);
  turn.set({
    registration: {
      waiting,
      current: { id, sinceMs: turn.at.monoMs, eventsStarted: false },
    },
  });
  arm(turn);
}

function deadline(turn: Turn): number | null {
  const { current } = turn.state.registration;
  return current === null
    ? null
    : current.sinceMs + (current.eventsStarted ? DONE_MS : GIVE_UP_MS);
}

function arm(turn: Turn): void {
  const dueMs = deadline(turn);
  if (dueMs === null) return;
  turn.effect({ type: "arm", key: REGISTRATION, sub: null, dueMs });
}

/** A request to a subinterface: its registration is being worked on. */
export function requested(turn: Turn, id: string, command: CommandName): void {
  const { registration } = turn.state;
  const { current } = registration;
  if (current?.id !== id) return;
  turn.set({
    registration: {
      ...registration,
      current: {
        id,
        sinceMs: turn.at.monoMs,
        eventsStarted: current.eventsStarted || command === "startEvents",
      },
    },
  });
  arm(turn);
}

export function registrationDue(turn: Turn): void {
  const dueMs = deadline(turn);
  if (dueMs === null) return;
  if (turn.at.monoMs >= dueMs) next(turn);
  else arm(turn);
}

/** The adapter ends a registration. [E-117–E-120] */
export function abort(turn: Turn, sub: Sub, payload: Payload): void {
  if (textIn(payload, "Action")?.toLowerCase() !== "abort") return;
  const given = textIn(payload, "Cause");
  const cause = given?.toLowerCase() === "licence" ? "Licence" : null;
  turn.setSub(sub.id, { phase: "aborted", cause });
  turn.report("warn", "SICON.OS aborted the registration of a subinterface", {
    subinterface: sub.id,
    device: sub.device ?? undefined,
    cause: cause ?? "none given",
  });
  if (turn.state.registration.current?.id === sub.id) next(turn);
}

/** A node is gone: everything of it returns to default. [E-123, E-124] */
export function unregister(turn: Turn, id: string): void {
  const sub = turn.sub(id);
  if (sub === undefined) return;
  const { registration } = turn.state;
  turn.endProcesses(id);
  turn.setSub(id, { absent: true });
  turn.set({
    registration: {
      ...registration,
      waiting: registration.waiting.filter((one) => one !== id),
    },
  });
  if (sub.phase === "announced") {
    turn.post("disDevice", id, {});
    turn.setSub(id, { phase: "unregistered" });
  }
  if (registration.current?.id === id) next(turn);
}

function announce(turn: Turn, id: string): void {
  const sub = turn.sub(id);
  if (sub === undefined) return;
  const { state, settings } = turn;
  if (!state.subscribed.has(id)) {
    turn.set({ subscribed: new Set([...state.subscribed, id]) });
    turn.effect({ type: "subscribe", filter: topicFilter(settings.uid, id) });
  }
  turn.setSub(id, { phase: "announced", cause: null });
  const profile = settings.profile(sub.device);
  const view = turn.view(sub);
  const { identity, articleNumber, firmwareRevision } = profile;
  turn.post("regDevice", id, {
    DeviceID: identity.deviceId,
    VendorID: identity.vendorId,
    ...(state.devicesStarted ? {} : { Prereg: true }),
    CyclicDataBitLength: { PDIn: profile.pdInBits, PDOut: profile.pdOutBits },
    VendorName: identity.vendorName,
    ProductName: identity.productName,
    SerialNumber: profile.serialNumber(view),
    ...(articleNumber === undefined ? {} : { ArticleNumber: articleNumber }),
    UID: profile.uid(view),
    ...(firmwareRevision === undefined
      ? {}
      : { FirmwareRevision: firmwareRevision }),
    ...(profile.parent === null ? {} : { ParentSubinterface: profile.parent }),
  });
}
