/**
 * The HTTP side of an agent, put together: answers, live view, and the two doors
 * they are reached through.
 *
 * @module
 */
import type { Clock } from "../clock.ts";
import { type Log, sparing } from "../log.ts";
import { answer } from "./answer.ts";
import { type Asset, tagged } from "./assets.ts";
import type { Ask } from "./exchange.ts";
import { Door, type Trouble } from "./listen.ts";
import { Streams } from "./stream.ts";
import { tokenCheck } from "./token.ts";
import { Turns } from "./turns.ts";
import type { Steering, View } from "./view.ts";

/** What is served, and where. */
export interface HttpHost {
  readonly view: View;
  readonly steering: Steering;
  readonly clock: Clock;
  readonly log: Log;
  /** From 0 up to but not including 1. */
  readonly random: () => number;
  /** Null when there is to be no TCP. */
  readonly listen: { readonly hostname: string; readonly port: number } | null;
  /** Path of the control socket. */
  readonly socket: string;
  readonly token: string | undefined;
  /** Files of the page by path. */
  readonly page: ReadonlyMap<
    string,
    { readonly type: string; readonly body: string }
  >;
  /** Name by UID, as configured. */
  readonly names: ReadonlyMap<string, string>;
}

/** The HTTP side of a running agent. */
export interface HttpSide extends AsyncDisposable {
  /** Address of the page; null while it cannot be reached. */
  url(): string | null;
  /** Why the page cannot be reached; null when it can, or is not wanted. */
  trouble(): Trouble | null;
}

/** Opens both doors; neither can stop the agent. */
export async function openHttp(host: HttpHost): Promise<HttpSide> {
  const { clock, view, steering, token } = host;
  await using stack = new AsyncDisposableStack();
  const log = sparing(host.log, () => clock.monoMs());
  const turns = stack.use(new Turns(clock));
  const streams = stack.use(new Streams({ view, clock, log }));
  const assets = tagged(host.page);
  const turn = <T>(work: () => T | Promise<T>) => turns.run(work);
  const answerHost = {
    view,
    steering,
    streams,
    assets,
    turn,
    log,
    policy: {
      isToken: token === undefined ? null : tokenCheck(token),
      open: openPaths(assets),
    },
    deviceOf: deviceFinder(host.names),
    nowMs: () => clock.nowMs(),
  };
  const doors = {
    clock,
    log: host.log,
    random: host.random,
    turn,
    answer: (ask: Ask) => answer(answerHost, ask),
  };
  stack.use(await Door.open(doors, "control", { path: host.socket }));
  const tcp = host.listen === null
    ? null
    : stack.use(await Door.open(doors, "tcp", host.listen));
  const owned = stack.move();
  return {
    url: () => tcp?.url() ?? null,
    trouble: () => tcp?.trouble() ?? null,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** Files of the page that need no token; `/` has an answer of its own. */
function openPaths(assets: ReadonlyMap<string, Asset>): ReadonlySet<string> {
  return new Set([...assets.keys()].filter((path) => path !== "/"));
}

/** Finds a device by its configured name, else by UID (a VID: 4 digits) in any case. */
function deviceFinder(
  names: ReadonlyMap<string, string>,
): (text: string) => string | null {
  const byName = new Map([...names].map(([device, name]) => [name, device]));
  return (text) =>
    byName.get(text) ??
      (/^(?:[0-9a-f]{16}|[0-9a-f]{4})$/i.test(text)
        ? text.toUpperCase()
        : null);
}
