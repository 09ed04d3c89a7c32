// deno-lint-ignore-file no-control-regex
import assert from "node:assert/strict";
import { widthOf } from "../../lib/cli/table.ts";
import { statusPage } from "../../lib/cli/status_page.ts";
import { drained } from "../../lib/cli/status_sinks.ts";
import { fakeClock } from "../fakes/clock.ts";
import {
  deviceJson,
  FakeAgent,
  NOW,
  sinkJson,
  statusJson,
} from "../fakes/control.ts";
import { cli, TERMINAL } from "./command_line.ts";

const status = (agent: FakeAgent, ...args: string[]) =>
  cli(["status", "--socket", agent.socket, ...args]);

Deno.test("status says on one page that all is well", async () => {
  await using agent = await FakeAgent.open({
    devices: [deviceJson()],
    status: statusJson({
      devices: {
        known: 1,
        ok: 1,
        silent: 0,
        offline: 0,
        unregistered: 0,
        unnamed: 0,
      },
    }),
  });
  assert.deepEqual(await status(agent), {
    code: 0,
    out: `hall-2  dash7-edge 1.2.3  ready, up 25 h, pid 812

Port      /dev/serial/by-id/usb-1a86_USB2.0-Serial-if00-port0: open, last frame
          4 s ago
Modem     3939393900320044, firmware LORA 3.2.0
Readings  12 034 since the start, 480 an hour, 7 duplicates
Outbox    1.2 MB of 256 MB, 3.2 GB free on the disk, an outage could last 23
          days
Devices   1 known, 1 ok

SINK   STATE   DELIVERED  WAITING  REJECTED  DROPPED  A SECOND  DRAINED IN
cloud  up 2 h     12 034        0         0        0       0.1           -
`,
    err: "",
  });
});

Deno.test("status puts what is wrong first, with what would do", async () => {
  await using agent = await FakeAgent.open({
    devices: Array.from({ length: 8 }, (_, i) =>
      deviceJson({
        device: `32663630003900${i}0`,
        name: i === 0 ? "Compresseur n°2 – Élévation" : null,
        ...(i < 7
          ? { state: "silent" as const, last_heard_s: 10_000 }
          : { meter_lost: true, ignored: true }),
      })),
    status: statusJson({
      ready: false,
      problems: [{
        severity: "error",
        code: "port_down",
        subject: null,
        text: "The port /dev/ttyACM0 is not there",
        fix: "Plug the modem in; dash7-edge ports shows what there is",
        values: {},
        since: NOW,
      }],
      sinks: [
        sinkJson({ up: false, detail: "no route to host", pending: 12 }),
        sinkJson({
          name: "a-name-that-is-rather-long",
          delivered: 123_456_789,
        }),
      ],
    }),
  });
  const { out } = await status(agent);
  assert.match(
    out,
    /not ready.*\n\nERROR {5}The port \/dev\/ttyACM0 is not there\n {10}→ Plug the modem in; dash7-edge ports shows what there is\n\nPort/,
  );
  assert.match(out, /Compresseur n°2 – Élévation\s+\(silent, heard 3 h ago\)/);
  assert.match(out, /2 more:\s+dash7-edge devices/);
  assert.match(out, /^cloud +down 2 h +12k/m);
  assert.match(out, /^a-name-t\S*… +up 2 h +123M/m);
  assert.match(out, /\ncloud is down: no route to host\n$/);
  for (const line of out.split("\n")) assert.ok(widthOf(line) <= 80, line);
});

Deno.test("status --json is what the agent says, in one line", async () => {
  await using agent = await FakeAgent.open();
  const { code, out } = await status(agent, "--json");
  assert.equal(code, 0);
  assert.equal(out, `${JSON.stringify(agent.state.status)}\n`);
});

