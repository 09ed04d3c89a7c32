/**
 * What the composition root lends to a sink, for tests.
 *
 * @module
 */
import { type Clock, systemClock } from "../../lib/clock.ts";
import { Registry } from "../../lib/device/registry.ts";
import type { Downlinks } from "../../lib/downlink/downlink.ts";
import { contentOf } from "../../lib/files/files.ts";
import { silentLog } from "../../lib/log.ts";
import { mqttjs } from "../../lib/mqtt/mqttjs.ts";
import type { SinkHost } from "../../lib/sink/sink.ts";

/** A clock that runs, for tests that wait for a broker rather than for time. */
export function realClock(): Clock {
  return systemClock({
    bootId: "fake-boot",
    monoMs: () => performance.now(),
    synced: () => true,
  });
}

/** Downlinks to devices that are all out of reach. */
export const noDownlinks: Downlinks = {
  write: () => Promise.resolve({ end: "offline" }),
  read: () => Promise.resolve({ end: "offline" }),
  queued: () => [],
};

/** A host with real connections; override what the test is about. */
export function sinkHost(some: Partial<SinkHost> = {}): SinkHost {
  const clock = some.clock ?? realClock();
  return {
    name: "test",
    log: silentLog,
    clock,
    random: () => 0,
    connect: mqttjs(clock),
    agentName: "gateway",
    deviceName: () => undefined,
    dataDir: "",
    devices: new Registry({ clock, log: silentLog, decode: contentOf }),
    downlinks: noDownlinks,
    version: "0.0.0",
    ...some,
  };
}
