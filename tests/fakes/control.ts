/**
 * An agent that is nothing but its control socket, for tests of the verbs that
 * ask one: what it tells is the test's, as `lib/http/json.ts` types it.
 *
 * @module
 */
import type { WriteEnd } from "../../lib/downlink/downlink.ts";
import type {
  DeviceJson,
  ExplainJson,
  ReadingJson,
  RejectedJson,
  SinkJson,
  StatusJson,
} from "../../lib/http/json.ts";

/** What the agent has. */
export interface FakeState {
  status: StatusJson;
  devices: readonly DeviceJson[];
  /** By sink, oldest first. */
  queues: Record<string, readonly ReadingJson[]>;
  rejected: Record<string, readonly RejectedJson[]>;
  explained: Record<number, ExplainJson>;
  writes: readonly WriteEnd[];
}

/** A fake agent on a socket in a directory of its own. */
export class FakeAgent implements AsyncDisposable {
  readonly state: FakeState;
  /** `METHOD path` of each request so far. */
  readonly asked: string[] = [];
  /** Bodies of the requests that had one. */
  readonly bodies: unknown[] = [];
  /** Called before each answer; may change the state, or answer in its place. */
  before: (request: Request) => void | Promise<Response | void> = () => {};
  readonly #dir: string;
  readonly #server: Deno.HttpServer;

  private constructor(dir: string, state: FakeState) {
    this.#dir = dir;
    this.state = state;
    this.#server = Deno.serve(
      { path: this.socket, transport: "unix", onListen: () => {} },
      (request) => this.#answer(request),
    );
  }

  static async open(state: Partial<FakeState> = {}): Promise<FakeAgent> {
    const dir = await Deno.makeTempDir({ prefix: "dash7-edge-fake-" });
    return new FakeAgent(dir, {
      status: statusJson(),
      devices: [],
      queues: {},
      rejected: {},
      explained: {},
      writes: [],
      ...state,
    });
  }

  get socket(): string {
    return `${this.#dir}/control.sock`;
  }

  async #answer(request: Request): Promise<Response> {
    const { pathname, searchParams } = new URL(
      request.url.replace(/^http\+unix/, "http"),
    );
    this.asked.push(`${request.method} ${pathname}`);
    const body = await request.text();
    if (body !== "") this.bodies.push(JSON.parse(body));
    const instead = await this.before(request);
    if (instead instanceof Response) return instead;
    const { state } = this;
    const limit = Number(searchParams.get("limit") ?? 100);
    const [, , area, name = "", what] = pathname.split("/");
    const sink = decodeURIComponent(name);
    if (pathname === "/status") return Response.json(state.status);
    if (area === "devices" && name === "") return Response.json(state.devices);
    if (area === "devices" && what === "writes") {
      return Response.json(state.writes);
    }
    if (area === "devices") return Response.json({ forgotten: name });
    if (area === "readings") {
      const device = searchParams.get("device");
      const all = Object.values(state.queues).flat()
        .filter((reading) => device === null || reading.device === device)
        .sort((a, b) => b.id - a.id);
      return Response.json(all.slice(0, limit));
    }
    if (area === "explain") {
      const id = Number(searchParams.get("id"));
      const found = state.explained[id];
      return found === undefined
        ? Response.json({
          error: `there is no reading ${id}, or it is gone from the log`,
        }, { status: 404 })
        : Response.json(found);
    }
    if (area === "queue" && what === "rejected") {
      return Response.json((state.rejected[sink] ?? []).slice(0, limit));
    }
    if (area === "queue" && request.method === "DELETE") {
      const purged = state.queues[sink]?.length ?? 0;
      state.queues[sink] = [];
      return Response.json({ purged });
    }
    if (area === "queue") {
      const after = Number(searchParams.get("after") ?? 0);
      const found = (state.queues[sink] ?? []).filter(({ id }) => id > after);
      return Response.json(found.slice(0, limit));
    }
    if (area === "diag") return Response.json({ file: "/data/diag.capture" });
    return Response.json({ error: `there is no ${pathname}` }, { status: 404 });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.shutdown();
    await Deno.remove(this.#dir, { recursive: true });
  }
}

/** The agent's time in all that it tells. */
export const NOW = "2025-01-01T12:00:00.000Z";

/** A moment before {@link NOW}. */
export function before(seconds: number): string {
  return new Date(Date.parse(NOW) - seconds * 1000).toISOString();
}

