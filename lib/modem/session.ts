/**
 * The session with one modem, from open to close, as a pure machine: who is it,
 * which requests are in flight, what came unasked.
 *
 * ```
 *            opened                 identity read
 * closed ───────────▶ identifying ───────────────▶ ready
 *    ▲                  │  ▲ └─ no answer: again      │
 *    └──── closed ──────┴──┼──── rebooted ────────────┤
 *                          └──────────────────────────┘
 * ```
 *
 * Rules: what devices push is heard in every state; a request is answered once,
 * by its tag, by its deadline, by a reboot or by the end of the session; no ping
 * is sent while an answer is awaited, since the modem drops its commands for it.
 * [serial §1.3, §2]
 *
 * @module
 */
import type { Action, ActionOf } from "../alp/action.ts";
import {
  type Command,
  decodeCommand,
  encodeCommand,
  readFile,
  requestTag,
} from "../alp/alp.ts";
import { firmwareVersionFile, uidFile } from "../files/system.ts";
import { encodeFrame, type Frame, type MessageType } from "../frame/frame.ts";
import type { Stepped } from "../machine.ts";

/** Who the modem is. */
export interface Identity {
  /** 16 upper-case hex digits. */
  readonly uid: string;
  readonly firmware: ReturnType<typeof firmwareVersionFile.decode>;
}

/** How a request ended. */
export type Answer =
  | { readonly ok: true; readonly actions: readonly Action[] }
  | {
    readonly ok: false;
    readonly reason: "refused" | "timeout" | "rebooted" | "closed" | "busy";
    /** What was answered before the failure. */
    readonly actions: readonly Action[];
  };

/** What happens to a session. */
export type SessionEvent =
  | { readonly type: "opened" }
  | { readonly type: "closed" }
  | { readonly type: "frame"; readonly frame: Frame }
  | {
    readonly type: "request";
    /** The caller's number for this request. */
    readonly ticket: number;
    readonly actions: readonly Action[];
    /** Whether the answer comes from the air. */
    readonly remote: boolean;
  }
  | { readonly type: "timer"; readonly timer: string };

/** Something worth a log record or a counter. */
export type Report =
  | { readonly about: "identified"; readonly identity: Identity }
  | { readonly about: "identify_failed"; readonly reason: string }
  | {
    readonly about: "rebooted";
    readonly reason: number | null;
    readonly reasonName: string;
  }
  | { readonly about: "gap"; readonly lost: number; readonly counter: number }
  | { readonly about: "logging"; readonly text: string }
  | {
    readonly about: "unknown_frame";
    readonly typeCode: number;
    readonly payload: Uint8Array;
  }
  | {
    readonly about: "alp_error";
    readonly code: string;
    readonly message: string;
    readonly payload: Uint8Array;
  }
  | { readonly about: "silent"; readonly silentS: number }
  | { readonly about: "alive" };

/** What a session asks for. */
export type SessionEffect =
  | { readonly type: "write"; readonly bytes: Uint8Array }
  | { readonly type: "arm"; readonly timer: string; readonly delayMs: number }
  | { readonly type: "disarm"; readonly timer: string }
  | {
    readonly type: "heard";
    readonly command: Command;
    readonly payload: Uint8Array;
  }
  | {
    readonly type: "answered";
    readonly ticket: number;
    readonly answer: Answer;
  }
  | { readonly type: "report"; readonly report: Report };

interface Pending {
  /** null: the session's own identify request. */
  readonly ticket: number | null;
  readonly remote: boolean;
  readonly actions: readonly Action[];
}

interface Waiting {
  readonly ticket: number;
  readonly actions: readonly Action[];
  readonly remote: boolean;
}

/** State of a session; a value. */
export interface Session {
  readonly phase: "closed" | "identifying" | "ready";
  readonly identity: Identity | null;
  /** Our own frame counter: the last one sent. */
  readonly counter: number;
  readonly lastTag: number;
  readonly pending: ReadonlyMap<number, Pending>;
  readonly waiting: readonly Waiting[];
  /** Frames heard since the keep-alive timer was last looked at. */
  readonly heardSinceCheck: boolean;
  /** Pings without any sign of life since. */
  readonly unanswered: number;
  readonly limits: Limits;
}

/** Times of a session, in milliseconds, and its bounds. */
export interface Limits {
  readonly localTimeoutMs: number;
  readonly remoteTimeoutMs: number;
}

