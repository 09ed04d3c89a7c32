/** Text from the radio, a broker or a file neither forges a line of the log nor steers a terminal. */
import assert from "node:assert/strict";
import { closeLog, type Log, openLog } from "../../lib/log.ts";
import { scorpio } from "../../lib/sink/scorpio/scorpio.ts";
import { settleMicrotasks } from "../fakes/clock.ts";
import { fakeConnect } from "../fakes/connection.ts";
import {
  deviceJson,
  FakeAgent,
  readingJson,
  sinkJson,
  statusJson,
} from "../fakes/control.ts";
import { sinkHost } from "../fakes/host.ts";
import { energyReading } from "../fakes/readings.ts";
import { cli, configIn, tempDir, TERMINAL } from "../cli/command_line.ts";

/** A new line that looks like a record, a cleared screen, a title, C1 controls, a line separator. */
const HOSTILE =
  "x\r\n2026-01-01T00:00:00.000Z ERROR forged\x1b[2J\x1b]0;t\x07\x9b31m\x85\x7f\u2028";

/** What a terminal obeys, besides the ends of our own lines. */
// deno-lint-ignore no-control-regex
const OBEYED = /[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029]/;

function harmless(text: string, what: string): void {
  assert.doesNotMatch(text, OBEYED, `${what}: ${JSON.stringify(text)}`);
  assert.doesNotMatch(text, /^2026-01-01T00:00:00\.000Z ERROR forged/m, what);
}

/** A log in a format, and its lines. */
async function logged(
  format: "text" | "json",
  work: (log: Log) => void | Promise<void>,
): Promise<string[]> {
  const lines: string[] = [];
  const log = openLog({ level: "debug", format }, (line) => lines.push(line));
  try {
    await work(log);
  } finally {
    closeLog();
  }
  return lines;
}

for (const format of ["text", "json"] as const) {
  Deno.test(`log in ${format}: fields of any kind stay in one line, and visible`, async () => {
    const lines = await logged(format, (log) => {
      log.child({ sink: HOSTILE }).warn("Fixed text", {
        text: HOSTILE,
        list: [HOSTILE, { [HOSTILE]: HOSTILE }],
        error: new Error(HOSTILE, { cause: new Error(HOSTILE) }),
        bytes: new TextEncoder().encode(HOSTILE),
      });
    });
    assert.equal(lines.length, 1);
    assert.doesNotMatch(lines[0] ?? "", /\n/);
    harmless(lines[0] ?? "", format);
    if (format === "json") {
      assert.equal(JSON.parse(lines[0] ?? "").text, HOSTILE);
    }
  });

  Deno.test(`log in ${format}: the words of a broker that refuses are one visible line`, async () => {
    const lines = await logged(format, async (log) => {
      const { connect, opened } = fakeConnect();
      const config = scorpio.config.parse({
        type: "scorpio",
        broker: "mqtt://127.0.0.1",
        project_id: "p",
        edge_node_id: "gw1",
      });
      await using sink = scorpio.open(config, sinkHost({ connect, log }));
      await settleMicrotasks();
      const [outcome] = sink.deliver(
        [energyReading({ id: 1 })],
        new AbortController().signal,
      );
      for (const { ack } of opened[0]?.pending ?? []) ack(0x87, HOSTILE);
      assert.equal(await outcome, "kept");
    });
    const told = lines.filter((line) => line.includes("Broker refuses"));
    assert.equal(told.length, 1, lines.join("\n"));
    harmless(lines.join("\n"), format);
  });
}

Deno.test("check shows keys and values of a hostile file without obeying them", async () => {
  await using dir = await tempDir();
  const quoted = JSON.stringify(HOSTILE).replaceAll("\x7f", "\\u007f");
  const file = await configIn(
    dir.path,
    `[agent]
name = ${quoted}
${quoted} = 1
[serial]
port = ${quoted}
baud = ${quoted}
[devices.${quoted}]
name = ${quoted}
[sinks.${quoted}]
type = ${quoted}
[sinks.b]
type = "scorpio"
broker = ${quoted}
`.replaceAll(
      /[\x80-\x9f\u2028]/g,
      (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`,
    ),
  );
  const { code, out, err } = await cli(["check", "--config", file]);
  assert.equal(code, 78, out + err);
  harmless(out + err, "check");
  // What is no TOML at all is shown no less carefully.
  await Deno.writeTextFile(file, `[agent]\nname = ${HOSTILE}\n`);
  const broken = await cli(["check", "--config", file]);
  assert.equal(broken.code, 78);
  harmless(broken.out + broken.err, "check of no TOML");
});

Deno.test("verbs show names, tags and words of brokers without obeying them", async () => {
  const device = "326636300039004C";
  await using agent = await FakeAgent.open({
    status: statusJson({
      ready: false,
      agent: { ...statusJson().agent, name: HOSTILE },
      sinks: [sinkJson({ up: false, detail: HOSTILE, pending: 1 })],
      serial: {
        ...statusJson().serial,
        detail: HOSTILE,
        modem: { uid: device, firmware: HOSTILE },
      },
      problems: [{
        severity: "error",
        code: "sink_down",
        subject: HOSTILE,
        text: HOSTILE,
        fix: HOSTILE,
        values: {},
        since: null,
      }],
    }),
    devices: [deviceJson({ name: HOSTILE, tag: HOSTILE })],
    queues: { cloud: [readingJson(1, { device })] },
    rejected: {
      cloud: [{
        ...readingJson(1, { device }),
        reason: HOSTILE,
        command: null,
      }],
    },
  });
  for (
    const verb of [
      ["status"],
      ["devices"],
      ["devices", "show", device],
      ["queue", "stats"],
      ["queue", "peek", "cloud"],
      ["queue", "peek", "cloud", "--rejected"],
    ]
  ) {
    for (const terminal of [undefined, TERMINAL]) {
      const { out, err } = await cli(
        [...verb, "--socket", agent.socket],
        terminal === undefined ? {} : { terminal },
      );
      harmless(out + err, verb.join(" "));
    }
  }
});

Deno.test("decode shows bytes of the radio without obeying them", async () => {
  const hex = new TextEncoder().encode(HOSTILE).toHex();
  // A push of a file with these bytes, and the bytes alone.
  const push = `200100${(hex.length / 2).toString(16).padStart(2, "0")}${hex}`;
  for (const as of ["serial", "alp", "file:0", "file:51", "file:62"]) {
    for (const json of [["--json"], []]) {
      const { out, err } = await cli([
        "decode",
        "--as",
        as,
        ...json,
        hex,
        push,
        HOSTILE,
      ]);
      harmless(out + err, `decode ${as}`);
    }
  }
});
