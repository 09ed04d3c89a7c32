// deno-lint-ignore-file no-control-regex
import assert from "node:assert/strict";
import { count } from "../../lib/cli/words.ts";
import type { ReadingJson } from "../../lib/http/json.ts";
import {
  FakeAgent,
  readingJson,
  sinkJson,
  statusJson,
} from "../fakes/control.ts";
import { type Around, cli, tempDir, TERMINAL } from "./command_line.ts";

/** An agent with so many readings that wait for the sink cloud. */
function waiting(count: number, from = 1): Promise<FakeAgent> {
  return FakeAgent.open({
    status: statusJson({ sinks: [sinkJson({ pending: count })] }),
    queues: {
      cloud: Array.from({ length: count }, (_, i) => readingJson(from + i)),
    },
  });
}

const queue = (agent: FakeAgent, args: string, around?: Around) =>
  cli(["queue", ...args.split(" "), "--socket", agent.socket], around);

function idsIn(text: string): number[] {
  return text.trimEnd().split("\n").map((line) =>
    (JSON.parse(line) as ReadingJson).id
  );
}

Deno.test("queue stats shows the account as the sum that it is", async () => {
  await using agent = await FakeAgent.open({
    status: statusJson({
      sinks: [
        sinkJson({
          pending: 56,
          rejected: 1,
          dropped: 3,
          dropped_by: { age: 3, size: 0 },
          oldest_pending_at: "2025-01-01T11:00:00.000Z",
        }),
        sinkJson({ name: "broken", readings: 5 }),
      ],
    }),
  });
  const { code, out } = await queue(agent, "stats");
  assert.equal(code, 0);
  assert.match(
    out,
    /^SINK +READINGS +DELIVERED +WAITING +REJECTED +DROPPED\n/,
  );
  assert.match(
    out,
    /^cloud +12 094 {2}= +12 034 {2}\+ +56 {2}\+ +1 {2}\+ +3$/m,
  );
  assert.match(out, /^broken +5 {2}≠/m);
  assert.match(out, /cloud: the oldest has waited 1 h, since 2025-01-01 /);
  assert.match(out, /cloud: 3 dropped \(age\)\n$/);
  const json = await queue(agent, "stats --json");
  assert.deepEqual(JSON.parse(json.out.split("\n")[0] ?? ""), {
    name: "cloud",
    type: "scorpio",
    up: true,
    readings: 12_094,
    delivered: 12_034,
    pending: 56,
    rejected: 1,
    dropped: 3,
    dropped_by: { age: 3, size: 0 },
    oldest_pending_at: "2025-01-01T11:00:00.000Z",
  });
});

Deno.test("queue peek shows the oldest that wait, and how many more there are", async () => {
  await using agent = await waiting(30);
  const { code, out, err } = await queue(agent, "peek cloud");
  assert.equal(code, 0);
  assert.equal(out.trimEnd().split("\n").length, 21);
  assert.match(out, /^ID +RECEIVED +DEVICE +FILE +VALID +VALUES\n/);
  assert.match(
    out,
    /^ 1 {2}2025-01-01 .* Compressor 2 +energy +yes +1 234 566 kWh/m,
  );
  assert.equal(err, "20 of 30; more: --limit\n");
  const json = await queue(agent, "peek cloud --limit 2 --json");
  assert.deepEqual(idsIn(json.out), [1, 2]);
  assert.equal(json.err, "");
});

Deno.test("queue peek --rejected gives the reasons", async () => {
  await using agent = await waiting(1);
  assert.match(
    (await queue(agent, "peek cloud --rejected")).err,
    /cloud has refused nothing that is still kept/,
  );
  agent.state.rejected["cloud"] = [{
    id: 7,
    reason: "payload too large",
    device: "326636300039004C",
    file_id: 52,
    received_at: "2025-01-01T11:00:00.000Z",
    command: "00",
  }];
  const { out } = await queue(agent, "peek cloud --rejected");
  assert.match(out, /^ 7 .* 326636300039004C +52 {2}payload too large$/m);
});

Deno.test("queue export gives all that waits, page by page, in order", async () => {
  await using agent = await waiting(2500);
  const { code, out, err } = await queue(agent, "export cloud");
  assert.equal(code, 0);
  assert.deepEqual(idsIn(out), Array.from({ length: 2500 }, (_, i) => i + 1));
  assert.equal(err, "2 500 readings exported\n");
  assert.equal(
    agent.asked.filter((asked) => asked === "GET /api/queue/cloud").length,
    10,
  );
});

Deno.test("queue export holds while readings come and go: none twice, in order, ends at the newest of its start", async () => {
  await using agent = await waiting(2500);
  let newest = 2500;
  agent.before = ({ url }) => {
    if (!url.includes("/api/queue/")) return;
    // Between two pages 300 are delivered and 700 come.
    const left = (agent.state.queues["cloud"] ?? []).slice(300);
    agent.state.queues["cloud"] = [
      ...left,
      ...Array.from({ length: 700 }, () => readingJson(++newest)),
    ];
  };
  const { out, err } = await queue(agent, "export cloud");
  const ids = idsIn(out);
  assert.equal(new Set(ids).size, ids.length);
  assert.deepEqual(ids, ids.toSorted((a, b) => a - b));
  assert.equal(ids[0], 301);
  assert.equal(ids.at(-1), 2500);
  assert.equal(err, `${count(ids.length)} readings exported\n`);
});

