/**
 * The live view of a running agent, over its control socket, event by event.
 * [HTML Living Standard §9.2]
 *
 * @module
 */
import { request } from "node:http";
import type { IncomingMessage } from "node:http";
import { AgentError } from "./agent_error.ts";

/** One event: its kind, and its data as text. */
export interface Told {
  readonly event: string;
  readonly data: string;
}

/** Longest event that is taken. */
const MAX_CHARS = 4_000_000;

/**
 * Follows until `signal` aborts or the agent ends.
 *
 * @throws {AgentError} when the agent refuses, or ends
 */
export async function* follow(
  path: string,
  target: string,
  signal: AbortSignal,
): AsyncGenerator<Told> {
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    const asked = request({
      socketPath: path,
      path: target,
      agent: false,
      signal,
      headers: { host: "localhost", accept: "text/event-stream" },
    }, resolve);
    asked.on("error", reject);
    asked.end();
  }).catch((error) => {
    throw new AgentError(`the agent on ${path} does not answer (${error})`);
  });
  try {
    if (answer.statusCode !== 200) {
      throw new AgentError(
        `the agent on ${path} gives no live view (status ${answer.statusCode}): it may be of another version, restart it`,
        answer.statusCode ?? null,
      );
    }
    yield* eventsOf(answer.setEncoding("utf8"));
  } catch (error) {
    if (signal.aborted) return;
    if (error instanceof AgentError) throw error;
    throw new AgentError(`the agent on ${path} has ended`);
  } finally {
    answer.destroy();
  }
  if (!signal.aborted) throw new AgentError(`the agent on ${path} has ended`);
}

/** Events of a stream of text in any pieces. */
export async function* eventsOf(
  pieces: AsyncIterable<string>,
): AsyncGenerator<Told> {
  let rest = "";
  for await (const piece of pieces) {
    const blocks = (rest + piece).split("\n\n");
    rest = blocks.pop() ?? "";
    if (rest.length > MAX_CHARS) {
      throw new AgentError("the agent sends an event without an end");
    }
    for (const block of blocks) {
      let event = "message";
      const data: string[] = [];
      for (const line of block.split("\n")) {
        const at = line.indexOf(":");
        const value = line.slice(at + 1).replace(/^ /, "");
        if (line.startsWith("event:")) event = value;
        else if (line.startsWith("data:")) data.push(value);
      }
      if (data.length > 0) yield { event, data: data.join("\n") };
    }
  }
}
