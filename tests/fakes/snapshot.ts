/**
 * A healthy agent as a snapshot, for tests of what is derived from it.
 *
 * @module
 */
import type {
  DeviceFacts,
  SerialFacts,
  SinkFacts,
  Snapshot,
} from "../../lib/inspect/snapshot.ts";
import { newDevice } from "../../lib/device/supervise.ts";
import type { PortDown } from "../../lib/modem/state.ts";
import { DEVICE, linkOf } from "./devices.ts";

/** Noon of the snapshot. */
export const NOW_MS: number = Date.UTC(2025, 0, 1, 12);
const HOUR_MS = 3_600_000;

/** A moment so many seconds before now, as JSON tells it. */
export function ago(seconds: number): string {
  return new Date(NOW_MS - seconds * 1000).toISOString();
}

/** A sink that is up and has nothing waiting. */
export function sinkFacts(some: Partial<SinkFacts> = {}): SinkFacts {
  return {
    name: "cloud",
    type: "scorpio",
    up: true,
    detail: "Connected to mqtts://broker.example:8883",
    whileDown: null,
    sinceMs: NOW_MS - HOUR_MS,
    account: {
      readings: 1000,
      delivered: 1000,
      pending: 0,
      rejected: 0,
      dropped: 0,
      droppedBy: {},
    },
    oldestPendingMs: null,
    lastDeliveredMs: NOW_MS - 5000,
    ratePerS: 0.5,
    arrivalPerS: 0.5,
    lastRejection: null,
    droppedToday: { count: 0, reasons: [], lastMs: null },
    ...some,
  };
}

/** A sink with readings waiting: `pending` of them, the oldest so many seconds old. */
export function waitingSink(
  pending: number,
  oldestS: number,
  some: Partial<SinkFacts> = {},
): SinkFacts {
  const sink = sinkFacts(some);
  return {
    ...sink,
    account: {
      ...sink.account,
      readings: sink.account.readings + pending,
      pending,
    },
    oldestPendingMs: NOW_MS - oldestS * 1000,
  };
}

/** A named device that was heard a minute ago and reports every ten minutes. */
export function deviceFacts(some: Partial<DeviceFacts> = {}): DeviceFacts {
  const device = some.device ?? DEVICE;
  const heardS = some.lastHeardS ?? 60;
  const received = {
    wallMs: NOW_MS - heardS * 1000,
    monoMs: 0,
    bootId: "fake-boot",
    synced: true,
  };
  return {
    device,
    name: "Compressor 2",
    ignored: false,
    state: newDevice(device, received),
    firstHeardMs: NOW_MS - 24 * HOUR_MS,
    lastHeardMs: received.wallMs,
    lastHeardS: heardS,
    link: linkOf(80),
    learnedS: 600,
    silentForS: heardS,
    limits: {
      silentAfterS: 1260,
      offlineAfterS: 3600,
      unregisterAfterS: 86_400,
    },
    limitsSet: false,
    queued: [],
    ...some,
  };
}

/** The line of a modem that is well. */
export function serialFacts(some: Partial<SerialFacts> = {}): SerialFacts {
  return {
    port: "/dev/ttyACM0",
    state: {
      portUp: true,
      portFault: null,
      phase: "ready",
      identity: null,
      detail: "Modem identified",
    },
    portSinceMs: NOW_MS - HOUR_MS,
    modemSinceMs: NOW_MS - HOUR_MS,
    counters: {
      frames: {
        alp_data: 10,
        ping_request: 0,
        ping_response: 0,
        logging: 0,
        rebooted: 1,
        unknown: 0,
      },
      discardedBytes: 3,
      badChecksums: 2,
      lostFrames: 1,
      alpErrors: {},
    },
    lastFrameMs: NOW_MS - 2000,
    recent: {
      minutes: 5,
      frames: 10,
      badChecksums: 0,
      discardedBytes: 0,
      lostMinutes: 60,
      lostFrames: 0,
    },
    ...some,
  };
}

/** A port that is not open. */
export function portDown({ why, detail }: PortDown): SerialFacts {
  return serialFacts({
    state: {
      portUp: false,
      portFault: why,
      phase: "closed",
      identity: null,
      detail,
    },
    portSinceMs: NOW_MS - 60_000,
  });
}

/** An agent without a problem. */
export function snapshot(some: Partial<Snapshot> = {}): Snapshot {
  return {
    nowMs: NOW_MS,
    synced: true,
    syncedSinceMs: NOW_MS - HOUR_MS,
    agent: {
      name: "hall-2",
      version: "0.0.0",
      startedMs: NOW_MS - HOUR_MS,
      uptimeS: 3600,
      pid: 12,
      dataDir: "/var/lib/dash7-edge",
    },
    serial: serialFacts(),
    intake: {
      readings: { energy: 9, button: 1 },
      duplicates: 2,
      ignored: 1,
      problems: {},
      lost: 0,
    },
    readingsPerHour: 1800,
    outbox: {
      bytes: 20_000_000,
      maxBytes: 256_000_000,
      maxAgeMs: 30 * 24 * HOUR_MS,
      diskFreeBytes: 5_000_000_000,
      minFreeBytes: 100_000_000,
      oldestMs: NOW_MS - 20 * HOUR_MS,
      fill: 0,
      bytesPerReading: 200,
      trouble: null,
      troubleSinceMs: NOW_MS - HOUR_MS,
    },
    sinks: [sinkFacts()],
    devices: [deviceFacts()],
    http: null,
    ...some,
  };
}
