/**
 * The one table of sinks. A new sink is a folder beside this file and a row here.
 *
 * @module
 */
import { z } from "zod";
import { jsonl } from "./jsonl/jsonl.ts";
import { scorpio } from "./scorpio/scorpio.ts";
import type { Sink, SinkHost, SinkKind } from "./sink.ts";

/** Every kind of sink, by the `type` that selects it. */
export const sinkKinds = {
  scorpio,
  jsonl,
} satisfies Record<string, SinkKind>;

/** A table `[sinks.NAME]` of the configuration. */
export const sinkConfig = z.discriminatedUnion("type", [
  sinkKinds.scorpio.config,
  sinkKinds.jsonl.config,
]);

/** Checked table `[sinks.NAME]`. */
export type SinkConfig = z.infer<typeof sinkConfig>;

// The schema has matched `type` with the rest of a table; rows share one signature.
const rows: Readonly<Record<SinkConfig["type"], SinkKind>> = sinkKinds;

/** Opens the sink that a checked table describes. */
export function openSink(config: SinkConfig, host: SinkHost): Sink {
  return rows[config.type].open(config, host);
}

/**
 * Tries once whether the sink's platform can be reached; see {@link SinkKind}.
 *
 * @throws {Error} naming the step that failed
 */
export function probeSink(
  config: SinkConfig,
  host: SinkHost,
  signal: AbortSignal,
): Promise<string> {
  return rows[config.type].probe(config, host, signal);
}
