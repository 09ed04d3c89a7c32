import assert from "node:assert/strict";
import { METRICS } from "../../lib/inspect/metrics.ts";
import { READ, type Scrape } from "../../lib/inspect/metric_rows.ts";
import type { Snapshot } from "../../lib/inspect/snapshot.ts";
import { energy, Plant } from "../fakes/plant.ts";
import {
  deviceFacts,
  sinkFacts,
  snapshot,
  waitingSink,
} from "../fakes/snapshot.ts";

const FIRST = "326636300039004C";

/** The names and labels of product.md §6; anything else is an addition. */
const CONTRACT: Readonly<Record<string, readonly string[]>> = {
  serial_frames_total: ["type"],
  serial_discarded_bytes_total: [],
  serial_bad_checksums_total: [],
  serial_lost_frames_total: [],
  serial_up: [],
  alp_errors_total: ["error"],
  readings_total: ["file"],
  duplicates_total: [],
  sink_up: ["sink"],
  sink_delivered_total: ["sink"],
  sink_rejected_total: ["sink"],
  outbox_pending: ["sink"],
  outbox_dropped_total: ["sink", "reason"],
  outbox_bytes: [],
  delivery_seconds: ["sink"],
  device_last_seen_timestamp_seconds: ["device"],
};

Deno.test("METRICS has every name and label of the contract", () => {
  const rows = new Map(METRICS.map((row) => [row.name, row]));
  for (const [name, labels] of Object.entries(CONTRACT)) {
    const row = rows.get(`dash7_edge_${name}`);
    assert.deepEqual(row?.labels, labels, name);
    assert.equal(row?.type === "counter", name.endsWith("_total"), name);
  }
  assert.equal(rows.size, METRICS.length, "no name twice");
  for (const { name, help } of METRICS) {
    assert.match(name, /^(dash7_edge|process|nodejs)_[a-z0-9_]+$/);
    assert.match(help, /^[A-Z].*\.$/, name);
  }
});

const process = {
  cpuUserS: 2,
  cpuSystemS: 1,
  residentBytes: 60_000_000,
  openFds: 20,
  maxFds: null,
  startS: 1_700_000_000,
  heapUsedBytes: 5_000_000,
  heapTotalBytes: 9_000_000,
  externalBytes: 1_000_000,
};

/** Lines of a scrape without prefix: `name{labels} value`. */
function lines(name: string, some: Partial<Snapshot> = {}): string[] {
  const scrape: Scrape = { snapshot: snapshot(some), process, lateS: 0.01 };
  return READ.filter((row) => row.name === name).flatMap((row) =>
    row.read(scrape).map(([labels, value]) => {
      const inside = Object.entries(labels).map(([k, v]) => `${k}=${v}`);
      return `${inside.join(",")} ${value}`.trim();
    })
  );
}

const rows: readonly (readonly [
  name: string,
  some: Partial<Snapshot>,
  told: readonly string[],
])[] = [
  ["dash7_edge_info", {}, ["version=0.0.0 1"]],
  ["dash7_edge_serial_up", {}, ["1"]],
  ["dash7_edge_modem_ready", {}, ["1"]],
  ["dash7_edge_serial_discarded_bytes_total", {}, ["3"]],
  ["dash7_edge_alp_errors_total", {}, [
    "error=truncated 0",
    "error=unknown_opcode 0",
    "error=reserved_flags 0",
    "error=unknown_interface 0",
    "error=unsupported_query 0",
    "error=unknown_permission 0",
  ]],
  ["dash7_edge_readings_total", {}, [
    "file=energy 9",
    "file=button 1",
    "file=energy_config 0",
    "file=button_config 0",
  ]],
  ["dash7_edge_sink_up", {
    sinks: [sinkFacts(), sinkFacts({ name: "file", up: false })],
  }, ["sink=cloud 1", "sink=file 0"]],
  ["dash7_edge_outbox_pending", { sinks: [waitingSink(7, 60)] }, [
    "sink=cloud 7",
  ]],
  ["dash7_edge_outbox_oldest_pending_seconds", {
    sinks: [waitingSink(7, 60), sinkFacts({ name: "file" })],
  }, ["sink=cloud 60", "sink=file 0"]],
  ["dash7_edge_outbox_dropped_total", {
    sinks: [
      sinkFacts({
        account: { ...sinkFacts().account, droppedBy: { size: 4 }, dropped: 4 },
      }),
    ],
  }, [
    "sink=cloud,reason=age 0",
    "sink=cloud,reason=size 4",
    "sink=cloud,reason=disk 0",
    "sink=cloud,reason=damaged 0",
    "sink=cloud,reason=purged 0",
  ]],
  ["dash7_edge_outbox_lasts_seconds", {}, ["2560000"]],
  ["dash7_edge_outbox_lasts_seconds", { readingsPerHour: null }, []],
  ["dash7_edge_device_last_seen_timestamp_seconds", {
    devices: [deviceFacts(), deviceFacts({ device: "1", ignored: true })],
  }, [`device=${FIRST} 1735732740`]],
  ["dash7_edge_device_info", { devices: [deviceFacts({ name: null })] }, [
    `device=${FIRST},name= 1`,
  ]],
  ["dash7_edge_device_ok", {
    devices: [deviceFacts(), deviceFacts({ device: "1", lastHeardS: 1300 })],
  }, [`device=${FIRST} 1`, "device=1 0"]],
  ["dash7_edge_device_silent_after_seconds", {}, [`device=${FIRST} 1260`]],
  ["dash7_edge_devices", {}, [
    "state=ok 1",
    "state=silent 0",
    "state=offline 0",
    "state=unregistered 0",
  ]],
  ["dash7_edge_problems", { synced: false }, [
    "severity=error 0",
    "severity=warning 1",
  ]],
  ["process_cpu_seconds_total", {}, ["3"]],
  ["process_max_fds", {}, []],
];

