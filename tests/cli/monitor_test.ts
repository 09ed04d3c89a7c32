/**
 * `monitor`: how lines look, and a line that comes and goes.
 *
 * @module
 */
import assert from "node:assert/strict";
import { eventsOf } from "../../lib/cli/follow.ts";
import { lineSettings } from "../../lib/cli/line_settings.ts";
import { monitorText, sumText } from "../../lib/cli/monitor_page.ts";
import { runModem } from "../../lib/cli/sim/run.ts";
import { openPty } from "../../lib/cli/sim/pty.ts";
import { widthOf } from "../../lib/cli/table.ts";
import { openCapture } from "../../lib/capture/read.ts";
import type { LineJson } from "../../lib/http/json.ts";
import { realClock } from "../fakes/host.ts";
import { energy } from "../fakes/plant.ts";
import { cli, CommandProcess, configIn, tempDir } from "./command_line.ts";

const DEVICE = "326636300039004C";

const line: LineJson = {
  kind: "frame",
  at: "2026-01-01T12:34:56.789Z",
  type: "alp_data",
  counter: 1,
  hex: "c0".repeat(60),
  device: DEVICE,
  name: "The second compressor of hall 2",
  summary:
    "energy 230/231/232 V 7120/8120/9120 mA 123456/123456/123456 Wh; link 71 dB",
  alp: null,
  files: [],
};

Deno.test("monitorText() keeps to the terminal's width, and loses no word", () => {
  for (const width of [20, 40, 61, 80, 120, Infinity]) {
    const look = { width, colors: false, hex: true };
    const text = monitorText(line, look);
    for (const row of text.trimEnd().split("\n")) {
      assert.ok(widthOf(row) <= Math.max(width, 32), `${width}: ${row}`);
    }
    const words = text.replaceAll(/\s+/g, " ");
    assert.ok(
      line.summary.split(" ").every((word) =>
        words.includes(word) || width < 40
      ),
      text,
    );
    assert.equal(text.split("c0").length - 1, 60);
  }
  assert.match(
    monitorText(line, { width: 80, colors: false, hex: false }),
    /^\d\d:\d\d:56\.789 The second comp… {2}energy 230\/231\/232 V 7120\/8120\/9120 mA\n {31}123456/,
  );
});

