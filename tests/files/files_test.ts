import assert from "node:assert/strict";
import fc from "fast-check";
import { decodeCommand } from "../../lib/alp/alp.ts";
import { DecodeError, EncodeError } from "../../lib/bytes/codec.ts";
import {
  decodeFile,
  deviceFiles,
  encodeFile,
  interpret,
} from "../../lib/files/files.ts";
import { encodeFileJson, fileJson } from "../../lib/files/json.ts";

const RUNS = { numRuns: 10_000 };
const RECEIVED = { wallMs: 1, monoMs: 2, bootId: "b", synced: true };
const STATUS = "62d71432010239475080 4900a92001323636300039004c";
const ENERGY = "2034004043" +
  // The bytes 00 to 09 again and again, as in the old gateway's test command.
  Array.from({ length: 67 }, (_, at) => `0${at % 10}`).join("");

function heard(hex: string) {
  const command = decodeCommand(Uint8Array.fromHex(hex.replaceAll(" ", "")));
  const { readings, problems } = interpret(command, RECEIVED);
  return {
    command,
    readings,
    kinds: problems.map(({ kind, device, fileId }) => [kind, fileId, device]),
  };
}

const i64 = fc.bigInt({ min: -(1n << 63n), max: (1n << 63n) - 1n });
const i32 = fc.integer({ min: -0x8000_0000, max: 0x7fff_ffff });
const i16 = fc.integer({ min: -0x8000, max: 0x7fff });
const three = <T>(item: fc.Arbitrary<T>) =>
  fc.array(item, { minLength: 3, maxLength: 3 });
const hexId = (length: number) =>
  fc.uint8Array({ minLength: length, maxLength: length })
    .map((id) => id.toHex().toUpperCase());
const plain = { noNullPrototype: true };

const files: [number, fc.Arbitrary<unknown>][] = [
  [
    52,
    fc.record({
      apparentEnergy: three(i64),
      realEnergy: three(i64),
      current: three(i32),
      voltage: three(i16),
      receivedSignalStrength: fc.option(i16, { nil: null }),
      measurementValid: fc.boolean(),
    }, plain),
  ],
  [
    51,
    fc.record({
      buttonId: fc.nat(255),
      mask: fc.boolean(),
      buttonsState: fc.nat(255),
    }, plain),
  ],
  [
    62,
    fc.record(
      { interval: fc.nat(0xffff_ffff), enabled: fc.boolean() },
      plain,
    ),
  ],
  [
    61,
    fc.record({
      transmitMask_0: fc.boolean(),
      transmitMask_1: fc.boolean(),
      buttonControlMenu: fc.boolean(),
      enabled: fc.boolean(),
    }, plain),
  ],
  [0, fc.record({ uid: hexId(8) }, plain)],
  [6, fc.record({ vid: hexId(2), control: fc.nat(255) }, plain)],
];

for (const [id, values] of files) {
  Deno.test(`decodeFile() gives back what encodeFile() wrote, file ${id}`, () => {
    fc.assert(
      fc.property(values, (value) => {
        const bytes = encodeFile(id, value);
        assert.deepEqual(decodeFile(id, bytes), value);
        const text = JSON.stringify(fileJson(id, bytes));
        assert.deepEqual(encodeFileJson(id, JSON.parse(text)), bytes);
      }),
      RUNS,
    );
  });
}

Deno.test("decodeFile() gives a value or a DecodeError for any bytes", () => {
  const id = fc.oneof(fc.constantFrom(0, 2, 6, 51, 52, 61, 62), fc.nat(255));
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 70 }),
    fc.constantFrom(3, 4, 5, 8, 17, 67, 69).chain((length) =>
      fc.uint8Array({ minLength: length, maxLength: length })
    ),
  );
  fc.assert(
    fc.property(id, bytes, (id, bytes) => {
      try {
        const value = decodeFile(id, bytes);
        if (id !== 2) {
          assert.deepEqual(decodeFile(id, encodeFile(id, value)), value);
        }
      } catch (error) {
        assert.ok(error instanceof DecodeError, String(error));
        assert.match(error.reason, /^(unknown_file|unexpected_length)$/);
      }
    }),
    RUNS,
  );
});

Deno.test("encodeFileJson() names the field that is wrong", () => {
  const button = { button_id: 0, mask: true, buttons_state: 0 };
  const rows: [number, unknown, string][] = [
    [51, { ...button, buttons_state: 256 }, "buttons_state"],
    [51, { button_id: 0, buttons_state: 0 }, "mask"],
    [51, { ...button, file: "energy" }, "file"],
    [51, [], "file 51"],
    [52, { apparent_energy: ["1", "2"] }, "apparent_energy"],
    [
      52,
      { apparent_energy: ["1", "2", "9223372036854775808"] },
      "apparent_energy[2]",
    ],
    [52, { apparent_energy: ["1", "2", 0.5] }, "apparent_energy[2]"],
    [52, { apparent_energy: [1, 2, 3] }, "real_energy"],
    [0, { uid: "12" }, "uid"],
    [2, {}, "file 2"],
    [64, {}, "file 64"],
  ];
  for (const [id, json, field] of rows) {
    assert.throws(
      () => encodeFileJson(id, json),
      (error) => error instanceof EncodeError && error.field === field,
      JSON.stringify(json),
    );
  }
});

