import assert from "node:assert/strict";
import { pdIn } from "../../../lib/sink/emqtt/payload_energy.ts";
import { eventRows } from "../../../lib/sink/emqtt/payload_event.ts";
import { A, button, energy, NODE_A, Rig, settings } from "./harness.ts";

/** Values of indices as the adapter sees them. */
function read(rig: Rig, id: string, ...indices: number[]): unknown[] {
  rig.take();
  rig.send(`${id}/getStatData`, { Indices: indices });
  return rig.take().map(({ payload }) => Object.values(payload)[0]);
}

function node(): Rig {
  const rig = new Rig();
  rig.hear(A, NODE_A, energy(rig.receipt()));
  return rig.on();
}

Deno.test("M-13 M-15 M-16 mapping §5: the EnergyFile of the vector", () => {
  const rig = node();
  assert.deepEqual(read(rig, A, 64, 65, 68, 72, 74, 78, 79, 77, 83), [
    "000000000012D687000000000023CACE000000000034BF150000000000124F800000000000231860000000000033E140000004D2FFFFFFFF0000000000E600E700E501",
    "000000000012D687",
    "0000000000124F80",
    "FFFFFFFF",
    "00E6",
    "00000000006B606A",
    "0000000000694920",
    "01",
    "00000001",
  ]);
});

Deno.test("M-15 totals saturate", () => {
  const rig = new Rig();
  rig.hear(A, NODE_A, energy(rig.receipt(), { active1: 2n ** 63n - 1n }));
  rig.on();
  assert.deepEqual(read(rig, A, 79), ["7FFFFFFFFFFFFFFF"]);
});

Deno.test("E-159 E-169 mapping §10: PDIn of the vector", () => {
  const rig = new Rig();
  rig.hear(A, NODE_A, energy(rig.receipt(75_000)), { measurementCounter: 42 });
  rig.on();
  rig.hear(A, NODE_A, energy(rig.receipt(75_000)), { measurementCounter: 42 });
  assert.deepEqual(read(rig, A, 40), [
    "0357004B00E600E700E5000004D2FFFFFFFF000000000000000000694920002A",
  ]);
  assert.equal(settings().profile(NODE_A).pdInBits, 256);
});

Deno.test("mapping §10: PDIn before the first measurement, and its status bits", () => {
  const rig = new Rig();
  rig.device(A, NODE_A, { link: null });
  rig.on();
  assert.deepEqual(read(rig, A, 40), [`00FFFFFF${"0".repeat(56)}`]);
  rig.device(A, NODE_A, {
    silent: rig.receipt(),
    offline: rig.receipt(),
    button: button(rig.receipt(), 2),
  });
  assert.deepEqual(read(rig, A, 40), [`4CFFFFFF${"0".repeat(56)}`]);
  rig.hear(A, NODE_A, energy(rig.receipt(70_000_000)), {
    silent: null,
    offline: null,
    button: null,
  });
  assert.match(String(read(rig, A, 40)[0]), /^03FFFFFF/);
  rig.hear(A, NODE_A, energy(rig.receipt(), { valid: false }));
  assert.match(String(read(rig, A, 40)[0]), /^02FFFFFF00E6/);
});

Deno.test("E-143 M-19 before the first files 54, but for 80 and 83", () => {
  const rig = new Rig();
  rig.device(A, NODE_A);
  rig.on();
  const indices = Array.from({ length: 40 }, (_, at) => 64 + at);
  const expected = indices.map((index) =>
    index === 80
      ? "57"
      : index === 83 || index === 89
      ? "00000000"
      : index === 84
      ? "019B796DD600"
      : index === 92
      ? NODE_A
      : [90, 91, 93, 94, 95].includes(index)
      ? 17
      : 54
  );
  assert.deepEqual(read(rig, A, ...indices), expected);
  assert.deepEqual(read(rig, A, 104), ["00"]);
});

Deno.test("M-19 held values are those of the last valid file; 64 and 77 of the last received", () => {
  const rig = node();
  rig.hear(A, NODE_A, energy(rig.receipt(), { valid: false, active1: 7n }));
  assert.deepEqual(read(rig, A, 68, 77, 36), ["0000000000124F80", "00", "04"]);
  assert.match(String(read(rig, A, 64)[0]), /00$/);
});

Deno.test("E-114 E-113 identity agrees with regDevice", () => {
  const rig = node();
  rig.send("startDevices");
  rig.advance(10_000);
  const texts = new Map(
    rig.take().filter(({ what }) => what.endsWith("regDevice"))
      .map(({ what, payload }) => [what.split("/")[0], payload]),
  );
  const decode = (hex: unknown) =>
    new TextDecoder().decode(
      Uint8Array.from(String(hex).match(/../g) ?? [], (pair) =>
        parseInt(pair, 16)),
    );
  for (const id of ["main", A]) {
    const payload = texts.get(id) ?? {};
    assert.deepEqual(read(rig, id, 16, 18, 21).map(decode), [
      payload["VendorName"],
      payload["ProductName"],
      payload["SerialNumber"],
    ]);
  }
  assert.deepEqual(read(rig, A, 92), [NODE_A]);
});

Deno.test("M-39 M-40 device status, and its details newest last", () => {
  const rig = node();
  const status = () => read(rig, A, 36, 37);
  const zeros = (slots: number) => "0".repeat(6 * slots);
  assert.deepEqual(status(), ["00", zeros(8)]);
  rig.device(A, NODE_A, { linkHigh: rig.receipt(3000) });
  assert.deepEqual(status(), ["01", `E41863${zeros(7)}`]);
  rig.device(A, NODE_A, { silent: rig.receipt(2000) });
  assert.deepEqual(status(), ["02", `E41863E41861${zeros(6)}`]);
  rig.device(A, NODE_A, { offline: rig.receipt(1000) });
  assert.deepEqual(status(), ["04", `E41863E41861F41862${zeros(5)}`]);
});

