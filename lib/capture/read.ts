/**
 * Captures as they are read: from bytes in any pieces to records, one at a
 * time, however long the file. Pure but for the stream that it is given.
 *
 * @module
 */
import {
  CaptureError,
  type CaptureHeader,
  type CaptureRecord,
  MAX_LINE,
  parseHeader,
  parseRecord,
} from "./capture.ts";

/** A capture that is being read. Disposing it lets go of the stream. */
export interface OpenCapture extends AsyncDisposable {
  readonly header: CaptureHeader;
  /** All that follows, once. @throws {CaptureError} at a line that is no record */
  readonly records: AsyncIterable<CaptureRecord>;
  /** Whether the file ended in the middle of a line; known at the end. */
  cut(): boolean;
  /** Bytes taken from the stream so far, for progress. */
  bytes(): number;
}

/**
 * Reads the header; the records come as they are asked for.
 *
 * @throws {CaptureError} when the stream is no capture
 */
export async function openCapture(
  stream: AsyncIterable<Uint8Array>,
): Promise<OpenCapture> {
  const state = { bytes: 0, cut: false };
  const lines = linesOf(stream, state);
  const header = await headerOf(lines).catch(async (error) => {
    await lines.return(undefined);
    throw error;
  });
  return {
    header,
    records: recordsOf(lines, state),
    cut: () => state.cut,
    bytes: () => state.bytes,
    async [Symbol.asyncDispose]() {
      await lines.return(undefined);
    },
  };
}

async function headerOf(
  lines: AsyncGenerator<Line, undefined>,
): Promise<CaptureHeader> {
  const first = await lines.next();
  if (first.done) {
    throw new CaptureError(
      "the file is empty: name a file of `monitor --record` or of the flight recorder",
      1,
    );
  }
  return parseHeader(first.value.text.replace(/^\ufeff/, ""));
}

interface Line {
  readonly text: string;
  readonly number: number;
  /** It has its end; the last one may not. */
  readonly whole: boolean;
}

async function* recordsOf(
  lines: AsyncIterable<Line>,
  state: { cut: boolean },
): AsyncGenerator<CaptureRecord> {
  let sinceMs = 0;
  for await (const { text, number, whole } of lines) {
    if (text.trim() === "") continue;
    let record: CaptureRecord;
    try {
      record = parseRecord(text, number, sinceMs);
    } catch (error) {
      // Power went while it was written: all before it is good.
      if (whole || !(error instanceof CaptureError)) throw error;
      state.cut = true;
      return;
    }
    sinceMs = record.atMs;
    yield record;
  }
}

async function* linesOf(
  stream: AsyncIterable<Uint8Array>,
  state: { bytes: number },
): AsyncGenerator<Line, undefined> {
  // Not fatal: what is no UTF-8 is no JSON of ours either, and told with its line.
  // A byte order mark is looked for here: left to itself, the decoder of this
  // runtime takes one away at the start of every chunk, not only of the first.
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  let rest = "";
  let number = 1;
  const bounded = (text: string): string => {
    if (text.length <= MAX_LINE) return text;
    throw new CaptureError(
      `longer than ${MAX_LINE} characters: no capture has such lines; is this the right file?`,
      number,
    );
  };
  for await (const chunk of stream) {
    state.bytes += chunk.length;
    const pieces = (rest + decoder.decode(chunk, { stream: true })).split("\n");
    rest = pieces.pop() ?? "";
    for (const text of pieces) {
      yield { text: bounded(text), number, whole: true };
      number++;
    }
    bounded(rest);
  }
  rest += decoder.decode();
  if (rest !== "") yield { text: bounded(rest), number, whole: false };
  return undefined;
}
