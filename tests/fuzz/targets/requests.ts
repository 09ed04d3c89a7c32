/**
 * Requests as text, their answers judged: known status, plain headers, no
 * secret, nothing changed by who only asks. For the page's port and for the
 * control socket.
 *
 * @module
 */
import { answer, type AnswerHost } from "../../../lib/http/answer.ts";
import {
  type Ask,
  type Entrance,
  isFeed,
  type Reply,
} from "../../../lib/http/exchange.ts";
import { Streams } from "../../../lib/http/stream.ts";
import { fakeClock } from "../../fakes/clock.ts";
import { memoryLog } from "../../fakes/log.ts";
import { answerHost } from "../../http/answer_host.ts";
import { DEVICE, fakeSteering, FakeView, reading } from "../../http/view.ts";
import { Broken, bytesOf, must, type Target, textOf } from "../target.ts";

/** Stands in no answer. */
export const TOKEN = "s3cret-t0ken-0123456789";

const STATUSES: ReadonlySet<number> = new Set([
  200,
  304,
  400,
  401,
  404,
  405,
  413,
  421,
  503,
]);
/** What a request without a token may see. */
const OPEN: ReadonlySet<string> = new Set(["/healthz", "/page/main.js"]);
const METHOD = /^[A-Z]{1,12}$/;

/** A view that has no fault of its own. */
class Sound extends FakeView {
  override explain(id: number): null {
    this.asked.push(id);
    return null;
  }
}

/** What answers are made from, without a socket. */
export function stage(token: string | null): {
  readonly host: AnswerHost;
  readonly view: FakeView;
  readonly done: unknown[];
  readonly log: ReturnType<typeof memoryLog>;
} {
  const view = new Sound();
  view.rows = Array.from({ length: 3 }, (_, n) => reading(n + 1));
  const log = memoryLog();
  const done: unknown[] = [];
  const host = answerHost({
    view,
    steering: fakeSteering(done),
    streams: new Streams({ view, clock: fakeClock(), log }),
    token,
    log,
  });
  return { host, view, done, log };
}

/** Method and target, header lines, an empty line, the body; as Node would hand it on. */
function askOf(input: Uint8Array, entrance: Entrance): Ask | null {
  const text = textOf(input);
  const end = text.indexOf("\n\n");
  const [first = "", ...lines] = (end < 0 ? text : text.slice(0, end))
    .split("\n");
  const body = end < 0 ? "" : text.slice(end + 2);
  const [method = "", ...words] = first.split(" ");
  // Node lets no other method through.
  if (!METHOD.test(method)) return null;
  const headers: Record<string, string> = {};
  let hosts = 0;
  for (const line of lines) {
    const at = line.indexOf(":");
    const name = line.slice(0, at).trim().toLowerCase();
    if (at < 1 || !/^[a-z0-9-]+$/.test(name)) continue;
    if (name === "host") hosts++;
    headers[name] ??= line.slice(at + 1).trim();
  }
  return {
    entrance,
    method,
    target: words.join(" "),
    headers,
    hosts,
    wantsHost: true,
    body: (most) => Promise.resolve(body.length > most ? null : body),
  };
}

async function judge(
  ask: Ask,
  token: string | null,
  input: Uint8Array,
): Promise<void> {
  const { host, view, done, log } = stage(token);
  const reply = await answer(host, ask);
  const { status } = reply;
  const failure = log.records.find(({ level }) => level === "error");
  if (failure !== undefined || status === 500) {
    throw new Broken(`failed: ${failure?.fields["reason"]}`);
  }
  must(STATUSES.has(status), () => `status ${status}`);
  // Throws for what no header may hold.
  const headers = new Headers(reply.headers);
  must(headers.has("content-type"), () => "no content-type");
  must(headers.has("cache-control"), () => "no cache-control");
  const body = bodyOf(reply);
  const said = `${JSON.stringify(reply.headers)}${body}`;
  // What a client sends itself may be repeated to it.
  if (token !== null && !ask.target.includes(token)) {
    must(!said.includes(token), () => "the token stands in the answer");
  }
  if (headers.get("content-type") === "application/json" && status !== 304) {
    JSON.parse(body);
  }
  if (status >= 400 && status !== 503 && !body.startsWith("<title>")) {
    const { error } = JSON.parse(body);
    must(typeof error === "string" && error !== "", () => "no reason");
    must(
      error.length < 2000 + 4 * input.length,
      () => `a reason of ${error.length} characters`,
    );
  }
  const asks = ask.method === "GET" || ask.method === "HEAD";
  const changes = done.filter((deed) =>
    !(Array.isArray(deed) && (deed[0] === "peek" || deed[0] === "rejected"))
  );
  must(
    changes.length === 0 || (ask.entrance === "control" && !asks),
    () => `${ask.method} did ${JSON.stringify(changes)}`,
  );
  if (ask.entrance === "tcp") tcp(ask, token, reply, view, done);
}

