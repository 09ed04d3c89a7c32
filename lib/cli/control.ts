/**
 * The client of an agent's control socket: one method a request, and plain
 * words when nobody answers.
 *
 * @module
 */
import { request } from "node:http";
import { ConfigError } from "../config/config.ts";
import type { WriteEnd } from "../downlink/downlink.ts";
import type { WritesBody } from "../http/control.ts";
import type {
  DeviceJson,
  ExplainJson,
  ReadingJson,
  RejectedJson,
  StatusJson,
} from "../http/json.ts";
import { AgentError } from "./agent_error.ts";
import { answering } from "./answering.ts";
import {
  clockOf,
  type ExitCode,
  type Io,
  type IoClock,
  systemTime,
} from "./io.ts";
import { type AgentSelection, placesOf } from "./socket.ts";
import { span } from "./words.ts";

/** Longest wait for an answer. */
const ANSWER_MS = 10_000;

/** What can be asked; every method throws {@link AgentError}. */
export interface Agent {
  /** Its control socket, for what is no single answer. */
  readonly path: string;
  status(): Promise<StatusJson>;
  devices(): Promise<readonly DeviceJson[]>;
  /** Newest first. */
  readings(
    query: { readonly device?: string; readonly limit: number },
  ): Promise<readonly ReadingJson[]>;
  explain(id: number): Promise<ExplainJson>;
  forget(device: string): Promise<void>;
  write(device: string, body: WritesBody): Promise<readonly WriteEnd[]>;
  /** Readings that wait for a sink behind `after`, oldest first. */
  queue(
    sink: string,
    after: number,
    limit: number,
  ): Promise<readonly ReadingJson[]>;
  /** Newest first. */
  rejected(sink: string, limit: number): Promise<readonly RejectedJson[]>;
  purge(sink: string): Promise<{ readonly purged: number }>;
  diag(): Promise<{ readonly file: string }>;
}

/**
 * Finds the agent and talks to it. Tells on stderr when there is none, or when
 * it refuses.
 *
 * @param verb as it is typed, for the line that would do
 */
export async function withAgent(
  options: AgentSelection,
  io: Io,
  verb: string,
  talk: (agent: Agent) => Promise<ExitCode>,
): Promise<ExitCode> {
  try {
    const places = await placesOf(options, io);
    const path = await answering(places, verb);
    return await talk(agentOn(path, io.signal, clockOf(io)));
  } catch (error) {
    if (error instanceof ConfigError) {
      io.err(`${error.message}\n`);
      return 78;
    }
    if (!(error instanceof AgentError)) throw error;
    // Who has pressed Ctrl-C knows why there is no answer.
    if (!io.signal.aborted) io.err(`dash7-edge: ${error.message}\n`);
    return 1;
  }
}

/** The agent behind a socket. */
export function agentOn(
  path: string,
  signal: AbortSignal,
  clock: IoClock = systemTime,
): Agent {
  const ask = async (
    method: "GET" | "POST" | "DELETE",
    target: string,
    body?: unknown,
    waitMs = ANSWER_MS,
  ): Promise<unknown> => {
    const answer = await exchange(path, {
      method,
      target,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      waitMs,
      signal,
      clock,
    });
    return read(path, answer);
  };
  // The agent is this very program: its answers have the shapes of json.ts.
  const get = async <T>(target: string): Promise<T> =>
    await ask("GET", target) as T;
  const part = encodeURIComponent;
  return {
    path,
    status: () => get("/status"),
    devices: () => get("/api/devices"),
    readings: ({ device, limit }) =>
      get(
        `/api/readings?limit=${limit}${
          device === undefined ? "" : `&device=${part(device)}`
        }`,
      ),
    explain: (id) => get(`/api/explain?id=${id}`),
    async forget(device) {
      await ask("DELETE", `/api/devices/${part(device)}`);
    },
    async write(device, body) {
      const target = `/api/devices/${part(device)}/writes`;
      // A direct write waits for the device, once a field.
      const waitMs = ANSWER_MS + body.timeout_ms * body.writes.length;
      return await ask("POST", target, body, waitMs) as readonly WriteEnd[];
    },
    queue: (sink, after, limit) =>
      get(`/api/queue/${part(sink)}?after=${after}&limit=${limit}`),
    rejected: (sink, limit) =>
      get(`/api/queue/${part(sink)}/rejected?limit=${limit}`),
    // A million rows take their time.
    purge: async (sink) =>
      await ask("DELETE", `/api/queue/${part(sink)}`, undefined, 120_000) as {
        purged: number;
      },
    diag: async () =>
      await ask("POST", "/api/diag", undefined, 60_000) as { file: string },
  };
}

interface Question {
  readonly method: string;
  readonly target: string;
  readonly body?: string;
  readonly waitMs: number;
  readonly signal: AbortSignal;
  readonly clock: IoClock;
}

interface Answer {
  readonly status: number;
  readonly text: string;
}

/**
 * One request. `node:http` and not `fetch`, which looks at the proxy variables
 * of the environment even for a socket.
 */
async function exchange(
  path: string,
  { method, target, body, waitMs, signal, clock }: Question,
): Promise<Answer> {
  // The request is given up by its own signal, and only then: aborting one that
  // is over would keep its whole answer in memory.
  const given = new AbortController();
  const giveUp = () => given.abort();
  if (signal.aborted) giveUp();
  signal.addEventListener("abort", giveUp);
  const done = new AbortController();
  let late = false;
  const watch = clock.sleep(waitMs, { signal: done.signal }).then(() => {
    if (done.signal.aborted) return;
    late = true;
    giveUp();
  });
  try {
    return await new Promise<Answer>((resolve, reject) => {
      const asked = request({
        socketPath: path,
        path: target,
        method,
        agent: false,
        signal: given.signal,
        headers: {
          host: "localhost",
          ...(body === undefined ? {} : {
            "content-type": "application/json",
            "content-length": String(new TextEncoder().encode(body).length),
          }),
        },
      }, (answer) => {
        let text = "";
        answer.setEncoding("utf8");
        answer.on("data", (piece: string) => text += piece);
        answer.on("end", () => {
          resolve({ status: answer.statusCode ?? 0, text });
        });
        answer.on("error", reject);
      });
      asked.on("error", reject);
      asked.end(body);
    });
  } catch (error) {
    if (late) {
      throw new AgentError(
        `the agent on ${path} has not answered within ${
          span(waitMs / 1000)
        }: it is busy or stuck; its log says more (journalctl -u dash7-edge)`,
      );
    }
    const reason = error instanceof Error ? error.message : String(error);
    throw new AgentError(
      `the agent on ${path} has ended while it was asked (${reason})`,
    );
  } finally {
    signal.removeEventListener("abort", giveUp);
    done.abort();
    await watch;
  }
}

function read(path: string, { status, text }: Answer): unknown {
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    throw new AgentError(
      `what answers on ${path} is no agent of this version (status ${status}): restart it after an upgrade`,
      status,
    );
  }
  if (status >= 200 && status < 300) return body;
  const said = typeof body === "object" && body !== null && "error" in body
    ? String(body.error)
    : `status ${status}`;
  // What is not there needs no more words.
  throw new AgentError(
    status === 404 ? said : `the agent refuses: ${said}`,
    status,
  );
}
