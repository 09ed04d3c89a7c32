/**
 * A TCP proxy between agent and broker: notes every reading that is published
 * and every acknowledgement that reaches the agent, and spoils the traffic when
 * it is told to.
 *
 * @module
 */
import { connect, createServer, type Server, type Socket } from "node:net";
import type { AddressInfo } from "node:net";
import { clock } from "../system/harness.ts";
import type { WireEvent } from "./oracle.ts";
import {
  encodePuback,
  Packets,
  PUBACK,
  pubackOf,
  PUBLISH,
  publishOf,
  typeOf,
} from "./wire.ts";

/** What becomes of acknowledgements. */
export type AckMode = "pass" | "withhold" | "double" | "reject" | "late";

/** With `late`, one acknowledgement of so many is overtaken by those behind it. */
const LATE_OF = 8;
/** So long, milliseconds. */
const LATE_MS = 700;

/** "Payload format invalid" [MQTT 5 §3.4.2.1]: no later try can change it. */
const INVALID_PAYLOAD = 0x99;

/** The proxy's state; change it at any time. */
export interface Spoil {
  /** Refuses new connections. */
  refuse: boolean;
  /** Passes nothing on, either way. */
  frozen: boolean;
  /** Each packet is passed on so much later, milliseconds. */
  delayMs: number;
  acks: AckMode;
  /** The next PUBLISH ends after so many bytes, and the connection with it. */
  cutAfterBytes: number | null;
}

/** A proxy in front of one broker. */
export class Proxy implements AsyncDisposable {
  readonly spoil: Spoil = {
    refuse: false,
    frozen: false,
    delayMs: 0,
    acks: "pass",
    cutAfterBytes: null,
  };
  readonly events: WireEvent[] = [];
  /** Readings of which a good acknowledgement was passed to the agent. */
  readonly acknowledged = new Set<string>();
  /** Number of the agent's process, noted with each event. */
  run = 0;
  #connections = 0;
  readonly #server: Server;
  readonly #links = new Set<Link>();
  readonly #target: () => number;

  private constructor(target: () => number) {
    this.#target = target;
    this.#server = createServer((near) => {
      near.on("error", () => {/* close follows */});
      if (this.spoil.refuse) {
        near.destroy();
        return;
      }
      const link = new Link(this, near, this.#target(), ++this.#connections);
      this.#links.add(link);
      near.once("close", () => this.#links.delete(link));
    });
  }

