import assert from "node:assert/strict";
import fc from "fast-check";
import { Reader, Writer } from "../../lib/bytes/bytes.ts";
import { crc16 } from "../../lib/bytes/crc16.ts";
import {
  absent,
  type Codec,
  DecodeError,
  EncodeError,
  repeat,
  struct,
} from "../../lib/bytes/codec.ts";
import { camelCase, jsonOf, snakeCase } from "../../lib/bytes/json.ts";
import {
  bits,
  bool,
  count,
  enumOf,
  fixedBytes,
  flag,
  hexDigits,
  i16le,
  i32le,
  i64le,
  u16be,
  u16le,
  u32be,
  u32le,
  u8,
} from "../../lib/bytes/values.ts";

const hex = (text: string) => Uint8Array.fromHex(text);

function encoded<T>(codec: Codec<T>, value: T): string {
  const w = new Writer();
  codec.encode(value, w);
  return w.finish().toHex();
}

Deno.test("crc16() has the reference values", () => {
  const digits = new TextEncoder().encode("123456789");
  assert.equal(crc16(digits), 0x29b1);
  assert.equal(crc16(new Uint8Array()), 0xffff);
  assert.equal(crc16(hex("00313233343536373839ff"), 1, 10), 0x29b1);
});

Deno.test("crc16() equals the checksum bit by bit", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
      let crc = 0xffff;
      for (const byte of bytes) {
        for (let bit = 7; bit >= 0; bit--) {
          const out = (crc >> 15) ^ ((byte >> bit) & 1);
          crc = ((crc << 1) & 0xffff) ^ (out ? 0x1021 : 0);
        }
      }
      assert.equal(crc16(bytes), crc);
    }),
    { numRuns: 10_000 },
  );
});

Deno.test("Reader stops at its limit and says where", () => {
  const r = new Reader(hex("0102030405"));
  assert.equal(r.u8(), 1);
  const inner = r.sub(2);
  assert.equal(inner.u16be(), 0x0203);
  inner.field = "level";
  assert.throws(
    () => inner.u8(),
    (error) =>
      error instanceof DecodeError && error.field === "level" &&
      error.reason === "truncated" && error.offset === 3 &&
      error.message ===
        "Cannot decode level: 0 bytes are left, expected 1 or more",
  );
  assert.equal(r.remaining, 2);
  assert.throws(() => r.bytes(3), DecodeError);
  assert.throws(() => r.sub(3), DecodeError);
  assert.throws(() => r.u32le(), DecodeError);
  assert.deepEqual(r.bytes(2), hex("0405"));
});

Deno.test("Reader reads views that do not begin at their buffer", () => {
  const r = new Reader(hex("ffff0102030405060708").subarray(2));
  assert.equal(r.i64le(), 0x0807060504030201n);
  assert.equal(r.remaining, 0);
});

Deno.test("Integer layouts have their byte order and range", () => {
  const rows: [Codec<number>, number, string, number, number][] = [
    [u8, 0x12, "12", 0, 0xff],
    [u16be, 0x1234, "1234", 0, 0xffff],
    [u32be, 0xfedcba98, "fedcba98", 0, 0xffff_ffff],
    [u16le, 0x1234, "3412", 0, 0xffff],
    [u32le, 0xfedcba98, "98badcfe", 0, 0xffff_ffff],
    [i16le, -2, "feff", -0x8000, 0x7fff],
    [i32le, -2, "feffffff", -0x8000_0000, 0x7fff_ffff],
  ];
  for (const [codec, value, bytes, min, max] of rows) {
    assert.equal(encoded(codec, value), bytes);
    for (const edge of [value, min, max]) {
      const back = codec.decode(new Reader(hex(encoded(codec, edge))));
      assert.equal(back, edge);
    }
    for (const wrong of [min - 1, max + 1, 0.5, NaN]) {
      assert.throws(() => encoded(codec, wrong), EncodeError);
    }
  }
  assert.equal(encoded(i64le, -2n), "feffffffffffffff");
  assert.throws(() => encoded(i64le, 1n << 63n), EncodeError);
  assert.throws(() => encoded(bool as Codec<unknown>, 1), EncodeError);
  assert.throws(() => encoded(fixedBytes(2), hex("01")), EncodeError);
  assert.throws(() => encoded(hexDigits(2), "12g4"), EncodeError);
  assert.equal(encoded(hexDigits(2), "abCD"), "abcd");
});

Deno.test("struct() puts inner layouts among its fields and names what is wrong", () => {
  const layout = struct({
    id: u8,
    "...flags": bits({ on: flag(7), kind: enumOf(4, 2, ["a", "b"]) }),
    none: absent,
    list: repeat(2, struct({ level: u16be })),
  });
  const value = {
    id: 1,
    on: true,
    kind: "rfu_3",
    none: null,
    list: [{ level: 2 }, { level: 3 }],
  } as const;
  assert.equal(encoded(layout, value), "01b000020003");
  // Bits without a name are ignored.
  assert.deepEqual(layout.decode(new Reader(hex("01bf00020003"))), value);
  const fieldOf = (change: object): string => {
    try {
      encoded(layout, { ...value, ...change });
    } catch (error) {
      if (error instanceof EncodeError) return error.field;
    }
    return "";
  };
  assert.equal(
    fieldOf({ list: [{ level: 2 }, { level: -1 }] }),
    "list[1].level",
  );
  assert.equal(fieldOf({ list: [] }), "list");
  assert.equal(fieldOf({ kind: "c" }), "kind");
  assert.equal(fieldOf({ none: 0 }), "none");
  assert.equal(fieldOf({ id: undefined }), "id");
});

Deno.test("bits() writes back every byte it read, reserved bits as 0", () => {
  const layout = bits({ a: count(5, 3), b: enumOf(3, 2, ["x"]), c: flag(0) });
  for (let byte = 0; byte < 256; byte++) {
    const value = layout.decode(new Reader(new Uint8Array([byte])));
    assert.equal(
      encoded(layout, value),
      (byte & 0b1111_1001).toString(16).padStart(2, "0"),
    );
  }
});

Deno.test("jsonOf() spells names, bytes and big integers as the specification", () => {
  const value = {
    fileId: 1,
    gitSha1: "x",
    transmitMask_0: true,
    data: hex("AB"),
    big: [-1n],
  };
  assert.deepEqual(jsonOf(value), {
    file_id: 1,
    git_sha1: "x",
    transmit_mask_0: true,
    data: "ab",
    big: ["-1"],
  });
  for (const name of Object.keys(value)) {
    assert.equal(camelCase(snakeCase(name)), name);
  }
});
