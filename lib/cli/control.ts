/**
 * The client of an agent's control socket.
 *
 * @module
 */
import type { ExitCode, Io } from "./io.ts";
import { configOf } from "./host.ts";

/** An answer of the agent. */
export interface Answer {
  readonly status: number;
  readonly body: unknown;
}

/** Asks one thing; by default a body makes it a POST. */
export type Ask = (
  path: string,
  body?: unknown,
  method?: "GET" | "POST" | "DELETE",
) => Promise<Answer>;

/**
 * Finds the agent that a configuration describes and talks to it; tells on
 * stderr when there is none.
 *
 * @param flag the value of `--config`
 */
export async function withAgent(
  flag: string | undefined,
  io: Io,
  talk: (ask: Ask) => Promise<ExitCode>,
): Promise<ExitCode> {
  const loaded = await configOf(flag, io);
  if (loaded === null) return 78;
  const path = loaded.config.http.socket;
  const fault = await unreachable(path);
  if (fault !== null) {
    io.err(`dash7-edge: ${fault}\n`);
    return 1;
  }
  using client = Deno.createHttpClient({ proxy: { transport: "unix", path } });
  return await talk(async (path, body, method) => {
    const response = await fetch(`http://agent${path}`, {
      client,
      signal: io.signal,
      method: method ?? (body === undefined ? "GET" : "POST"),
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return { status: response.status, body: await response.json() };
  });
}

/** Why nobody answers on a socket; null if somebody does. */
async function unreachable(path: string): Promise<string | null> {
  try {
    const connection = await Deno.connect({ path, transport: "unix" });
    connection.close();
    return null;
  } catch (error) {
    if (error instanceof Deno.errors.PermissionDenied) {
      return `the agent's control socket ${path} belongs to another user: run this as the user of the agent`;
    }
    const reason = error instanceof Error ? error.message : String(error);
    return `no agent is running with this configuration: nobody answers on ${path} (${reason})`;
  }
}

/** What the agent says went wrong. */
export function faultOf({ status, body }: Answer): string {
  const said = typeof body === "object" && body !== null && "error" in body
    ? String(body.error)
    : `status ${status}`;
  return `the agent refuses: ${said}`;
}
