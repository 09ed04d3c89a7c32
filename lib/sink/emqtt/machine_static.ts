/**
 * ◆ Static data: reads are answered at once, writes one pair after the other,
 * those that need the radio when the radio has answered. [eMQTT 5]
 *
 * @module
 */
import { MAIN, type Sub, type WriteChain } from "./machine_state.ts";
import type { Turn } from "./machine_turn.ts";
import { numbersIn, type Payload } from "./payload.ts";
import { bytesOf, type Datum, errorCode, hexOf } from "./payload_hex.ts";
import { writeIndex } from "./payload_index.ts";

/** Answers each index once, one message each, in the order asked for. [E-138–E-140] */
export function getStatData(turn: Turn, sub: Sub, payload: Payload): void {
  const indices = new Set(numbersIn(payload, "Indices"));
  for (const index of indices) {
    if (index === null) continue;
    const [value = errorCode.general] = turn.read(sub, [index]);
    turn.post("getStatData", sub.id, {}, [[String(index), value]]);
  }
}

/** Writes each pair in the order given. [E-144–E-148] */
export function putStatData(turn: Turn, sub: Sub, payload: Payload): void {
  const pairs = payload.more
    .filter(([key]) => /^-?\d+(?:\.\d+)?$/.test(key));
  run(turn, turn.state.nextWrite, {
    sub: sub.id,
    pairs,
    steps: [],
    echo: "",
    after: null,
  });
}

/** Goes on with a write whose first pair may have been judged already. */
function run(turn: Turn, id: number, chain: WriteChain): void {
  for (let rest = chain; rest.pairs.length > 0;) {
    const [step] = rest.steps;
    if (step !== undefined) {
      const writes = new Map(turn.state.writes).set(id, rest);
      const nextWrite = Math.max(turn.state.nextWrite, id + 1);
      turn.set({ writes, nextWrite });
      const device = turn.sub(rest.sub)?.device ?? null;
      if (step.do === "resetCounters" && rest.sub === MAIN) {
        turn.set({ connectionsBase: turn.state.connections - 1 });
      }
      turn.effect({ type: "perform", write: id, device, step });
      return;
    }
    const judged = judge(turn, rest);
    if (typeof judged === "number") {
      answer(turn, rest, judged);
      rest = { ...rest, pairs: rest.pairs.slice(1) };
    } else if (judged.steps.length > 0) rest = judged;
    else if (finish(turn, judged)) {
      rest = { ...judged, pairs: judged.pairs.slice(1), steps: [] };
    } else return;
  }
  const writes = new Map(turn.state.writes);
  if (writes.delete(id)) turn.set({ writes });
}

/** What the first pair asks for, or why not. */
function judge(turn: Turn, chain: WriteChain): WriteChain | number {
  const [key = "", hex] = chain.pairs[0] ?? [];
  const sub = turn.sub(chain.sub);
  if (sub === undefined) return errorCode.general;
  const { rows } = turn.settings.profile(sub.device);
  const write = writeIndex(rows, Number(key), hex, turn.view(sub));
  if (typeof write === "number") return write;
  const needsRadio = write.steps.some((step) =>
    step.do === "writeFile" || step.do === "readFiles"
  );
  // Nothing is queued for a node that is offline. [E-150]
  if (needsRadio && (sub.state?.offline ?? null) !== null) {
    return errorCode.temporarilyNotAvailable;
  }
  return {
    ...chain,
    steps: write.steps,
    after: write.after ?? null,
    echo: hexOf(bytesOf(hex) ?? []),
  };
}

function answer(turn: Turn, chain: WriteChain, value: Datum): void {
  const [key = ""] = chain.pairs[0] ?? [];
  turn.post("putStatData", chain.sub, {}, [[key, value]]);
}

/** Echoes a pair that is done; false when it has ended the session. [E-154] */
function finish(turn: Turn, chain: WriteChain): boolean {
  answer(turn, chain, chain.echo);
  if (chain.after === null) return true;
  turn.set({ writes: new Map() });
  if (chain.after === "factoryReset") turn.factoryReset();
  else turn.restart();
  return false;
}

/** A step has ended; in a session that is over nobody waits for it. */
export function stepEnded(
  turn: Turn,
  id: number,
  error: number | null,
): void {
  const chain = turn.state.writes.get(id);
  if (chain === undefined) return;
  if (turn.sub(chain.sub)?.phase === "unregistered") {
    const writes = new Map(turn.state.writes);
    writes.delete(id);
    turn.set({ writes });
    return;
  }
  const steps = error === null ? chain.steps.slice(1) : [];
  if (error !== null) answer(turn, chain, error);
  else if (steps.length > 0) return run(turn, id, { ...chain, steps });
  else if (!finish(turn, chain)) return;
  run(turn, id, { ...chain, steps: [], pairs: chain.pairs.slice(1) });
}
