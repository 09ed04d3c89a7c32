/**
 * From a request to its answer: guard, path, errors. A function of its
 * arguments, tried without a server.
 *
 * @module
 */
import type { Log } from "../log.ts";
import { type Ask, refusal, type Reply } from "./exchange.ts";
import { control, type ControlHost } from "./control.ts";
import { guard, type Policy } from "./guard.ts";
import { ParamError, quoted } from "./params.ts";
import { route, type RouteHost } from "./routes.ts";

/** What answers are made from. */
export interface AnswerHost extends RouteHost, ControlHost {
  readonly policy: Policy;
  /** Sparing: a client can cause any number of records. */
  readonly log: Log;
  /** Runs a piece of work when it is its turn. */
  readonly turn: <T>(work: () => T | Promise<T>) => Promise<T>;
}

/** Answers a request; never rejects. */
export async function answer(host: AnswerHost, ask: Ask): Promise<Reply> {
  const verdict = guard(ask, host.policy);
  if (!verdict.pass) return withPage(host, ask, verdict.reply);
  const { path, query } = verdict;
  try {
    const reply = await host.turn(() =>
      (ask.entrance === "control" ? control(host, path, query, ask) : null) ??
        route(host, path, query, ask)
    );
    return reply ?? refusal(404, `there is no ${quoted(path)}`);
  } catch (error) {
    if (error instanceof ParamError) return refusal(400, error.message);
    host.log.error("Request cannot be answered", {
      method: ask.method,
      path,
      reason: error instanceof Error ? error : String(error),
    });
    return refusal(500, "this failed; the log of the agent says why");
  }
}

/** A browser that has no token yet gets the page, which asks for it and holds no data. */
function withPage(host: AnswerHost, ask: Ask, reply: Reply): Reply {
  const page = host.assets.get("/");
  if (
    reply.status !== 401 || page === undefined ||
    !/^\/(?:\?|$)/.test(ask.target)
  ) return reply;
  return {
    ...reply,
    headers: { ...reply.headers, "content-type": page.type },
    body: page.body,
  };
}
