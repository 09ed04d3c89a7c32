/**
 * The table of metrics: what each is called, means and is read from. It
 * registers them and documents them. Pure.
 *
 * Counters are read from the counts that the parts keep themselves, at the
 * moment of the scrape; label values that are known stand there from the start
 * with 0, so that a first error shows as a rise and not as a new series.
 *
 * The process is told by the names that every Prometheus client uses, without
 * our prefix: dashboards and alerts for processes know them. Of what such
 * clients tell of a JavaScript runtime only that is here which means something
 * under Deno. Not here are `process_virtual_memory_bytes` and
 * `process_heap_bytes` (address space that the engine reserves, gigabytes of
 * it), `nodejs_active_handles` and `nodejs_active_requests` (always 0),
 * `nodejs_gc_duration_seconds` (never observed), `nodejs_version_info` (of a
 * program that does not run), `nodejs_heap_space_*` (mostly empty spaces), and
 * the means and percentiles of `nodejs_eventloop_lag` (they do not see a
 * blocked loop there). The one that is here is measured by the agent's own
 * timer. Longer than other files since it is one table.
 *
 * @module
 */
import { ALP_ERRORS } from "../alp/alp.ts";
import type { FileName } from "../reading/reading.ts";
import type { DropReason } from "../store/outbox.ts";
import { limitsOf, stateOf } from "./devices.ts";
import { oldestPendingAgeMs } from "./facts.ts";
import { lastsS } from "./lasts.ts";
import { problemsOf } from "./problems.ts";
import type { ProcessFacts } from "./process.ts";
import type { SinkFacts, Snapshot } from "./snapshot.ts";

/** What is read at a scrape. */
export interface Scrape {
  readonly snapshot: Snapshot;
  readonly process: ProcessFacts;
  /** The longest that the agent's own timer came late in the last minute, s. */
  readonly lateS: number;
}

/** One value with its labels. */
export type Sample = readonly [
  labels: Readonly<Record<string, string>>,
  value: number,
];

/** What every row of the table has. */
interface RowHead {
  readonly name: string;
  readonly labels: readonly string[];
  /** Meaning and unit, one sentence or two. */
  readonly help: string;
}

/** A row that is read at a scrape. */
export interface ReadRow extends RowHead {
  readonly type: "counter" | "gauge";
  readonly read: (scrape: Scrape) => readonly Sample[];
}

/** A row that is observed as things happen. */
export interface ObservedRow extends RowHead {
  readonly type: "histogram";
  /** Upper ends, ascending. */
  readonly buckets: readonly number[];
}

const FILES = {
  energy: true,
  button: true,
  energy_config: true,
  button_config: true,
} as const satisfies Record<FileName, true>;

const DROP_REASONS = {
  age: true,
  size: true,
  disk: true,
  damaged: true,
  purged: true,
} as const satisfies Record<DropReason, true>;

const DEVICE_STATES = ["ok", "silent", "offline", "unregistered"] as const;

/** Receipt to acknowledgement, observed at each acknowledgement. */
export const DELIVERY: ObservedRow = {
  name: "dash7_edge_delivery_seconds",
  type: "histogram",
  labels: ["sink"],
  help:
    "Time from the receipt of a reading to its acknowledgement by the sink's platform, in seconds; since the start.",
  // From a broker next door to an outage of a day, in steps of about two to three.
  buckets: [
    0.001,
    0.0025,
    0.005,
    0.01,
    0.025,
    0.05,
    0.1,
    0.25,
    0.5,
    1,
    2.5,
    5,
    10,
    30,
    60,
    300,
    900,
    3600,
    14_400,
    43_200,
    86_400,
  ],
};

