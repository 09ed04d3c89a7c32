/**
 * ◆ Replay: a FIFO of samples that is sent when its trigger has come and the
 * samples after it too. [eMQTT 10]
 *
 * @module
 */
import type { DeviceEvent } from "../../device/device.ts";
import type { Collecting, Replay, Sub } from "./machine_state.ts";
import { advance, paddedIndices, slotMs } from "./machine_grid.ts";
import type { Turn } from "./machine_turn.ts";
import { numbersIn, type Payload, type TriggerValue } from "./payload.ts";
import { msHex } from "./payload_hex.ts";
import { USER_TRIGGER } from "./payload_event.ts";

const Y_INDICES = 30;
/** Largest postReplay, bytes. [E-217] */
export const SEGMENT_BYTES = 16_384;
/** Longest label that is kept, characters: it stands in every segment. */
const LABEL_LENGTH = 1024;

/** Starts a replay, emptying the FIFO of one that ran. [E-206, E-207, E-211, E-213] */
export function startReplay(turn: Turn, sub: Sub, payload: Payload): void {
  const list = numbersIn(payload, "YIndices");
  const indices = (list?.length ?? 0) > Y_INDICES
    ? null
    : paddedIndices(list, Y_INDICES);
  const { rows } = turn.settings.profile(sub.device);
  const good = indices !== null && indices.length > 0 &&
    indices.every((index) => rows.get(index)?.read !== undefined) &&
    turn.mayHold("replay", sub);
  if (!good) return turn.ack("startReplay", sub.id, false);
  const grid = turn.grid(turn.settings.replay.rateMs);
  turn.setSub(sub.id, {
    replay: {
      indices,
      triggers: triggersOf(payload),
      grid,
      samples: [sample(turn, sub, indices)],
      collecting: null,
    },
  });
  turn.ack("startReplay", sub.id, true);
  turn.arm("replay", sub.id, grid);
}

/** Triggers that can be met: those without a code are skipped. */
function triggersOf(payload: Payload): readonly TriggerValue[] {
  const value = payload.values.get("Triggers");
  if (!Array.isArray(value)) return [];
  return (value as readonly TriggerValue[]).filter(({ code }) => code !== null);
}

export function stopReplay(turn: Turn, sub: Sub): void {
  if (sub.replay !== null) turn.disarm("replay", sub.id);
  turn.setSub(sub.id, { replay: null });
  turn.ack("stopReplay", sub.id, true);
}

/** One sample; what cannot be read is empty. [M-34] */
function sample(
  turn: Turn,
  sub: Sub,
  indices: readonly number[],
): readonly string[] {
  return turn.read(sub, indices)
    .map((value) => typeof value === "string" ? value : "");
}

export function replayDue(turn: Turn, sub: Sub): void {
  const { replay } = sub;
  if (replay === null) return;
  const { pre, post } = turn.settings.replay;
  const grid = advance(replay.grid, turn.at.monoMs);
  if (grid !== null) {
    const now = sample(turn, sub, replay.indices);
    // Samples are held values: a slot that was missed had those of before.
    const missed = replay.samples.at(-1) ?? now;
    const first = Math.max(replay.grid.slot + 1, grid.slot - pre - post);
    let next: Replay = { ...replay, grid };
    for (let slot = first; slot <= grid.slot; slot++) {
      next = take(turn, sub.id, next, slot === grid.slot ? now : missed, slot);
    }
    turn.setSub(sub.id, { replay: next });
  }
  turn.arm("replay", sub.id, grid ?? replay.grid);
}

/** Puts a sample into the FIFO, and sends it when the post section is full. */
function take(
  turn: Turn,
  id: string,
  replay: Replay,
  values: readonly string[],
  slot: number,
): Replay {
  const { pre } = turn.settings.replay;
  const samples = [...replay.samples, values];
  const { collecting } = replay;
  if (collecting === null) return { ...replay, samples: samples.slice(-pre) };
  const left = collecting.left - 1;
  if (left > 0) {
    return { ...replay, samples, collecting: { ...collecting, left } };
  }
  const last = { ...replay.grid, slot };
  send(turn, id, { ...replay, samples, grid: last }, collecting);
  // It watches again, with what it has. [E-225]
  return { ...replay, samples: samples.slice(-pre), collecting: null };
}

/** Collects if an event is a trigger, and no replay is being collected. [E-210, E-225] */
export function triggerByEvent(
  turn: Turn,
  id: string,
  event: DeviceEvent,
  timestamp: string,
): void {
  const matches = turn.sub(id)?.replay?.triggers.some((trigger) =>
    trigger.code === event.code &&
    (trigger.mode === null || trigger.mode === event.mode)
  );
  if (matches) collect(turn, id, event.code, timestamp, null);
}

/** Collects for the user, whether 36002 is among the triggers or not. [E-216] */
export function triggerByUser(
  turn: Turn,
  id: string,
  timestamp: string,
  label: string,
): void {
  collect(turn, id, USER_TRIGGER, timestamp, label.slice(0, LABEL_LENGTH));
}

function collect(
  turn: Turn,
  id: string,
  code: number,
  timestamp: string,
  label: string | null,
): void {
  const replay = turn.sub(id)?.replay ?? null;
  if (replay === null || replay.collecting !== null) return;
  const left = turn.settings.replay.post;
  turn.setSub(id, {
    replay: { ...replay, collecting: { code, timestamp, label, left } },
  });
}

const utf8 = new TextEncoder();

/** Sends the FIFO, in as many segments as its size asks for. [E-217–E-224] */
function send(
  turn: Turn,
  id: string,
  replay: Replay,
  { code, timestamp, label }: Collecting,
): void {
  const { samples, indices, grid } = replay;
  const labelled = label === null ? {} : { Label: label };
  const lastMs = turn.timeAt(slotMs(grid));
  const headBytes = 160 + 9 * indices.length +
    utf8.encode(JSON.stringify(labelled)).length;
  for (let from = 0; from < samples.length;) {
    let bytes = headBytes;
    let to = from;
    while (to < samples.length) {
      const size = (samples[to] ?? [])
        .reduce((sum, hex) => sum + hex.length + 3, 0);
      if (to > from && bytes + size > SEGMENT_BYTES) break;
      bytes += size;
      to++;
    }
    const part = samples.slice(from, to);
    const ms = lastMs - (samples.length - 1 - from) * grid.periodMs;
    turn.post(
      "postReplay",
      id,
      {
        SamplingRate: grid.periodMs,
        ms: msHex(ms),
        EventCode: code,
        TriggerTimestamp: timestamp,
        LastSegment: to === samples.length,
        ...labelled,
      },
      indices.map((_, at) =>
        [`Y${at + 1}`, part.map((values) => values[at] ?? "")] as const
      ),
    );
    from = to;
  }
}
