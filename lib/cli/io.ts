/**
 * What a verb may touch of the process it runs in, so that tests can run verbs
 * without one.
 *
 * @module
 */
import { type Clock, sleepOn } from "../clock.ts";

/** The terminal that somebody sits at. */
export interface Terminal {
  /** Somebody reads stdout as it comes. */
  readonly out: boolean;
  /** Somebody reads stderr, on a terminal that can redraw a line. */
  readonly err: boolean;
  /** Somebody can answer questions on stdin. */
  readonly asks: boolean;
  /** Its width now, in columns. */
  columns(): number;
  /** Its height now, in lines. */
  rows(): number;
}

/** Time as verbs see it. */
export type IoClock = Pick<Clock, "nowMs" | "monoMs" | "sleep">;

/** Streams, environment and end of a command. */
export interface Io {
  /** Data; a whole line or more at a time. */
  readonly out: (text: string) => void;
  /** Everything that is not data. */
  readonly err: (text: string) => void;
  readonly stdin: ReadableStream<Uint8Array>;
  readonly env: (name: string) => string | undefined;
  /** Aborts on SIGINT and SIGTERM. */
  readonly signal: AbortSignal;
  /** Whether people look at stdout, and may see colours. */
  readonly colors: boolean;
  /** Absent when nobody looks: everything is piped. */
  readonly terminal?: Terminal;
  /** Absent: the system's. */
  readonly clock?: IoClock;
}

/** How a verb ends: 0 done, 1 failed, 2 wrong usage, 78 configuration refused. */
export type ExitCode = 0 | 1 | 2 | 78;

/** A verb whose arguments have been read. */
export type Action = (io: Io) => Promise<ExitCode> | ExitCode;

/** The reader of our output is gone (`dash7-edge … | head`): not our failure. */
class OutputClosed extends Error {}

/** The process's own streams. */
export function processIo(signal: AbortSignal): Io {
  const encoder = new TextEncoder();
  const writer = (stream: { writeSync(bytes: Uint8Array): number }) => {
    return (text: string) => {
      const bytes = encoder.encode(text);
      try {
        for (let at = 0; at < bytes.length;) {
          at += stream.writeSync(bytes.subarray(at));
        }
      } catch (error) {
        if (error instanceof Deno.errors.BrokenPipe) throw new OutputClosed();
        throw error;
      }
    };
  };
  return {
    out: writer(Deno.stdout),
    err: writer(Deno.stderr),
    get stdin() {
      return Deno.stdin.readable;
    },
    env: (name) => Deno.env.get(name),
    signal,
    colors: Deno.stdout.isTerminal() && Deno.stderr.isTerminal() &&
      !Deno.env.get("NO_COLOR"),
    terminal: {
      out: Deno.stdout.isTerminal(),
      err: Deno.stderr.isTerminal() && Deno.env.get("TERM") !== "dumb",
      asks: Deno.stdin.isTerminal(),
      columns: () => size().columns,
      rows: () => size().rows,
    },
  };
}

/** Size of the terminal; 80 by 24 where it cannot be asked. */
function size(): { columns: number; rows: number } {
  const usual = { columns: 80, rows: 24 };
  try {
    const { columns, rows } = Deno.consoleSize();
    // A serial console often says 0 by 0.
    return columns > 0 && rows > 0 ? { columns, rows } : usual;
  } catch {
    // Neither stream is a terminal.
    return usual;
  }
}

/** The time of a command. */
export function clockOf(io: Io): IoClock {
  return io.clock ?? systemTime;
}

/** The system's time. */
export const systemTime: IoClock = {
  nowMs: () => Date.now(),
  monoMs: () => performance.now(),
  sleep: (delayMs, options) =>
    sleepOn(
      (ms, fire) => {
        const timer = setTimeout(fire, ms);
        return () => clearTimeout(timer);
      },
      delayMs,
      options?.signal,
    ),
};

/** Whether an error only says that nobody reads our output any more. */
export function isOutputClosed(error: unknown): boolean {
  return error instanceof OutputClosed;
}

/** Lines of a byte stream, without their ends; the last one may lack its end. */
export async function* lines(
  stream: ReadableStream<Uint8Array>,
): AsyncGenerator<string> {
  let rest = "";
  const decoder = new TextDecoder();
  for await (const chunk of stream) {
    const pieces = (rest + decoder.decode(chunk, { stream: true })).split("\n");
    rest = pieces.pop() ?? "";
    for (const piece of pieces) yield piece.replace(/\r$/, "");
  }
  rest += decoder.decode();
  if (rest !== "") yield rest;
}

/** Resolves when `signal` aborts. */
export function aborted(signal: AbortSignal): Promise<undefined> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve(undefined);
    else {
      signal.addEventListener("abort", () => resolve(undefined), {
        once: true,
      });
    }
  });
}