Deno.test("M-40 Modbus link lost is E41860", () => {
  const rig = node();
  rig.device(A, NODE_A, { modbusLost: rig.receipt() });
  assert.deepEqual(read(rig, A, 37), [`E41860${"0".repeat(42)}`]);
});

Deno.test("E-149 M-25 settings show what waits to be written, and the device's own when nothing does", () => {
  const rig = node();
  assert.deepEqual(read(rig, A, 96, 97, 98, 104), [54, 54, 54, "00"]);
  rig.queued = [{
    device: NODE_A,
    fileId: 62,
    offset: 4,
    data: Uint8Array.of(1),
    tries: 0,
    queuedWallMs: 0,
  }];
  rig.device(A, NODE_A, { writeQueued: true });
  assert.deepEqual(read(rig, A, 96, 97, 98, 104), [54, 54, "01", "04"]);
  rig.device(A, NODE_A, { energyConfig: { interval: 600, enabled: false } });
  assert.deepEqual(read(rig, A, 96, 97, 98, 104), [
    "0000025801",
    "00000258",
    "01",
    "05",
  ]);
  rig.queued = [];
  rig.device(A, NODE_A, {
    writeQueued: false,
    lastWriteFailed: true,
    buttonConfig: {
      transmitMask0: true,
      transmitMask1: false,
      buttonControlMenu: true,
      enabled: false,
    },
  });
  assert.deepEqual(read(rig, A, 96, 99, 100, 101, 102, 103, 104), [
    "0000025800",
    "01000100",
    "01",
    "00",
    "01",
    "00",
    "0B",
  ]);
});

Deno.test("buttons: record, fields and counter", () => {
  const rig = node();
  rig.hear(A, NODE_A, button(rig.receipt(), 2), { buttonCounter: 258 });
  assert.deepEqual(read(rig, A, 85, 86, 87, 88, 89), [
    "020104",
    "02",
    "01",
    "04",
    "00000102",
  ]);
});

Deno.test("counters and times of a node", () => {
  const rig = node();
  rig.device(A, NODE_A, { invalidCount: 65_000, failedDownlinks: 900 });
  rig.advance(5000);
  const age = Math.floor(
    (rig.monoMs - (rig.devices.get(NODE_A)?.held?.received.monoMs ?? 0)) / 1000,
  );
  assert.deepEqual(read(rig, A, 32, 82, 105, 23, 22, 41), [
    "FFFF",
    age.toString(16).toUpperCase().padStart(8, "0"),
    "000004EC00000E1000015180",
    54,
    17,
    17,
  ]);
});

Deno.test("mapping §7: static data of main", () => {
  const rig = node();
  rig.main({
    framesReceived: 300,
    framesRejected: 2,
    framesForeign: 3,
    downlinksDone: 4,
    downlinksFailed: 5,
    uptimeS: 3600,
    lastFrame: rig.receipt(),
  });
  rig.send("dateUpdate", { ms: "0171DE2AD379" });
  assert.deepEqual(
    read(
      rig,
      "main",
      64,
      65,
      66,
      67,
      68,
      69,
      70,
      71,
      72,
      73,
      74,
      75,
      105,
      32,
      36,
    ),
    [
      "0102030405060708",
      "0001",
      "0001",
      "0000012C",
      "00000002",
      "00000003",
      "0171DE2AD379",
      "00000E10",
      "0000",
      "00000004",
      "00000005",
      "01",
      "0".repeat(24),
      "0007",
      "00",
    ],
  );
  assert.deepEqual(read(rig, "main", 22, 40, 41, 76, 83), [17, 17, 17, 17, 17]);
  rig.main({ lastFrame: null });
  assert.deepEqual(read(rig, "main", 70), [54]);
});

Deno.test("E-234 every text index is printable", () => {
  const rig = node();
  for (const id of ["main", A]) {
    for (const hex of read(rig, id, 16, 17, 18, 19, 20, 21, 24)) {
      const text = new TextDecoder("utf-8", { fatal: true }).decode(
        Uint8Array.from(
          String(hex).match(/../g) ?? [],
          (pair) => parseInt(pair, 16),
        ),
      );
      assert.match(text, /^[^\p{Cc}]+$/u);
    }
  }
});

Deno.test("E-183 E-187 events: notifications are Singleshot, codes clear of others' and of 36002", () => {
  const own = eventRows.filter(({ code }) => code !== 36_002);
  assert(
    own.every(({ code, count }) => code >= 0x1820 && code + count <= 0x1900),
  );
  const all = own.flatMap(({ code, count }) =>
    Array.from({ length: count }, (_, at) => code + at)
  );
  assert.equal(new Set(all).size, all.length);
});

Deno.test("the tables have unique indices, and lengths that are true", () => {
  const rig = node();
  rig.hear(A, NODE_A, button(rig.receipt()), {
    energyConfig: { interval: 600, enabled: true },
    buttonConfig: {
      transmitMask0: true,
      transmitMask1: true,
      buttonControlMenu: true,
      enabled: true,
    },
  });
  rig.main({ lastFrame: rig.receipt() });
  for (const [id, device] of [["main", null], [A, NODE_A]] as const) {
    for (const [index, row] of settings().profile(device).rows) {
      assert.equal(row.index, index);
      assert.equal(row.access.includes("R"), row.read !== undefined);
      assert.equal(row.access.includes("W"), row.write !== undefined);
      if (row.length === null || row.read === undefined) continue;
      assert.equal(
        String(read(rig, id, index)[0]).length,
        2 * row.length,
        row.name,
      );
    }
  }
  assert.equal(typeof pdIn, "function");
});