for (const [name, some, told] of rows) {
  Deno.test(`${name} tells ${told.join("; ") || "nothing"}`, () => {
    assert.deepEqual(lines(name, some), told);
  });
}

Deno.test("metrics() is Prometheus text, with types, and counts no scrape twice", async () => {
  await using plant = await Plant.open();
  await plant.hear(energy(FIRST, 1n), energy(FIRST, 1n));
  const [text] = await Promise.all([
    plant.agent.view.metrics(),
    plant.agent.view.metrics(),
  ]);
  for (
    const line of [
      "# TYPE dash7_edge_duplicates_total counter",
      "dash7_edge_duplicates_total 1",
      'dash7_edge_readings_total{file="energy"} 2',
      'dash7_edge_sink_delivered_total{sink="one"} 1',
      'dash7_edge_serial_frames_total{type="logging"} 0',
      "# TYPE dash7_edge_delivery_seconds histogram",
      'dash7_edge_delivery_seconds_bucket{le="+Inf",sink="one"} 1',
      'dash7_edge_delivery_seconds_count{sink="one"} 1',
      'dash7_edge_info{version="0.0.0"} 1',
    ]
  ) assert.ok(text.split("\n").includes(line), line);
  assert.doesNotMatch(text, /NaN|undefined/);
  for (const { name, type } of METRICS) {
    assert.match(text, new RegExp(`^# TYPE ${name} ${type}$`, "m"));
  }
  const again = await plant.agent.view.metrics();
  assert.match(again, /^dash7_edge_duplicates_total 1$/m);
});

Deno.test("metrics() of a sink that never delivered has a histogram of zeros", async () => {
  await using plant = await Plant.open();
  assert.match(
    await plant.agent.view.metrics(),
    /^dash7_edge_delivery_seconds_count\{sink="one"\} 0$/m,
  );
});

Deno.test("metrics() counts deliveries on across a restart", async () => {
  await using plant = await Plant.open();
  await plant.hear(energy(FIRST, 1n));
  await plant.stop();
  await plant.start();
  const text = await plant.agent.view.metrics();
  assert.match(text, /^dash7_edge_sink_delivered_total\{sink="one"\} 1$/m);
  assert.match(text, /^dash7_edge_readings_total\{file="energy"\} 0$/m);
});

Deno.test("metrics() tells a start that does not drift, and follows a clock that was set", async () => {
  await using plant = await Plant.open();
  const start = async () =>
    /^process_start_time_seconds (\d+)$/m
      .exec(await plant.agent.view.metrics())?.[1];
  const first = await start();
  plant.clock.setWall(plant.clock.nowMs() + 3000);
  assert.equal(await start(), first);
  plant.clock.setWall(plant.clock.nowMs() + 3_600_000);
  assert.ok(Number(await start()) - Number(first) >= 3600);
});
