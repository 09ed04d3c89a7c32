/**
 * From a pseudo terminal with garbage on it, through `monitor --record` and the
 * agent, to `replay` at two speeds: the same readings bit for bit.
 *
 * @module
 */
import assert from "node:assert/strict";
import { STEP_MS } from "../../lib/capture/recorder.ts";
import { CommandProcess } from "../cli/command_line.ts";
import { AgentProcess, DEVICES, Line, tempDir, until } from "./harness.ts";

/** Frames with all that may come between them; some are held back until the line is silent. */
async function noisy(line: Line, rounds: number): Promise<void> {
  let state = 7;
  const random = (below: number) => {
    state = (state * 1_103_515_245 + 12_345) & 0x7fff_ffff;
    return state % below;
  };
  for (let round = 0; round < rounds; round++) {
    for (const device of DEVICES) {
      const frame = line.frame(device);
      switch (random(5)) {
        case 0:
          line.send(Uint8Array.from({ length: 20 }, () => random(256)));
          break;
        case 1:
          // A damaged header claims more than there is.
          line.send(Uint8Array.of(0xc0, 0, 1, 1, 0xff, 0, 0));
          break;
        case 2: {
          const bad = frame.slice();
          bad[30] = (bad[30] ?? 0) ^ 1;
          line.send(bad);
        }
      }
      const cut = random(frame.length);
      line.send(frame.slice(0, cut));
      await new Promise((resolve) => setTimeout(resolve, random(20)));
      line.send(frame.slice(cut));
    }
    await new Promise((resolve) => setTimeout(resolve, random(450)));
  }
}

/** What `replay` gives on stdout, and the sum of it. */
async function replayed(file: string, speed: string) {
  await using process = new CommandProcess(
    ["replay", file, "--speed", speed],
    { DASH7_EDGE_CONFIG: "" },
  );
  const { code, out, err } = await process.ended();
  assert.equal(code, 0, err);
  const sum = err.split("\n").filter((row) => /^(\d|stdout)[^T]*$/.test(row))
    .join("\n");
  return { lines: out.trim().split("\n"), sum };
}

/** `DEVICE NUMBER` of a line of JSON. */
function readingOf(line: string): string {
  const { device, measurements } = JSON.parse(line);
  return `${device} ${measurements.apparent_energy_1.value}`;
}

Deno.test("monitor --record, then replay at full and at recorded speed: the same readings bit for bit", async () => {
  await using dir = await tempDir();
  const link = `${dir.path}/modem`;
  const file = `${dir.path}/a.capture`;
  await using line = await Line.open(link);
  const config = `${dir.path}/dash7-edge.toml`;
  Deno.writeTextFileSync(
    config,
    `[agent]\ndata_dir = "${dir.path}/none"\n[serial]\nport = "${link}"\nsilence_ms = 1000\n`,
    { mode: 0o600 },
  );
  await using monitor = new CommandProcess([
    "monitor",
    "--config",
    config,
    "--json",
    "--record",
    file,
  ]);
  await monitor.until("the port is open", () => monitor.err.includes("open,"));
  await noisy(line, 20);
  const last = line.sent.at(-1) ?? "";
  await monitor.until(
    "the last frame",
    () =>
      monitor.out.includes(last.split(" ")[0] ?? "") &&
      monitor.out.split('"type":"alp_data"').length > line.sent.length,
  );
  monitor.kill("SIGINT");
  const seen = await monitor.ended();
  assert.equal(seen.code, 0);

  const quick = await replayed(file, "max");
  const slow = await replayed(file, "1");
  assert.deepEqual(slow, quick);
  assert.deepEqual(quick.lines.map(readingOf), line.sent);
  // And at the times that were shown.
  const shown = seen.out.trim().split("\n").map((text) => JSON.parse(text))
    .filter(({ type }) => type === "alp_data").map(({ at }) => Date.parse(at));
  const times = quick.lines.map((text) =>
    Date.parse(JSON.parse(text).received_at)
  );
  assert.deepEqual(times, shown);
  // The monitor has counted the same on the line.
  const counted =
    /(\d+ frames).*?, (\d+ bad checksums), (\d+ bytes? discarded)/;
  assert.deepEqual(
    counted.exec(quick.sum)?.slice(1),
    counted.exec(seen.err)?.slice(1),
  );
});

Deno.test("what the flight recorder of a running agent writes on diag replays to its readings; monitor follows the agent meanwhile", async () => {
  await using dir = await tempDir();
  const link = `${dir.path}/modem`;
  await using line = await Line.open(link);
  const out = `${dir.path}/out.jsonl`;
  await using agent = AgentProcess.start({
    dir: dir.path,
    port: link,
    brokerPort: 1,
    config: `[agent]
data_dir = "${dir.path}/data"
[serial]
port = "${link}"
[http]
listen = ""
[outbox]
min_free_mb = 0
[sinks.file]
type = "jsonl"
path = "${out}"
`,
  });
  await agent.logged("Modem identified");
  const config = `${dir.path}/dash7-edge.toml`;
  await using monitor = new CommandProcess(["monitor", "--config", config]);
  await monitor.until("it follows", () => monitor.err.includes("live view"));
  await noisy(line, 5);
  const lines = () => {
    try {
      return Deno.readTextFileSync(out).trim().split("\n");
    } catch {
      return [];
    }
  };
  await until("all readings", () => lines().length === line.sent.length);
  // A live view leaves out what comes too fast, and says so.
  await until(
    "most lines in the live view",
    () => monitor.out.split("energy ").length > line.sent.length / 2,
  );
  monitor.kill("SIGINT");
  assert.equal((await monitor.ended()).code, 0);

  await using diag = new CommandProcess([
    "diag",
    "--config",
    config,
    "--out",
    `${dir.path}/d.tar.gz`,
  ]);
  assert.equal((await diag.ended()).code, 0, diag.err);
  const [capture] = [...Deno.readDirSync(`${dir.path}/data/flight`)]
    .map(({ name }) => name).filter((name) => name.endsWith("-diag.capture"));
  const again = await replayed(`${dir.path}/data/flight/${capture}`, "max");
  const plain = (text: string) => {
    const { received_at: at, ...rest } = JSON.parse(text);
    return { at: Date.parse(at), rest };
  };
  const live = lines().map(plain);
  const then = again.lines.map(plain);
  assert.deepEqual(then.map(({ rest }) => rest), live.map(({ rest }) => rest));
  // A step of the wall clock below this is not noted in a capture.
  for (const [i, { at }] of then.entries()) {
    assert.ok(Math.abs(at - (live[i]?.at ?? 0)) <= STEP_MS, `${i}`);
  }
  assert.equal((await agent.end("SIGTERM")).code, 0);
});
