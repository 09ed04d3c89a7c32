/**
 * Bytes to the real server over a socket: every answer is HTTP with the security
 * headers, and the server is there for the next client.
 *
 * @module
 */
import { answer } from "../../../lib/http/answer.ts";
import { SECURITY_HEADERS } from "../../../lib/http/guard.ts";
import { serve, type Served } from "../../../lib/http/server.ts";
import { bytesOf, must, type Target, textOf } from "../target.ts";
import { http, stage, TOKEN } from "./requests.ts";

/** What a client waits for more; the server has answered all it will by then. */
const PATIENCE_MS = 150;
const STATUSES: ReadonlySet<string> = new Set([
  "200",
  "304",
  "400",
  "401",
  "404",
  "405",
  "417",
  "408",
  "413",
  "421",
  "431",
  "503",
]);

interface Open {
  readonly served: Served;
  readonly log: ReturnType<typeof stage>["log"];
}

let opening: Promise<Open> | null = null;

async function open(): Promise<Open> {
  const { host, log } = stage(TOKEN);
  const served = await serve({
    entrance: "tcp",
    answer: (ask) => answer(host, ask),
    turn: async (work) => await work(),
    log,
    limits: { headMs: 1000, requestMs: 1000, keepAliveMs: 1000 },
  }, { hostname: "127.0.0.1", port: 0 });
  return { served, log };
}

async function exchange(port: number, bytes: Uint8Array): Promise<string> {
  const connection = await Deno.connect({ hostname: "127.0.0.1", port });
  let over = false;
  const end = () => {
    if (!over) connection.close();
    over = true;
  };
  const timer = setTimeout(end, PATIENCE_MS);
  const chunks: Uint8Array[] = [];
  const buffer = new Uint8Array(16_384);
  try {
    for (let at = 0; at < bytes.length;) {
      at += await connection.write(bytes.subarray(at));
    }
    await connection.closeWrite();
    for (;;) {
      const length = await connection.read(buffer);
      if (length === null) break;
      chunks.push(buffer.slice(0, length));
    }
  } catch {
    // Cut off in the middle, by the server or by our patience.
  } finally {
    clearTimeout(timer);
    end();
  }
  return chunks.map(textOf).join("");
}

/** Looks at each head of what came back. */
function judge(said: string): void {
  if (said === "") return;
  must(said.startsWith("HTTP/1.1 "), () => `no HTTP: ${said.slice(0, 80)}`);
  must(!said.includes(TOKEN), () => "the token stands in an answer");
  for (const part of said.split(/(?=HTTP\/1\.1 \d{3} )/)) {
    const head = part.split("\r\n\r\n")[0] ?? "";
    const status = head.slice(9, 12);
    if (status === "100") continue;
    must(STATUSES.has(status), () => `status ${status}`);
    const lines = head.toLowerCase().split("\r\n");
    for (const name of Object.keys(SECURITY_HEADERS)) {
      must(
        lines.some((line) => line.startsWith(`${name}:`)),
        () => `status ${status} without ${name}`,
      );
    }
  }
}

/** A request as bytes, with the line ends of the wire. */
function wired(request: Uint8Array): Uint8Array {
  const [first, ...rest] = textOf(request).split("\n");
  return bytesOf([`${first} HTTP/1.1`, ...rest, ""].join("\r\n"));
}

const GET = "GET /status HTTP/1.1\r\nHost: localhost\r\n";

/** The server behind the page's port. */
export const httpRaw: Target = {
  name: "http_raw",
  inputs: 1500,
  maxBytes: 12_000,
  boundMs: 1500,
  sources: /\/lib\/http\//,
  seeds: [
    ...http.seeds.filter((seed) => !textOf(seed).includes("stream"))
      .map(wired),
    bytesOf(`${GET}Authorization: Bearer ${TOKEN}\r\n\r\n`),
    bytesOf(`${GET}\r\n${GET}\r\n${GET}Connection: close\r\n\r\n`),
    bytesOf(
      `POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\n0\r\n\r\n`,
    ),
  ],
  words: [
    "\r\n",
    "\r\n\r\n",
    "Host: localhost\r\n",
    "HTTP/1.0",
    "HTTP/9.9",
    "\0",
    "Content-Length: 5\r\n",
    "Content-Length: 99999\r\n",
    "Upgrade: h2c\r\n",
    "Transfer-Encoding: chunked\r\n",
    "Expect: 100-continue\r\n",
    "ffffffff\r\n",
    "Connection: upgrade\r\n",
    "CONNECT ",
    "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "TRACE ",
    `${"x".repeat(5000)}: y\r\n`,
    "\x16\x03\x01\x02",
    " ",
    "\t",
  ].map(bytesOf),
  text: true,
  async run(input) {
    const { served, log } = await (opening ??= open());
    judge(await exchange(Number(new URL(served.url).port), input));
    const failure = log.records.find(({ level }) => level === "error");
    log.records.length = 0;
    must(failure === undefined, () => `failed: ${JSON.stringify(failure)}`);
  },
  async close() {
    if (opening === null) return;
    const { served } = await opening;
    opening = null;
    await served[Symbol.asyncDispose]();
  },
};
