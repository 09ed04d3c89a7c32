import assert from "node:assert/strict";
import fc from "fast-check";
import {
  ALP_ERRORS,
  decodeCommand,
  describeCommand,
  encodeCommand,
  readFile,
  requestTag,
} from "../../lib/alp/alp.ts";
import { compressTime, MAX_COMPRESSED } from "../../lib/alp/d7asp.ts";
import { commandJson, encodeCommandJson } from "../../lib/alp/json.ts";
import { EncodeError } from "../../lib/bytes/codec.ts";
import { anyAction } from "./arbitrary.ts";

const RUNS = { numRuns: 10_000 };
const hex = (text: string) => Uint8Array.fromHex(text.replaceAll(" ", ""));

for (const dialect of ["sub_iot", "d7a_1_2"] as const) {
  const actions = fc.array(anyAction(dialect), { maxLength: 4 });

  Deno.test(`decodeCommand() gives back what encodeCommand() wrote, ${dialect}`, () => {
    fc.assert(
      fc.property(actions, (actions) => {
        const command = decodeCommand(encodeCommand(actions, dialect), dialect);
        assert.deepEqual(command, { actions, error: null });
      }),
      RUNS,
    );
  });

  Deno.test(`encodeCommandJson() takes what commandJson() gave, ${dialect}`, () => {
    fc.assert(
      fc.property(actions, (actions) => {
        const text = JSON.stringify(commandJson({ actions, error: null }));
        assert.deepEqual(
          encodeCommandJson(JSON.parse(text), dialect),
          encodeCommand(actions, dialect),
        );
      }),
      RUNS,
    );
  });

  Deno.test(`decodeCommand() gives a command or a fault for any bytes, ${dialect}`, () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 255 }), (bytes) => {
        const { actions, error } = decodeCommand(bytes, dialect);
        const rest = error?.rest ?? new Uint8Array();
        assert.ok(rest.length <= bytes.length);
        assert.deepEqual(rest, bytes.slice(bytes.length - rest.length));
        if (error !== null) {
          assert.ok(ALP_ERRORS.includes(error.code));
          const start = bytes.length - rest.length;
          assert.ok(error.offset >= start && error.offset <= bytes.length);
        }
        // What was understood has one canonical form, which is stable.
        const canonical = encodeCommand(actions, dialect);
        const again = decodeCommand(canonical, dialect);
        assert.equal(again.error, null);
        assert.deepEqual(encodeCommand(again.actions, dialect), canonical);
      }),
      RUNS,
    );
  });

  Deno.test(`decodeCommand() of a cut or damaged command keeps the actions before, ${dialect}`, () => {
    fc.assert(
      fc.property(
        actions,
        fc.nat(),
        fc.nat(0xff),
        (actions, at, value) => {
          const bytes = encodeCommand(actions, dialect);
          if (bytes.length === 0) return;
          const cut = decodeCommand(
            bytes.subarray(0, at % bytes.length),
            dialect,
          );
          assert.deepEqual(cut.actions, actions.slice(0, cut.actions.length));
          assert.ok(cut.error === null || cut.error.code === "truncated");
          bytes[at % bytes.length] = value;
          decodeCommand(bytes, dialect);
        },
      ),
      RUNS,
    );
  });
}

Deno.test("encodeCommand() writes the identify request", () => {
  const request = [requestTag(1), readFile(0, 8), readFile(2, 17)];
  assert.equal(encodeCommand(request).toHex(), "b4010100000801020011");
});

Deno.test("decodeCommand() names the fault and its place", () => {
  const rows: [string, string, number][] = [
    ["25 00", "unknown_opcode", 0],
    ["80 15", "unknown_opcode", 1],
    ["03", "unknown_opcode", 0],
    ["a2", "reserved_flags", 0],
    ["e2 02 f6", "reserved_flags", 0],
    ["f2 d7", "reserved_flags", 0],
    ["74 01", "reserved_flags", 0],
    ["32", "truncated", 1],
    ["32 04", "unknown_interface", 1],
    ["32 05 00", "unknown_interface", 1],
    ["08", "truncated", 1],
    ["08 a0", "unsupported_query", 1],
    ["08 c0 01", "unsupported_query", 1],
    ["0a 00", "truncated", 2],
    ["0a 00 41", "unknown_permission", 2],
    ["0a 00 42 01", "truncated", 3],
    ["20 34 00 ff ff ff ff", "truncated", 7],
    ["62 d7", "truncated", 2],
    ["b3 40", "truncated", 2],
  ];
  for (const [bytes, code, offset] of rows) {
    const { error } = decodeCommand(hex(bytes));
    assert.deepEqual([error?.code, error?.offset], [code, offset], bytes);
  }
});

Deno.test("decodeCommand() keeps a status it cannot interpret and goes on", () => {
  const rows = [
    "62d70101",
    "62d700",
    "62d70b3200003947500049 00a920",
    "620000",
  ];
  for (const row of rows) {
    const command = decodeCommand(hex(`${row} 80`));
    assert.equal(command.error, null);
    const [status, nop] = command.actions;
    assert.ok(status?.op === "interface_status" && status.status === null);
    assert.equal(nop?.op, "nop");
  }
});

