/**
 * The one table of sinks. A new sink is a folder beside this file and a row here.
 *
 * @module
 */
import * as z from "zod";
import { emqtt } from "./emqtt/emqtt.ts";
import { jsonl } from "./jsonl/jsonl.ts";
import { scorpio } from "./scorpio/scorpio.ts";
import type { Endpoint, Sink, SinkHost, SinkKind } from "./sink.ts";

/** Every kind of sink, by the `type` that selects it. */
export const sinkKinds = {
  scorpio,
  emqtt,
  jsonl,
} satisfies Record<string, SinkKind>;

/** A table of kinds; of each only its schema counts here. */
export type Kinds = Readonly<Record<string, { readonly config: z.ZodType }>>;

/** Checked table of a sink of any kind in a table of kinds. */
export type SinkSettings<K extends Kinds> = z.output<K[keyof K]["config"]>;

/** The schema of one sink's table: `type` selects the kind. */
export function sinkUnion<K extends Kinds>(
  kinds: K,
): z.ZodType<SinkSettings<K>> {
  const [first, ...others] = Object.values(kinds)
    .map((kind) => kind.config as z.core.$ZodTypeDiscriminable);
  const union = first === undefined
    ? z.never("a sink, of which this program has none")
    : z.discriminatedUnion("type", [first, ...others]);
  return union as unknown as z.ZodType<SinkSettings<K>>;
}

/** A table `[sinks.NAME]` of the configuration. */
export const sinkConfig: z.ZodType<SinkConfig> = sinkUnion(sinkKinds);

/** Checked table `[sinks.NAME]`. */
export type SinkConfig = SinkSettings<typeof sinkKinds>;

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

/** What the sink of a checked table talks to; null when its kind does not say. */
export function endpointsOf(
  config: SinkConfig,
  host: SinkHost,
): readonly Endpoint[] | null {
  return rows[config.type].endpoints?.(config, host) ?? null;
}