/** The modem holds this many commands at a time. [serial §2] */
const MAX_IN_FLIGHT = 8;
/** Requests that may wait for a free place; more are answered `busy`. */
const MAX_WAITING = 64;
/** After this long without a frame the modem is asked for a sign of life. */
export const KEEPALIVE_MS = 60_000;

/** A session that has not begun. */
export function newSession(limits: Limits): Session {
  return {
    phase: "closed",
    identity: null,
    counter: 0,
    lastTag: 0,
    pending: new Map(),
    waiting: [],
    heardSinceCheck: false,
    unanswered: 0,
    limits,
  };
}

/** One event through the session. */
export function step(
  state: Session,
  event: SessionEvent,
): Stepped<Session, SessionEffect> {
  switch (event.type) {
    case "opened":
      return identify({
        ...newSession(state.limits),
        phase: "identifying",
      }, [arm("keepalive", KEEPALIVE_MS)]);
    case "closed":
      return closed(state);
    case "frame":
      return heardFrame(state, event.frame);
    case "request":
      return requested(state, event);
    case "timer":
      return timed(state, event.timer);
  }
}

function arm(timer: string, delayMs: number): SessionEffect {
  return { type: "arm", timer, delayMs };
}

function report(report: Report): SessionEffect {
  return { type: "report", report };
}

function tagTimer(tag: number): string {
  return `tag ${tag}`;
}

