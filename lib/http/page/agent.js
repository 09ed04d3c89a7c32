/**
 * Asking the agent: JSON answers, its live stream, and the token when it
 * wants one. Whether it answers at all is told to whoever watches.
 *
 * @module
 */
import { eventReader } from "./events.js";
import { recall, remember } from "./remember.js";

/** The agent did not answer, or not with what was asked for. */
export class AgentError extends Error {
  /**
   * @param {string} message
   * @param {number} status HTTP status; 0 when there was no answer
   */
  constructor(message, status) {
    super(message);
    this.name = "AgentError";
    this.status = status;
  }
}

/** @type {() => Promise<string | null>} */
let askToken = () => Promise.resolve(null);

/**
 * Says how a person is asked for the token.
 *
 * @param {() => Promise<string | null>} ask null: no token was given
 */
export function onTokenNeeded(ask) {
  askToken = ask;
}

/** @type {Promise<boolean> | null} */
let asking = null;
/** The dialog was closed without a token: it comes again only when asked for. */
let declined = false;

/**
 * One dialog for all requests that were refused meanwhile.
 *
 * @param {string | null} refused the token that was not taken
 * @returns {Promise<boolean>} whether there is another to try
 */
function newToken(refused) {
  if (recall("token") !== refused) return Promise.resolve(true);
  if (declined) return Promise.resolve(false);
  asking ??= askToken().then((token) => {
    asking = null;
    declined = token === null;
    if (token !== null) remember("token", token);
    return token !== null;
  });
  return asking;
}

/** Whether a person was asked for the token and gave none. */
export function tokenDeclined() {
  return declined;
}

/** Lets the dialog come again with the next request. */
export function askTokenAgain() {
  declined = false;
}

/**
 * @param {string} path
 * @param {AbortSignal} [signal]
 * @param {Readonly<Record<string, string>>} [more] headers
 * @returns {Promise<Response>}
 */
async function request(path, signal, more = {}) {
  for (;;) {
    const token = recall("token");
    /** @type {Record<string, string>} */
    const headers = token === null
      ? { ...more }
      : { ...more, authorization: `Bearer ${token}` };
    let response;
    try {
      response = await fetch(path, {
        headers,
        cache: "no-store",
        ...(signal === undefined ? {} : { signal }),
      });
    } catch (error) {
      if (signal?.aborted) throw error;
      throw new AgentError(String(error), 0);
    }
    if (response.ok) return response;
    await response.body?.cancel();
    if (response.status !== 401 || !(await newToken(token))) {
      throw new AgentError(`${path}: ${response.status}`, response.status);
    }
  }
}

/**
 * The JSON at a path.
 *
 * @param {string} path
 * @param {Readonly<Record<string, string | number>>} [query]
 * @param {AbortSignal} [signal]
 * @returns {Promise<any>}
 * @throws {AgentError}
 */
export async function ask(path, query = {}, signal) {
  const pairs = Object.entries(query).map(([name, value]) =>
    `${name}=${encodeURIComponent(value)}`
  );
  const full = pairs.length === 0 ? path : `${path}?${pairs.join("&")}`;
  const response = await request(full, signal);
  try {
    return await response.json();
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new AgentError(`${path}: ${error}`, 0);
  }
}

/** Longest wait before the stream is opened again, ms. */
const RETRY_MAX_MS = 15_000;
/** Silence after which a stream counts as dead, ms; the agent says something every 15 s. */
const SILENCE_MS = 45_000;

/**
 * Follows the live stream until the signal ends it, opening it again with
 * growing waits when it breaks.
 *
 * @param {string} path
 * @param {AbortSignal} signal
 * @param {(type: string, value: any) => void} tell
 * @param {(open: boolean) => void} onOpen
 */
export async function follow(path, signal, tell, onOpen) {
  // What was seen before a break is not told again after it.
  let lastId = "";
  for (let tries = 0; !signal.aborted; tries++) {
    const watch = new AbortController();
    const both = AbortSignal.any([signal, watch.signal]);
    try {
      /** @type {Record<string, string>} */
      const seen = lastId === "" ? {} : { "last-event-id": lastId };
      const response = await request(path, both, seen);
      onOpen(true);
      tries = 0;
      await readEvents(response, watch, (type, value, id) => {
        lastId = id;
        tell(type, value);
      });
    } catch {
      // Broken, refused or stopped: the loop's head tells which.
    }
    onOpen(false);
    watch.abort();
    if (signal.aborted) return;
    const waitMs = Math.min(RETRY_MAX_MS, 500 * 2 ** tries);
    await pause(waitMs * (0.5 + Math.random() / 2), signal);
  }
}

/**
 * @param {Response} response
 * @param {AbortController} watch
 * @param {(type: string, value: any, id: string) => void} tell
 */
async function readEvents(response, watch, tell) {
  if (response.body === null) return;
  const read = eventReader();
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  for (;;) {
    const timer = setTimeout(() => watch.abort(), SILENCE_MS);
    const { value, done } = await reader.read().finally(() =>
      clearTimeout(timer)
    );
    if (done) return;
    for (const { type, data, id } of read(value)) {
      tell(type, JSON.parse(data), id);
    }
  }
}

/**
 * @param {number} ms
 * @param {AbortSignal} signal
 * @returns {Promise<void>}
 */
function pause(ms, signal) {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal.addEventListener("abort", end);
  });
}
