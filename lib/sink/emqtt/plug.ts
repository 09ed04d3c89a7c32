/**
 * The ePlug at work: feeds its machine with what broker, devices, timers and
 * HTTP say, and performs the effects.
 *
 * @module
 */
import type {
  DeviceChange,
  DeviceEvent,
  DeviceState,
} from "../../device/device.ts";
import type { WriteEnd } from "../../downlink/downlink.ts";
import { run, type Running } from "../../machine.ts";
import type { SinkHost } from "../sink.ts";
import { Blinker } from "./blink.ts";
import { clientIdOf, type EmqttConfig } from "./config.ts";
import { PlugLink } from "./link.ts";
import { plugFilter, stepPlug, willOf } from "./machine.ts";
import type { PlugEffect, PlugEvent } from "./machine_io.ts";
import {
  MAIN,
  type Moment,
  type PlugState,
  powerUp,
  type Settings,
  type WriteStep,
} from "./machine_state.ts";
import { errorOfEnd } from "./payload_config.ts";
import { errorCode } from "./payload_hex.ts";
import type { Register } from "./register.ts";

/** Longest delay that a timer takes, ms; the machine arms the rest again. */
const MAX_DELAY_MS = 2 ** 31 - 1;
/** Silence of a broker after which it counts as dead, in keep-alives. [E-007] */
const DEAD_AFTER = 1.5;

type Untimed<E = PlugEvent> = E extends PlugEvent ? Omit<E, "at"> : never;

/** A running ePlug. */
export class Plug implements AsyncDisposable {
  readonly #host: SinkHost;
  readonly #config: EmqttConfig;
  readonly #register: Register;
  readonly #machine: Running<PlugState, PlugEvent>;
  readonly #link: PlugLink;
  readonly #blinker: Blinker;
  readonly #timers = new Map<string, () => void>();
  readonly #answers = new Map<number, string | null>();
  readonly #watch: Disposable;
  #requests = 0;
  #stopped = false;