Deno.test("decodeCommand() reads any 1.2 status length as what it is", () => {
  // 20 bytes: NOID with security state in 1.2, a UID in Sub-IoT.
  const bytes = hex("62d714 320000394750004900a920 100011010203040506 07");
  const [newer] = decodeCommand(bytes, "d7a_1_2").actions;
  const [older] = decodeCommand(bytes).actions;
  assert.ok(newer?.op === "interface_status" && older?.op === newer.op);
  assert.equal(older.status?.addressee.idType, "uid");
});

Deno.test("encodeCommandJson() names the field that is wrong", () => {
  const nop = { op: "nop", group: false, resp: false };
  const read = {
    op: "read_file_data",
    group: false,
    resp: false,
    file_id: 1,
    offset: 0,
    length: 1,
  };
  const rows: [unknown, string][] = [
    [{}, "actions"],
    [5, "actions"],
    [[nop, 5], "actions[1]"],
    [[{ op: "nope" }], "actions[0].op"],
    [[{ op: "nop", group: false }], "actions[0].resp"],
    [[{ ...nop, group: 1 }], "actions[0].group"],
    [[{ ...read, file_id: 256 }], "actions[0].file_id"],
    [[{ ...read, offset: 2 ** 30 }], "actions[0].offset"],
    [[{ ...read, length: 1.5 }], "actions[0].length"],
    [[{ ...read, op: "return_file_data", data: "0" }], "actions[0].data"],
    [[{ ...read, op: "return_file_data", data: "0000" }], "actions[0].length"],
    [
      [{ op: "forward", resp: false, interface_id: 9, config: null }],
      "actions[0].config",
    ],
    [
      [{ op: "forward", resp: false, interface_id: 215, config: null }],
      "actions[0].config",
    ],
    [
      [{
        op: "permission_request",
        group: false,
        resp: false,
        level: 0,
        permission_id: 1,
        token: "0000000000000000",
      }],
      "actions[0].token",
    ],
    [
      [{
        op: "indirect_forward",
        overload: true,
        resp: false,
        interface_file_id: 0,
        addressee: {
          id_type: "uid",
          nls_method: "none",
          access_class: 0,
          id: "12",
        },
      }],
      "actions[0].addressee.id",
    ],
    [
      [{
        op: "action_query",
        group: false,
        resp: false,
        query: { type: "no" },
      }],
      "actions[0].query.type",
    ],
    [
      [{
        op: "interface_status",
        interface_id: 215,
        status: { channel_header: {} },
      }],
      "actions[0].status.channel_header.band",
    ],
    [{ actions: [], rest: "0" }, "rest"],
  ];
  for (const [json, field] of rows) {
    assert.throws(
      () => encodeCommandJson(json),
      (error) => error instanceof EncodeError && error.field === field,
      JSON.stringify(json),
    );
  }
});

Deno.test("encodeCommandJson() never fails otherwise, whatever the JSON", () => {
  const keys = fc.constantFrom(
    "op",
    "group",
    "resp",
    "file_id",
    "query",
    "type",
    "config",
    "addressee",
    "interface_id",
    "overload",
    "status",
    "raw",
    "length",
    "data",
    "id_type",
  );
  const values = fc.oneof(
    fc.constantFrom("forward", "indirect_forward", "range", "uid", "aa", true),
    fc.constantFrom("interface_status", "action_query", "__proto__", 215, null),
    fc.jsonValue(),
  );
  const object = fc.dictionary(
    keys,
    fc.oneof(values, fc.dictionary(keys, values)),
  );
  fc.assert(
    fc.property(fc.oneof(fc.array(object), fc.jsonValue()), (json) => {
      try {
        encodeCommandJson(json);
      } catch (error) {
        assert.ok(error instanceof EncodeError, String(error));
      }
    }),
    RUNS,
  );
});

Deno.test("compressTime() takes the smallest exponent", () => {
  assert.deepEqual(compressTime(100), { exp: 1, mant: 25, value: 100 });
  assert.deepEqual(compressTime(1024), { exp: 3, mant: 16, value: 1024 });
  assert.equal(compressTime(33).value, 36);
  assert.equal(compressTime(33, "down").value, 32);
  assert.equal(compressTime(125).value, 128);
  assert.equal(compressTime(MAX_COMPRESSED).value, MAX_COMPRESSED);
  assert.throws(() => compressTime(MAX_COMPRESSED + 1), RangeError);
  assert.throws(() => compressTime(-1), RangeError);
});

Deno.test("describeCommand() says it in one line", () => {
  const text = describeCommand(
    decodeCommand(
      hex(
        "a301 2033000300010162d71432000039475000490 0a92001 3236363000 39004c 15",
      ),
    ),
  );
  assert.equal(
    text,
    "response_tag eop tag_id=1; return_file_data file_id=51 offset=0 length=3 data=000101; " +
      "interface_status interface_id=215 status(channel_header(band=868 class=lo_rate coding=fec_pn9) " +
      "channel_index=0 rx_level=57 link_budget=71 target_rx_level=80 fifo_token=73 seq_nr=0 " +
      "response_to=9216 addressee(id_type=uid nls_method=none access_class=1 id=323636300039004C)); " +
      "unknown_opcode at 15",
  );
});