function tcp(
  ask: Ask,
  token: string | null,
  { status }: Reply,
  view: FakeView,
  done: readonly unknown[],
): void {
  must(done.length === 0, () => `over TCP ${JSON.stringify(done)}`);
  const asks = ask.method === "GET" || ask.method === "HEAD";
  must(asks || status >= 400, () => `${ask.method} was answered`);
  const given = ask.headers["authorization"] ?? "";
  if (token === null || given.includes(token) || status >= 300) return;
  const path = ask.target.replace(/^http:\/\/[^/]*/i, "").replace(/\?.*/, "")
    .replace(/\/$/, "");
  must(OPEN.has(path), () => `let in without a token: ${status}`);
  must(
    view.asked.length + view.statuses === 0,
    () => "data were looked at for somebody without a token",
  );
}

function bodyOf({ body }: Reply): string {
  if (isFeed(body)) return "";
  return typeof body === "string" ? body : [...body].join("");
}

const HOST = "host: localhost\n";

const PATHS = [
  "/",
  "/page/main.js",
  "/healthz",
  "/readyz",
  "/status",
  "/metrics",
  "/api/devices",
  "/api/readings?device=Boiler&since=2025-01-01&limit=3",
  `/api/history?device=${DEVICE}&since=0&until=5&points=2`,
  "/api/explain?id=12",
  "/api/stream?events=line,reading&device=Boiler",
  "http://localhost:80/status",
];

const WORDS = [
  ...PATHS,
  HOST,
  "\n",
  "GET ",
  "HEAD ",
  "POST ",
  "DELETE ",
  "OPTIONS ",
  "/..",
  "%2e",
  "%2f",
  "%00",
  "//",
  "?",
  "&",
  "=",
  "%",
  "\\",
  "#",
  "@",
  "__proto__",
  "constructor",
  "toString",
  "9".repeat(20),
  "-1",
  "1e3",
  "host: evil.example\n",
  "host: [::1]:80\n",
  "host: 127.0.0.1\n",
  "authorization: Bearer x\n",
  `authorization: Bearer ${TOKEN}\n`,
  "content-length: 5\n",
  "content-length: -1\n",
  "if-none-match: *\n",
  "transfer-encoding: chunked\n",
  "last-event-id: 3-9\n",
  "é",
  "\u2028",
  "limit=",
  "since=",
  "until=",
  "id=",
  "device=",
  "points=",
  "events=",
];

/** Requests to the page's port. */
export const http: Target = {
  name: "http",
  inputs: 14_000,
  maxBytes: 600,
  boundMs: 500,
  sources: /\/lib\/http\//,
  seeds: PATHS.map((path) => bytesOf(`GET ${path}\n${HOST}`)),
  words: WORDS.map(bytesOf),
  text: true,
  async run(input) {
    const ask = askOf(input, "tcp");
    if (ask === null) return;
    await judge(ask, null, input);
    await judge(ask, TOKEN, input);
  },
};

const WRITES =
  '{"mode":"contact","timeout_ms":1000,"writes":[{"file_id":61,"offset":0,"data":"0001"}]}';

const CONTROLS = [
  `DELETE /api/devices/${DEVICE}\n`,
  "DELETE /api/devices/Boiler\n",
  `POST /api/devices/${DEVICE}/writes\n\n${WRITES}`,
  "GET /api/queue/cloud?after=1&limit=3\n",
  "DELETE /api/queue/cloud\n",
  "GET /api/queue/cloud/rejected?limit=1\n",
  "POST /api/diag\n",
  "GET /status\n",
];

/** Requests to the control socket. */
export const control: Target = {
  name: "control",
  inputs: 8000,
  maxBytes: 600,
  boundMs: 500,
  sources: /\/lib\/http\//,
  seeds: CONTROLS.map(bytesOf),
  words: [
    ...WORDS,
    ...CONTROLS,
    WRITES,
    "/writes",
    "/rejected",
    '"mode":"direct"',
    '"offset":4',
    '"data":"FF"',
    "null",
    "[]",
    "{}",
    "1e400",
    '"a":1,',
  ].map(bytesOf),
  text: true,
  async run(input) {
    const ask = askOf(input, "control");
    if (ask !== null) await judge(ask, null, input);
  },
};
