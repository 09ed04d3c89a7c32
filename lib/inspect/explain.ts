/**
 * From one reading back to its bytes, and on to every sink. What is not known
 * is not made up: frames are encoded again from the stored command, fields come
 * from the file's own layout, fates from what the store has kept.
 *
 * @module
 */
import { decodeCommand } from "../alp/alp.ts";
import { commandJson } from "../alp/json.ts";
import type { Span } from "../bytes/codec.ts";
import { jsonOf, snakeCase } from "../bytes/json.ts";
import { fileKind } from "../files/files.ts";
import { encodeFrame, MAX_PAYLOAD_BYTES } from "../frame/frame.ts";
import type { ExplainJson } from "../http/json.ts";
import type { Reading } from "../reading/reading.ts";
import type { SinkState } from "../sink/sink.ts";
import type { Fate } from "../store/views.ts";
import { decisionOf } from "./decision.ts";
import { type Parts, timeOf } from "./parts.ts";
import { readingJson } from "./readings.ts";

type FieldJson = ExplainJson["file"]["fields"][number];
type SinkJson = ExplainJson["sinks"][number];

/** Everything known of one reading; null when it is not in the log (any more). */
export function explain(parts: Parts, id: number): ExplainJson | null {
  const { store, config } = parts;
  const found = store.stored(id);
  if (found === null) return null;
  const { reading, command, frameCounter } = found;
  const { received } = reading;
  const previous = store.previous(reading);
  const windowS = config.readings.duplicate_window_s;
  return {
    reading: readingJson(
      reading,
      config.devices[reading.device]?.name ?? null,
    ),
    received: {
      at: timeOf(received.wallMs),
      mono_ms: received.monoMs,
      boot_id: received.bootId,
      clock_synchronised: received.synced,
    },
    frame: {
      hex: frameHex(frameCounter, command),
      counter: frameCounter,
      payload: command.toHex(),
    },
    alp: commandJson(decodeCommand(command)),
    file: {
      id: reading.fileId,
      name: reading.file,
      hex: reading.data.toHex(),
      fields: fieldsOf(reading),
    },
    duplicate: {
      window_s: windowS,
      previous: previous === null ? null : {
        id: previous.id,
        at: timeOf(previous.received.wallMs),
        same_bytes: previous.data.toHex() === reading.data.toHex(),
      },
      decision: decisionOf(reading, previous, windowS),
    },
    sinks: parts.sinks.map((sink) =>
      sinkJson(sink, reading, store.fate(sink.name, id))
    ),
  };
}

/** The serial frame; empty for an answer that came in several. */
function frameHex(counter: number | null, command: Uint8Array): string {
  return command.length > MAX_PAYLOAD_BYTES
    ? ""
    : encodeFrame(counter ?? 0, "alp_data", command, { anySize: true }).toHex();
}

/** Fields whose measurement has another name. */
const MEASURED_AS: Readonly<Record<string, string>> = {
  real_energy: "active_energy",
  received_signal_strength: "signal_strength",
};

/** The file's fields as its layout has them; a field of several values gives one row each. */
function fieldsOf(reading: Reading): readonly FieldJson[] {
  const { data, fileId, measurements } = reading;
  const units = new Map(measurements.map(({ name, unit }) => [name, unit]));
  const row = (field: string, end: string, span: Omit<Span, "name">) => ({
    name: field + end,
    offset: span.offset,
    length: span.length,
    hex: data.subarray(span.offset, span.offset + span.length).toHex(),
    value: plain(jsonOf(span.value)),
    unit: units.get((MEASURED_AS[field] ?? field) + end) ?? null,
  });
  const spans = fileKind(fileId)?.spans(data) ?? [];
  return spans.flatMap(({ name, offset, length, value }) => {
    const field = snakeCase(name);
    // What this layout has no bytes for.
    if (length === 0) return [];
    if (!Array.isArray(value)) {
      return [row(field, "", { offset, length, value })];
    }
    const each = length / value.length;
    return value.map((one, at) =>
      row(field, `_${at + 1}`, {
        offset: offset + at * each,
        length: each,
        value: one,
      })
    );
  });
}

function plain(value: unknown): FieldJson["value"] {
  return typeof value === "number" || typeof value === "boolean"
    ? value
    : String(value);
}

/** What became of a reading at one sink, and what the sink publishes for it. */
function sinkJson(
  { name, type, sink }: Parts["sinks"][number],
  reading: Reading,
  fate: Fate | null,
): SinkJson {
  const known = fate ?? { is: "unknown" } as const;
  const preview = known.is === "before_sink"
    ? { messages: [] }
    : sink.preview(reading);
  const words = wordsOf(known, reading, sink.state());
  return {
    name,
    type,
    fate: known.is,
    detail: [words, preview.note ?? []].flat().join(" "),
    acknowledged_at: known.is === "delivered" ? timeOf(known.at.atMs) : null,
    messages: preview.messages,
  };
}

/** What a fate alone does not say, in a sentence. */
function wordsOf(
  fate: Fate,
  { received }: Reading,
  state: SinkState,
): string {
  switch (fate.is) {
    case "delivered": {
      const { atMs, synced } = fate.at;
      const tookMs = atMs - received.wallMs;
      // The reading may have been given its right time since.
      return synced === received.synced && tookMs >= 0
        ? `It took ${seconds(tookMs)} from receipt to acknowledgement.`
        : synced
        ? "The clock was set after it was received."
        : "Acknowledged while the clock was not synchronised.";
    }
    case "pending":
      return state.up
        ? "The sink is up, its turn comes."
        : `The sink is down: ${state.detail}.`;
    case "rejected":
      return fate.reason === null
        ? "Refused by the platform; the reason is no longer kept."
        : `Refused by the platform: ${fate.reason}.`;
    case "dropped":
      return `By a purge of the queue, at ${timeOf(fate.at.atMs)}.`;
    case "before_sink":
      return "It was logged before this sink was added.";
    case "unknown":
      return "It is settled, but how and when was not kept: an older release did not, or the outbox was damaged since.";
  }
}

function seconds(ms: number): string {
  return ms < 10_000 ? `${ms / 1000} s` : `${Math.round(ms / 1000)} s`;
}
