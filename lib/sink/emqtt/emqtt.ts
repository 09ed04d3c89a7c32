/**
 * The SICON.OS sink: this gateway as an eMQTT ePlug, its modem and devices as
 * subinterfaces. eMQTT is live: it follows the device model, not the outbox, so
 * readings handed over are accepted at once and nothing ever waits for it.
 * [mapping M-02, M-36]
 *
 * @module
 */
import type { ConnectOptions } from "../../mqtt/mqtt.ts";
import type { Endpoint, Outcome, Sink, SinkHost, SinkKind } from "../sink.ts";
import {
  clientIdOf,
  DEFAULT_LISTEN,
  type EmqttConfig,
  emqttConfig,
  listenOf,
} from "./config.ts";
import { type HttpServer, listenFault, serveHttp } from "./http.ts";
import { MAIN, type Settings } from "./machine_state.ts";
import { previewOf } from "./machine_preview.ts";
import { mainProfile } from "./payload_main.ts";
import { nodeProfile } from "./payload_node.ts";
import { Plug } from "./plug.ts";
import { lockIn, openRegister, type Register } from "./register.ts";
import { chooseUid, systemInterfaces } from "./uid.ts";

/** Row of the table of kinds. */
export const emqtt: SinkKind<typeof emqttConfig> = {
  config: emqttConfig,
  open: openEmqtt,
  async probe(config, host, signal) {
    if (config.broker === undefined) {
      tryListen(config.http_listen ?? DEFAULT_LISTEN);
      return "waits for SICON.OS: its broker is learnt over HTTP";
    }
    await using _connection = await host.connect({
      ...trialLogin(config, config.broker, "check"),
      signal,
    });
    return `logged in to ${config.broker}`;
  },
  endpoints(config, host) {
    const trial = {
      none: "not tried: every topic of a plug makes SICON.OS do something",
    };
    const broker = (url: string): Endpoint => ({
      kind: "broker",
      login: trialLogin(config, url, "doctor"),
      trial,
    });
    if (config.broker !== undefined) return [broker(config.broker)];
    const listen = listenOf(config.http_listen ?? DEFAULT_LISTEN);
    const locked = lockIn(host.dataDir, host.name);
    return [
      ...(listen === null
        ? []
        : [{ kind: "listener", ...listen, key: "http_listen" } as const]),
      locked === null
        ? {
          kind: "awaited",
          reason: "its broker is set by SICON.OS, which has not come yet",
        }
        : broker(locked),
    ];
  },
};

/** How to log in beside the running plug: under its own name the broker would end the plug's connection. */
function trialLogin(
  config: EmqttConfig,
  broker: string,
  word: string,
): Omit<ConnectOptions, "signal"> {
  const uid = config.uid || `0000000${word.toUpperCase()}`.slice(-12);
  return {
    broker,
    clientId: clientIdOf(word, uid),
    protocol: "3.1.1",
    username: config.username,
    password: config.password,
    tls: config.tls,
    keepAliveS: config.keep_alive_s,
  };
}

/** @throws {Error} when the port cannot be opened; one in use may be the running agent's */
function tryListen(text: string): void {
  const listen = listenOf(text);
  if (listen === null) return;
  try {
    Deno.listen(listen).close();
  } catch (cause) {
    if (cause instanceof Deno.errors.AddrInUse) return;
    throw new Error(listenFault(cause, text), { cause });
  }
}

/** Readings that may be handed over at a time. */
const WINDOW = 4096;

