import assert from "node:assert/strict";
import { cli, CommandProcess, fixture, MAIN } from "./command_line.ts";

/** Names and data types of a message in the client's document, in order. */
async function seedMetrics(kind: "DBIRTH" | "DDATA"): Promise<string[]> {
  const text = await Deno.readTextFile(fixture("scorp-io.md"));
  const block = text.split(`/${kind}/`)[1]?.split("```")[1] ?? "";
  return [...block.matchAll(/"name":"([^"]+)", +"dataType":"([^"]+)"/g)]
    .map(([, name, type]) => `${name} ${type}`);
}

interface Metric {
  readonly name: string;
  readonly dataType: string;
  readonly value?: unknown;
  readonly timestamp?: number;
}

interface Message {
  readonly topic: string;
  readonly qos: number;
  readonly retain: boolean;
  readonly payload: { readonly metrics: readonly Metric[] };
}

const named = (metrics: readonly Metric[]) =>
  metrics.map(({ name, dataType }) => `${name} ${dataType}`);

Deno.test("demo --json shows a DBIRTH and DDATA of every device as the platform wants them", async () => {
  const birth = await seedMetrics("DBIRTH");
  const data = await seedMetrics("DDATA");
  assert.deepEqual([birth.length, data.length], [15, 14]);
  const beforeMs = Date.now();
  await using demo = new CommandProcess(
    ["demo", "--duration", "3s", "--devices", "3", "--json"],
  );
  const { code, out, err } = await demo.ended();
  assert.equal(code, 0, err);
  const lines = out.trimEnd().split("\n");
  const messages: Message[] = lines.map((line) => JSON.parse(line));
  const devices = new Map<string, Message[]>();
  for (const message of messages) {
    assert.deepEqual(
      Object.keys(message),
      ["topic", "qos", "retain", "payload"],
    );
    const match = /^mqtts\/demo\/(DBIRTH|DDATA)\/gateway\/([0-9A-F]{16})$/.exec(
      message.topic,
    );
    assert.ok(match, message.topic);
    assert.equal(message.qos, 1);
    const device = match[2] ?? "";
    const before = devices.get(device) ?? [];
    // A birth comes first, and once.
    assert.equal(match[1], before.length === 0 ? "DBIRTH" : "DDATA");
    assert.equal(message.retain, before.length === 0);
    devices.set(device, [...before, message]);
  }
  assert.equal(devices.size, 3);
  for (const [first, ...others] of devices.values()) {
    assert.deepEqual(named(first?.payload.metrics ?? []), birth);
    const readings = others.filter(({ payload }) => payload.metrics.length > 2);
    assert.ok(readings.length > 0);
    for (const { payload: { metrics } } of readings) {
      assert.deepEqual(named(metrics), data);
      for (const { timestamp = 0 } of metrics) {
        assert.ok(timestamp >= beforeMs && timestamp <= Date.now());
      }
    }
  }
  // More than a double can hold, odd, and exact to the last digit.
  const exact = /"value":(9007199254740\d{3})\b/g;
  const values = [...out.matchAll(exact)].map(([, digits]) => digits ?? "");
  assert.ok(values.includes("9007199254740993"), values.join());
  assert.match(out, /Énergie apparente\/Phase 1/);
  assert.match(err, /pending \+ 0 rejected \+ 0 dropped/);
  assert.doesNotMatch(err, /WARN|ERROR/);
});

Deno.test("demo shows people every metric and ends with 1 if a device was not heard", async () => {
  const stop = new AbortController();
  // A second apart: a busy machine does not hear all before the end.
  const { code, out, err } = await cli(
    ["demo", "--duration", "1m", "--interval", "40s", "--devices", "40"],
    { signal: stop.signal, onOut: () => stop.abort() },
  );
  assert.equal(code, 1);
  assert.match(out, /DBIRTH\/gateway\/326636300039004C qos 1, retained\n/);
  assert.match(out, /^ +État de la liaison Modbus - DASH7 +Boolean$/m);
  assert.match(err, /devices lack DBIRTH or DDATA/);
});

Deno.test("demo that is too short for its interval ends with 1", async () => {
  const { code, out, err } = await cli(
    ["demo", "--duration", "200ms", "--interval", "1h", "--json"],
  );
  assert.deepEqual([code, out], [1, ""]);
  assert.match(err, /3 of 3 devices lack DBIRTH or DDATA/);
});

Deno.test("demo ends promptly and tidily at SIGINT", async () => {
  await using demo = new CommandProcess(["demo", "--duration", "10m"]);
  await demo.until("DBIRTH", () => demo.out.includes("DBIRTH"));
  const dir = /outbox in (\S+)/.exec(demo.err)?.[1] ?? "";
  assert.ok((await Deno.stat(dir)).isDirectory);
  const startMs = performance.now();
  demo.kill("SIGINT");
  const { code, err } = await demo.ended();
  assert.ok(performance.now() - startMs < 8000);
  assert.equal(code, 1, err);
  await assert.rejects(Deno.stat(dir), Deno.errors.NotFound);
});

Deno.test("demo and other verbs end quietly when their reader is gone", async () => {
  const shell = new Deno.Command("bash", {
    args: [
      "-o",
      "pipefail",
      "-c",
      '"$0" run -A "$1" demo --json --duration 10m | head -n 1; echo "${PIPESTATUS[0]}"' +
      '; "$0" run -A "$1" schema | true; echo "${PIPESTATUS[0]}"',
      Deno.execPath(),
      MAIN,
    ],
    stdout: "piped",
    stderr: "piped",
  });
  const { stdout, stderr } = await shell.output();
  const lines = new TextDecoder().decode(stdout).trimEnd().split("\n");
  const err = new TextDecoder().decode(stderr);
  assert.equal(lines.length, 3, err);
  assert.match(JSON.parse(lines[0] ?? "").topic, /DBIRTH/);
  assert.deepEqual(lines.slice(1), ["0", "0"], err);
  assert.doesNotMatch(err, /Uncaught|BrokenPipe|at file:/);
});
