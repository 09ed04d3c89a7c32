/**
 * The file sink: every reading as one line of JSON, on disk before it counts
 * as delivered.
 *
 * @module
 */
import * as z from "zod";
import type { Outcome, Sink, SinkHost, SinkKind } from "../sink.ts";
import { lineOf } from "./line.ts";
import { openTarget, type Target } from "./target.ts";

/** Table of a sink with `type = "jsonl"`. */
export const jsonlConfig = z.strictObject({
  type: z.literal("jsonl").describe("every reading as one line of JSON"),
  path: z.string().min(1).default("-")
    .describe('file that lines are appended to; "-" is stdout'),
});

/** Checked table of a file sink. */
export type JsonlConfig = z.infer<typeof jsonlConfig>;

/** Row of the table of kinds. */
export const jsonl: SinkKind<typeof jsonlConfig> = {
  config: jsonlConfig,
  open: (config, host) => jsonlSink(openTarget(config.path), host),
  async probe(config) {
    const target = openTarget(config.path);
    try {
      await target.append(new Uint8Array());
    } finally {
      target.close();
    }
    return `${target.name} can be written`;
  },
  endpoints: ({ path }) =>
    path === "-" ? [{ kind: "stdout" }] : [{ kind: "file", path }],
};

/** Most readings that wait for the disk. */
const WINDOW = 256;

/** The sink over a place that takes bytes. */
export function jsonlSink(target: Target, host: SinkHost): Sink {
  const encoder = new TextEncoder();
  let failure: string | null = null;
  /** Batches are written one after the other. */
  let last: Promise<unknown> = Promise.resolve();
  /** Failures so far: a batch that was queued before one must not overtake it. */
  let failures = 0;

  const write = async (
    bytes: Uint8Array,
    failuresBefore: number,
    signal: AbortSignal,
  ): Promise<Outcome> => {
    if (signal.aborted || failuresBefore !== failures) return "kept";
    try {
      await target.append(bytes);
      if (failure !== null) log("info", "File takes readings again");
      failure = null;
      return "accepted";
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      if (failure !== why) log("warn", "Cannot write readings", why);
      failure = why;
      failures++;
      return "kept";
    }
  };
  const log = (level: "info" | "warn", message: string, error?: string) =>
    host.log[level](message, {
      path: target.name,
      ...(error === undefined ? {} : { error }),
    });

  return {
    window: () => WINDOW,
    ready: () => Promise.resolve(),
    deliver(readings, signal) {
      if (readings.length === 0) return [];
      const text = readings.map((reading) =>
        lineOf(reading, host.deviceName(reading.device))
      ).join("");
      const bytes = encoder.encode(text);
      const before = failures;
      const written = last.then(() => write(bytes, before, signal));
      last = written;
      // A reader that has stopped (a full pipe) must not hold the caller.
      const { promise: cut, resolve } = Promise.withResolvers<Outcome>();
      const abort = () => resolve("kept");
      signal.addEventListener("abort", abort);
      if (signal.aborted) abort();
      const outcome = Promise.race([written, cut]).finally(() =>
        signal.removeEventListener("abort", abort)
      );
      return readings.map(() => outcome);
    },
    preview: (reading) => ({
      messages: [{
        topic: target.name,
        qos: null,
        retain: false,
        payload: lineOf(reading, host.deviceName(reading.device)),
      }],
    }),
    state: () =>
      failure === null
        ? { up: true, detail: `Writing to ${target.name}` }
        : { up: false, detail: `Cannot write to ${target.name}: ${failure}` },
    async [Symbol.asyncDispose]() {
      const patience = new AbortController();
      const late = host.clock.sleep(CLOSE_MS, { signal: patience.signal });
      await Promise.race([last, late]);
      patience.abort();
      target.close();
    },
  };
}

/** How long a write may hold up closing, ms. */
const CLOSE_MS = 3000;