  constructor(
    config: EmqttConfig,
    host: SinkHost,
    settings: Settings,
    register: Register,
  ) {
    this.#config = config;
    this.#host = host;
    this.#register = register;
    this.#blinker = new Blinker(config.blink_led, host.clock, host.log);
    this.#machine = run(
      (state, event) => stepPlug(state, event, settings),
      powerUp,
      (effect) => this.#perform(effect),
    );
    this.#link = new PlugLink({
      host,
      login: {
        clientId: clientIdOf(config.vendor_name, settings.uid),
        protocol: "3.1.1",
        username: config.username,
        password: config.password,
        tls: config.tls,
        keepAliveS: config.keep_alive_s,
        silenceLimitMs: config.keep_alive_s * 1000 * DEAD_AFTER,
        ...(settings.registration === "onCloud"
          ? { will: { ...willOf(settings.uid), qos: 0, retain: true } }
          : {}),
      },
      filter: plugFilter(settings.uid),
      onConnected: (localAddress) => {
        this.#refresh(null);
        this.#feed({ type: "connected", localAddress });
      },
      onEnded: () => this.#feed({ type: "disconnected" }),
      onMessage: ({ topic, payload, retain }) => {
        if (topic.includes(`_${MAIN}/`)) this.#refresh(null);
        this.#feed({ type: "message", topic, payload, retain });
      },
    });
    this.#refresh(null);
    this.#tell(host.devices.list().map((state) => ({ state, ...quiet })));
    this.#watch = host.devices.watch((change) => this.#changed(change));
    this.#feed({ type: "start", lock: register.lock() });
  }

  /** What the machine knows now. */
  state(): PlugState {
    return this.#machine.state();
  }

  /** What the connection does. */
  linkState(): { readonly up: boolean; readonly detail: string } {
    return this.#link.state();
  }

  /** The trigger of an onSite registration: the reason of a refusal, or null. */
  trigger(body: string): string | null {
    const request = ++this.#requests;
    this.#feed({ type: "trigger", request, body });
    const refusal = this.#answers.get(request) ?? null;
    this.#answers.delete(request);
    return refusal;
  }

  /** Forgets the broker. [E-093] */
  reset(): void {
    this.#feed({ type: "reset" });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#watch[Symbol.dispose]();
    this.#feed({ type: "stop" });
    this.#stopped = true;
    for (const disarm of this.#timers.values()) disarm();
    this.#timers.clear();
    this.#blinker[Symbol.dispose]();
    await this.#link.closed();
  }

  #feed(event: Untimed): void {
    if (this.#stopped) return;
    const { wallMs, monoMs, bootId } = this.#host.clock.instant();
    const at: Moment = { wallMs, monoMs, bootId };
    this.#machine.feed({ ...event, at } as PlugEvent);
  }

  /** A change of the device model; whatever happens here stays here. */
  #changed(change: DeviceChange): void {
    try {
      const own = change.events.filter(({ device }) => device !== null);
      const { state } = change;
      if (state !== null) this.#tell([{ ...change, state, events: own }]);
      const main = change.events.filter(({ device }) => device === null);
      if (state === null || main.length > 0) this.#refresh(null, main);
    } catch (error) {
      this.#host.log.error("Cannot follow a change of a device", { error });
    }
  }

  #tell(changes: readonly (DeviceChange & { state: DeviceState })[]): void {
    if (changes.length === 0) return;
    const { devices, downlinks, log } = this.#host;
    let ids: readonly string[];
    try {
      ids = this.#register.ids(changes.map(({ state }) => state.device));
    } catch (error) {
      log.error("Cannot keep SubinterfaceIDs, devices wait", { error });
      return;
    }
    changes.forEach((change, at) => {
      const { device } = change.state;
      this.#feed({
        type: "device",
        id: ids[at] ?? "",
        change,
        supervision: devices.supervisionOf(device),
        queued: downlinks.queued(device),
      });
    });
  }

  /** Tells the machine what is known now of a device, or (null) of the gateway. */
  #refresh(device: string | null, events: readonly DeviceEvent[] = []): void {
    const { devices } = this.#host;
    if (device === null) {
      this.#feed({ type: "gateway", gateway: devices.gateway(), events });
      return;
    }
    const state = devices.get(device);
    if (state !== undefined) this.#tell([{ state, ...quiet }]);
  }

  #perform(effect: PlugEffect): void {
    const { log } = this.#host;
    switch (effect.type) {
      case "connect":
        return this.#link.connect(effect.broker);
      case "disconnect":
        return this.#link.disconnect();
      case "subscribe":
        return this.#link.subscribe(effect.filter);
      case "publish":
        return this.#link.publish(effect.topic, effect.payload, effect.retain);
      case "arm":
        return this.#arm(effect.key, effect.sub, effect.dueMs);
      case "disarm":
        this.#timers.get(effect.key)?.();
        this.#timers.delete(effect.key);
        return;
      case "perform":
        return this.#write(effect.write, effect.device, effect.step);
      case "remember":
        try {
          this.#register.setLock(effect.lock);
        } catch (error) {
          log.error("Cannot keep the broker that this plug is locked to", {
            error,
          });
        }
        return;
      case "blink":
        return this.#blinker.set(effect.on);
      case "answer":
        this.#answers.set(effect.request, effect.refusal);
        return;
      case "report":
        log[effect.level](effect.message, effect.fields);
    }
  }

  #arm(key: string, sub: string | null, dueMs: number): void {
    const { clock } = this.#host;
    this.#timers.get(key)?.();
    const delayMs = Math.max(0, Math.min(MAX_DELAY_MS, dueMs - clock.monoMs()));
    this.#timers.set(
      key,
      clock.after(delayMs, () => {
        this.#timers.delete(key);
        if (sub === MAIN) this.#refresh(null);
        this.#feed({ type: "timer", key });
      }),
    );
  }

  #write(write: number, device: string | null, step: WriteStep): void {
    const ended = (error: number | null) => {
      this.#refresh(device);
      this.#feed({ type: "ended", write, error });
    };
    const failed = (error: unknown) => {
      this.#host.log.error("Write failed", { device: device ?? MAIN, error });
      ended(errorCode.general);
    };
    let over: Promise<WriteEnd> | null;
    try {
      over = this.#begin(device, step);
    } catch (error) {
      return failed(error);
    }
    if (over === null) ended(null);
    else void over.then((end) => ended(errorOfEnd(end)), failed);
  }

  /** Begins a step; null when it is done already. */
  #begin(device: string | null, step: WriteStep): Promise<WriteEnd> | null {
    const { devices, downlinks } = this.#host;
    const { downlink, downlink_timeout_s } = this.#config;
    const timeoutMs = downlink_timeout_s * 1000;
    switch (step.do) {
      case "tag":
        devices.setTag(device, step.tag);
        return null;
      case "supervision":
        devices.setSupervision(device, step.value);
        // The default is that of every node without its own.
        if (device === null) {
          this.#tell(devices.list().map((state) => ({ state, ...quiet })));
        }
        return null;
      case "resetCounters":
        devices.resetCounters(device);
        return null;
      case "writeFile":
        return downlinks.write(device ?? "", step.write, downlink, timeoutMs);
      case "readFiles":
        return downlinks.read(device ?? "", step.fileIds, downlink, timeoutMs);
    }
  }
}

/** A change in which nothing happened. */
const quiet = {
  events: [],
  measured: null,
  contact: false,
  gone: false,
} as const;
