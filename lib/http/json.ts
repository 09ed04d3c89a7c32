/**
 * The JSON that the agent tells of itself, over HTTP, over the control socket
 * and to the page: one type a shape, snake_case, times as ISO 8601 in UTC,
 * units at the end of names, 64-bit counters as decimal strings. No secret has
 * a place in any of them.
 *
 * @module
 */

/** A moment, ISO 8601 in UTC with milliseconds. */
export type Time = string;

/** `GET /status`. */
export interface StatusJson {
  readonly agent: {
    readonly name: string;
    readonly version: string;
    readonly started_at: Time;
    readonly uptime_s: number;
    readonly pid: number;
    readonly data_dir: string;
    readonly now: Time;
    readonly clock_synchronised: boolean;
  };
  readonly ready: boolean;
  /** What is wrong, the worst first. */
  readonly problems: readonly ProblemJson[];
  readonly serial: SerialJson;
  /** Since the start of the agent. */
  readonly readings: {
    readonly by_file: Readonly<Record<string, number>>;
    readonly duplicates: number;
    readonly ignored: number;
    /** Device files that gave no reading, by kind of problem. */
    readonly problems: Readonly<Record<string, number>>;
    /** Given up because the outbox took none for too long. */
    readonly lost: number;
    /** Mean of the last hour, or of the time since the start when that is shorter; null before the first minute. */
    readonly per_hour: number | null;
  };
  readonly outbox: {
    readonly bytes: number;
    readonly max_bytes: number;
    readonly disk_free_bytes: number | null;
    readonly min_free_bytes: number;
    readonly oldest_at: Time | null;
    /** Share of the size that waits for the fullest sink, 0 to 1. */
    readonly fill: number;
    /** How long an outage could last from now on before the oldest waiting reading is dropped; null while unknown. */
    readonly lasts_s: number | null;
    /** Why it cannot be written; null while it can. */
    readonly trouble: string | null;
  };
  readonly sinks: readonly SinkJson[];
  readonly devices: {
    readonly known: number;
    readonly ok: number;
    readonly silent: number;
    readonly offline: number;
    readonly unregistered: number;
    readonly unnamed: number;
  };
}

/** Something wrong, for whoever must act. */
export interface ProblemJson {
  readonly severity: "error" | "warning";
  /** Stable word; the page translates by it. */
  readonly code: ProblemCode;
  /** What it is about: a sink, a device, a path; null for the agent. */
  readonly subject: string | null;
  /** What was found, English. */
  readonly text: string;
  /** What would do, English. */
  readonly fix: string;
  /** Values for a translation of text and fix. */
  readonly values: Readonly<Record<string, string | number>>;
  readonly since: Time | null;
}

/**
 * Codes of problems; the page has a translation for each. What their `values`
 * hold:
 *
 * - `port_down`: port, fault (absent, ambiguous, busy, denied, not_serial, lost,
 *   failed, opening), holder ("" when not known), detail
 * - `modem_silent`: port, silent_s (0: not known)
 * - `modem_unidentified`: port, detail, frames (lately)
 * - `outbox_unwritable`: data_dir, trouble, full (1 or 0)
 * - `readings_lost`: lost, data_dir
 * - `outbox_dropped`: sink, dropped, reasons (age, size, disk, damaged)
 * - `no_sinks`: nothing
 * - `sink_down`: sink, type, detail, pending, down_s
 * - `sink_rejects`: sink, rejected, reason
 * - `sink_slow`: sink, pending, oldest_s
 * - `outbox_filling`: sink, by_age (1 or 0), percent, max_bytes, oldest_s, max_age_s, pending
 * - `disk_low`: data_dir, free_bytes, min_free_bytes, below (1 or 0)
 * - `clock_unsynchronised`: now
 * - `line_noise`: port, bad_checksums, discarded_bytes, frames, minutes
 * - `frames_lost`: port, lost, minutes
 * - `http_down`: where, reason, fix (English)
 * - `device_offline`, `device_silent`: device, name ("" without one), heard_s, after_s, cadence_s (0: not known)
 * - `device_meter`: device, name
 * - `device_link`: device, name, link_budget_db, rx_level_dbm, limit_db
 * - `device_unnamed`: count, first, devices (apart by spaces)
 */