function openEmqtt(config: EmqttConfig, host: SinkHost): Sink {
  const { log, clock } = host;
  const register = openRegister(
    host.dataDir,
    host.name,
    upperKeys(config.aliases),
    log,
  );
  const uid = config.uid || keptUid(register, host);
  const settings = settingsOf(config, uid, host.version);
  const plug = new Plug(config, host, settings, register);
  const listen = listenOf(
    config.http_listen ??
      (config.registration === "onSite" ? DEFAULT_LISTEN : ""),
  );
  const server: HttpServer | null = listen === null ? null : serveHttp({
    ...listen,
    clock,
    log,
    trigger: (body) => plug.trigger(body),
    status: () => statusOf(plug, settings),
  });
  return {
    window: () => WINDOW,
    ready: () => Promise.resolve(),
    whileDown:
      "what is measured until it is back is not sent later, eMQTT has no message for the past",
    deliver: (readings, signal) =>
      readings.map(() =>
        Promise.resolve<Outcome>(signal.aborted ? "kept" : "accepted")
      ),
    preview: (reading) =>
      previewOf(plug.state(), settings, clock.instant(), reading),
    state() {
      const state = plug.state();
      const fault = server?.fault() ?? null;
      if (fault !== null && state.phase !== "connected") {
        return { up: false, detail: fault };
      }
      const link = plug.linkState();
      if (state.phase === "idle") {
        return { up: false, detail: "Waiting for SICON.OS to set the broker" };
      }
      return state.phase === "connected"
        ? { up: true, detail: detailOf(plug) }
        : { up: false, detail: link.detail };
    },
    async [Symbol.asyncDispose]() {
      await Promise.all([
        plug[Symbol.asyncDispose](),
        server?.[Symbol.asyncDispose](),
      ]);
    },
  };
}

function upperKeys(
  aliases: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(aliases).map(([uid, id]) => [uid.toUpperCase(), id]),
  );
}

/** The UID of earlier runs, or one that is chosen and kept now. [E-002] */
function keptUid(register: Register, { random, log }: SinkHost): string {
  const kept = register.uid();
  if (kept !== null) return kept;
  const uid = chooseUid(systemInterfaces(), random);
  try {
    register.setUid(uid);
  } catch (error) {
    log.error("Cannot keep the UID of the plug", { uid, error });
  }
  log.info("UID of the plug chosen", { uid });
  return uid;
}

/** What the configuration says to the machine. */
export function settingsOf(
  config: EmqttConfig,
  uid: string,
  version: string,
): Settings {
  const vendor = {
    vendorId: config.vendor_id,
    vendorName: config.vendor_name,
  };
  const main = mainProfile(uid, {
    ...vendor,
    deviceId: config.device_id_main,
    productName: config.product_name_main,
    productText: "Gateway to DASH7 devices",
  }, version);
  const node = nodeProfile({
    ...vendor,
    deviceId: config.device_id_node,
    productName: config.product_name_node,
    productText: "3-phase energy meter over DASH7",
  });
  return {
    uid,
    registration: config.registration,
    broker: config.broker ?? null,
    cyclicDefaultMs: config.cyclic_default_ms,
    cyclicMinMs: config.cyclic_min_ms,
    observationMinMs: config.observation_min_ms,
    reportMinMs: config.report_min_ms,
    reportDefaultMs: config.report_default_ms,
    replay: {
      rateMs: config.replay.rate_ms,
      pre: config.replay.pre,
      post: config.replay.post,
    },
    max: {
      observation: config.max_observations,
      report: config.max_reports,
      replay: config.max_replays,
    },
    nakLiteral: config.nak_literal,
    clearRetainedWill: config.clear_retained_will,
    autoConnect: config.auto_connect,
    noRtc: config.no_rtc,
    observationTimestamp: config.observation_timestamp,
    profile: (device) => device === null ? main : node,
  };
}

function detailOf(plug: Plug): string {
  const { plug: state, subs, blink } = plug.state();
  const registered = [...subs.values()]
    .filter(({ id, phase }) => id !== MAIN && phase === "announced").length;
  const refused = [...subs.values()].filter(({ phase }) => phase === "aborted")
    .map(({ id, cause }) => cause === null ? id : `${id} (${cause})`);
  return [
    state === "On" ? `On, ${registered} devices registered` : state,
    ...(refused.length > 0 ? [`refused: ${refused.join(" ")}`] : []),
    ...(blink ? ["blinking"] : []),
  ].join(", ");
}

/** Answer to `GET /status`. [E-064, E-104, E-117] */
function statusOf(
  plug: Plug,
  { uid, registration }: Settings,
): Readonly<Record<string, unknown>> {
  const state = plug.state();
  return {
    uid,
    registration,
    state: state.plug,
    blink: state.blink,
    broker: state.broker,
    locked: state.lock !== null,
    subinterfaces: [...state.subs.values()].map((sub) => ({
      id: sub.id,
      device: sub.device,
      phase: sub.phase,
      ...(sub.phase === "aborted" ? { cause: sub.cause } : {}),
    })),
  };
}