/** All that is read at a scrape, in the order it is told. */
export const READ: readonly ReadRow[] = [
  gauge(
    "info",
    ["version"],
    "Always 1; the version of the agent is a label.",
    ({ snapshot }) => [[{ version: snapshot.agent.version }, 1]],
  ),
  gauge(
    "serial_up",
    [],
    "Whether the serial port of the modem is open: 1, or 0.",
    ({ snapshot }) => one(snapshot.serial.state.portUp),
  ),
  gauge(
    "modem_ready",
    [],
    "Whether the modem has said who it is and answers: 1, or 0.",
    ({ snapshot: { serial: { state } } }) =>
      one(
        state.portUp && state.phase === "ready" &&
          !/^Modem silent/.test(state.detail),
      ),
  ),
  counter(
    "serial_frames_total",
    ["type"],
    "Frames with a good checksum that came down the serial line, by message type; since the start.",
    ({ snapshot }) => by("type", snapshot.serial.counters.frames),
  ),
  counter(
    "serial_discarded_bytes_total",
    [],
    "Bytes on the serial line that belong to no frame; since the start.",
    ({ snapshot }) => one(snapshot.serial.counters.discardedBytes),
  ),
  counter(
    "serial_bad_checksums_total",
    [],
    "Frames on the serial line whose checksum was wrong; since the start.",
    ({ snapshot }) => one(snapshot.serial.counters.badChecksums),
  ),
  counter(
    "serial_lost_frames_total",
    [],
    "Frames that the modem's counter says were lost on the cable; since the start.",
    ({ snapshot }) => one(snapshot.serial.counters.lostFrames),
  ),
  counter(
    "alp_errors_total",
    ["error"],
    "ALP commands that could not be decoded to their end, by error; since the start.",
    ({ snapshot }) =>
      by("error", {
        ...Object.fromEntries(ALP_ERRORS.map((code) => [code, 0])),
        ...snapshot.serial.counters.alpErrors,
      }),
  ),
  counter(
    "readings_total",
    ["file"],
    "Readings heard, by device file, duplicates and ignored devices included; since the start.",
    ({ snapshot }) => by("file", snapshot.intake.readings, FILES),
  ),
  counter(
    "duplicates_total",
    [],
    "Readings that repeat the one before and are not delivered; since the start.",
    ({ snapshot }) => one(snapshot.intake.duplicates),
  ),
  counter(
    "ignored_total",
    [],
    "Readings of devices that are configured to be ignored; since the start.",
    ({ snapshot }) => one(snapshot.intake.ignored),
  ),
  counter(
    "readings_lost_total",
    [],
    "Readings given up because the outbox took none for too long; since the start.",
    ({ snapshot }) => one(snapshot.intake.lost),
  ),
  gauge(
    "sink_up",
    ["sink"],
    "Whether the sink is connected and may deliver: 1, or 0.",
    ({ snapshot }) => sinks(snapshot, ({ up }) => Number(up)),
  ),
  counter(
    "sink_delivered_total",
    ["sink"],
    "Readings that the sink's platform has acknowledged; survives a restart. After a power cut a few dozen lower until they are delivered again.",
    ({ snapshot }) => sinks(snapshot, ({ account }) => account.delivered),
  ),
  counter(
    "sink_rejected_total",
    ["sink"],
    "Readings that no later try can deliver, set aside with the reason; survives a restart.",
    ({ snapshot }) => sinks(snapshot, ({ account }) => account.rejected),
  ),
  gauge(
    "outbox_pending",
    ["sink"],
    "Readings that wait for the sink or are in flight to it.",
    ({ snapshot }) => sinks(snapshot, ({ account }) => account.pending),
  ),
  gauge(
    "outbox_oldest_pending_seconds",
    ["sink"],
    "Age of the oldest reading that waits for the sink, in seconds; 0 when none waits.",
    ({ snapshot }) =>
      sinks(
        snapshot,
        ({ oldestPendingMs }) =>
          oldestPendingMs === null
            ? 0
            : Math.max(0, snapshot.nowMs - oldestPendingMs) / 1000,
      ),
  ),
  counter(
    "outbox_dropped_total",
    ["sink", "reason"],
    "Readings dropped undelivered, by reason: age, size, disk (free space), damaged, purged (on demand); survives a restart.",
    ({ snapshot }) =>
      snapshot.sinks.flatMap(({ name, account }) =>
        by("reason", account.droppedBy, DROP_REASONS).map(
          ([labels, value]): Sample => [{ sink: name, ...labels }, value],
        )
      ),
  ),
  gauge(
    "outbox_bytes",
    [],
    "Size of the outbox's database, in bytes; delivered readings stay in it until room is needed.",
    ({ snapshot }) => one(snapshot.outbox.bytes),
  ),
  gauge(
    "outbox_max_bytes",
    [],
    "Size at which the oldest readings go, in bytes: [outbox] max_mb.",
    ({ snapshot }) => one(snapshot.outbox.maxBytes),
  ),
  gauge(
    "outbox_fill_ratio",
    [],
    "Share of the outbox's size that waits for the fullest sink, 0 to 1.",
    ({ snapshot }) => one(snapshot.outbox.fill),
  ),
  gauge(
    "outbox_lasts_seconds",
    [],
    "How long an outage could last from now on before a waiting reading is dropped, in seconds; not there while unknown.",
    ({ snapshot }) => {
      const lasts = lastsS(
        snapshot.outbox,
        oldestPendingAgeMs(snapshot),
        snapshot.readingsPerHour,
      );
      return lasts === null || snapshot.sinks.length === 0 ? [] : one(lasts);
    },
  ),
  gauge(
    "outbox_writable",
    [],
    "Whether readings can be written to disk: 1, or 0.",
    ({ snapshot }) => one(snapshot.outbox.trouble === null),
  ),
  gauge(
    "disk_free_bytes",
    [],
    "Free space on the disk of the data directory, in bytes; not there where the system does not say.",
    ({ snapshot }) => some(snapshot.outbox.diskFreeBytes),
  ),
  gauge(
    "disk_min_free_bytes",
    [],
    "Free space below which the oldest readings go, in bytes: [outbox] min_free_mb.",
    ({ snapshot }) => one(snapshot.outbox.minFreeBytes),
  ),
  gauge(
    "devices",
    ["state"],
    "Devices known, by state: ok, silent, offline, unregistered; without those that are ignored.",
    ({ snapshot }) =>
      DEVICE_STATES.map((state): Sample => [
        { state },
        followed(snapshot).filter((facts) => stateOf(facts) === state).length,
      ]),
  ),
  gauge(
    "device_info",
    ["device", "name"],
    "Always 1; the name of the device as configured is a label, empty without one.",
    ({ snapshot }) =>
      followed(snapshot).map(({ device, name }): Sample => [
        { device, name: name ?? "" },
        1,
      ]),
  ),
  gauge(
    "device_last_seen_timestamp_seconds",
    ["device"],
    "When the device was heard last, in seconds since 1970.",
    ({ snapshot }) =>
      followed(snapshot).map(({ device, lastHeardMs }): Sample => [
        { device },
        lastHeardMs / 1000,
      ]),
  ),
  gauge(
    "device_ok",
    ["device"],
    "Whether the device is heard as often as it should be: 1, or 0 when it is silent, offline or unregistered. Time without a modem does not count, and a restart gives it one cadence.",
    ({ snapshot }) =>
      followed(snapshot).map((facts): Sample => [
        { device: facts.device },
        Number(stateOf(facts) === "ok"),
      ]),
  ),
  gauge(
    "device_silent_after_seconds",
    ["device"],
    "Without a word for this long the device counts as silent, in seconds; from its own cadence.",
    ({ snapshot }) =>
      followed(snapshot).map((facts): Sample => [
        { device: facts.device },
        limitsOf(facts).silentAfterS,
      ]),
  ),
  gauge(
    "device_link_budget_db",
    ["device"],
    "Loss on the way from the device to the gateway in its last frame, in dB; larger is weaker.",
    ({ snapshot }) =>
      followed(snapshot).flatMap(({ device, link }): Sample[] =>
        link === null ? [] : [[{ device }, link.linkBudgetDb]]
      ),
  ),
  gauge(
    "clock_synchronised",
    [],
    "Whether the kernel says that the wall clock is synchronised: 1, or 0.",
    ({ snapshot }) => one(snapshot.synced),
  ),
  gauge(
    "problems",
    ["severity"],
    "Problems that /status tells, by severity: error, warning.",
    ({ snapshot }) => {
      const found = problemsOf(snapshot);
      return (["error", "warning"] as const).map((severity): Sample => [
        { severity },
        found.filter((problem) => problem.severity === severity).length,
      ]);
    },
  ),
  runtime(
    "counter",
    "process_cpu_user_seconds_total",
    "Time the processor spent in this process, in seconds.",
    ({ process }) => one(process.cpuUserS),
  ),
  runtime(
    "counter",
    "process_cpu_system_seconds_total",
    "Time the processor spent in the kernel for this process, in seconds.",
    ({ process }) => one(process.cpuSystemS),
  ),
  runtime(
    "counter",
    "process_cpu_seconds_total",
    "Time the processor spent for this process in all, in seconds.",
    ({ process }) => one(process.cpuUserS + process.cpuSystemS),
  ),
  runtime(
    "gauge",
    "process_start_time_seconds",
    "When this process was started, in seconds since 1970.",
    ({ process }) => one(process.startS),
  ),
  runtime(
    "gauge",
    "process_resident_memory_bytes",
    "Memory that this process has in RAM, in bytes.",
    ({ process }) => one(process.residentBytes),
  ),
  runtime(
    "gauge",
    "process_open_fds",
    "Open file descriptors.",
    ({ process }) => some(process.openFds),
  ),
  runtime(
    "gauge",
    "process_max_fds",
    "Most file descriptors that may be open.",
    ({ process }) => some(process.maxFds),
  ),
  runtime(
    "gauge",
    "nodejs_heap_size_used_bytes",
    "Heap of the JavaScript engine in use, in bytes.",
    ({ process }) => one(process.heapUsedBytes),
  ),
  runtime(
    "gauge",
    "nodejs_heap_size_total_bytes",
    "Heap of the JavaScript engine, in bytes.",
    ({ process }) => one(process.heapTotalBytes),
  ),
  runtime(
    "gauge",
    "nodejs_external_memory_bytes",
    "Memory outside the heap that JavaScript objects hold, in bytes.",
    ({ process }) => one(process.externalBytes),
  ),
  runtime(
    "gauge",
    "nodejs_eventloop_lag_max_seconds",
    "The longest that the agent's own timer came late in the last minute, in seconds: how long one piece of work kept all others waiting.",
    ({ lateS }) => one(lateS),
  ),
];

