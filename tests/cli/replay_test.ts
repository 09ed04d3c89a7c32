/**
 * `replay` on a command line: what it says, and how it ends.
 *
 * @module
 */
import assert from "node:assert/strict";
import {
  type CaptureRecord,
  headerLine,
  recordLine,
} from "../../lib/capture/capture.ts";
import { encodeFrame } from "../../lib/frame/frame.ts";
import { takeLock } from "../../lib/store/lock.ts";
import { energy } from "../fakes/plant.ts";
import { cli, configIn, tempDir } from "./command_line.ts";

const DEVICE = "326636300039004C";

/** Four frames: two readings, a repetition, one more; some bytes between. */
const records: readonly CaptureRecord[] = [
  { kind: "event", atMs: 0, event: "opened", port: "/dev/was" },
  rx(10, energyFrame(0, 1n)),
  rx(20, energyFrame(1, 1n)),
  rx(30, Uint8Array.of(1, 2, 3)),
  rx(2000, energyFrame(2, 2n)),
  rx(90_000, energyFrame(3, 2n)),
  { kind: "unknown", atMs: 90_000, keys: [] },
  { kind: "event", atMs: 90_010, event: "closed" },
];

function rx(atMs: number, bytes: Uint8Array): CaptureRecord {
  return { kind: "rx", atMs, bytes };
}

function energyFrame(counter: number, number: bigint): Uint8Array {
  return encodeFrame(counter, "alp_data", energy(DEVICE, number));
}

async function captureIn(dir: string, startedMs: number): Promise<string> {
  const file = `${dir}/some.capture`;
  const header = headerLine({
    startedMs,
    monoMs: 0,
    port: "/dev/was",
    baud: 115_200,
    bootId: "then",
    synced: true,
    version: "0.0.0",
  });
  await Deno.writeTextFile(file, header + records.map(recordLine).join(""));
  return file;
}

function toml(dir: string, more = ""): string {
  return `[agent]
data_dir = "${dir}/data"
[log]
level = "error"
[outbox]
min_free_mb = 0
[sinks.file]
type = "jsonl"
path = "${dir}/out.jsonl"
${more}`;
}

Deno.test("replay feeds readings of any age into the configured sinks, at recorded times", async () => {
  await using dir = await tempDir();
  const config = await configIn(dir.path, toml(dir.path));
  const file = await captureIn(dir.path, Date.UTC(2001, 0, 1));
  const { code, out, err } = await cli([
    "replay",
    file,
    "--speed",
    "max",
    "--config",
    config,
  ]);
  assert.equal(code, 0, err);
  assert.equal(out, "");
  const lines = Deno.readTextFileSync(`${dir.path}/out.jsonl`).trim()
    .split("\n").map((line) => JSON.parse(line));
  assert.deepEqual(
    lines.map(({ received_at, measurements, clock }) => [
      received_at,
      measurements.apparent_energy_1.value,
      clock,
    ]),
    [
      ["2001-01-01T00:00:00.010Z", 1, "synchronised"],
      ["2001-01-01T00:00:02.000Z", 2, "synchronised"],
      ["2001-01-01T00:01:30.000Z", 2, "synchronised"],
    ],
  );
  assert.match(err, /some\.capture: recorded 200[01]-.* from \/dev\/was\.\n/);
  assert.match(
    err,
    /readings go into file \(jsonl\), by way of the outbox in .*\/data\.\n/,
  );
  assert.ok(
    err.endsWith(
      `4 frames, 0 bad checksums, 3 bytes discarded
3 readings, 1 duplicate
file: 3 delivered, 0 pending, 0 rejected
1 line of the capture are of a later version, skipped
`,
    ),
    err,
  );
  // A second time it gives the same again: nothing in the outbox makes it a repetition.
  const again = await cli([
    "replay",
    file,
    "--speed",
    "max",
    "--config",
    config,
  ]);
  assert.match(again.err, /3 readings, 1 duplicate\nfile: 3 delivered/);
});

Deno.test("replay ends with 1 when it is stopped before all is delivered", async () => {
  await using dir = await tempDir();
  const config = await configIn(
    dir.path,
    toml(
      dir.path,
      `[sinks.cloud]\ntype = "scorpio"\nbroker = "mqtt://127.0.0.1:1"\nproject_id = "p"\nedge_node_id = "g"\n`,
    ),
  );
  const file = await captureIn(dir.path, Date.UTC(2001, 0, 1));
  const stop = new AbortController();
  const { code, err } = await cli(
    ["replay", file, "--speed", "max", "--config", config],
    {
      signal: stop.signal,
      onErr: (text) => text.includes("still to go into") && stop.abort(),
    },
  );
  assert.equal(code, 1);
  assert.match(
    err,
    /The capture is through; 3 readings still to go into cloud: .*\. Ctrl-C ends\.\n/,
  );
  assert.match(err, /file: 3 delivered, 0 pending, 0 rejected\n/);
  assert.match(err, /cloud: 0 delivered, 3 pending, 0 rejected\n/);
  assert.match(
    err,
    /What is pending stays in .*\/data and goes out with the next run, unless \[outbox\] max_age_days \(30\) drops it first/,
  );
});

Deno.test("replay says what is wrong with what it was given", async () => {
  await using dir = await tempDir();
  const config = await configIn(dir.path, toml(dir.path));
  const good = await captureIn(dir.path, 0);
  const bad = `${dir.path}/bad`;
  Deno.writeTextFileSync(bad, `${Deno.readTextFileSync(good)}what\n{}\n`);
  const cases: readonly (readonly [readonly string[], number, RegExp])[] = [
    [["nowhere"], 1, /nowhere: there is no such file/],
    [[dir.path], 1, /is a directory, name a capture in it/],
    [[config], 1, /line 1: no JSON: a capture begins with its header/],
    [[bad], 1, /bad: line 10: no JSON: it is damaged; .*head -n 9/],
    [[good, "--speed", "0"], 2, /Expected a number above 0/],
    [[good, "--config", "no.toml"], 78, /no\.toml: .*no such file/],
  ];
  for (const [args, code, pattern] of cases) {
    const ended = await cli(["replay", ...args], {
      env: { DASH7_EDGE_CONFIG: config },
    });
    assert.match(ended.err, pattern);
    assert.equal(ended.code, code, ended.err);
  }
  // Nothing of a damaged capture has gone out.
  assert.throws(() => Deno.statSync(`${dir.path}/out.jsonl`));
});

Deno.test("replay leaves the outbox of a running agent alone, and says what would do", async () => {
  await using dir = await tempDir();
  const config = await configIn(dir.path, toml(dir.path));
  const file = await captureIn(dir.path, 0);
  using _lock = takeLock(`${dir.path}/data`);
  const { code, err } = await cli(["replay", file, "--config", config]);
  assert.equal(code, 1);
  assert.match(
    err,
    /process \d+ holds it: a replay needs that directory for itself\. Stop the agent .*another data_dir/,
  );
});
