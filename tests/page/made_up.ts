/**
 * Made-up answers of an agent, of the right types: devices in every state,
 * problems of every kind, and what a hostile name may hold.
 *
 * Longer than other files since it is data, one shape after another.
 *
 * @module
 */
import type {
  DeviceJson,
  ExplainJson,
  HistoryJson,
  LineJson,
  MeasurementJson,
  ProblemCode,
  ProblemJson,
  ReadingJson,
  SinkJson,
  StatusJson,
} from "../../lib/http/json.ts";

/** Names that would do harm if they were taken for anything but text. */
export const HOSTILE =
  `<img src=x onerror="alert(1)"> "quoted' </script><script>alert(2)</script>`;

/** A moment that many seconds before `nowMs`. */
function before(nowMs: number, seconds: number): string {
  return new Date(nowMs - seconds * 1000).toISOString();
}

/** The UID of the n-th device. */
export function uidOf(n: number): string {
  return (0x3266_3630_0000_0000n + BigInt(n) * 0x1_0007n).toString(16)
    .toUpperCase().padStart(16, "0");
}

/** What the n-th device measured last. */
export function measurements(n: number, valid = true): MeasurementJson[] {
  const rows: MeasurementJson[] = [];
  for (const [name, quantity, unit, base] of KINDS) {
    for (const phase of [1, 2, 3]) {
      const value = unit === "V"
        ? base + (n + phase) % 5
        : base + n * 37 * phase;
      rows.push({
        name: `${name}_${phase}`,
        quantity,
        unit,
        value: unit === "Wh" || unit === "VAh" ? String(value * 911) : value,
      });
    }
  }
  rows.push({
    name: "measurement_valid",
    quantity: "validity",
    unit: null,
    value: valid,
  });
  return rows;
}

const KINDS = [
  ["apparent_energy", "apparent_energy", "VAh", 1200],
  ["active_energy", "active_energy", "Wh", 1100],
  ["current", "current", "mA", 800],
  ["voltage", "voltage", "V", 229],
] as const;

const STATES = ["ok", "ok", "ok", "silent", "offline", "unregistered"] as const;

/** One of many devices; every state and word comes up among the first twenty. */
export function device(n: number, nowMs: number): DeviceJson {
  const state = n < 24 ? STATES[n % STATES.length] ?? "ok" : "ok";
  const heardS = {
    ok: 5 + n % 50,
    silent: 400,
    offline: 9000,
    unregistered: 1e5,
  };
  const name = n === 1
    ? HOSTILE
    : n % 9 === 4
    ? null
    : `${["Compressor", "Oven", "Press", "Chiller"][n % 4]} ${n + 1}`;
  return {
    device: uidOf(n),
    name,
    state,
    ignored: n === 20,
    first_heard_at: before(nowMs, 40 * 86_400),
    last_heard_at: before(nowMs, heardS[state]),
    last_heard_s: heardS[state],
    cadence_s: n === 2 ? null : 60,
    cadence_from: n === 2 ? null : n % 5 === 0 ? "configured" : "learned",
    silent_after_s: 180,
    offline_after_s: 600,
    link_budget_db: n === 6 ? null : 78 + (n * 13) % 60,
    rx_level_dbm: n === 6 ? null : -(64 + (n * 13) % 60),
    valid: n === 6 ? null : n % 11 !== 7,
    meter_lost: n === 8,
    measurements_total: n === 6 ? 0 : 1000 + n,
    last: n === 6 ? [] : measurements(n),
    last_reading_at: n === 6 ? null : before(nowMs, heardS[state]),
    energy_config: n % 3 === 0
      ? null
      : { interval_s: 60, enabled: n % 7 !== 5 },
    button_config: n % 2 === 0
      ? null
      : { releases: false, presses: true, menu: n % 3 === 0, enabled: true },
    tag: n % 10 === 3 ? "hall 2, north" : "",
    last_write_failed: n === 9,
    queued: n === 10
      ? [{
        file_id: 62,
        offset: 0,
        data: "2c010000",
        tries: 1,
        queued_at: before(nowMs, 30),
      }]
      : [],
  };
}

