/**
 * Runs modem sessions over a serial port: opens it, opens it again when it was
 * lost, feeds frames to the session and performs what the session asks for.
 *
 * Absent, busy, unplugged and silent are states here, not ends: `run` returns
 * only when its signal aborts.
 *
 * @module
 */
import { z } from "zod";
import type { Action } from "../alp/action.ts";
import type { Command } from "../alp/alp.ts";
import type { Clock } from "../clock.ts";
import { Deframer, type DeframerItem } from "../frame/deframer.ts";
import { type Log, sparing } from "../log.ts";
import { run, type Running } from "../machine.ts";
import { type BytePort, type OpenPort, SerialError } from "../serial/serial.ts";
import type {
  Answer,
  Identity,
  Session,
  SessionEffect,
  SessionEvent,
} from "./events.ts";
import { LinkWatch } from "./link.ts";
import { type LineCounters, Reports } from "./reports.ts";
import { newSession, step } from "./session.ts";

/** Section `[modem]` of the configuration. */
export const modemConfig = z.strictObject({
  local_timeout_s: z.number().min(0.1).max(600).default(10)
    .describe("how long the modem may take to answer a request of its own"),
  remote_timeout_s: z.number().min(0.1).max(3600).default(30)
    .describe("how long a device may take to answer a request over the air"),
});

/** Checked section `[modem]`. */
export type ModemConfig = z.infer<typeof modemConfig>;

/** A command that came unasked, and when. */
export interface Heard {
  readonly command: Command;
  /** The command's bytes. */
  readonly payload: Uint8Array;
  readonly received: ReturnType<Clock["instant"]>;
}

/** What the modem is doing. */
export interface ModemState {
  /** Whether the port is open. */
  readonly portUp: boolean;
  readonly phase: Session["phase"];
  readonly identity: Identity | null;
  /** One line for a technician. */
  readonly detail: string;
}

/** What a {@link Modem} works with. */
export interface ModemHost {
  readonly open: OpenPort;
  readonly config: ModemConfig;
  /** The deframer's silence rule, milliseconds. */
  readonly silenceMs: number;
  readonly clock: Clock;
  readonly log: Log;
  /** Takes what one chunk of bytes brought, in order; must not throw. */
  readonly onHeard: (heard: readonly Heard[]) => void;
  /** Told when the modem's link is up (with its UID) and when it is lost; must not throw. */
  readonly onLink?: (up: boolean, uid: string | null) => void;
}

/** Pause before a port that could not be opened, or was lost, is tried again. */
export const REOPEN_MS = 1000;

/** Longest that opening or closing a port takes: a driver may wait half a minute for its device. */
const MOVE_MS = 60_000;
/** Longest that bytes may lie in the driver while a read is under way. */
const UNREAD_MS = 5000;

/** The modem on the serial port. */
export class Modem {
  readonly #host: ModemHost;
  readonly #log: Log;
  /** For what a noisy line may cause any number of times. */
  readonly #noise: Log;
  readonly #reports: Reports;
  readonly #session: Running<Session, SessionEvent>;
  readonly #timers = new Map<string, () => void>();
  readonly #tickets = new Map<number, (answer: Answer) => void>();
  readonly #deframer = new Deframer();
  #ticket = 0;
  #port: BytePort | null = null;
  #portDetail = "Port not opened yet";
  #heard: Heard[] = [];
  #received: Heard["received"];
  #silence: (() => void) | null = null;
  /** What is being done to the port, and since when. */
  #doing: { readonly what: "open" | "close"; readonly sinceMs: number } | null =
    null;
  #chunks = 0;
  /** Bytes seen lying in the driver: since when, and after how many chunks. */
  #unread: { readonly sinceMs: number; readonly chunks: number } | null = null;
  readonly #link: LinkWatch;
  #signal: AbortSignal | null = null;

