/**
 * `/status` and `/readyz` from a snapshot. Pure.
 *
 * @module
 */
import type {
  DeviceJson,
  ReadyJson,
  SerialJson,
  SinkJson,
  StatusJson,
} from "../http/json.ts";
import { stateOf } from "./devices.ts";
import { drainedInS, oldestPendingAgeMs } from "./facts.ts";
import { lastsS } from "./lasts.ts";
import { timeOf } from "./parts.ts";
import { problemsOf } from "./problems.ts";
import type { SerialFacts, SinkFacts, Snapshot } from "./snapshot.ts";

/** `GET /status`. */
export function statusOf(snapshot: Snapshot): StatusJson {
  const { agent, intake, nowMs, outbox, sinks } = snapshot;
  return {
    agent: {
      name: agent.name,
      version: agent.version,
      started_at: timeOf(agent.startedMs),
      uptime_s: Math.floor(agent.uptimeS),
      pid: agent.pid,
      data_dir: agent.dataDir,
      now: timeOf(nowMs),
      clock_synchronised: snapshot.synced,
    },
    ready: readyOf(snapshot).ready,
    problems: problemsOf(snapshot),
    serial: serialOf(snapshot.serial),
    readings: {
      by_file: { ...intake.readings },
      duplicates: intake.duplicates,
      ignored: intake.ignored,
      problems: { ...intake.problems },
      lost: intake.lost,
      per_hour: rounded(snapshot.readingsPerHour),
    },
    outbox: {
      bytes: outbox.bytes,
      max_bytes: outbox.maxBytes,
      disk_free_bytes: outbox.diskFreeBytes,
      min_free_bytes: outbox.minFreeBytes,
      oldest_at: timeOrNull(outbox.oldestMs),
      fill: outbox.fill,
      lasts_s: sinks.length === 0 ? null : lastsS(
        outbox,
        oldestPendingAgeMs(snapshot),
        snapshot.readingsPerHour,
      ),
      trouble: outbox.trouble,
    },
    sinks: sinks.map(sinkOf),
    devices: countsOf(snapshot),
  };
}

/** `GET /readyz`: the port is open, the modem identified, the store writable. A sink that is down does not count: readings wait for it. */
export function readyOf(
  { serial, outbox, sinks }: Pick<Snapshot, "serial" | "outbox" | "sinks">,
): ReadyJson {
  const port_open = serial.state.portUp;
  const modem_identified = port_open && serial.state.phase === "ready";
  const store_writable = outbox.trouble === null;
  return {
    ready: port_open && modem_identified && store_writable,
    port_open,
    modem_identified,
    store_writable,
    sinks: Object.fromEntries(
      sinks.map(({ name, up, detail }) => [name, { up, detail }]),
    ),
  };
}

function serialOf(
  { port, state, counters, lastFrameMs }: SerialFacts,
): SerialJson {
  return {
    port,
    up: state.portUp,
    phase: state.phase,
    detail: state.detail,
    modem: state.identity === null ? null : {
      uid: state.identity.uid,
      firmware: firmwareText(state.identity.firmware),
    },
    frames: { ...counters.frames },
    discarded_bytes: counters.discardedBytes,
    bad_checksums: counters.badChecksums,
    lost_frames: counters.lostFrames,
    alp_errors: { ...counters.alpErrors },
    last_frame_at: timeOrNull(lastFrameMs),
  };
}

function firmwareText(
  { applicationName, gitSha1, d7apMajor, d7apMinor }: NonNullable<
    SerialFacts["state"]["identity"]
  >["firmware"],
): string {
  return `${applicationName} ${gitSha1}, DASH7 ${d7apMajor}.${d7apMinor}`
    .trim();
}

function sinkOf(sink: SinkFacts): SinkJson {
  const { readings, delivered, pending, rejected, dropped, droppedBy } =
    sink.account;
  return {
    name: sink.name,
    type: sink.type,
    up: sink.up,
    detail: sink.detail,
    since: timeOf(sink.sinceMs),
    readings,
    delivered,
    pending,
    rejected,
    dropped,
    dropped_by: { ...droppedBy },
    oldest_pending_at: timeOrNull(sink.oldestPendingMs),
    last_delivered_at: timeOrNull(sink.lastDeliveredMs),
    rate_per_s: Math.round(sink.ratePerS * 10) / 10,
    drained_in_s: drainedInS(sink),
  };
}

function countsOf({ devices }: Snapshot): StatusJson["devices"] {
  const followed = devices.filter(({ ignored }) => !ignored);
  const states = Map.groupBy(followed, stateOf);
  const count = (state: DeviceJson["state"]) => states.get(state)?.length ?? 0;
  return {
    known: followed.length,
    ok: count("ok"),
    silent: count("silent"),
    offline: count("offline"),
    unregistered: count("unregistered"),
    unnamed: followed.filter(({ name }) => name === null).length,
  };
}

function timeOrNull(ms: number | null): string | null {
  return ms === null ? null : timeOf(ms);
}

function rounded(value: number | null): number | null {
  return value === null ? null : Math.round(value * 10) / 10;
}