/** A status in which all is well. */
export function statusJson(some: Partial<StatusJson> = {}): StatusJson {
  return {
    agent: {
      name: "hall-2",
      version: "1.2.3",
      started_at: before(90_000),
      uptime_s: 90_000,
      pid: 812,
      data_dir: "/var/lib/dash7-edge",
      now: NOW,
      clock_synchronised: true,
    },
    ready: true,
    problems: [],
    serial: {
      port: "/dev/serial/by-id/usb-1a86_USB2.0-Serial-if00-port0",
      up: true,
      phase: "ready",
      detail: "modem answers",
      modem: { uid: "3939393900320044", firmware: "LORA 3.2.0" },
      frames: { alp_data: 12_345 },
      discarded_bytes: 0,
      bad_checksums: 0,
      lost_frames: 0,
      alp_errors: {},
      last_frame_at: before(4),
    },
    readings: {
      by_file: { energy: 12_000, button: 34 },
      duplicates: 7,
      ignored: 0,
      problems: {},
      lost: 0,
      per_hour: 480,
    },
    outbox: {
      bytes: 1_234_567,
      max_bytes: 256_000_000,
      disk_free_bytes: 3_200_000_000,
      min_free_bytes: 100_000_000,
      oldest_at: before(3600),
      fill: 0,
      lasts_s: 2_000_000,
      trouble: null,
    },
    sinks: [sinkJson()],
    devices: {
      known: 0,
      ok: 0,
      silent: 0,
      offline: 0,
      unregistered: 0,
      unnamed: 0,
    },
    ...some,
  };
}

/** A sink that is up and has nothing to do. */
export function sinkJson(some: Partial<SinkJson> = {}): SinkJson {
  const { delivered = 12_034, pending = 0, rejected = 0, dropped = 0 } = some;
  return {
    name: "cloud",
    type: "scorpio",
    up: true,
    detail: "connected",
    since: before(7200),
    readings: delivered + pending + rejected + dropped,
    delivered,
    pending,
    rejected,
    dropped,
    dropped_by: {},
    oldest_pending_at: null,
    last_delivered_at: before(4),
    rate_per_s: 0.13,
    drained_in_s: null,
    ...some,
  };
}

/** A device that is well. */
export function deviceJson(some: Partial<DeviceJson> = {}): DeviceJson {
  return {
    device: "326636300039004C",
    name: null,
    state: "ok",
    ignored: false,
    first_heard_at: before(90_000),
    last_heard_at: before(12),
    last_heard_s: 12,
    cadence_s: 60,
    cadence_from: "learned",
    silent_after_s: 180,
    offline_after_s: 3600,
    link_budget_db: 71,
    rx_level_dbm: -57,
    valid: true,
    meter_lost: false,
    measurements_total: 1500,
    last: measurements(),
    last_reading_at: before(12),
    energy_config: { interval_s: 60, enabled: true },
    button_config: null,
    tag: "***",
    last_write_failed: false,
    queued: [],
    ...some,
  };
}

/** What an EnergyFile says. */
export function measurements(): ReadingJson["measurements"] {
  const phases = [1, 2, 3] as const;
  return [
    ...phases.map((phase) => ({
      name: `active_energy_${phase}`,
      quantity: "active_energy",
      unit: "Wh",
      value: "411522000",
    })),
    ...phases.map((phase) => ({
      name: `current_${phase}`,
      quantity: "current",
      unit: "mA",
      value: 5210 * phase,
    })),
    ...phases.map((phase) => ({
      name: `voltage_${phase}`,
      quantity: "voltage",
      unit: "V",
      value: 229 + phase,
    })),
    {
      name: "measurement_valid",
      quantity: "validity",
      unit: null,
      value: true,
    },
  ];
}

/** A reading with that number. */
export function readingJson(
  id: number,
  some: Partial<ReadingJson> = {},
): ReadingJson {
  return {
    id,
    received_at: before(10_000 - id),
    clock_synchronised: true,
    device: "326636300039004C",
    name: "Compressor 2",
    file: "energy",
    file_id: 52,
    valid: true,
    measurements: measurements(),
    link: {
      rx_level_dbm: -57,
      link_budget_db: 71,
      band: "868",
      channel_index: 0,
      fifo_token: 73,
      seq_nr: 0,
      secured: true,
    },
    ...some,
  };
}
