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
import { type Command, decodeCommand, readFile } from "../alp/alp.ts";
import { firmwareVersionFile, uidFile } from "../files/system.ts";
import type { Frame } from "../frame/frame.ts";
import type { Stepped } from "../machine.ts";
import type {
  Identity,
  Limits,
  Report,
  Session,
  SessionEffect,
  SessionEvent,
} from "./events.ts";
import {
  advance,
  arm,
  failAll,
  requested,
  send,
  tagTimer,
  transmit,
} from "./requests.ts";

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

function report(report: Report): SessionEffect {
  return { type: "report", report };
}

/** Asks for UID and firmware version. */
function identify(
  state: Session,
  before: readonly SessionEffect[] = [],
): Stepped<Session, SessionEffect> {
  if (state.limits.listenOnly === true) {
    return { state: { ...state, phase: "identifying" }, effects: before };
  }
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
  if (state.pending.size > 0 || state.limits.listenOnly === true) {
    return { state, effects: [again] };
  }
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