Deno.test("monitorText() shows what is no frame, and colours only where wanted", () => {
  const bad: LineJson = {
    kind: "discarded",
    at: line.at,
    hex: "0102",
    summary: "2 bytes \x1b[2J",
  };
  const look = { width: 80, colors: false, hex: true };
  assert.match(
    monitorText(bad, look),
    /\(line\) {12}2 bytes �\[2J\n {2}0102\n$/,
  );
  assert.ok(!monitorText(bad, look).includes("\x1b"));
  assert.ok(monitorText(bad, { ...look, colors: true }).includes("\x1b[33m"));
});

Deno.test("sumText() sums up in one sentence", () => {
  const sum = { frames: 1, lost: 0, badChecksums: 2, discardedBytes: 1234 };
  assert.equal(
    sumText(sum, 75),
    "1 frame, 2 bad checksums, 1 234 bytes discarded in 1 min 15 s.",
  );
  assert.match(
    sumText({ ...sum, lost: 3 }, 1),
    /1 frame \(3 lost on the cable\)/,
  );
});

Deno.test("eventsOf() gives events of a stream in any pieces", async () => {
  const text = ': here\n\nid: 1\nevent: frame\ndata: {"a":1}\n\n' +
    "event: x\ndata: 1\ndata: 2\n\nevent: cut";
  for (const size of [1, 3, 100]) {
    const pieces = text.match(new RegExp(`[^]{1,${size}}`, "g")) ?? [];
    const told = [];
    for await (const event of eventsOf(ReadableStream.from(pieces))) {
      told.push(event);
    }
    assert.deepEqual(told, [
      { event: "frame", data: '{"a":1}' },
      { event: "x", data: "1\n2" },
    ]);
  }
});

Deno.test("lineSettings() reads no more of a configuration than the line", async () => {
  await using dir = await tempDir();
  const file = await configIn(
    dir.path,
    `[serial]\nport = "\${PORT}"\nsilence_ms = 300\n[devices."${DEVICE}"]\nname = "One"\n` +
      `[sinks.x]\ntype = "none such"\npassword = "\${NOT_THERE}"\n`,
  );
  const env = (name: string) => name === "PORT" ? "/dev/x" : undefined;
  const settings = await lineSettings(file, { env });
  assert.deepEqual(settings.serial, {
    port: "/dev/x",
    baud: 115_200,
    silence_ms: 300,
  });
  assert.equal(settings.nameOf(DEVICE), "One");
  assert.equal(settings.nameOf("toString"), null);
  Deno.writeTextFileSync(file, "[serial]\nbaud = true\n");
  await assert.rejects(lineSettings(file, { env }), /dash7-edge check tells/);
  Deno.writeTextFileSync(file, "[serial\n");
  await assert.rejects(lineSettings(file, { env }), /not TOML/);
  await assert.rejects(lineSettings("nowhere", { env }), /no such file/);
});

Deno.test("monitor --record shows and records what comes, writes nothing, and ends well", async () => {
  await using dir = await tempDir();
  const link = `${dir.path}/tty`;
  const file = `${dir.path}/a.capture`;
  const stop = new AbortController();
  let out = "";
  let pushed = false;
  const pty = await openPty({ link });
  await using running = runModem(pty, { clock: realClock() });
  const monitor = cli(
    ["monitor", "--port", link, "--json", "--record", file],
    {
      signal: stop.signal,
      onErr(text) {
        if (!text.includes("open") || pushed) return;
        pushed = true;
        running.send([Uint8Array.of(1, 2)]);
        running.send(running.modem.push(energy(DEVICE, 1n)));
      },
      onOut(text) {
        out += text;
        if (text.includes(DEVICE)) stop.abort();
      },
    },
  );
  const { code, err } = await monitor;
  assert.equal(code, 0, err);
  const lines = out.trim().split("\n").map((text) => JSON.parse(text));
  assert.deepEqual(lines.map(({ kind, type }) => type ?? kind), [
    "rebooted",
    "discarded",
    "alp_data",
  ]);
  assert.match(err, /^Port .*tty open, 115200 baud, recording to .*\. Ctrl-C/);
  assert.match(err, /2 frames, 0 bad checksums, 2 bytes discarded in/);
  await using capture = await openCapture(
    ReadableStream.from([await Deno.readFile(file)]),
  );
  const kinds = [];
  let hex = "";
  for await (const record of capture.records) {
    kinds.push(record.kind === "event" ? record.event : record.kind);
    if (record.kind === "rx") hex += record.bytes.toHex();
  }
  assert.equal(hex, lines.map(({ hex }) => hex).join(""));
  assert.equal(kinds[0], "opened");
  assert.equal(kinds.at(-1), "closed");
  assert.ok(!kinds.includes("tx"));
  const again = await cli(["monitor", "--port", link, "--record", file]);
  assert.equal(again.code, 1);
  assert.match(again.err, /Cannot record to .*: there is a file of that name/);
});

Deno.test("monitor waits for a port that is absent, and says so", async () => {
  await using dir = await tempDir();
  const stop = new AbortController();
  const { code, err } = await cli(["monitor", "--port", `${dir.path}/tty`], {
    signal: stop.signal,
    onErr: (text) => text.includes("Waiting") && stop.abort(),
  });
  assert.equal(code, 0);
  assert.match(
    err,
    /Cannot open .*tty: .*\nWaiting for the port\. Ctrl-C ends/,
  );
});

Deno.test("monitor says who has the port, and what would do", async () => {
  await using dir = await tempDir();
  const link = `${dir.path}/tty`;
  const pty = await openPty({ link });
  await using _running = runModem(pty, { clock: realClock() });
  await using other = new CommandProcess(["monitor", "--port", link]);
  await other.until("the port is open", () => other.err.includes("open,"));
  const config = await configIn(
    dir.path,
    `[agent]\ndata_dir = "${dir.path}"\n[serial]\nport = "${link}"\n`,
  );
  const none = await cli(["monitor", "--config", config]);
  assert.equal(none.code, 1);
  assert.match(none.err, /^dash7-edge: Cannot open .*: it is held by .*\n$/);
  const named = await cli(["monitor", "--port", link]);
  assert.match(named.err, /monitor \(without --port\) shows what it hears; or/);
  const recorded = await cli([
    "monitor",
    "--config",
    config,
    "--record",
    `${dir.path}/x`,
  ]);
  assert.match(recorded.err, /dash7-edge diag writes down its last minutes/);
  other.kill("SIGINT");
  assert.equal((await other.ended()).code, 0);
});
