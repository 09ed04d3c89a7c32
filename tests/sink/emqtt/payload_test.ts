import assert from "node:assert/strict";
import fc from "fast-check";
import {
  buildTopic,
  parseTopic,
  readPayload,
} from "../../../lib/sink/emqtt/payload.ts";
import { writePayload } from "../../../lib/sink/emqtt/payload_write.ts";
import {
  type CommandName,
  commandRow,
  commands,
} from "../../../lib/sink/emqtt/payload_commands.ts";
import {
  boolHex,
  bytesOf,
  errorOfAlpStatus,
  hexOf,
  intHex,
  msHex,
  msOf,
  textHex,
  textOf,
  uintOf,
} from "../../../lib/sink/emqtt/payload_hex.ts";
import { UID } from "./harness.ts";

const bytes = (text: string) => new TextEncoder().encode(text);
const names = Object.keys(commands) as CommandName[];

Deno.test("E-033 E-034 M-18 mapping §5: values as HexStrings, big-endian", () => {
  const rows = [
    [textHex("hello"), "68656C6C6F"],
    [intHex(87, 1), "57"],
    [intHex(1, 2), "0001"],
    [intHex(900, 4), "00000384"],
    [intHex(230, 2), "00E6"],
    [intHex(-1, 4), "FFFFFFFF"],
    [intHex(-650, 2), "FD76"],
    [intHex(100, 1), "64"],
    [intHex(1200000n, 8), "0000000000124F80"],
    [intHex(-1n, 8), "FFFFFFFFFFFFFFFF"],
    [msHex(Date.UTC(2026, 0, 1, 12)), "019B796DD600"],
    [boolHex(true), "01"],
  ];
  for (const [found, expected] of rows) assert.equal(found, expected);
});

Deno.test("E-036 E-097 times are 12 digits out, 1 to 12 in", () => {
  assert.equal(
    new Date(msOf("0171DE2AD379") ?? 0).toISOString(),
    "2020-05-04T05:31:20.825Z",
  );
  assert.equal(msHex(0), "000000000000");
  assert.equal(msHex(-5), "000000000000");
  assert.equal(msHex(2 ** 50), "FFFFFFFFFFFF");
  assert.equal(msOf("a"), 10);
  for (const bad of ["", "1234567890123", "XYZ", 7, null, undefined, " 1"]) {
    assert.equal(msOf(bad), null);
  }
  fc.assert(fc.property(
    fc.integer({ min: 0, max: 2 ** 48 - 1 }),
    (ms) => assert.equal(msOf(msHex(ms)), ms),
  ));
});

Deno.test("E-035 HexStrings are read in either case; odd or foreign ones are none", () => {
  fc.assert(fc.property(fc.uint8Array(), (data) => {
    assert.deepEqual(bytesOf(hexOf(data)), data);
    assert.deepEqual(bytesOf(hexOf(data).toLowerCase()), data);
  }));
  for (const bad of ["2A2", "ZZ", " 2A", "2A ", 42, null, undefined, []]) {
    assert.equal(bytesOf(bad), null);
  }
  assert.deepEqual(bytesOf(""), new Uint8Array());
  assert.equal(uintOf(Uint8Array.of(1, 0, 0, 0, 0, 0)), 2 ** 40);
});

Deno.test("E-234 texts are UTF-8 without control characters", () => {
  assert.equal(textHex("a\u0000b\u001f\u007f"), "6162");
  assert.equal(textOf(bytes("Zähler")), "Zähler");
  for (const bad of [[0xff], [0x41, 0], [0x0a], [0xc3], [0xc2, 0x80]]) {
    assert.equal(textOf(Uint8Array.from(bad)), null);
  }
});

Deno.test("E-047 M-26 ALP refusals have eMQTT codes", () => {
  for (
    const [status, code] of [
      [0xff, 17],
      [0xfc, 35],
      [0xf9, 51],
      [0xf8, 51],
      [0xf6, 53],
      [0xfe, 999],
      [1, 999],
      [null, 999],
      [-1, 17],
    ] as const
  ) assert.equal(errorOfAlpStatus(status), code);
});

Deno.test("E-022 E-023 E-105 topics are built and parsed for every command", () => {
  for (const command of names) {
    const row = commandRow(command);
    const sub = row.scope === "plug" ? null : "d4feggqvsg";
    for (const direction of ["toPlug", "toAdapter"] as const) {
      const topic = buildTopic(direction, UID, sub, command);
      assert.deepEqual(
        parseTopic(topic, direction),
        row[direction] === null ? null : { uid: UID, sub, command },
      );
      // At the other scope it is none.
      const other = buildTopic(
        direction,
        UID,
        sub === null ? "x" : null,
        command,
      );
      assert.equal(parseTopic(other, direction), null);
      if (direction === "toAdapter") {
        assert.match(
          topic,
          /^eMQTT\/adapter\/[0-9A-F]{12}(_[A-Za-z0-9]{1,10})?\/[a-z][A-Za-z]+$/,
        );
      }
    }
  }
  assert.equal(names.length, 30);
});

