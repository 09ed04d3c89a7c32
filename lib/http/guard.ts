/**
 * ◆ Who may ask what. Looks at the head of a request only: where it came in,
 * method, target, `Host`, token, announced body.
 *
 * Without a token the agent listens on a loopback address only, and any page in
 * a browser of this machine could reach it under a name that its owner points
 * to 127.0.0.1 (DNS rebinding). Such a request carries that name as its `Host`,
 * so only names that cannot be pointed elsewhere are served.
 *
 * @module
 */
import {
  type Ask,
  type Headers,
  jsonReply,
  refusal,
  type Reply,
} from "./exchange.ts";
import { quoted } from "./params.ts";

/** What the guard decides by. */
export interface Policy {
  /** Says whether a text is the token of section `[http]`; null when there is none. */
  readonly isToken: ((given: string) => boolean) | null;
  /** Paths that hold no data: the page's own files, without `/`. */
  readonly open: ReadonlySet<string>;
}

/** Either an answer, or the way is free. */
export type Verdict =
  | { readonly pass: true; readonly path: string; readonly query: string }
  | { readonly pass: false; readonly reply: Reply };

/** Largest body of a request, bytes. */
export const MAX_BODY_BYTES = 65_536;

/** Sent with every answer. The page is served from here alone and speaks to here alone. */
export const SECURITY_HEADERS: Headers = {
  "content-security-policy":
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-embedder-policy": "require-corp",
  "cross-origin-resource-policy": "same-origin",
};

/** Path that says that the agent is alive, and nothing else. */
const ALIVE = "/healthz";

/** Lets a request in or says why not. */
export function guard(
  ask: Omit<Ask, "body">,
  policy: Policy,
): Verdict {
  const target = targetOf(ask.target);
  if (target === null) {
    return refuse(
      400,
      "the request target is not a plain path such as /status",
    );
  }
  if (ask.hosts === 0 && ask.wantsHost) {
    return refuse(400, "no Host header, one is wanted");
  }
  if (ask.hosts > 1) {
    return refuse(400, `${ask.hosts} Host headers, one would do`);
  }
  if (ask.entrance === "tcp") {
    const reply = overTcp(ask, target, policy);
    if (reply !== null) return { pass: false, reply };
  }
  const length = Number(ask.headers["content-length"] ?? 0);
  if (!(length <= MAX_BODY_BYTES)) {
    return refuse(413, tooLong(`a body of ${length} bytes`));
  }
  return { pass: true, path: target.path, query: target.query };
}

/** The words for a body that is too long. */
export function tooLong(found: string): string {
  return `${found}, at most ${MAX_BODY_BYTES} bytes are taken`;
}

/** What holds on TCP only. */
function overTcp(
  ask: Omit<Ask, "body">,
  { path, host = ask.headers["host"] }: Target,
  { isToken, open }: Policy,
): Reply | null {
  if (isToken === null && host !== undefined && !isOwnName(host)) {
    return refusal(
      421,
      `this agent is not known as ${
        quoted(host)
      }: ask for localhost or an IP address, or set a token in [http]`,
    );
  }
  if (ask.method !== "GET" && ask.method !== "HEAD") {
    return refusal(
      405,
      `${ask.method} is not answered here: GET only; what changes things goes over the control socket`,
      { allow: "GET, HEAD" },
    );
  }
  const length = ask.headers["content-length"];
  if (
    ask.headers["transfer-encoding"] !== undefined ||
    (length !== undefined && Number(length) !== 0)
  ) return refusal(413, "a request with a body, none is taken here");
  if (isToken === null || path === ALIVE || open.has(path)) return null;
  const given = /^Bearer +(.+)$/i.exec(ask.headers["authorization"] ?? "")?.[1];
  if (given !== undefined && isToken(given)) return null;
  return jsonReply(
    {
      error: ask.headers["authorization"] === undefined
        ? "no token: send the token of [http] as Authorization: Bearer TOKEN"
        : "another token than that of [http]",
    },
    401,
    { "www-authenticate": 'Bearer realm="dash7-edge"' },
  );
}

/** What a request target says. */
interface Target {
  readonly path: string;
  readonly query: string;
  /** Of a target that is a whole address, as a proxy is asked; it goes before `Host`. [RFC 9112 §3.2.2] */
  readonly host: string | undefined;
}

/**
 * Takes a request target apart. Null unless its path means the same to
 * everybody: no `..`, no empty step, no control character, no backslash, also
 * not percent-encoded.
 */
export function targetOf(text: string): Target | null {
  const [, host, target = text] = /^http:\/\/([^/?#@]*)(\/.*)$/i.exec(text) ??
    [];
  const at = target.indexOf("?");
  const raw = at < 0 ? target : target.slice(0, at);
  const query = at < 0 ? "" : target.slice(at + 1);
  if (!raw.startsWith("/") || /[\0-\x20\x7f-\xff\\#]/.test(target)) return null;
  // A sender encodes these in a path, or somebody on the way does. [RFC 3986 §3.3]
  if (/["<>^`{}]/.test(raw)) return null;
  // One slash at the end is a habit, not another place.
  const path = raw.length > 1 ? raw.replace(/\/$/, "") : raw;
  for (const step of path.split("/").slice(1)) {
    const plain = decoded(step);
    if (
      plain === null || plain === "." || plain === ".." ||
      // deno-lint-ignore no-control-regex
      /[\0-\x1f\x7f\\/]/.test(plain) || (plain === "" && path !== "/")
    ) return null;
  }
  return { path, query, host };
}

/** Percent-decoded; null when it is not well-formed. */
export function decoded(text: string): string | null {
  try {
    return decodeURIComponent(text);
  } catch (error) {
    if (error instanceof URIError) return null;
    throw error;
  }
}

/** True for a `Host` that nobody can point here by DNS. */
export function isOwnName(host: string): boolean {
  const match = /^(?:\[([0-9a-f:.]+)\]|([^:[\]]*))(?::\d{1,5})?$/i.exec(host);
  if (match === null) return false;
  const [, six, name = ""] = match;
  if (six !== undefined) return true;
  return /^(?:[a-z0-9-]+\.)*localhost\.?$/i.test(name) ||
    /^(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)(?:\.|$)){4}$/.test(name) &&
      !name.endsWith(".");
}

function refuse(status: number, error: string): Verdict {
  return { pass: false, reply: refusal(status, error) };
}
