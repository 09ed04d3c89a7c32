/**
 * A backlog on disk, as an outage leaves it, drained by a real agent; and the
 * questions that a dashboard asks with as many readings in the log.
 *
 * @module
 */
import { clock } from "../system/harness.ts";
import { copyLog, LOG_DEVICES, MILLION } from "./filled_log.ts";
import { deadPort, onBed } from "./bed.ts";
import { percentile } from "./percentile.ts";
import type { Point, Row } from "./quantity.ts";

/** Nothing for so long means that nothing more will come. */
const SILENCE_MS = 10_000;
/** Keeps every row of the filled log. */
export const KEEP_ALL =
  "[outbox]\nmax_mb = 10000\nmin_free_mb = 0\nmax_age_days = 3650\n";

/** Readings a second from the start of the drain, and what memory does meanwhile. */
export const backlog: Row = {
  name: "backlog",
  limitS: 600,
  needsBroker: true,
  quantities: [
    {
      key: "backlog_rate",
      what: "backlog of 1 000 000 readings drained",
      whatQuick: "backlog of 100 000 readings drained",
      unit: "readings/s",
      digits: 0,
      goal: 5000,
      better: "more",
    },
    {
      key: "backlog_lost",
      what: "… of these lost or out of order",
      unit: "",
      digits: 0,
      goal: 0,
    },
    {
      key: "backlog_memory",
      what: "… resident memory after the first tenth moves by, up and down",
      unit: "MB",
      digits: 1,
      goal: 20,
    },
    {
      key: "backlog_peak",
      what: "… resident memory at most",
      unit: "MB",
      digits: 0,
    },
  ],
  measure: (port, { subject, quick, course }) =>
    onBed(port, async ({ dir, receipts, start }) => {
      const count = quick ? 100_000 : MILLION;
      copyLog(`${dir}/data`, count);
      const agent = start({ more: KEEP_ALL });
      const points: Point[] = [];
      const steady: number[] = [];
      const beganMs = performance.now();
      for (
        let quietSince = beganMs;
        receipts.count < count && performance.now() - quietSince < SILENCE_MS;
      ) {
        await clock.sleep(250);
        quietSince = Math.max(beganMs, receipts.lastMs || 0);
        const mb = agent.residentBytes() / 1e6;
        points.push([(performance.now() - beganMs) / 1000, mb]);
        // The first tenth warms up: code is compiled, buffers find their size.
        if (receipts.count > count / 10) steady.push(mb);
      }
      course(points);
      const seconds = (receipts.lastMs - receipts.firstMs) / 1000;
      return {
        backlog_rate: receipts.count / seconds,
        backlog_lost: count - receipts.count + receipts.misplaced,
        backlog_memory: (Math.max(...steady) - Math.min(...steady)) / 2,
        backlog_peak: Math.max(...points.map(([, mb]) => mb)),
      };
    }, { program: subject }),
};

/** The answers of HTTP with a million readings of 30 days in the log and a sink that is down. */
export const dashboard: Row = {
  name: "dashboard",
  limitS: 180,
  needsBroker: false,
  quantities: [
    answer(
      "status",
      "/status, 200 devices, a million readings",
      "/status, 200 devices, 100 000 readings",
    ),
    answer("metrics", "/metrics, the same"),
    answer("history", "30 days of one device as a curve, the same"),
    {
      key: "open_million",
      what: "start → first answer of /healthz, a million readings waiting",
      whatQuick: "start → first answer of /healthz, 100 000 readings waiting",
      unit: "ms",
      digits: 0,
    },
  ],
  measure: (_port, { subject, quick }) =>
    onBed(deadPort(), async ({ dir, line, start, brokerPort }) => {
      const count = quick ? 100_000 : MILLION;
      copyLog(`${dir}/data`, count);
      const http = deadPort();
      const startMs = performance.now();
      start({
        config: `[agent]\ndata_dir = "${dir}/data"
[serial]\nport = "${line.path}"
[http]\nlisten = "127.0.0.1:${http}"
[sinks.cloud]\ntype = "scorpio"\nbroker = "mqtt://127.0.0.1:${brokerPort}"
project_id = "p"\nedge_node_id = "gw1"
${KEEP_ALL}`,
      });
      const base = `http://127.0.0.1:${http}`;
      while (!await answers(`${base}/healthz`)) {
        if (performance.now() - startMs > 60_000) {
          throw new Error("No answer of /healthz within 60 s");
        }
        await clock.sleep(5);
      }
      const openMs = performance.now() - startMs;
      await clock.sleep(1000);
      const since = new Date(clock.nowMs() - 30 * 86_400_000).toISOString();
      const [device] = LOG_DEVICES;
      const times = quick ? 5 : 15;
      return {
        status: await asked(`${base}/status`, times),
        metrics: await asked(`${base}/metrics`, times),
        history: await asked(
          `${base}/api/history?device=${device}&since=${since}`,
          times,
        ),
        open_million: openMs,
      };
    }, { watched: false, program: subject }),
};

function answer(key: string, what: string, whatQuick = what) {
  return {
    key,
    what: `answer of ${what}`,
    whatQuick: `answer of ${whatQuick}`,
    unit: "ms",
    digits: 1,
  };
}

async function answers(url: string): Promise<boolean> {
  try {
    const reply = await fetch(url);
    await reply.body?.cancel();
    return reply.ok;
  } catch (error) {
    // Nobody listens there yet.
    if (error instanceof TypeError) return false;
    throw error;
  }
}

/** Median time of an answer, read to its end, milliseconds. */
async function asked(url: string, times: number): Promise<number> {
  const took: number[] = [];
  for (let n = 0; n < times; n++) {
    const startMs = performance.now();
    const reply = await fetch(url);
    const text = await reply.text();
    took.push(performance.now() - startMs);
    if (!reply.ok) throw new Error(`${url}: ${reply.status} ${text}`);
    await clock.sleep(50);
  }
  return percentile(took, 0.5);
}