Deno.test("interpret() gives the reading of an energy push", () => {
  const { readings, kinds } = heard(ENERGY + STATUS);
  assert.deepEqual(kinds, []);
  const [reading] = readings;
  assert.ok(reading !== undefined && readings.length === 1);
  const { measurements, data, ...rest } = reading;
  assert.deepEqual(rest, {
    device: "323636300039004C",
    file: "energy",
    fileId: 52,
    valid: true,
    link: {
      rxLevelDbm: -57,
      linkBudgetDb: 71,
      band: "868",
      channelIndex: 258,
      fifoToken: 73,
      seqNr: 0,
      secured: true,
    },
    received: RECEIVED,
  });
  assert.equal(data.length, 67);
  assert.deepEqual(
    measurements.map(({ name, unit, value }) => [name, unit, value]),
    [
      ["apparent_energy_1", "VAh", 506097522914230528n],
      ["apparent_energy_2", "VAh", 361417177238079752n],
      ["apparent_energy_3", "VAh", 216736831730353926n],
      ["active_energy_1", "Wh", 72067524120151300n],
      ["active_energy_2", "Wh", 650777868590383874n],
      ["active_energy_3", "Wh", 506097522914230528n],
      ["current_1", "mA", 16779528],
      ["current_2", "mA", 84148994],
      ["current_3", "mA", 151521030],
      ["voltage_1", "V", 256],
      ["voltage_2", "V", 770],
      ["voltage_3", "V", 1284],
      ["measurement_valid", null, true],
    ],
  );
});

Deno.test("interpret() says what the meter says about itself", () => {
  const energy = encodeFile(52, {
    apparentEnergy: [0n, 0n, 0n],
    realEnergy: [0n, 0n, 0n],
    current: [0, 0, 0],
    voltage: [0, 0, 0],
    receivedSignalStrength: -71,
    measurementValid: false,
  });
  const [reading] = heard(`2034004045${energy.toHex()}${STATUS}`).readings;
  assert.equal(reading?.valid, false);
  assert.deepEqual(
    reading?.measurements.slice(-2).map(({ name, value }) => [name, value]),
    [["signal_strength", -71], ["measurement_valid", false]],
  );
});

Deno.test("interpret() reads button and configuration files", () => {
  const { readings, kinds } = heard(
    `2033000302010 6 043e00055802000001 053d000401000100${STATUS}`,
  );
  assert.deepEqual(kinds, []);
  assert.deepEqual(
    readings.map(({ file, measurements }) => [
      file,
      ...measurements.map(({ name, value }) => `${name}=${value}`),
    ]),
    [
      [
        "button",
        "button_id=2",
        "mask=true",
        "buttons_state=6",
        "button_pressed=false",
      ],
      ["energy_config", "interval=600", "enabled=true"],
      [
        "button_config",
        "transmit_mask_0=true",
        "transmit_mask_1=false",
        "button_control_menu=true",
        "enabled=false",
      ],
    ],
  );
});

Deno.test("interpret() finds the status of each piece of file data", () => {
  const button = "2033000300 0101";
  const vid = (id: string) => `62d70e 320000394750004900a93001${id}`;
  const devices = (hex: string) =>
    heard(hex).readings.map(({ device }) => device);
  assert.deepEqual(devices(button + vid("abcd")), ["ABCD"]);
  assert.deepEqual(devices(vid("abcd") + button), ["ABCD"]);
  assert.deepEqual(
    devices(button + vid("0001") + button + button + vid("0002")),
    ["0001", "0002", "0002"],
  );
  assert.deepEqual(
    devices(button + vid("0001") + button),
    ["0001", "0001"],
  );
  // A status of another interface belongs to no device.
  assert.deepEqual(devices(`${button}620100${vid("0001")}`), ["0001"]);
});

Deno.test("interpret() tells problems from readings", () => {
  const button = "2033000300 0101";
  const noid = "62d70c320000394750004900a91001";
  const nbid = "62d70d320000394750004900a9000139";
  const device = "323636300039004C";
  const rows: [string, unknown[]][] = [
    [button, [["no_status", 51, null]]],
    [`${button}62d700`, [["no_status", 51, null]]],
    [`${button}62d70100`, [["no_status", 51, null]]],
    [button + noid, [["no_origin", 51, null]]],
    [button + nbid, [["no_origin", 51, null]]],
    [`20330103000101${STATUS}`, [["nonzero_offset", 51, device]]],
    [`203300020001${STATUS}`, [["unexpected_length", 51, device]]],
    [`20400001aa${STATUS}`, [["unknown_file", 64, device]]],
    ["20400001aa", [["unknown_file", 64, null]]],
    [`2000000841424344454647 48${STATUS}`, []],
    [`${button}62d71432`, [["no_status", 51, null]]],
  ];
  for (const [hex, expected] of rows) {
    const { readings, kinds } = heard(hex);
    assert.equal(readings.length, 0, hex);
    assert.deepEqual(kinds, expected, hex);
  }
});

Deno.test("interpret() keeps readings before a fault and borrows no status", () => {
  const button = "2033000300 0101";
  assert.equal(heard(`${button}${STATUS}25`).readings.length, 1);
  const lost = heard(`${button}${STATUS}${button}62d714`);
  assert.equal(lost.readings.length, 1);
  assert.deepEqual(lost.kinds, [["no_status", 51, null]]);
  // A status that came first is nobody else's.
  assert.equal(heard(`${STATUS}${button}25`).readings.length, 1);
});

Deno.test("interpret() never throws, whatever was decoded", () => {
  const part = fc.oneof(
    fc.uint8Array({ maxLength: 12 }).map((bytes) => bytes.toHex()),
    fc.constantFrom(ENERGY, STATUS, "2033000300 0101", "62d700", "053e0001"),
  );
  fc.assert(
    fc.property(fc.array(part, { maxLength: 5 }), (parts) => {
      const { command, readings, kinds } = heard(parts.join(""));
      const data = command.actions.filter((action) =>
        "data" in action && deviceFiles.has(action.fileId)
      );
      assert.ok(readings.length + kinds.length >= data.length);
    }),
    RUNS,
  );
});