type Read = ReadRow["read"];

function gauge(
  name: string,
  labels: readonly string[],
  help: string,
  read: Read,
): ReadRow {
  return { name: `dash7_edge_${name}`, type: "gauge", labels, help, read };
}

function counter(
  name: string,
  labels: readonly string[],
  help: string,
  read: Read,
): ReadRow {
  return { name: `dash7_edge_${name}`, type: "counter", labels, help, read };
}

/** By the name that all clients use. */
function runtime(
  type: ReadRow["type"],
  name: string,
  help: string,
  read: Read,
): ReadRow {
  return { name, type, labels: [], help, read };
}

/** The only sample of a metric without labels. */
function one(value: number | boolean): readonly Sample[] {
  return [[{}, Number(value)]];
}

function some(value: number | null): readonly Sample[] {
  return value === null ? [] : one(value);
}

/** A sample for each key; those of `known` are there in any case. */
function by(
  label: string,
  counts: Readonly<Record<string, number | undefined>>,
  known: Readonly<Record<string, unknown>> = {},
): readonly Sample[] {
  const keys = new Set([...Object.keys(known), ...Object.keys(counts)]);
  return [...keys].map((key) => [{ [label]: key }, counts[key] ?? 0]);
}

function sinks(
  snapshot: Snapshot,
  value: (sink: SinkFacts) => number,
): readonly Sample[] {
  return snapshot.sinks.map((sink) => [{ sink: sink.name }, value(sink)]);
}

function followed({ devices }: Snapshot): Snapshot["devices"] {
  return devices.filter(({ ignored }) => !ignored);
}
