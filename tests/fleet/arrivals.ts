/**
 * What reached the broker: a subscriber's account of every reading of every
 * gateway, with order, copies and gaps.
 *
 * @module
 */
import { Watch } from "../bench/watch.ts";

/** Which readings came, per gateway and meter. */
export class Arrivals implements AsyncDisposable {
  #watch: Watch | null = null;
  readonly #last = new Map<string, number>();
  readonly #text = new TextDecoder();
  /** Different readings that came. */
  count = 0;
  /** Readings that came once more: at least once allows that. */
  copies = 0;
  /** Readings before which one of the same meter was left out. */
  misplaced = 0;
  births = 0;
  /** When each DDATA came, ms of `performance.now()`. */
  timesMs: number[] = [];

  /** Subscribes at a broker; to be called again when the broker is another. */
  async listen(port: number): Promise<void> {
    await this.#watch?.[Symbol.asyncDispose]();
    this.#watch = await Watch.open(
      port,
      (topic, payload, atMs) => this.#take(topic, payload, atMs),
    );
  }

  #take(topic: string, payload: Uint8Array, atMs: number): void {
    if (topic.includes("/DBIRTH/")) this.births++;
    if (!topic.includes("/DDATA/")) return;
    this.timesMs.push(atMs);
    const head = this.#text.decode(payload.subarray(0, 200));
    const number = Number(/"value":(\d+)/.exec(head)?.[1]);
    const before = this.#last.get(topic) ?? 0;
    if (number <= before) {
      this.copies++;
      return;
    }
    if (number > before + 1) this.misplaced++;
    this.#last.set(topic, number);
    this.count++;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#watch?.[Symbol.asyncDispose]();
    this.#watch = null;
  }
}
