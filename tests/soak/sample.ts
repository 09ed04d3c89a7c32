/**
 * One look at a running agent: what the kernel says of its process, what it
 * says of itself over HTTP, and what is on disk.
 *
 * @module
 */
import { get } from "node:http";
import type { StatusJson } from "../../lib/http/json.ts";
import { memoryKinds } from "../bench/memory_map.ts";
import { writtenBytes } from "../bench/proc.ts";
import type { Child } from "../chaos/child.ts";

/** Longest wait for an answer, milliseconds. */
const ANSWER_MS = 5000;

/** A sink's account as the agent tells it. */
export interface Account {
  readonly sink: string;
  readonly readings: number;
  readonly delivered: number;
  readonly pending: number;
  readonly rejected: number;
  readonly dropped: number;
}

/** What the agent says of itself. */
export interface Told {
  readonly heapUsedBytes: number;
  readonly heapTotalBytes: number;
  readonly externalBytes: number;
  readonly accounts: readonly Account[];
}

/** One look. */
export interface Sample {
  /** Since the soak began, seconds. */
  readonly atS: number;
  /** Number of the process, from 1. */
  readonly life: number;
  /** What goes on; null while nothing does and the last fault is over for a while. */
  readonly during: string | null;
  /** Resident memory by what it is for, bytes. */
  readonly memory: Readonly<Record<string, number>>;
  readonly residentBytes: number;
  readonly descriptors: number;
  readonly threads: number;
  readonly cpuS: number;
  /** By the process so far. */
  readonly writtenBytes: number;
  readonly databaseBytes: number;
  readonly walBytes: number;
  /** Null when it did not answer. */
  readonly told: Told | null;
  /** Readings that have been pushed, and that were seen in the outbox, so far. */
  readonly sent: number;
  readonly committed: number;
  /** Id of the oldest reading in the log: what is before it has been pruned. */
  readonly oldestId: number;
}

/** What of a sample the process and the disk give. */
type Seen = Omit<
  Sample,
  "atS" | "life" | "during" | "sent" | "committed" | "oldestId"
>;

/** Looks at an agent; null when it has ended meanwhile. */
export async function sampleOf(
  agent: Child,
  database: string,
): Promise<Seen | null> {
  const { pid } = agent;
  try {
    // Before the agent is asked: the question is a connection of its own.
    const descriptors = agent.holding()?.descriptors;
    if (descriptors === undefined) return null;
    const status = Deno.readTextFileSync(`/proc/${pid}/status`);
    const stat = Deno.readTextFileSync(`/proc/${pid}/stat`)
      .split(") ")[1]?.split(" ") ?? [];
    const kernel = {
      memory: { ...memoryKinds(pid) },
      residentBytes: 1024 * Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1]),
      descriptors,
      threads: Number(/^Threads:\s+(\d+)/m.exec(status)?.[1]),
      // Ticks of user and system time.
      cpuS: (Number(stat[11]) + Number(stat[12])) / 100,
      writtenBytes: writtenBytes(pid),
    };
    const disk = {
      databaseBytes: sizeOf(database),
      walBytes: sizeOf(`${database}-wal`),
    };
    return { ...kernel, ...disk, told: await toldBy(agent) };
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}

/** Bytes of a file; 0 when there is none. */
function sizeOf(path: string): number {
  try {
    return Deno.statSync(path).size;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return 0;
    throw error;
  }
}

/** Asks an agent's dashboard; null when it does not answer in time. */
export async function toldBy(agent: Child): Promise<Told | null> {
  const url = /Dashboard open .*url=(\S+)/.exec(agent.log)?.[1];
  if (url === undefined) return null;
  try {
    const metrics = await fetched(`${url}metrics`);
    const status = JSON.parse(await fetched(`${url}status`)) as StatusJson;
    const number = (name: string): number =>
      Number(new RegExp(`^${name} (\\S+)$`, "m").exec(metrics)?.[1]);
    return {
      heapUsedBytes: number("nodejs_heap_size_used_bytes"),
      heapTotalBytes: number("nodejs_heap_size_total_bytes"),
      externalBytes: number("nodejs_external_memory_bytes"),
      accounts: status.sinks.map((sink) => ({
        sink: sink.name,
        readings: sink.readings,
        delivered: sink.delivered,
        pending: sink.pending,
        rejected: sink.rejected,
        dropped: sink.dropped,
      })),
    };
  } catch (error) {
    if (error instanceof AnswerError) return null;
    throw error;
  }
}

/** No whole answer came. */
class AnswerError extends Error {
  override readonly name = "AnswerError";
}

/** A page over a connection that ends with it: none is left open at the agent. */
function fetched(url: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const failed = (error: Error) =>
      reject(new AnswerError(`No answer from ${url}`, { cause: error }));
    const asked = get(url, { agent: false, timeout: ANSWER_MS }, (answer) => {
      let text = "";
      answer.setEncoding("utf8");
      answer.on("data", (part: string) => text += part);
      answer.on("end", () => resolve(text));
      answer.on("error", failed);
    });
    asked.on("timeout", () => asked.destroy(new Error("it takes too long")));
    asked.on("error", failed);
  });
}