/** A sink that is well. */
export function sink(nowMs: number, more: Partial<SinkJson> = {}): SinkJson {
  return {
    name: "cloud",
    type: "scorpio",
    up: true,
    detail: "connected to mqtts://broker.example:8883",
    since: before(nowMs, 86_000),
    readings: 182_345,
    delivered: 182_345,
    pending: 0,
    rejected: 0,
    dropped: 0,
    dropped_by: {},
    oldest_pending_at: null,
    last_delivered_at: before(nowMs, 2),
    rate_per_s: 3.3,
    drained_in_s: null,
    ...more,
  };
}

/** A sink that is down while readings wait for it. */
export function downSink(nowMs: number): SinkJson {
  return sink(nowMs, {
    name: "sicon",
    type: "emqtt",
    up: false,
    detail: "Cannot connect to mqtt://192.168.3.110:1883: connection refused",
    since: before(nowMs, 4200),
    readings: 182_345,
    delivered: 168_503,
    pending: 13_840,
    rejected: 2,
    oldest_pending_at: before(nowMs, 4198),
    last_delivered_at: before(nowMs, 4201),
    rate_per_s: 0,
  });
}

/** A status without any problem. */
export function status(
  nowMs: number,
  more: Partial<StatusJson> = {},
): StatusJson {
  return {
    agent: {
      name: "hall-2",
      version: "0.1.0",
      started_at: before(nowMs, 93_000),
      uptime_s: 93_000,
      pid: 812,
      data_dir: "/var/lib/dash7-edge",
      now: new Date(nowMs).toISOString(),
      clock_synchronised: true,
    },
    ready: true,
    problems: [],
    serial: {
      port:
        "/dev/serial/by-id/usb-STMicroelectronics_STM32_Virtual_ComPort-if00",
      up: true,
      phase: "ready",
      detail: "Modem 32663630002E0039 on /dev/ttyACM0",
      modem: { uid: "32663630002E0039", firmware: "APP 1.4.2" },
      frames: { alp_data: 182_601, ping: 12 },
      discarded_bytes: 52,
      bad_checksums: 1,
      lost_frames: 0,
      alp_errors: {},
      last_frame_at: before(nowMs, 1),
    },
    readings: {
      by_file: { energy: 182_100, button: 245 },
      duplicates: 31,
      ignored: 0,
      problems: {},
      lost: 0,
      per_hour: 12_000,
    },
    outbox: {
      bytes: 61_200_000,
      max_bytes: 268_435_456,
      disk_free_bytes: 9_300_000_000,
      min_free_bytes: 104_857_600,
      oldest_at: before(nowMs, 15 * 3600),
      fill: 0.0012,
      lasts_s: 12 * 86_400 + 7200,
      trouble: null,
    },
    sinks: [sink(nowMs), sink(nowMs, { name: "file", type: "jsonl" })],
    devices: {
      known: 200,
      ok: 188,
      silent: 4,
      offline: 4,
      unregistered: 4,
      unnamed: 22,
    },
    ...more,
  };
}

/** One problem of a code. */
export function problem(
  code: ProblemCode,
  subject: string | null,
  severity: ProblemJson["severity"],
  nowMs: number,
  values: ProblemJson["values"] = {},
): ProblemJson {
  return {
    severity,
    code,
    subject,
    text: `Something about ${subject ?? "the agent"} (${code})`,
    fix: "Do what the manual says",
    values,
    since: before(nowMs, 4200),
  };
}