Deno.test("parseTopic() takes any text", () => {
  fc.assert(fc.property(
    fc.oneof(fc.string(), fc.array(fc.string()).map((all) => all.join("/"))),
    (topic) => {
      parseTopic(topic, "toPlug");
      parseTopic(topic, "toAdapter");
    },
  ));
});

Deno.test("E-017 E-020 fields are read with tolerance", () => {
  const read = (command: CommandName, text: string) =>
    Object.fromEntries(
      readPayload(command, "toPlug", bytes(text))?.values ?? [],
    );
  assert.deepEqual(read("startCyclicData", '{"samplingrate":"2500"}'), {
    SamplingRate: 2500,
  });
  assert.deepEqual(
    read("startCyclicData", '{"SAMPLINGRATE":1,"SamplingRate":2}'),
    { SamplingRate: 2 },
  );
  assert.deepEqual(read("startCyclicData", '{"SamplingRate":1e999}'), {});
  assert.deepEqual(
    read("startReporting", '{"Indices":[1],"YIndices":[2],"Type":"Time"}'),
    { Type: "Time", YIndices: [2] },
  );
  assert.deepEqual(read("startReporting", '{"indices":["1","x",null]}'), {
    YIndices: [1, null, null],
  });
  assert.deepEqual(
    read("setXConfig", '{"XIndices":"[1,2]","AutomaticReadForEvents":"TRUE"}'),
    { XIndices: [1, 2], AutomaticReadForEvents: true },
  );
  assert.deepEqual(
    read("startReplay", '{"triggers":[{"code":"1"},{"Mode":"appears"},7]}'),
    {
      Triggers: [{ code: 1, mode: null }, { code: null, mode: "Appears" }],
    },
  );
});

Deno.test("E-148 index keys keep the order of the text", () => {
  const text = '{ "98" : {"1":"}"}, "97":"a\\"b", "abc":[{"5":1}], "24":"2A" }';
  assert.deepEqual(
    readPayload("putStatData", "toPlug", bytes(text))?.more.map(([key]) => key),
    ["98", "97", "abc", "24"],
  );
});

Deno.test("E-019 E-030 readPayload() gives a payload or null for any bytes", () => {
  fc.assert(fc.property(
    fc.constantFrom(...names),
    fc.oneof(fc.uint8Array(), fc.json().map(bytes), fc.string().map(bytes)),
    (command, payload) => {
      const read = readPayload(command, "toPlug", payload);
      assert(read === null || read.values instanceof Map);
    },
  ));
  for (const bad of ["[]", "7", '"x"', "null", "{", "", "{\u201ca\u201d:1}"]) {
    assert.equal(readPayload("startPlug", "toPlug", bytes(bad)), null, bad);
  }
});

Deno.test("E-030 E-031 writePayload() writes keys in the order of the log", () => {
  assert.equal(
    writePayload("postEvent", "toAdapter", {
      Code: 6154,
      Mode: "Appears",
      Type: "Warning",
      ms: "0171DE2B9E9F",
      XValues: ["00007200", 17],
    }),
    '{"ms":"0171DE2B9E9F","Type":"Warning","Mode":"Appears","Code":6154,"XValues":["00007200",17]}',
  );
  assert.equal(
    writePayload("postObservation", "toAdapter", { ms: "0171DE2B85AE" }, [
      ["148", "0000"],
      ["16", 17],
    ]),
    '{"ms":"0171DE2B85AE","148":"0000","16":17}',
  );
  assert.equal(
    writePayload("startReporting", "toPlug", {
      Type: "Event",
      Code: 6168,
      Mode: "Singleshot",
      YIndices: [16100, 0],
    }),
    '{"Type":"Event","YIndices":[16100,0],"Code":6168,"Mode":"Singleshot"}',
  );
});

Deno.test("writePayload() refuses what the table does not allow", () => {
  const rows: readonly (readonly [CommandName, Record<string, unknown>])[] = [
    ["status", {}],
    ["status", { Value: "on" }],
    ["status", { Value: "On", Foo: 1 }],
    ["postEvent", { ms: "123456789AB", Code: 1, Mode: "Appears" }],
    ["postReport", { ms: "0171DE2B9E9F", YValues: ["0g"] }],
    ["postReport", { ms: "0171DE2B9E9F", YValues: ["ab"] }],
    ["startPlug", {}],
  ];
  for (const [command, values] of rows) {
    assert.throws(
      () => writePayload(command, "toAdapter", values),
      { name: "EncodeError" },
    );
  }
});