Deno.test("queue export shows progress on a terminal, and clears it", async () => {
  await using agent = await waiting(2500);
  const { out, err } = await queue(agent, "export cloud", {
    terminal: TERMINAL,
  });
  assert.equal(idsIn(out).length, 2500);
  assert.match(err, /^\r\x1b\[KExporting {2}250 of 2 500 readings {2}10 %/);
  assert.match(err, /\r\x1b\[K2 500 readings exported\n$/);
});

Deno.test("queue export stops with the agent and goes on where it stopped", async () => {
  await using agent = await waiting(2500);
  await using dir = await tempDir();
  const file = `${dir.path}/saved.jsonl`;
  let pages = 0;
  agent.before = ({ url }) =>
    url.includes("/api/queue/") && ++pages === 3
      ? Promise.resolve(Response.json({ error: "busy" }, { status: 503 }))
      : undefined;
  const first = await queue(agent, `export cloud --out ${file}`);
  assert.deepEqual(first, {
    code: 1,
    out: "",
    err:
      "dash7-edge: the agent refuses: busy\n500 readings exported so far; go on with: --after 500\n",
  });
  const again = await queue(agent, `export cloud --out ${file}`);
  assert.equal(again.code, 1);
  assert.match(again.err, /saved.jsonl exists and is left as it is/);
  const rest = await queue(agent, `export cloud --out ${file} --after 500`);
  assert.equal(rest.code, 0);
  assert.equal(rest.err, "2 000 readings exported\n");
  assert.deepEqual(
    idsIn(await Deno.readTextFile(file)),
    Array.from({ length: 2500 }, (_, i) => i + 1),
  );
  assert.equal(((await Deno.stat(file)).mode ?? 0) & 0o777, 0o600);
});

Deno.test("queue export says on Ctrl-C how to go on", async () => {
  await using agent = await waiting(2500);
  const stop = new AbortController();
  let pages = 0;
  agent.before = ({ url }) => {
    if (url.includes("/api/queue/") && ++pages === 3) stop.abort();
  };
  const { code, out, err } = await queue(agent, "export cloud", {
    signal: stop.signal,
  });
  assert.equal(code, 1);
  assert.equal(idsIn(out).at(-1), 500);
  assert.equal(
    err,
    "dash7-edge: stopped\n500 readings exported so far; go on with: --after 500\n",
  );
});

Deno.test("queue export keeps no half page on a full disk", async () => {
  await using agent = await waiting(3);
  const { code, err } = await queue(
    agent,
    "export cloud --out /dev/full --after 1",
  );
  assert.equal(code, 1);
  assert.match(
    err,
    /cannot write \/dev\/full: No space left on device\n0 readings exported so far; go on with: --after 1\n$/,
  );
});

Deno.test("queue export --rejected saves what a sink refused", async () => {
  await using agent = await waiting(1);
  agent.state.rejected["cloud"] = [8, 7].map((id) => ({
    id,
    reason: "no",
    device: "326636300039004C",
    file_id: 52,
    received_at: "2025-01-01T11:00:00.000Z",
    command: null,
  }));
  const { code, out, err } = await queue(agent, "export cloud --rejected");
  assert.equal(code, 0);
  assert.deepEqual(idsIn(out), [8, 7]);
  assert.equal(err, "2 rejected readings exported\n");
});

for (
  const [answer, dropped] of [
    ["y\n", true],
    ["YES\n", true],
    ["n\n", false],
    [
      "\n",
      false,
    ],
    ["", false],
    ["yesterday\n", false],
  ] as const
) {
  Deno.test(
    `queue purge asks, and takes ${JSON.stringify(answer)} for ${
      dropped ? "yes" : "no"
    }`,
    async () => {
      await using agent = await waiting(3);
      const { code, out, err } = await queue(agent, "purge cloud", {
        terminal: TERMINAL,
        stdin: [answer],
      });
      assert.match(err, /^3 readings would be dropped and never reach cloud\./);
      assert.equal(code, dropped ? 0 : 1);
      assert.equal(out, dropped ? "3 readings for cloud dropped\n" : "");
      assert.equal(agent.state.queues["cloud"]?.length, dropped ? 0 : 3);
      assert.equal(err.endsWith("Nothing was dropped.\n"), !dropped);
    },
  );
}

Deno.test("queue purge --yes drops without asking; with nothing there it says so", async () => {
  await using agent = await waiting(3);
  const first = await queue(agent, "purge cloud --yes");
  assert.deepEqual(first, {
    code: 0,
    out: "3 readings for cloud dropped\n",
    err: "",
  });
  agent.state.status = statusJson();
  assert.equal(
    (await queue(agent, "purge cloud --yes")).err,
    "Nothing waits for cloud: nothing was dropped.\n",
  );
});