/** A status in which much is wrong. */
export function troubledStatus(nowMs: number): StatusJson {
  const healthy = status(nowMs);
  return {
    ...healthy,
    ready: false,
    agent: { ...healthy.agent, clock_synchronised: false },
    problems: [
      problem("port_down", healthy.serial.port, "error", nowMs, {
        port: healthy.serial.port,
        fault: "absent",
        holder: "",
        detail: "no such file",
      }),
      problem("sink_down", "sicon", "error", nowMs, {
        sink: "sicon",
        type: "emqtt",
        detail: "Cannot connect: connection refused",
        pending: 13_840,
        down_s: 4200,
      }),
      problem("outbox_unwritable", "/var/lib/dash7-edge", "error", nowMs, {
        data_dir: "/var/lib/dash7-edge",
        trouble: "disk full",
        full: 1,
      }),
      problem("clock_unsynchronised", null, "warning", nowMs),
      ...[3, 9, 15, 21].map((n) =>
        problem("device_silent", uidOf(n), "warning", nowMs, {
          device: uidOf(n),
          name: device(n, nowMs).name ?? "",
          heard_s: 400,
          after_s: 180,
          cadence_s: 60,
        })
      ),
      problem("device_link", uidOf(1), "warning", nowMs, {
        device: uidOf(1),
        name: HOSTILE,
        link_budget_db: 136,
        rx_level_dbm: -122,
        limit_db: 130,
      }),
    ],
    serial: {
      ...healthy.serial,
      up: false,
      phase: "absent",
      detail: "Cannot open the port: no such file",
      modem: null,
    },
    outbox: {
      ...healthy.outbox,
      fill: 0.87,
      lasts_s: 5400,
      trouble: "Cannot write the outbox: the disk is full",
    },
    sinks: [...healthy.sinks, downSink(nowMs)],
  };
}

/** A history that goes up and down with the hours, with a gap in it. */
export function history(
  uid: string,
  sinceMs: number,
  untilMs: number,
): HistoryJson {
  const points = 600;
  const time_s = Array.from(
    { length: points },
    (_, n) => Math.round((sinceMs + (untilMs - sinceMs) * n / points) / 1000),
  );
  const columns: Record<string, (number | null)[]> = {};
  const gap = (n: number) => n > 250 && n < 280;
  for (const phase of [1, 2, 3]) {
    let counter = 1_000_000 * phase;
    columns[`current_${phase}`] = time_s.map((time, n) =>
      gap(n) ? null : 900 * phase + 700 * Math.sin(time / 13_000 + phase) ** 2
    );
    columns[`voltage_${phase}`] = time_s.map((time, n) =>
      gap(n) ? null : 230 + phase + 2 * Math.sin(time / 7000 + phase)
    );
    columns[`active_energy_${phase}`] = time_s.map((time, n) => {
      counter += 5 + 40 * Math.sin(time / 13_000 + phase) ** 2;
      return gap(n) ? null : Math.round(counter);
    });
  }
  columns["link_budget_db"] = time_s.map((time) =>
    Math.round(92 + 6 * Math.sin(time / 9000))
  );
  return {
    device: uid,
    since: new Date(sinceMs).toISOString(),
    until: new Date(untilMs).toISOString(),
    readings: 43_200,
    time_s,
    columns,
  };
}

/** A reading of the n-th device. */
export function reading(id: number, n: number, nowMs: number): ReadingJson {
  return {
    id,
    received_at: new Date(nowMs).toISOString(),
    clock_synchronised: id % 13 !== 0,
    device: uidOf(n),
    name: device(n, nowMs).name,
    file: "energy",
    file_id: 52,
    valid: id % 7 !== 0,
    measurements: measurements(n + id % 5, id % 7 !== 0),
    link: {
      rx_level_dbm: -70,
      link_budget_db: 84 + id % 40,
      band: "868",
      channel_index: 0,
      fifo_token: 73,
      seq_nr: id % 256,
      secured: false,
    },
  };
}

