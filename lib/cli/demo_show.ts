/**
 * What `demo` shows: messages as lines, who had which of them, and whether
 * that is all that should have come.
 *
 * @module
 */
import type { Account } from "../store/outbox.ts";
import type { ExitCode, Io } from "./io.ts";
import type { Published } from "./sim/broker.ts";

/** Platforms that a demo can serve, by the type of their sink. */
export const DEMO_SINKS = ["scorpio", "emqtt"] as const;

/** One of {@link DEMO_SINKS}. */
export type DemoSink = (typeof DEMO_SINKS)[number];

/** For each platform, what every device needs at least once. */
const NEEDED = {
  scorpio: ["DBIRTH", "DDATA"],
  emqtt: ["regDevice", "postReport"],
} as const satisfies Record<DemoSink, readonly string[]>;

/** Which devices had which messages, and how often. */
export class Tally {
  readonly #counts = new Map<string, number>();
  /** eMQTT topics name a device by its subinterface: UIDs by those. */
  readonly #uids = new Map<string, string>();

  add({ topic, payload }: Published): void {
    const [root, to, from = "", command = "", device = ""] = topic.split("/");
    if (root !== "eMQTT") return this.#count(device, from);
    if (to !== "adapter") return;
    if (command === "regDevice") {
      const uid = /"UID":"([0-9A-F]+)"/.exec(new TextDecoder().decode(payload));
      this.#uids.set(from, uid?.[1] ?? "");
    }
    this.#count(this.#uids.get(from) ?? "", command);
  }

  /** How often a device had a message. */
  of(uid: string, message: string): number {
    return this.#counts.get(`${uid} ${message}`) ?? 0;
  }

  #count(uid: string, message: string): void {
    this.#counts.set(`${uid} ${message}`, this.of(uid, message) + 1);
  }
}

/** The payload is already JSON: its digits must not pass through a double. */
export function jsonLine({ topic, qos, retain, payload }: Published): string {
  return `{"topic":${JSON.stringify(topic)},"qos":${qos},"retain":${retain},` +
    `"payload":${new TextDecoder().decode(payload)}}\n`;
}

const DIM = "\x1b[2m";
const BOLD = "\x1b[1m";
const PLAIN = "\x1b[0m";

/** A message for people: metrics in rows, other payloads as they are. */
export function textLine(
  { topic, qos, retain, payload }: Published,
  colors: boolean,
): string {
  const [dim, bold, plain] = colors ? [DIM, BOLD, PLAIN] : ["", "", ""];
  const time = new Date().toISOString().slice(11, 23);
  const head = `${dim}${time}${plain} ${bold}${topic}${plain} ${dim}qos ${qos}${
    retain ? ", retained" : ""
  }${plain}\n`;
  if (topic.startsWith("eMQTT/")) {
    return `${head}             ${new TextDecoder().decode(payload)}\n`;
  }
  const rows = metricsOf(payload).map(({ name, text }) =>
    `             ${name.padEnd(34)} ${text}\n`
  );
  return head + rows.join("");
}

/** Names with values (or data types) as they stand in the payload. */
function metricsOf(
  payload: Uint8Array,
): { readonly name: string; readonly text: string }[] {
  const parsed: unknown = JSON.parse(
    new TextDecoder().decode(payload),
    // The source text, since a 64-bit value does not fit a double.
    (_key, value, context?: { source?: string }) =>
      typeof value === "number" ? context?.source ?? String(value) : value,
  );
  if (typeof parsed !== "object" || parsed === null) return [];
  const { metrics } = parsed as { metrics?: unknown };
  if (!Array.isArray(metrics)) return [];
  return metrics.map((metric: Record<string, unknown>) => ({
    name: String(metric.name),
    text: String(metric.value ?? metric.dataType),
  }));
}

/** Says what came and gives the exit code: 0 if every device had all that it needs. */
export function summary(
  uids: readonly string[],
  sinks: readonly DemoSink[],
  seen: Tally,
  accounts: readonly (readonly [string, Account])[],
  io: Io,
): ExitCode {
  let missing = 0;
  const needed = sinks.flatMap((sink): readonly string[] => NEEDED[sink]);
  io.err("\n");
  for (const uid of uids) {
    const counts = needed.map((message) => seen.of(uid, message));
    if (counts.includes(0)) missing++;
    io.err(
      `${uid}  ${needed.map((name, i) => `${name} ${counts[i]}`).join("  ")}\n`,
    );
  }
  for (const [name, account] of accounts) {
    const { readings, delivered, pending, rejected, dropped } = account;
    io.err(
      `${name}: ${readings} readings = ${delivered} delivered + ${pending} pending + ${rejected} rejected + ${dropped} dropped\n`,
    );
  }
  if (missing > 0) {
    io.err(
      `${missing} of ${uids.length} devices lack ${
        needed.join(" or ")
      }; is the duration shorter than the interval?\n`,
    );
  }
  return missing === 0 ? 0 : 1;
}
