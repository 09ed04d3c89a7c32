/**
 * Runs modem sessions over a serial port: opens it, opens it again when it was
 * lost, feeds frames to the session and performs what the session asks for.
 *
 * Absent, busy, unplugged and silent are states here, not ends: `run` returns
 * only when its signal aborts. Long since port, session and those who watch them
 * meet in one loop; each of them has a file of its own.
 *
 * @module
 */
import * as z from "zod";
import type { Action } from "../alp/action.ts";
import type { Command } from "../alp/alp.ts";
import type { Clock } from "../clock.ts";
import { Deframer, type DeframerItem } from "../frame/deframer.ts";
import { type Log, sparing } from "../log.ts";
import { run, type Running } from "../machine.ts";
import { type BytePort, type OpenPort, SerialError } from "../serial/serial.ts";
import type { Answer, Session, SessionEffect, SessionEvent } from "./events.ts";
import { LinkWatch } from "./link.ts";
import { type LineCounters, Reports } from "./reports.ts";
import { newSession, step } from "./session.ts";
import {
  type ModemState,
  notTried,
  portClosed,
  type PortDown,
  portRefused,
} from "./state.ts";
import { StuckWatch } from "./stuck.ts";

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
  /** The counter of the serial frame it came in; null when it came as an answer. */
  readonly counter: number | null;
}

/** What a {@link Modem} works with. */
export interface ModemHost {
  readonly open: OpenPort;
  readonly config: ModemConfig;
  /** The deframer's silence rule, milliseconds. */
  readonly silenceMs: number;
  readonly clock: Clock;
  readonly log: Log;
  /** The port is a recording: nothing is asked, and the link counts as up while it is open. */
  readonly listenOnly?: boolean;
  /** Takes what one chunk of bytes brought, in order; must not throw. */
  readonly onHeard: (heard: readonly Heard[]) => void;
  /** Told of everything on the line, before it is heard; for those who look. Must not throw. */
  readonly onItem?: (item: DeframerItem, received: Heard["received"]) => void;
  /** Told when the modem's link is up (with its UID) and when it is lost; must not throw. */
  readonly onLink?: (up: boolean, uid: string | null) => void;
}

/** Pause before a port that could not be opened, or was lost, is tried again. */
export const REOPEN_MS = 1000;

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
  /** Why the port is not open, while it is not. */
  #down: PortDown = notTried;
  #heard: Heard[] = [];
  #received: Heard["received"];
  /** Of the frame that the session has at hand. */
  #counter = 0;
  #silence: (() => void) | null = null;
  readonly #link: LinkWatch;
  readonly #stuck: StuckWatch;
  #signal: AbortSignal | null = null;

  constructor(host: ModemHost) {
    this.#host = host;
    this.#log = host.log;
    this.#noise = sparing(host.log, () => host.clock.monoMs());
    this.#reports = new Reports(host.log, this.#noise);
    this.#received = host.clock.instant();
    this.#stuck = new StuckWatch(host.clock);
    this.#link = new LinkWatch(
      host.clock,
      (up) => host.onLink?.(up, this.state().identity?.uid ?? null),
    );
    this.#session = run(
      step,
      newSession({
        localTimeoutMs: host.config.local_timeout_s * 1000,
        remoteTimeoutMs: host.config.remote_timeout_s * 1000,
        listenOnly: host.listenOnly ?? false,
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
    if (this.#port === null) {
      const { why, detail } = this.#down;
      return { portUp: false, portFault: why, phase, identity, detail };
    }
    return {
      portUp: true,
      portFault: null,
      phase,
      identity,
      detail: this.#reports.trouble ??
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
    return this.#stuck.stuck(this.#port?.unread?.() ?? 0);
  }

  /** Keeps the port open and the session going until `signal` aborts. */
  async run(signal: AbortSignal): Promise<void> {
    this.#signal = signal;
    // What ends because we end is not lost.
    const end = () => this.#link.end();
    signal.addEventListener("abort", end);
    this.#lookAtLink();
    while (!signal.aborted) {
      const port = await this.#stuck.timed("open", this.#open());
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
        await this.#stuck.timed("close", port[Symbol.asyncDispose]());
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
      identified: this.#session.state().phase === "ready" ||
        this.#host.listenOnly === true,
      silent: this.#reports.silent,
    });
  }

  /** Opens the port; null after telling why not, once per reason. */
  async #open(): Promise<BytePort | null> {
    try {
      const port = await this.#host.open();
      this.#noise.info("Serial port open", { port: port.name });
      return port;
    } catch (error) {
      if (!(error instanceof SerialError)) throw error;
      if (error.message !== this.#down.detail) {
        this.#down = portRefused(error);
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
          this.#down = portClosed;
          return;
        }
        this.#stuck.read();
        this.#received = port.readAt ?? this.#host.clock.instant();
        this.#take(this.#deframer.push(chunk));
        this.#watchSilence();
        this.#lookAtLink();
      }
    } catch (error) {
      if (!(error instanceof SerialError)) throw error;
      this.#down = portRefused(error);
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
        // A machine that stood still finds bytes that came in time: it was not
        // the line that was silent. What silence sets free was received with
        // its last byte.
        if ((this.#port?.unread?.() ?? 0) === 0) {
          this.#take(this.#deframer.silence());
        }
        this.#watchSilence();
      });
  }

  #take(found: readonly DeframerItem[]): void {
    for (const item of found) {
      this.#host.onItem?.(item, this.#received);
      switch (item.kind) {
        case "frame":
          this.counters.frames[item.frame.type]++;
          this.#counter = item.frame.counter;
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
          counter: this.#counter,
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
