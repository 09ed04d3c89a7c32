/**
 * Requests to the modem: tags in flight, what waits for its turn, and how each
 * ends. Part of the session's machine; pure. [serial §2]
 *
 * @module
 */
import type { Action } from "../alp/action.ts";
import { encodeCommand, requestTag } from "../alp/alp.ts";
import { encodeFrame, type MessageType } from "../frame/frame.ts";
import type { Stepped } from "../machine.ts";
import type { Pending, Session, SessionEffect, Waiting } from "./events.ts";

/** The modem holds this many commands at a time. [serial §2] */
const MAX_IN_FLIGHT = 8;
/** Requests that may wait for a free place; more are answered `busy`. */
const MAX_WAITING = 64;

/** Asks for a `timer` event. */
export function arm(timer: string, delayMs: number): SessionEffect {
  return { type: "arm", timer, delayMs };
}

/** Name of the deadline of a request. */
export function tagTimer(tag: number): string {
  return `tag ${tag}`;
}

/** Sends one frame. */
export function send(
  state: Session,
  type: MessageType,
  payload: Uint8Array,
): [Session, SessionEffect] {
  const counter = (state.counter + 1) & 0xff;
  return [
    { ...state, counter },
    { type: "write", bytes: encodeFrame(counter, type, payload) },
  ];
}

/** Puts a request on the line under a free tag (1–255). */
export function transmit(
  state: Session,
  request: Pending,
  actions: readonly Action[],
): Stepped<Session, SessionEffect> {
  let tag = state.lastTag;
  do tag = tag % 255 + 1; while (state.pending.has(tag));
  const payload = encodeCommand([
    requestTag(tag),
    ...actions,
  ]);
  const pending = new Map(state.pending).set(tag, request);
  const [next, write] = send(
    { ...state, lastTag: tag, pending },
    "alp_data",
    payload,
  );
  const delayMs = request.remote
    ? state.limits.remoteTimeoutMs
    : state.limits.localTimeoutMs;
  return { state: next, effects: [write, arm(tagTimer(tag), delayMs)] };
}

/** Ends every request that is under way or waiting. */
export function failAll(
  state: Session,
  reason: "rebooted" | "closed",
): Stepped<Session, SessionEffect> {
  const effects: SessionEffect[] = [];
  for (const [tag, { ticket, actions }] of state.pending) {
    effects.push({ type: "disarm", timer: tagTimer(tag) });
    if (ticket !== null) {
      effects.push({
        type: "answered",
        ticket,
        answer: { ok: false, reason, actions },
      });
    }
  }
  // What was never sent survives a reboot, not the end of the session.
  const waiting = reason === "closed" ? [] : state.waiting;
  if (reason === "closed") {
    for (const { ticket } of state.waiting) {
      effects.push({
        type: "answered",
        ticket,
        answer: { ok: false, reason, actions: [] },
      });
    }
  }
  return { state: { ...state, pending: new Map(), waiting }, effects };
}

/** A request from above: it takes its turn, or is refused. */
export function requested(
  state: Session,
  { ticket, actions, remote }: Waiting,
): Stepped<Session, SessionEffect> {
  const refuse = (reason: "closed" | "busy") => ({
    state,
    effects: [{
      type: "answered" as const,
      ticket,
      answer: { ok: false as const, reason, actions: [] },
    }],
  });
  if (state.phase === "closed") return refuse("closed");
  if (state.waiting.length >= MAX_WAITING) return refuse("busy");
  return advance({
    ...state,
    waiting: [...state.waiting, { ticket, actions, remote }],
  }, []);
}

/**
 * Sends what waits, as far as the modem has room: in order, one local request at
 * a time, and none before the modem is known.
 */
export function advance(
  state: Session,
  before: readonly SessionEffect[],
): Stepped<Session, SessionEffect> {
  let next = state;
  const effects = [...before];
  for (;;) {
    const [first, ...rest] = next.waiting;
    const localUnderWay = [...next.pending.values()].some((p) => !p.remote);
    if (
      first === undefined || next.phase !== "ready" ||
      next.pending.size >= MAX_IN_FLIGHT || localUnderWay
    ) return { state: next, effects };
    const sent = transmit({ ...next, waiting: rest }, {
      ticket: first.ticket,
      remote: first.remote,
      actions: [],
    }, first.actions);
    next = sent.state;
    effects.push(...sent.effects);
  }
}