  /** @param target asked for the broker's port at each connection */
  static async open(target: () => number): Promise<Proxy> {
    const proxy = new Proxy(target);
    await new Promise<void>((resolve) =>
      proxy.#server.listen(0, "127.0.0.1", resolve)
    );
    return proxy;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Ends every connection. */
  cut(): void {
    for (const link of this.#links) link.destroy();
  }

  /** Sends bytes to the agent that no broker would. */
  inject(bytes: Uint8Array): void {
    for (const link of this.#links) link.inject(bytes);
  }

  /** Ends what {@link Spoil.frozen} held back. */
  thaw(): void {
    this.spoil.frozen = false;
    for (const link of this.#links) link.flush();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.cut();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

/** One connection through the proxy. */
class Link {
  readonly #proxy: Proxy;
  readonly #near: Socket;
  readonly #far: Socket;
  readonly #number: number;
  readonly #run: number;
  /** Packet identifier → reading on its way. */
  readonly #onWire = new Map<number, string>();
  /** Packets not passed on yet, in order, with when they are due. */
  #held: { readonly dueMs: number; readonly pass: () => void }[] = [];
  #disarm: (() => void) | null = null;
  readonly #late = new Set<() => void>();
  /** The agent was sent bytes that are no packet. */
  #spoilt = false;

  constructor(proxy: Proxy, near: Socket, port: number, number: number) {
    this.#proxy = proxy;
    this.#near = near;
    this.#far = connect(port, "127.0.0.1");
    this.#number = number;
    this.#run = proxy.run;
    for (
      const [from, to, pass] of [
        [near, this.#far, (p: Uint8Array) => this.#outward(p)],
        [this.#far, near, (p: Uint8Array) => this.#inward(p)],
      ] as const
    ) {
      const packets = new Packets();
      from.setNoDelay(true);
      from.on("data", (bytes: Uint8Array) => {
        for (const packet of packets.push(bytes)) this.#later(packet, pass);
      });
      from.on("error", () => {/* close follows */});
      from.on("close", () => to.destroy());
    }
    near.once("close", () => {
      this.#disarm?.();
      for (const disarm of this.#late) disarm();
      this.#note({ type: "ended" });
    });
  }

  destroy(): void {
    this.#near.destroy();
    this.#far.destroy();
  }

  inject(bytes: Uint8Array): void {
    this.#spoilt = true;
    this.#near.write(bytes);
  }

  /** Passes on what is due, and comes back for the rest. */
  flush(): void {
    this.#disarm?.();
    this.#disarm = null;
    const { spoil } = this.#proxy;
    for (;;) {
      const [next] = this.#held;
      if (next === undefined || spoil.frozen) return;
      const leftMs = next.dueMs - clock.monoMs();
      if (leftMs > 0) {
        this.#disarm = clock.after(leftMs, () => this.flush());
        return;
      }
      this.#held.shift();
      next.pass();
    }
  }

  #later(packet: Uint8Array, pass: (packet: Uint8Array) => void): void {
    const { delayMs } = this.#proxy.spoil;
    const dueMs = clock.monoMs() + delayMs;
    this.#held.push({ dueMs, pass: () => pass(packet) });
    if (this.#disarm === null) this.flush();
  }

  #outward(packet: Uint8Array): void {
    const { spoil } = this.#proxy;
    if (typeOf(packet) === PUBLISH) {
      const found = publishOf(packet);
      if (found !== null) {
        this.#onWire.set(found.id, found.reading);
        this.#note({ type: "publish", reading: found.reading });
      }
      if (spoil.cutAfterBytes !== null) {
        this.#far.write(packet.subarray(0, spoil.cutAfterBytes));
        spoil.cutAfterBytes = null;
        this.destroy();
        return;
      }
    }
    this.#far.write(packet);
  }

  #inward(packet: Uint8Array): void {
    if (typeOf(packet) !== PUBACK) {
      this.#near.write(packet);
      return;
    }
    const { acks } = this.#proxy.spoil;
    if (acks === "withhold") return;
    if (acks !== "late" || pubackOf(packet).id % LATE_OF !== 0) {
      this.#answer(packet);
      return;
    }
    const disarm = clock.after(LATE_MS, () => {
      this.#late.delete(disarm);
      this.#answer(packet);
    });
    this.#late.add(disarm);
  }

  /** Gives the agent an acknowledgement, as it is or spoilt. */
  #answer(packet: Uint8Array): void {
    const { acks } = this.#proxy.spoil;
    const { id, code } = pubackOf(packet);
    const reading = this.#onWire.get(id);
    // What announces a device stays as it is: only readings are spoilt.
    if (reading === undefined) {
      this.#near.write(packet);
      return;
    }
    this.#onWire.delete(id);
    const rejected = acks === "reject";
    const told = rejected ? INVALID_PAYLOAD : code;
    const swallowed = this.#spoilt;
    this.#note({ type: "acknowledged", reading, code: told, swallowed });
    if (told < 0x80) this.#proxy.acknowledged.add(reading);
    const out = rejected ? encodePuback(id, told) : packet;
    this.#near.write(out);
    if (acks === "double") this.#near.write(out);
  }

  #note(
    event:
      | { readonly type: "publish"; readonly reading: string }
      | {
        readonly type: "acknowledged";
        readonly reading: string;
        readonly code: number;
        readonly swallowed: boolean;
      }
      | { readonly type: "ended" },
  ): void {
    this.#proxy.events.push({
      ...event,
      atMs: clock.monoMs(),
      connection: this.#number,
      run: this.#run,
    });
  }
}