export type ProblemCode =
  | "port_down"
  | "modem_silent"
  | "modem_unidentified"
  | "readings_lost"
  | "no_sinks"
  | "sink_slow"
  | "line_noise"
  | "frames_lost"
  | "sink_down"
  | "sink_rejects"
  | "outbox_unwritable"
  | "outbox_filling"
  | "outbox_dropped"
  | "disk_low"
  | "clock_unsynchronised"
  | "device_silent"
  | "device_offline"
  | "device_meter"
  | "device_link"
  | "device_unnamed"
  | "http_down";

/** The serial line and the modem on it. */
export interface SerialJson {
  /** As configured. */
  readonly port: string;
  readonly up: boolean;
  readonly phase: string;
  /** One line for a technician. */
  readonly detail: string;
  readonly modem: {
    readonly uid: string;
    readonly firmware: string;
  } | null;
  readonly frames: Readonly<Record<string, number>>;
  readonly discarded_bytes: number;
  readonly bad_checksums: number;
  readonly lost_frames: number;
  readonly alp_errors: Readonly<Record<string, number>>;
  readonly last_frame_at: Time | null;
}

/** One sink. `readings = delivered + pending + rejected + dropped`. */
export interface SinkJson {
  readonly name: string;
  readonly type: string;
  readonly up: boolean;
  /** One line for a technician. */
  readonly detail: string;
  /** Since when it is up, or down. */
  readonly since: Time;
  readonly readings: number;
  readonly delivered: number;
  readonly pending: number;
  readonly rejected: number;
  readonly dropped: number;
  readonly dropped_by: Readonly<Record<string, number>>;
  /** When the oldest waiting reading was received. */
  readonly oldest_pending_at: Time | null;
  readonly last_delivered_at: Time | null;
  /** Deliveries a second, mean of the last 10 s. */
  readonly rate_per_s: number;
  /** Time until nothing waits at this rate; null when nothing waits, or what waits does not clearly get less. */
  readonly drained_in_s: number | null;
}

/** One measurement of a reading. */
export interface MeasurementJson {
  readonly name: string;
  readonly quantity: string;
  readonly unit: string | null;
  /** 64-bit counters as decimal strings. */
  readonly value: number | boolean | string;
}

/** A row of `GET /api/devices`; ordered by name, then UID. */
export interface DeviceJson {
  /** 16 upper-case hex digits (a VID: 4). */
  readonly device: string;
  readonly name: string | null;
  readonly state: "ok" | "silent" | "offline" | "unregistered";
  readonly ignored: boolean;
  readonly first_heard_at: Time;
  readonly last_heard_at: Time;
  readonly last_heard_s: number;
  /** Learned from its own reports, else its configured interval; null while unknown. */
  readonly cadence_s: number | null;
  readonly cadence_from: "learned" | "configured" | null;
  /** Without a word for this long it counts as silent. */
  readonly silent_after_s: number;
  readonly offline_after_s: number;
  readonly link_budget_db: number | null;
  readonly rx_level_dbm: number | null;
  /** Of its last EnergyFile; null before the first. */
  readonly valid: boolean | null;
  readonly meter_lost: boolean;
  /** EnergyFiles since first contact. */
  readonly measurements_total: number;
  /** Values of the last valid EnergyFile, received at `last_reading_at`. */
  readonly last: readonly MeasurementJson[];
  readonly last_reading_at: Time | null;
  readonly energy_config: {
    readonly interval_s: number;
    readonly enabled: boolean;
  } | null;
  readonly button_config: {
    readonly releases: boolean;
    readonly presses: boolean;
    readonly menu: boolean;
    readonly enabled: boolean;
  } | null;
  readonly tag: string;
  readonly last_write_failed: boolean;
  readonly queued: readonly {
    readonly file_id: number;
    readonly offset: number;
    /** Hex. */
    readonly data: string;
    readonly tries: number;
    readonly queued_at: Time;
  }[];
}