/** Sends one frame. */
function send(
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
function transmit(
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

/** Asks for UID and firmware version. */
function identify(
  state: Session,
  before: readonly SessionEffect[] = [],
): Stepped<Session, SessionEffect> {
  const sent = transmit(
    { ...state, phase: "identifying" },
    { ticket: null, remote: false, actions: [] },
    [
      readFile(0, 8),
      readFile(2, 17),
    ],
  );
  return { state: sent.state, effects: [...before, ...sent.effects] };
}

/** Ends every request that is under way or waiting. */
function failAll(
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

function closed(state: Session): Stepped<Session, SessionEffect> {
  const failed = failAll(state, "closed");
  return {
    state: newSession(state.limits),
    effects: [
      ...failed.effects,
      { type: "disarm", timer: "keepalive" },
      { type: "disarm", timer: "identify" },
    ],
  };
}

function requested(
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
function advance(
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

function heardFrame(
  before: Session,
  frame: Frame,
): Stepped<Session, SessionEffect> {
  if (before.phase === "closed") return { state: before, effects: [] };
  const effects: SessionEffect[] = [];
  if (frame.gap !== null && frame.gap > 0) {
    effects.push(
      report({ about: "gap", lost: frame.gap, counter: frame.counter }),
    );
  }
  let state = before;
  if (state.unanswered > 0) effects.push(report({ about: "alive" }));
  if (!state.heardSinceCheck || state.unanswered > 0) {
    state = { ...state, heardSinceCheck: true, unanswered: 0 };
  }
  switch (frame.type) {
    case "alp_data":
      return heardCommand(state, frame.payload, effects);
    case "ping_request": {
      // SUB's watchdog counts only CC as life; its own responder says 02.
      const answer = frame.payload[0] === 0xcc ? 0xcc : 0x02;
      const [next, write] = send(
        state,
        "ping_response",
        Uint8Array.of(answer),
      );
      return { state: next, effects: [...effects, write] };
    }
    case "ping_response":
      return { state, effects };
    case "logging":
      return {
        state,
        effects: [...effects, report({ about: "logging", text: frame.text })],
      };
    case "rebooted": {
      effects.push(report({
        about: "rebooted",
        reason: frame.reason,
        reasonName: frame.reasonName,
      }));
      const failed = failAll(state, "rebooted");
      return identify(failed.state, [...effects, ...failed.effects]);
    }
    case "unknown":
      return {
        state,
        effects: [
          ...effects,
          report({
            about: "unknown_frame",
            typeCode: frame.typeCode,
            payload: frame.payload,
          }),
        ],
      };
  }
}

/** The first response tag of a command, if it has one. [serial §4.4] */
function responseTag(
  command: Command,
): ActionOf<"response_tag"> | null {
  for (const action of command.actions) {
    if (action.op === "response_tag") return action;
  }
  return null;
}

function heardCommand(
  state: Session,
  payload: Uint8Array,
  effects: SessionEffect[],
): Stepped<Session, SessionEffect> {
  const command = decodeCommand(payload);
  if (command.error !== null) {
    effects.push(report({
      about: "alp_error",
      code: command.error.code,
      message: command.error.message,
      payload,
    }));
  }
  const response = state.pending.size === 0 ? null : responseTag(command);
  const pending = response === null
    ? undefined
    : state.pending.get(response.tagId);
  if (response === null || pending === undefined) {
    effects.push({ type: "heard", command, payload });
    return { state, effects };
  }
  const actions = [...pending.actions, ...command.actions];
  const rest = new Map(state.pending);
  if (!response.eop) {
    rest.set(response.tagId, { ...pending, actions });
    return { state: { ...state, pending: rest }, effects };
  }
  rest.delete(response.tagId);
  effects.push({ type: "disarm", timer: tagTimer(response.tagId) });
  const next = { ...state, pending: rest };
  if (pending.ticket === null) {
    return identified(next, actions, response.err, effects);
  }
  effects.push({
    type: "answered",
    ticket: pending.ticket,
    answer: response.err
      ? { ok: false, reason: "refused", actions }
      : { ok: true, actions },
  });
  return advance(next, effects);
}

/** The modem's answer to the identify request. */
function identified(
  state: Session,
  actions: readonly Action[],
  err: boolean,
  effects: SessionEffect[],
): Stepped<Session, SessionEffect> {
  const identity = err ? null : identityOf(actions);
  if (identity === null) {
    effects.push(
      report({
        about: "identify_failed",
        reason: err
          ? "the modem refused to read its files 0 and 2"
          : "the answer lacks file 0 (8 bytes) or file 2 (17 bytes)",
      }),
      arm("identify", state.limits.localTimeoutMs),
    );
    return { state, effects };
  }
  effects.push(report({ about: "identified", identity }));
  return advance({ ...state, phase: "ready", identity }, effects);
}

/** Files 0 and 2 of an answer; null when one is not there in full. */
function identityOf(actions: readonly Action[]): Identity | null {
  const dataOf = (fileId: number, sizes: readonly number[]) =>
    actions.find((action) =>
      action.op === "return_file_data" && action.fileId === fileId &&
      action.offset === 0 && sizes.includes(action.data.length)
    );
  const uid = dataOf(uidFile.id, uidFile.sizes);
  const firmware = dataOf(firmwareVersionFile.id, firmwareVersionFile.sizes);
  if (
    uid?.op !== "return_file_data" || firmware?.op !== "return_file_data"
  ) return null;
  return {
    uid: uidFile.decode(uid.data).uid,
    firmware: firmwareVersionFile.decode(firmware.data),
  };
}

function timed(
  state: Session,
  timer: string,
): Stepped<Session, SessionEffect> {
  if (state.phase === "closed") return { state, effects: [] };
  if (timer === "keepalive") return keepAlive(state);
  if (timer === "identify") {
    return state.phase === "identifying" && !identifying(state)
      ? identify(state)
      : { state, effects: [] };
  }
  const tag = Number(timer.slice("tag ".length));
  const pending = state.pending.get(tag);
  if (pending === undefined) return { state, effects: [] };
  const rest = new Map(state.pending);
  rest.delete(tag);
  const next = { ...state, pending: rest };
  if (pending.ticket === null) {
    return identify(next, [
      report({
        about: "identify_failed",
        reason: `no answer in ${state.limits.localTimeoutMs / 1000} s`,
      }),
    ]);
  }
  return advance(next, [{
    type: "answered",
    ticket: pending.ticket,
    answer: { ok: false, reason: "timeout", actions: pending.actions },
  }]);
}

function identifying(state: Session): boolean {
  return [...state.pending.values()].some((p) => p.ticket === null);
}

/** Looks once a minute whether anything was heard, and pings if not. */
function keepAlive(state: Session): Stepped<Session, SessionEffect> {
  const again = arm("keepalive", KEEPALIVE_MS);
  if (state.heardSinceCheck) {
    return { state: { ...state, heardSinceCheck: false }, effects: [again] };
  }
  if (state.pending.size > 0) return { state, effects: [again] };
  const effects: SessionEffect[] = [again];
  if (state.unanswered > 0) {
    effects.push(report({
      about: "silent",
      silentS: (state.unanswered + 1) * KEEPALIVE_MS / 1000,
    }));
  }
  const [next, ping] = send(
    { ...state, unanswered: state.unanswered + 1 },
    "ping_request",
    Uint8Array.of(0x01),
  );
  return { state: next, effects: [...effects, ping] };
}