  constructor(host: ModemHost) {
    this.#host = host;
    this.#log = host.log;
    this.#noise = sparing(host.log, () => host.clock.monoMs());
    this.#reports = new Reports(host.log, this.#noise);
    this.#received = host.clock.instant();
    this.#link = new LinkWatch(
      host.clock,
      (up) => host.onLink?.(up, this.state().identity?.uid ?? null),
    );
    this.#session = run(
      step,
      newSession({
        localTimeoutMs: host.config.local_timeout_s * 1000,
        remoteTimeoutMs: host.config.remote_timeout_s * 1000,
      }),
      (effect) => this.#perform(effect),
    );
  }

  /** What the line has seen since the start. */
  get counters(): LineCounters {
    return this.#reports.counters;
  }

  /** What the modem is doing now. */
  state(): ModemState {
    const { phase, identity } = this.#session.state();
    return {
      portUp: this.#port !== null,
      phase,
      identity,
      detail: this.#port === null ? this.#portDetail : this.#reports.trouble ??
        (phase === "ready" ? "Modem identified" : "Waiting for the modem"),
    };
  }

  /**
   * Sends actions to the modem and waits for the answer; every end is a value.
   *
   * @param options.remote the actions are forwarded over the air
   */
  request(
    actions: readonly Action[],
    options: { readonly remote?: boolean } = {},
  ): Promise<Answer> {
    const ticket = ++this.#ticket;
    return new Promise((resolve) => {
      this.#tickets.set(ticket, resolve);
      this.#session.feed({
        type: "request",
        ticket,
        actions,
        remote: options.remote ?? false,
      });
    });
  }

  /**
   * What the reader of the port is stuck at; null while a read is pending as it
   * should be, or the port is known to be absent. A modem that says nothing is
   * no fault of the reader.
   */
  stuck(): string | null {
    const nowMs = this.#host.clock.monoMs();
    if (this.#doing !== null && nowMs - this.#doing.sinceMs > MOVE_MS) {
      return `The port does not ${this.#doing.what}`;
    }
    const count = this.#port?.unread?.() ?? 0;
    if (count === 0) {
      this.#unread = null;
    } else if (this.#unread?.chunks !== this.#chunks) {
      this.#unread = { sinceMs: nowMs, chunks: this.#chunks };
    } else if (nowMs - this.#unread.sinceMs > UNREAD_MS) {
      return `${count} bytes lie in the port and are not read`;
    }
    return null;
  }

  /** Keeps the port open and the session going until `signal` aborts. */
  async run(signal: AbortSignal): Promise<void> {
    this.#signal = signal;
    // What ends because we end is not lost.
    const end = () => this.#link.end();
    signal.addEventListener("abort", end);
    this.#lookAtLink();
    while (!signal.aborted) {
      const port = await this.#timed("open", this.#open());
      if (port === null) {
        await this.#host.clock.sleep(REOPEN_MS, { signal });
        continue;
      }
      const close = () => void port[Symbol.asyncDispose]();
      signal.addEventListener("abort", close);
      if (signal.aborted) close();
      try {
        await this.#converse(port);
      } finally {
        signal.removeEventListener("abort", close);
        await this.#timed("close", port[Symbol.asyncDispose]());
      }
      if (!signal.aborted) {
        await this.#host.clock.sleep(REOPEN_MS, { signal });
      }
    }
    signal.removeEventListener("abort", end);
  }

  #lookAtLink(): void {
    if (this.#signal?.aborted ?? true) return;
    this.#link.look({
      portUp: this.#port !== null,
      identified: this.#session.state().phase === "ready",
      silent: this.#reports.silent,
    });
  }

  /** Notes how long a step takes, for {@link stuck}. */
  async #timed<T>(what: "open" | "close", step: PromiseLike<T>): Promise<T> {
    this.#doing = { what, sinceMs: this.#host.clock.monoMs() };
    try {
      return await step;
    } finally {
      this.#doing = null;
    }
  }

  /** Opens the port; null after telling why not, once per reason. */
  async #open(): Promise<BytePort | null> {
    try {
      const port = await this.#host.open();
      this.#noise.info("Serial port open", { port: port.name });
      return port;
    } catch (error) {
      if (!(error instanceof SerialError)) throw error;
      if (error.message !== this.#portDetail) {
        this.#portDetail = error.message;
        this.#noise.warn("Serial port not usable, will be tried every second", {
          reason: error.message,
        });
      }
      return null;
    }
  }

  /** One session, from an open port to its end. */
  async #converse(port: BytePort): Promise<void> {
    this.#port = port;
    this.#reports.trouble = null;
    this.#reports.spoken = false;
    this.#session.feed({ type: "opened" });
    try {
      for (;;) {
        const chunk = await port.read();
        if (chunk === null) {
          this.#portDetail = "Port closed";
          return;
        }
        this.#chunks++;
        this.#received = this.#host.clock.instant();
        this.#take(this.#deframer.push(chunk));
        this.#watchSilence();
        this.#lookAtLink();
      }
    } catch (error) {
      if (!(error instanceof SerialError)) throw error;
      this.#portDetail = error.message;
      this.#noise.warn("Serial port lost, will be opened again", {
        port: port.name,
        reason: error.message,
      });
    } finally {
      this.#port = null;
      this.#silence?.();
      this.#silence = null;
      // What was pending can never be completed by another session's bytes.
      this.#take(this.#deframer.silence());
      this.#deframer.reset();
      this.#session.feed({ type: "closed" });
      this.#reports.silent = false;
      this.#lookAtLink();
    }
  }

  /** Arms the silence rule while bytes are pending. [serial §1.5] */
  #watchSilence(): void {
    this.#silence?.();
    this.#silence = this.#deframer.pending().length === 0
      ? null
      : this.#host.clock.after(this.#host.silenceMs, () => {
        this.#silence = null;
        this.#received = this.#host.clock.instant();
        this.#take(this.#deframer.silence());
        this.#watchSilence();
      });
  }

  #take(found: readonly DeframerItem[]): void {
    for (const item of found) {
      switch (item.kind) {
        case "frame":
          this.counters.frames[item.frame.type]++;
          this.#session.feed({ type: "frame", frame: item.frame });
          this.#reports.spoken = true;
          break;
        case "discarded":
          this.counters.discardedBytes += item.bytes.length;
          this.#noise.warn("Bytes on the line are no frame, discarded", {
            count: item.bytes.length,
            bytes: item.bytes,
          });
          break;
        case "bad_checksum":
          this.counters.badChecksums++;
          break;
      }
    }
    if (this.#heard.length === 0) return;
    const heard = this.#heard;
    this.#heard = [];
    this.#host.onHeard(heard);
  }

  #perform(effect: SessionEffect): void {
    switch (effect.type) {
      case "write":
        // A write fails only with the port, which the reader reports.
        this.#port?.write(effect.bytes).catch((error: unknown) =>
          this.#log.debug("Frame not written", { reason: String(error) })
        );
        break;
      case "arm":
        this.#timers.get(effect.timer)?.();
        this.#timers.set(
          effect.timer,
          this.#host.clock.after(effect.delayMs, () => {
            this.#timers.delete(effect.timer);
            this.#session.feed({ type: "timer", timer: effect.timer });
            this.#lookAtLink();
          }),
        );
        break;
      case "disarm":
        this.#timers.get(effect.timer)?.();
        this.#timers.delete(effect.timer);
        break;
      case "heard":
        this.#heard.push({
          command: effect.command,
          payload: effect.payload,
          received: this.#received,
        });
        break;
      case "answered": {
        const resolve = this.#tickets.get(effect.ticket);
        this.#tickets.delete(effect.ticket);
        resolve?.(effect.answer);
        break;
      }
      case "report":
        this.#reports.take(effect.report);
        break;
    }
  }
}