Deno.test("status colours only where people look", async () => {
  await using agent = await FakeAgent.open();
  const args = ["status", "--socket", agent.socket];
  const { out } = await cli(args, { colors: true, terminal: TERMINAL });
  assert.match(out, /\x1b\[32mup\x1b\[0m 2 h/);
  const plain = await cli(args, { terminal: TERMINAL });
  assert.equal(plain.out, out.replaceAll(/\x1b\[\d+m/g, ""));
});

Deno.test("status shows no control characters of others", async () => {
  await using agent = await FakeAgent.open({
    status: statusJson({
      sinks: [sinkJson({ up: false, detail: "\x1b[2J\x1b]0;title\x07" })],
    }),
  });
  assert.match((await status(agent)).out, /is down: �\[2J�\]0;title�/);
});

Deno.test("status --watch draws again every second and waits for an agent that restarts", async () => {
  await using agent = await FakeAgent.open();
  const clock = fakeClock();
  const stop = new AbortController();
  const pages: string[] = [];
  const wake: (() => void)[] = [];
  let down = false;
  agent.before = () =>
    down ? Promise.resolve(new Response("<html>", { status: 500 })) : undefined;
  const done = cli(["status", "--watch", "--socket", agent.socket], {
    terminal: TERMINAL,
    clock,
    signal: stop.signal,
    onOut(text) {
      pages.push(text);
      wake.shift()?.();
    },
  });
  const next = () => new Promise<void>((resolve) => wake.push(resolve));
  while (!pages.at(-1)?.includes("hall-2")) await next();
  assert.equal(pages[0], "\x1b[?25l\x1b[2J");
  down = true;
  const turn = async () => {
    while (clock.armed() === 0) await Promise.resolve();
    const drawn = next();
    await clock.advance(1000);
    await drawn;
  };
  await turn();
  assert.match(pages.at(-1) ?? "", /^\x1b\[H.*no agent of this version/);
  down = false;
  await turn();
  assert.match(pages.at(-1) ?? "", /hall-2/);
  stop.abort();
  assert.equal((await done).code, 0);
  assert.equal(pages.at(-1), "\x1b[?25h");
});

Deno.test("status --watch --json is a line a second, for scripts", async () => {
  await using agent = await FakeAgent.open();
  const clock = fakeClock();
  const stop = new AbortController();
  let lines = 0;
  const { code, out } = await cli(
    ["status", "--watch", "--json", "--socket", agent.socket],
    {
      clock: {
        ...clock,
        sleep: (ms, options) =>
          ms === 1000 ? Promise.resolve() : clock.sleep(ms, options),
      },
      signal: stop.signal,
      onOut: () => ++lines === 3 && stop.abort(),
    },
  );
  assert.equal(code, 0);
  assert.equal(out.trim().split("\n").length, 3);
});

Deno.test("drained() tells how far a backlog is, until nothing waits", () => {
  const backlog = new Map<string, number>();
  const at = (pending: number, rate_per_s: number, up = true) =>
    drained(
      statusJson({ sinks: [sinkJson({ pending, rate_per_s, up })] }),
      backlog,
    );
  assert.deepEqual(at(50, 10), []);
  assert.deepEqual(at(1200, 300), []);
  assert.deepEqual(at(40_000, 0, false), []);
  assert.deepEqual(at(30_000, 1000), [
    "Draining cloud  10 000 of 40 000 readings  25 %  1 000/s  30 s left",
  ]);
  assert.deepEqual(at(0, 1000), []);
  assert.deepEqual(at(50, 10), []);
});

Deno.test("statusPage() tells many problems of one kind in a few lines", () => {
  const silent = (n: number) => ({
    severity: "error" as const,
    code: "device_offline" as const,
    subject: String(n),
    text: `Meter ${n} is offline.`,
    fix: "Check its power.",
    values: {},
    since: null,
  });
  const page = (many: number) =>
    statusPage(
      statusJson({
        problems: [
          ...Array.from({ length: many }, (_, n) => silent(n)),
          {
            ...silent(0),
            code: "clock_unsynchronised",
            text: "The clock is not set.",
          },
        ],
      }),
      [],
      { width: 80, colors: false, drains: [] },
    );
  const many = page(200);
  assert.match(
    many,
    /Meter 2 is offline\.\n +→ Check its power\.\nERROR +197 more of this kind; all: dash7-edge devices\nERROR +The clock/,
  );
  assert.ok(many.split("\n").length < 30);
  // Four have the room that a line about the fourth would take.
  assert.match(page(4), /Meter 3 is offline/);
  assert.doesNotMatch(page(4), /more of this kind/);
});

Deno.test("statusPage() gives problems a line each where it has to fit", () => {
  const problem = {
    severity: "warning" as const,
    subject: null,
    text: "Noise on the line, ".repeat(10),
    fix: "Look at the cable",
    values: {},
    since: null,
  };
  const codes = ["line_noise", "frames_lost"] as const;
  const status = statusJson({
    problems: [...codes, ...codes, ...codes].map((code) => ({
      ...problem,
      code,
    })),
  });
  const options = { width: 80, colors: false, drains: [] };
  const whole = statusPage(status, [], options);
  assert.equal(whole.match(/→ Look at the cable/g)?.length, 6);
  const brief = statusPage(status, [], { ...options, rows: 23 });
  assert.ok(brief.trimEnd().split("\n").length <= 23);
  assert.equal(brief.match(/^WARNING {3}Noise on .*…$/gm)?.length, 4);
  assert.match(brief, /^6 problems; what would do: dash7-edge status$/m);
  assert.match(brief, /^cloud +up/m);
});
