/**
 * Capture files: whatever the bytes, records or an error with its line; in any
 * pieces the same; what was read is written as what is read again.
 *
 * @module
 */
import {
  CaptureError,
  type CaptureRecord,
  headerLine,
  recordLine,
} from "../../../lib/capture/capture.ts";
import { openCapture } from "../../../lib/capture/read.ts";
import { bytesOf, must, type Target } from "../target.ts";

/** All that came of a capture. */
interface Read {
  readonly header: string | null;
  readonly records: readonly CaptureRecord[];
  readonly error: CaptureError | null;
  readonly cut: boolean;
}

async function* pieces(
  bytes: Uint8Array,
  size: number,
): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) {
    yield await Promise.resolve(bytes.subarray(at, at + size));
  }
}

async function read(bytes: Uint8Array, size: number): Promise<Read> {
  const records: CaptureRecord[] = [];
  let header: string | null = null;
  let cut = false;
  try {
    await using capture = await openCapture(pieces(bytes, size));
    header = headerLine(capture.header);
    for await (const record of capture.records) records.push(record);
    cut = capture.cut();
    must(capture.bytes() === bytes.length, () => "bytes are not counted");
  } catch (error) {
    if (!(error instanceof CaptureError)) throw error;
    return { header, records, error, cut };
  }
  return { header, records, error: null, cut };
}

function shown({ header, records, error, cut }: Read): string {
  return JSON.stringify([
    header,
    records.map((record) =>
      record.kind === "unknown"
        ? [record.atMs, record.keys]
        : recordLine(record)
    ),
    error?.message ?? null,
    cut,
  ]);
}

async function run(bytes: Uint8Array): Promise<void> {
  const whole = await read(bytes, Math.max(1, bytes.length));
  const size = 1 + (bytes.length * 7 + (bytes[bytes.length >> 1] ?? 0)) % 61;
  const split = await read(bytes, Math.max(size, bytes.length >> 6));
  must(
    shown(split) === shown(whole),
    () => `in pieces of ${size}: ${shown(split)}, not ${shown(whole)}`,
  );
  const { header, records, error } = whole;
  if (error !== null) {
    const lines = bytes.reduce((n, byte) => n + (byte === 10 ? 1 : 0), 1);
    must(
      error.line >= 1 && error.line <= lines,
      () => `line ${error.line} of ${lines}`,
    );
    must(
      // deno-lint-ignore no-control-regex
      !/[\x00-\x1f\x7f-\x9f]/.test(error.message),
      () => `a terminal would obey: ${JSON.stringify(error.message)}`,
    );
    must(
      error.message.length < 600,
      () => `${error.message.length} characters`,
    );
  }
  if (header === null) return;
  const text = header + records.map(recordLine).join("");
  const again = await read(bytesOf(text), text.length);
  const known = records.filter(({ kind }) => kind !== "unknown");
  must(
    again.error === null && !again.cut && again.header === header,
    () => `what was read cannot be read again: ${again.error?.message}`,
  );
  must(
    again.records.filter(({ kind }) => kind !== "unknown").map(recordLine)
      .join("") === known.map(recordLine).join(""),
    () => "what was read is not the same again",
  );
}

const HEAD = headerLine({
  startedMs: Date.UTC(2026, 2, 1, 8),
  monoMs: 1234.5,
  port: "/dev/ttyACM0",
  baud: 115_200,
  bootId: "boot",
  synced: true,
  version: "0.2.0",
});

const LINES = [
  '{"at_ms":0,"event":"opened","port":"/dev/ttyACM0"}',
  '{"at_ms":1.5,"rx":"c000000105ffff0102030405"}',
  '{"at_ms":2,"tx":""}',
  '{"at_ms":3,"log":"warn","message":"m","fields":{"a":1,"__proto__":[null]}}',
  '{"at_ms":4,"event":"clock","wall_at":"2026-03-01T08:00:00.000Z","clock_synchronised":false}',
  '{"at_ms":5,"event":"omitted","bytes":12}',
  '{"at_ms":5,"event":"lost","reason":"gone"}',
  '{"at_ms":6,"later":1}',
  '{"at_ms":7,"event":"closed"}',
];

/** Files that are replayed. */
export const capture: Target = {
  name: "capture",
  inputs: 12_000,
  maxBytes: 1500,
  boundMs: 1000,
  sources: /\/lib\/capture\/(capture|read)/,
  seeds: [bytesOf(HEAD + LINES.join("\n") + "\n")],
  words: [
    ...LINES.map((line) => line + "\n"),
    HEAD,
    "null",
    "1e13",
    "1e400",
    "-0",
    '"rx":',
    '"log":"error"',
    "\ufeff",
    "\r\n",
    "\u009b",
    "\\u0000",
    "é",
    "[",
    '"wall_at":"+275760-09-13T00:00:00Z"',
    "2026-03",
    "\n",
  ].map(bytesOf),
  text: true,
  run,
};