/** A row of `GET /api/readings`, newest first; also what `queue peek` and `queue export` give. */
export interface ReadingJson {
  readonly id: number;
  readonly received_at: Time;
  /** Whether the clock was synchronised when it was received, or the time was put right since. */
  readonly clock_synchronised: boolean;
  readonly device: string;
  readonly name: string | null;
  readonly file: string;
  readonly file_id: number;
  readonly valid: boolean;
  readonly measurements: readonly MeasurementJson[];
  readonly link: {
    readonly rx_level_dbm: number;
    readonly link_budget_db: number;
    readonly band: string;
    readonly channel_index: number;
    readonly fifo_token: number;
    readonly seq_nr: number;
    readonly secured: boolean;
  } | null;
}

/**
 * `GET /api/history?device=&since=&until=`: EnergyFiles of one device as columns
 * for a chart, oldest first, at most one a pixel or so.
 */
export interface HistoryJson {
  readonly device: string;
  readonly since: Time;
  readonly until: Time;
  /** Readings found; more than there are rows when they were thinned out. */
  readonly readings: number;
  /** Seconds since 1970. */
  readonly time_s: readonly number[];
  /** By name of measurement (`voltage_1`, `link_budget_db`, …), as numbers; null where there is none or the meter was not readable. */
  readonly columns: Readonly<Record<string, readonly (number | null)[]>>;
}

/** Event `frame` of `GET /api/stream`, and a line of `monitor --json`: what came down the line. */
export type LineJson =
  | {
    readonly kind: "frame";
    readonly at: Time;
    /** Message type, e.g. `alp_data`. */
    readonly type: string;
    readonly counter: number;
    /** The whole serial frame. */
    readonly hex: string;
    /** Origin when the frame comes from the air. */
    readonly device: string | null;
    readonly name: string | null;
    /** One line for people. */
    readonly summary: string;
    /** As `decode --as alp --json` names things; null for other types. */
    readonly alp: unknown;
    /** Device files in it, decoded. */
    readonly files: readonly unknown[];
  }
  | {
    readonly kind: "discarded" | "bad_checksum";
    readonly at: Time;
    readonly hex: string;
    readonly summary: string;
  };

/** `GET /api/explain?id=N`: from one reading back to its bytes and on to every sink. */
export interface ExplainJson {
  readonly reading: ReadingJson;
  readonly received: {
    readonly at: Time;
    readonly mono_ms: number;
    readonly boot_id: string;
    readonly clock_synchronised: boolean;
  };
  readonly frame: {
    /** The whole serial frame; where the counter was not kept, `00` stands for it. */
    readonly hex: string;
    readonly counter: number | null;
    /** The ALP command in it. */
    readonly payload: string;
  };
  /** As `decode --as alp --json`. */
  readonly alp: unknown;
  readonly file: {
    readonly id: number;
    readonly name: string;
    readonly hex: string;
    readonly fields: readonly {
      readonly name: string;
      /** In the file, bytes. */
      readonly offset: number;
      readonly length: number;
      readonly hex: string;
      readonly value: number | boolean | string;
      readonly unit: string | null;
    }[];
  };
  readonly duplicate: {
    readonly window_s: number;
    /** The push of the same device and file before this one. */
    readonly previous: {
      readonly id: number;
      readonly at: Time;
      readonly same_bytes: boolean;
    } | null;
    /** Why it was taken, one sentence. */
    readonly decision: string;
  };
  readonly sinks: readonly {
    readonly name: string;
    readonly type: string;
    readonly fate:
      | "delivered"
      | "pending"
      | "rejected"
      | "dropped"
      | "before_sink"
      | "unknown";
    readonly detail: string;
    readonly acknowledged_at: Time | null;
    readonly messages: readonly {
      /** An MQTT topic, or the path of a file. */
      readonly topic: string;
      /** Null where there is no broker. */
      readonly qos: number | null;
      readonly retain: boolean;
      readonly payload: string;
    }[];
  }[];
}

/** `GET /readyz`; status 200 when ready, 503 when not. */
export interface ReadyJson {
  readonly ready: boolean;
  readonly port_open: boolean;
  readonly modem_identified: boolean;
  readonly store_writable: boolean;
  readonly sinks: Readonly<
    Record<string, { readonly up: boolean; readonly detail: string }>
  >;
}

/** A row of `GET /queue/SINK/rejected` on the control socket. */
export interface RejectedJson {
  readonly id: number;
  readonly reason: string;
  readonly device: string;
  readonly file_id: number;
  readonly received_at: Time;
  /** The ALP command, hex; null when it is gone. */
  readonly command: string | null;
}
