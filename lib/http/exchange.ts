/**
 * One request and its answer as data, so that everything but the sockets can be
 * tried without a server.
 *
 * @module
 */

/** Where a request came in; the control socket is its owner's alone. */
export type Entrance = "tcp" | "control";

/** A request whose head has arrived. */
export interface Ask {
  readonly entrance: Entrance;
  readonly method: string;
  /** The request target as it was sent. */
  readonly target: string;
  /** Names in lower case; of a repeated field the first. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** How many `Host` fields there were. */
  readonly hosts: number;
  /** Whether there must be one: HTTP/1.0 knew none. [RFC 9112 §3.2] */
  readonly wantsHost: boolean;
  /** Reads the body as text; null when it is longer than `maxBytes`. */
  body(maxBytes: number): Promise<string | null>;
}

/** Headers of an answer. */
export type Headers = Readonly<Record<string, string>>;

/** An answer. */
export interface Reply {
  readonly status: number;
  readonly headers: Headers;
  /**
   * Text; or pieces of text, with room for other work between them; or a feed
   * that goes on until one side ends it.
   */
  readonly body: string | Iterable<string> | Feed;
}

/** A body without an end of its own. */
export interface Feed {
  start(outlet: Outlet): void;
}

/** Where a feed goes: one client. */
export interface Outlet {
  /** Sends bytes; false when the client takes no more for now. */
  write(bytes: Uint8Array): boolean;
  /** Called when it takes some again. */
  onRoom(call: () => void): void;
  /** Called once when the client is gone or {@link end} was called. */
  onGone(call: () => void): void;
  end(): void;
}

/** True for a feed. */
export function isFeed(body: Reply["body"]): body is Feed {
  return typeof body === "object" && "start" in body;
}

/** A JSON answer; data are never kept by a browser or a proxy. */
export function jsonReply(
  value: unknown,
  status = 200,
  headers: Headers = {},
): Reply {
  return {
    status,
    headers: {
      "content-type": "application/json",
      "cache-control": "no-store",
      ...headers,
    },
    body: JSON.stringify(value) + "\n",
  };
}

/** A refusal: what was found and what would do. */
export function refusal(
  status: number,
  error: string,
  headers: Headers = {},
): Reply {
  return jsonReply({ error }, status, headers);
}
