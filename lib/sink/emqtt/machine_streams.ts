/**
 * ◆ What is sent at a period: cyclic data and observation; and the answer to
 * forced output data, which this product has none of. [eMQTT 6, 7]
 *
 * @module
 */
import type { Sub } from "./machine_state.ts";
import { advance, periodOf, slotMs } from "./machine_grid.ts";
import type { Turn } from "./machine_turn.ts";
import { numberIn, numbersIn, type Payload } from "./payload.ts";
import { bytesOf, type Datum, errorCode, hexOf, msHex } from "./payload_hex.ts";
import { isHeld } from "./payload_energy.ts";

/** Starts cyclic data, or changes its rate. [E-156, E-165] */
export function startCyclicData(
  turn: Turn,
  sub: Sub,
  payload: Payload,
): void {
  const { cyclicDefaultMs, cyclicMinMs } = turn.settings;
  const grid = turn.grid(
    periodOf(numberIn(payload, "SamplingRate"), cyclicDefaultMs, cyclicMinMs),
  );
  turn.setSub(sub.id, { cyclic: grid });
  turn.ack("startCyclicData", sub.id, true);
  postCyclicData(turn, sub.id);
  turn.arm("cyclic", sub.id, grid);
}

export function stopCyclicData(turn: Turn, sub: Sub): void {
  if (sub.cyclic !== null) turn.disarm("cyclic", sub.id);
  turn.setSub(sub.id, { cyclic: null });
  turn.ack("stopCyclicData", sub.id, true);
}

export function cyclicDue(turn: Turn, sub: Sub): void {
  if (sub.cyclic === null) return;
  const grid = advance(sub.cyclic, turn.at.monoMs);
  if (grid !== null) {
    turn.setSub(sub.id, { cyclic: grid });
    postCyclicData(turn, sub.id);
  }
  turn.arm("cyclic", sub.id, grid ?? sub.cyclic);
}

/** A step back of the clock that is smaller than this, ms, does not show. */
const SMALL_STEP_MS = 10_000;

function postCyclicData(turn: Turn, id: string): void {
  const sub = turn.sub(id);
  if (sub === undefined || sub.cyclic === null) return;
  const profile = turn.settings.profile(sub.device);
  const view = turn.view(sub);
  const exact = Math.round(turn.timeAt(slotMs(sub.cyclic)));
  // Repeated dateUpdates step back a little; samples still follow each other.
  const backMs = sub.cyclicMs - exact;
  const ms = backMs >= 0 && backMs < SMALL_STEP_MS ? sub.cyclicMs + 1 : exact;
  turn.setSub(id, { cyclicMs: ms });
  turn.post("postCyclicData", id, {
    ms: msHex(ms),
    SamplingRate: sub.cyclic.periodMs,
    PDIn: profile.pdIn(view),
    PDOut: profile.pdOut(view),
  });
}

/** Forcing output data: mirror or error. [E-167–E-170] */
export function putCyclicData(turn: Turn, sub: Sub, payload: Payload): void {
  const value = payload.values.get("Value");
  const { pdOutBits, force } = turn.settings.profile(sub.device);
  if (value === undefined && pdOutBits > 0) return;
  const answer = (Value: Datum) =>
    turn.post("putCyclicData", sub.id, { Value });
  if (pdOutBits === 0) return answer(errorCode.functionNotAvailable);
  const bytes = bytesOf(value);
  if (bytes === null) return answer(errorCode.outOfRange);
  const length = Math.ceil(pdOutBits / 8);
  if (bytes.length > length) return answer(errorCode.tooLong);
  if (bytes.length < length) return answer(errorCode.tooShort);
  const error = force === undefined
    ? errorCode.accessDenied
    : force(bytes, turn.view(sub));
  answer(error ?? hexOf(bytes));
}

/** Starts an observation, replacing one that runs. [E-171, E-177] */
export function startObservation(
  turn: Turn,
  sub: Sub,
  payload: Payload,
): void {
  const indices = [
    ...new Set(numbersIn(payload, "Indices")?.filter((one) => one !== null)),
  ];
  const { observationMinMs } = turn.settings;
  const good = indices.length > 0 && turn.mayHold("observation", sub);
  if (!good) return turn.ack("startObservation", sub.id, false);
  const grid = turn.grid(
    periodOf(
      numberIn(payload, "SamplingRate"),
      observationMinMs,
      observationMinMs,
    ),
  );
  turn.setSub(sub.id, { observation: { indices, grid } });
  turn.ack("startObservation", sub.id, true);
  postObservation(turn, sub.id);
  turn.arm("observation", sub.id, grid);
}

export function stopObservation(turn: Turn, sub: Sub): void {
  if (sub.observation !== null) turn.disarm("observation", sub.id);
  turn.setSub(sub.id, { observation: null });
  turn.ack("stopObservation", sub.id, true);
}

export function observationDue(turn: Turn, sub: Sub): void {
  if (sub.observation === null) return;
  const grid = advance(sub.observation.grid, turn.at.monoMs);
  if (grid !== null) {
    turn.setSub(sub.id, { observation: { ...sub.observation, grid } });
    postObservation(turn, sub.id);
  }
  turn.arm("observation", sub.id, grid ?? sub.observation.grid);
}

/** All indices, in at most two messages: what was measured, and the rest. [E-174, M-31] */
function postObservation(turn: Turn, id: string): void {
  const sub = turn.sub(id);
  if (sub === undefined || sub.observation === null) return;
  const { indices } = sub.observation;
  const held = turn.settings.observationTimestamp === "measured"
    ? sub.state?.held ?? null
    : null;
  const values = turn.read(sub, indices);
  const pairs = indices.map((index, at) =>
    [String(index), values[at] ?? errorCode.general] as const
  );
  const measured = (index: string) => held !== null && isHeld(Number(index));
  const groups = [
    [
      held === null ? 0 : turn.timeOf(held.received),
      pairs.filter(([index]) => measured(index)),
    ],
    [
      turn.timeAt(slotMs(sub.observation.grid)),
      pairs.filter(([index]) => !measured(index)),
    ],
  ] as const;
  for (const [ms, group] of groups) {
    if (group.length === 0) continue;
    turn.post("postObservation", id, { ms: msHex(ms) }, group);
  }
}
