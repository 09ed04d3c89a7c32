/**
 * A view of an agent that a test makes up.
 *
 * @module
 */
import type {
  DeviceJson,
  HistoryJson,
  LineJson,
  ReadingJson,
  ReadyJson,
  StatusJson,
} from "../../lib/http/json.ts";
import type {
  LiveEvent,
  PastLine,
  Steering,
  View,
} from "../../lib/http/view.ts";

/** A device of the test's. */
export const DEVICE = "326636300039004C";

/** A status whose number of known devices the test chooses. */
export function status(known = 0): StatusJson {
  return {
    agent: {
      name: "hall",
      version: "0.0.0",
      started_at: "2025-01-01T00:00:00.000Z",
      uptime_s: known,
      pid: 1,
      data_dir: "/data",
      now: "2025-01-01T00:00:00.000Z",
      clock_synchronised: true,
    },
    ready: true,
    problems: [],
    serial: {
      port: "/dev/modem",
      up: true,
      phase: "ready",
      detail: "",
      modem: null,
      frames: {},
      discarded_bytes: 0,
      bad_checksums: 0,
      lost_frames: 0,
      alp_errors: {},
      last_frame_at: null,
    },
    readings: {
      by_file: {},
      duplicates: 0,
      ignored: 0,
      problems: {},
      lost: 0,
      per_hour: null,
    },
    outbox: {
      bytes: 0,
      max_bytes: 1,
      disk_free_bytes: null,
      min_free_bytes: 0,
      oldest_at: null,
      fill: 0,
      lasts_s: null,
      trouble: null,
    },
    sinks: [],
    devices: {
      known,
      ok: known,
      silent: 0,
      offline: 0,
      unregistered: 0,
      unnamed: 0,
    },
  };
}

/** A line of a device; `hex` makes it as long as the test likes. */
export function line(device: string | null = DEVICE, hex = "c0"): LineJson {
  return {
    kind: "frame",
    at: "2025-01-01T00:00:00.000Z",
    type: "alp_data",
    counter: 0,
    hex,
    device,
    name: null,
    summary: "",
    alp: null,
    files: [],
  };
}

/** A reading of a device. */
export function reading(id: number, device = DEVICE): ReadingJson {
  return {
    id,
    received_at: "2025-01-01T00:00:00.000Z",
    clock_synchronised: true,
    device,
    name: null,
    file: "energy",
    file_id: 52,
    valid: true,
    measurements: [],
    link: null,
  };
}

/** The {@link View}; what it was asked is kept, and the test may change what it tells. */
export class FakeView implements View {
  readonly asked: unknown[] = [];
  readonly past: PastLine[] = [];
  known = 0;
  isReady = true;
  /** How often a status was made. */
  statuses = 0;
  rows: readonly ReadingJson[] = [];
  #watchers = new Set<(event: LiveEvent) => void>();
  #lines = 0;

  status(): StatusJson {
    this.statuses++;
    return status(this.known);
  }

  ready(): ReadyJson {
    return {
      ready: this.isReady,
      port_open: true,
      modem_identified: true,
      store_writable: this.isReady,
      sinks: {},
    };
  }

  devices(): readonly DeviceJson[] {
    return [];
  }

  *readings(query: unknown): Generator<readonly ReadingJson[], void> {
    this.asked.push(query);
    yield [];
    for (let at = 0; at < this.rows.length; at += 100) {
      yield this.rows.slice(at, at + 100);
      yield [];
    }
  }

  *history(...query: unknown[]): Generator<void, HistoryJson> {
    yield;
    this.asked.push(query);
    return {
      device: DEVICE,
      since: "",
      until: "",
      readings: 0,
      time_s: [],
      columns: {},
    };
  }

  explain(id: number): null {
    this.asked.push(id);
    if (id === 500) throw new Error("a fault inside");
    return null;
  }

  metrics(): Promise<string> {
    return Promise.resolve("up 1\n");
  }

  watch(tell: (event: LiveEvent) => void): Disposable {
    this.#watchers.add(tell);
    return { [Symbol.dispose]: () => void this.#watchers.delete(tell) };
  }

  recentLines(): readonly PastLine[] {
    return this.past;
  }

  /** Whether somebody watches. */
  get watched(): boolean {
    return this.#watchers.size > 0;
  }

  /** Something comes down the line. */
  hears(what: () => LineJson | null = () => line()): void {
    const number = ++this.#lines;
    this.past.push({ number, line: what });
    if (this.past.length > 100) this.past.shift();
    for (const tell of this.#watchers) {
      tell({ type: "line", number, line: what });
    }
  }

  /** A reading is committed. */
  logs(what: ReadingJson): void {
    for (const tell of this.#watchers) {
      tell({ type: "reading", reading: () => what });
    }
  }
}

/** The {@link Steering}; one device, one sink. */
export function fakeSteering(done: unknown[] = []): Steering {
  return {
    knows: (device) => device === DEVICE,
    forget: (device) => device === DEVICE && done.push(["forget", device]) > 0,
    write(device, write, mode, timeoutMs) {
      done.push(["write", device, write, mode, timeoutMs]);
      return Promise.resolve({ end: "queued" });
    },
    peek(sink, max, after) {
      done.push(["peek", sink, max, after]);
      return sink === "cloud" ? [reading(1)] : null;
    },
    rejected(sink, max) {
      done.push(["rejected", sink, max]);
      return sink === "cloud" ? [] : null;
    },
    purge: (sink) => sink === "cloud" ? done.push(["purge", sink]) : null,
    diag: () => Promise.resolve("/data/diag.tar"),
  };
}
