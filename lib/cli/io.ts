/**
 * What a verb may touch of the process it runs in, so that tests can run verbs
 * without one.
 *
 * @module
 */

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
  };
}

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
