import assert from "node:assert/strict";
import { devicesPage } from "../../lib/cli/devices_page.ts";
import { widthOf } from "../../lib/cli/table.ts";
import { deviceJson, FakeAgent } from "../fakes/control.ts";
import { cli, TERMINAL } from "./command_line.ts";

const devices = (agent: FakeAgent, ...args: string[]) =>
  cli(["devices", ...args, "--socket", agent.socket]);

const named = deviceJson({ name: "Compresseur n°2 – Élévation" });

Deno.test("devices lists what the agent knows, with what waits for each", async () => {
  await using agent = await FakeAgent.open({
    devices: [
      {
        ...named,
        queued: [{
          file_id: 62,
          offset: 0,
          data: "2c010000",
          tries: 1,
          queued_at: "2025-01-01T11:00:00.000Z",
        }],
      },
      deviceJson({
        device: "00000000003A004F",
        state: "silent",
        meter_lost: true,
        valid: false,
        last_heard_s: 10_000,
        cadence_s: null,
        link_budget_db: null,
        last: [],
      }),
    ],
  });
  assert.deepEqual(await devices(agent), {
    code: 0,
    err: "",
    out:
      `DEVICE            NAME                         HEARD   LINK  STATE               EVERY  VALID  LAST
326636300039004C  Compresseur n°2 – Élévation   12 s  71 dB  ok                   60 s  yes    1 234 566 kWh, 230 231 232 V, 5.21 10.42 15.63 A
00000000003A004F  -                              3 h      -  silent, meter lost      -  no     -

Written at the next contact:
  Compresseur n°2 – Élévation  file 62+0=2c010000 (1 of 3 tried)
`,
  });
});

Deno.test("devices --json is one object a line, as /api/devices has it", async () => {
  await using agent = await FakeAgent.open({ devices: [named, deviceJson()] });
  const { out } = await devices(agent, "--json");
  assert.equal(
    out,
    `${JSON.stringify(named)}\n${JSON.stringify(deviceJson())}\n`,
  );
});

Deno.test("devices says so when none was heard, and prints nothing with --json", async () => {
  await using agent = await FakeAgent.open();
  assert.deepEqual(await devices(agent), {
    code: 0,
    out: "",
    err: "No device has been heard yet.\n",
  });
  assert.deepEqual(await devices(agent, "--json"), {
    code: 0,
    out: "",
    err: "",
  });
});

Deno.test("devicesPage() fits 200 devices with any names into 80 columns", () => {
  const page = devicesPage(
    Array.from({ length: 200 }, (_, i) =>
      deviceJson({
        name: ["冷蔵庫の電力計 二号", "Éclairage du bâtiment principal", null][
          i % 3
        ] ?? null,
        ...(i % 7 === 0
          ? {
            state: "unregistered" as const,
            meter_lost: true,
            last_write_failed: true,
          }
          : {}),
      })),
    80,
  );
  const lines = page.trimEnd().split("\n");
  assert.equal(lines.length, 201);
  for (const line of lines) assert.ok(widthOf(line) <= 80, line);
});

Deno.test("devices configure writes the fields that are given, by UID or name", async () => {
  await using agent = await FakeAgent.open({
    devices: [named],
    writes: [{ end: "queued" }, { end: "confirmed" }],
  });
  const { code, out, err } = await devices(
    agent,
    ..."configure --interval 300 --button-menu false --direct --timeout 5"
      .split(" "),
    named.name ?? "",
  );
  assert.equal(code, 0, err);
  assert.equal(
    out,
    "326636300039004C file 62+0=2c010000: queued, sent after the device's next uplink\n" +
      "326636300039004C file 61+2=00: confirmed by the device\n",
  );
  assert.deepEqual(agent.bodies, [{
    mode: "direct",
    timeout_ms: 5000,
    writes: [
      { file_id: 62, offset: 0, data: "2c010000" },
      { file_id: 61, offset: 2, data: "00" },
    ],
  }]);
  assert.equal(
    agent.asked.at(-1),
    "POST /api/devices/326636300039004C/writes",
  );
});

Deno.test("devices configure ends with 1 when a write did not arrive", async () => {
  await using agent = await FakeAgent.open({ devices: [named] });
  const ends = [
    [{ end: "timeout" }, "the device did not answer"],
    [{ end: "offline" }, "the device is offline, nothing was queued"],
    [{ end: "refused", status: null }, "refused"],
    [
      { end: "refused", status: 0xfc },
      "refused by the device with ALP status FC",
    ],
  ] as const;
  for (const [end, said] of ends) {
    agent.state.writes = [end];
    const { code, out, err } = await devices(
      agent,
      ..."configure 326636300039004c --enabled true".split(" "),
    );
    assert.equal(code, 1);
    assert.equal(out, "");
    assert.equal(err, `326636300039004C file 62+4=01: ${said}\n`);
  }
});

Deno.test("devices forget takes a device off and says which", async () => {
  await using agent = await FakeAgent.open({
    devices: [deviceJson({ device: "00000000003A004F" })],
  });
  const { code, out, err } = await devices(agent, "forget", "3a004f");
  assert.equal(code, 0);
  assert.equal(out, "");
  assert.equal(err, "00000000003A004F is forgotten; it was heard 12 s ago\n");
  assert.equal(agent.asked.at(-1), "DELETE /api/devices/00000000003A004F");
});

Deno.test("devices keeps to the terminal, and cuts nothing when piped", async () => {
  await using agent = await FakeAgent.open({
    devices: [{ ...named, name: "x".repeat(100) }],
  });
  const args = ["devices", "--socket", agent.socket];
  const { out } = await cli(args, { terminal: TERMINAL });
  for (const line of out.split("\n")) assert.ok(widthOf(line) <= 80, line);
  assert.match((await cli(args)).out, /x{100}/);
});