const FILE_HEX = "0100000000000000" + "02".padEnd(16, "0").repeat(5) +
  "07000000".repeat(3) + "e600e700e80001";
const FRAME_HEX = "c000050060a1b2" + "2034004043" + FILE_HEX +
  "62d7140000504604540000490020" + "326636300039004c";

/** Where a reading came from and where it went. */
export function explained(id: number, nowMs: number): ExplainJson {
  const fields: ExplainJson["file"]["fields"][number][] = [];
  let at = 0;
  const field = (
    name: string,
    length: number,
    value: string | number,
    unit: string,
  ) => {
    const hex = FILE_HEX.slice(at * 2, (at + length) * 2);
    fields.push({ name, offset: at, length, hex, value, unit });
    at += length;
  };
  for (const phase of [1, 2, 3]) {
    field(`apparent_energy_${phase}`, 8, "9007199254740993", "VAh");
  }
  for (const phase of [1, 2, 3]) field(`active_energy_${phase}`, 8, "2", "Wh");
  for (const phase of [1, 2, 3]) field(`current_${phase}`, 4, 7, "mA");
  for (const phase of [1, 2, 3]) field(`voltage_${phase}`, 2, 230, "V");
  fields.push({
    name: "measurement_valid",
    offset: at,
    length: 1,
    hex: "01",
    value: true,
    unit: null,
  });
  return {
    reading: reading(id, 0, nowMs),
    received: {
      at: new Date(nowMs).toISOString(),
      mono_ms: 93_000_123,
      boot_id: "0e7c2d7c-3f0c-4b3f-9d3c-9a1b2c3d4e5f",
      clock_synchronised: true,
    },
    frame: { hex: FRAME_HEX, counter: 5, payload: FRAME_HEX.slice(14) },
    alp: {
      actions: [
        {
          op: "return_file_data",
          group: false,
          resp: false,
          file_id: 52,
          offset: 0,
          length: 67,
          data: FILE_HEX,
        },
        {
          op: "interface_status",
          interface_id: 215,
          status: {
            rx_level: 70,
            link_budget: 84,
            addressee: { id_type: "uid", id: "326636300039004C" },
          },
        },
      ],
    },
    file: { id: 52, name: "energy", hex: FILE_HEX, fields },
    duplicate: {
      window_s: 60,
      previous: { id: id - 1, at: before(nowMs, 60), same_bytes: false },
      decision: "Taken: its bytes differ from those of the push before",
    },
    sinks: [
      {
        name: "cloud",
        type: "scorpio",
        fate: "delivered",
        detail: "Acknowledged by the broker",
        acknowledged_at: before(nowMs, -1),
        messages: [{
          topic: "mqtts/p/DDATA/gw1/326636300039004C",
          qos: 1,
          retain: false,
          payload:
            '{"timestamp":1,"metrics":[{"name":"x","value":9007199254740993},{"name":"y","value":[]}]}',
        }],
      },
      {
        name: "sicon",
        type: "emqtt",
        fate: "pending",
        detail: `Waits: ${HOSTILE}`,
        acknowledged_at: null,
        messages: [],
      },
    ],
  };
}

/** A line of the serial port. */
export function line(n: number, nowMs: number): LineJson {
  const at = new Date(nowMs).toISOString();
  if (n % 6 === 5) {
    return {
      kind: "bad_checksum",
      at,
      hex: "c0000a0002ffff0102",
      summary: "Bad checksum: got ffff, computed 0e7c",
    };
  }
  const { alp } = explained(n, nowMs);
  return {
    kind: "frame",
    at,
    type: "alp_data",
    counter: n % 256,
    hex: FRAME_HEX,
    device: uidOf(n % 3),
    name: device(n % 3, nowMs).name,
    summary: "return_file_data 52+0 67 bytes, interface_status D7ASP 84 dB",
    alp,
    files: [{ file: "energy", current: [7, 8, 9], voltage: [230, 231, 232] }],
  };
}
