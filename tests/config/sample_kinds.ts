/**
 * Kinds of sinks for the tests of the configuration: one that needs much, one
 * that needs nothing, one that no other file has heard of.
 *
 * @module
 */
import { z } from "zod";
import { tlsConfig } from "../../lib/mqtt/mqtt.ts";

const scorpio = z.strictObject({
  type: z.literal("scorpio"),
  broker: z.string().regex(
    /^mqtts?:\/\/[^\s/:]+(:\d+)?$/,
    "mqtt://HOST[:PORT] or mqtts://HOST[:PORT]",
  ).describe("address of the broker"),
  username: z.string().default("").describe("name to log in with"),
  password: z.string().default("").describe("password to log in with"),
  password_file: z.string().default("").describe("file that holds it"),
  client_id: z.string().default(""),
  protocol: z.enum(["5", "3.1.1"]).default("5").describe("MQTT version"),
  project_id: z.string().min(1).describe("project at the platform"),
  edge_node_id: z.string().min(1).describe("name of this gateway there"),
  device_id: z.enum(["full", "trimmed"]).default("full"),
  labels: z.record(z.string(), z.string()).default({})
    .describe("overrides of metric names"),
  tls: tlsConfig.prefault({}).describe("certificates"),
});

const jsonl = z.strictObject({
  type: z.literal("jsonl"),
  path: z.string().min(1).default("-").describe('file; "-" is stdout'),
});

const lamp = z.strictObject({
  type: z.literal("lamp"),
  pins: z.array(z.int().min(0).max(27)).min(1),
  replay: z.strictObject({ rate_ms: z.int().min(100).default(60_000) })
    .prefault({}),
});

/** A table of kinds as `lib/sink/kinds.ts` has it, schemas only. */
export const sampleKinds = {
  scorpio: { config: scorpio },
  jsonl: { config: jsonl },
  lamp: { config: lamp },
} as const;
