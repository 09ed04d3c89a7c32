/**
 * The test bed of the figures: broker, subscriber, line and agent, put together
 * and taken apart again for each figure.
 *
 * @module
 */
import {
  AgentProcess,
  type AgentSettings,
  Line,
  type Program,
  tempDir,
  until,
} from "../system/harness.ts";
import { type Mosquitto, mosquitto } from "../system/mosquitto.ts";
import { Watch } from "./watch.ts";

/** A broker that keeps whatever the subscriber has not read yet; null where mosquitto is not installed. */
export async function broker(): Promise<Mosquitto | null> {
  try {
    return await mosquitto({ lines: ["max_queued_messages 0"] });
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}

/** A port on which nothing listens. */
export function deadPort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}

/** UIDs of `count` devices. */
export function devices(count: number): readonly string[] {
  return Array.from(
    { length: count },
    (_, n) => (0x3266363000390000n + BigInt(n)).toString(16).toUpperCase(),
  );
}

/** Which readings have come, counted per device. */
export class Receipts {
  readonly #last = new Map<string, number>();
  readonly #text = new TextDecoder();
  /** Told of each reading's device, number and time of receipt. */
  onReading: (device: string, number: number, atMs: number) => void = () => {};
  /** Different readings that came. */
  count = 0;
  copies = 0;
  /** Readings that came after a later one of their device, or left one out. */
  misplaced = 0;
  firstMs = NaN;
  lastMs = NaN;

  take(topic: string, payload: Uint8Array, atMs: number): void {
    if (!topic.includes("/DDATA/")) return;
    const device = topic.slice(topic.lastIndexOf("/") + 1);
    // The first metric is the meter's counter.
    const head = this.#text.decode(payload.subarray(0, 200));
    const number = Number(/"value":(\d+)/.exec(head)?.[1]);
    // Several sinks carry the same device below topics of their own.
    const before = this.#last.get(topic) ?? 0;
    if (number === before + 1) {
      this.#last.set(topic, number);
      this.count++;
    } else if (number <= before) this.copies++;
    else {
      this.misplaced++;
      this.#last.set(topic, number);
      this.count++;
    }
    if (Number.isNaN(this.firstMs)) this.firstMs = atMs;
    this.lastMs = atMs;
    this.onReading(device, number, atMs);
  }
}

/** What a figure about the agent works with. */
export interface Bed {
  readonly dir: string;
  readonly line: Line;
  readonly receipts: Receipts;
  readonly brokerPort: number;
  /** Starts the agent; it ends with the bed. */
  start(
    options?: Pick<AgentSettings, "more" | "config">,
  ): AgentProcess;
}

/** Beds that are lent now. */
const lent = new Set<AsyncDisposableStack>();

/** Takes apart every bed that is lent: whoever works on one fails soon after. */
export async function giveUpBeds(): Promise<void> {
  await Promise.allSettled([...lent].map((bed) => bed.disposeAsync()));
}

/** Lends a bed; `port` is the broker's, on which all is subscribed to. */
export async function onBed<T>(
  port: number,
  work: (bed: Bed) => Promise<T>,
  { watched = true, program }: {
    readonly watched?: boolean;
    readonly program?: Program;
  } = {},
): Promise<T> {
  await using stack = new AsyncDisposableStack();
  lent.add(stack);
  stack.defer(() => void lent.delete(stack));
  const { path: dir } = stack.use(await tempDir());
  const line = stack.use(await Line.open(`${dir}/modem`));
  const receipts = new Receipts();
  if (watched) {
    stack.use(
      await Watch.open(
        port,
        (topic, payload, atMs) => receipts.take(topic, payload, atMs),
      ),
    );
  }
  return await work({
    dir,
    line,
    receipts,
    brokerPort: port,
    start: (settings = {}) =>
      stack.use(
        AgentProcess.start({
          dir,
          port: line.path,
          brokerPort: port,
          ...(program === undefined ? {} : { program }),
          ...settings,
        }),
      ),
  });
}

/** Waits for the `count`th reading; says how many came when it gives up. */
export async function came(
  receipts: Receipts,
  count: number,
  limitS: number,
): Promise<boolean> {
  return await until("", () => receipts.count >= count, limitS)
    .then(() => true, () => false);
}

/** Pieces as one. */
export function joined(parts: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(
    parts.reduce((sum, { length }) => sum + length, 0),
  );
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
