import assert from "node:assert/strict";
import fc from "fast-check";
import { EncodeError } from "../../lib/bytes/codec.ts";
import { Deframer, type DeframerItem } from "../../lib/frame/deframer.ts";
import { encodeFrame, frameOf } from "../../lib/frame/frame.ts";

const RUNS = { numRuns: 10_000 };

const frame = fc.tuple(
  fc.nat(255),
  fc.nat(6),
  fc.uint8Array({ maxLength: 40 }),
).map(([counter, type, payload]) =>
  encodeFrame(counter, type, payload, { anySize: true })
);

/** Bytes that look like the beginning of frames more often than chance would have it. */
const garbage = fc.array(
  fc.oneof(
    fc.constant([0xc0, 0x00]),
    fc.constant([0xc0]),
    fc.tuple(fc.constantFrom(0, 1, 2, 5, 8, 0xc0, 0xff)),
    fc.uint8Array({ maxLength: 4 }).map((bytes) => [...bytes]),
  ),
  { maxLength: 12 },
).map((parts) => new Uint8Array(parts.flat()));

const damaged = fc.tuple(frame, fc.nat(), fc.nat(255)).map(
  ([bytes, at, value]) => bytes.with(at % bytes.length, value),
);

const stream = fc.array(fc.oneof(frame, frame, garbage, damaged), {
  maxLength: 6,
}).map(concat);

function concat(parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(parts.flatMap((part) => [...part]));
}

/** Joins what only the chunks have separated. */
function joined(items: readonly DeframerItem[]): unknown[] {
  const out: unknown[] = [];
  let run: number[] | null = null;
  for (const item of items) {
    if (item.kind === "discarded") {
      if (run === null) out.push(run = []);
      run.push(...item.bytes);
    } else {
      run = null;
      out.push(item.kind === "frame" ? { ...item.frame } : item.kind);
    }
  }
  return out;
}

/** Section 1.5 word for word, one byte at a time; bytes are discarded one by one. */
function reference(bytes: Uint8Array, silent: boolean) {
  let pending = [...bytes];
  const frames: Uint8Array[] = [];
  let bad = 0;
  let discarded = 0;
  const drop = () => {
    pending = pending.slice(1);
    discarded++;
  };
  while (pending.length > 0) {
    const length = 7 + (pending[4] ?? Infinity);
    if (pending[0] !== 0xc0) drop();
    else if (pending.length > 1 && pending[1] !== 0) drop();
    else if (pending.length < 7 || pending.length < length) {
      if (!silent) break;
      drop();
    } else {
      const payload = new Uint8Array(pending.slice(7, length));
      const crc = (pending[5] ?? 0) * 256 + (pending[6] ?? 0);
      if (crc === bitwiseCrc(payload)) {
        frames.push(payload);
        pending = pending.slice(length);
      } else {
        bad++;
        drop();
      }
    }
  }
  return { frames, bad, discarded, pending };
}

function bitwiseCrc(bytes: Uint8Array): number {
  let crc = 0xffff;
  for (const byte of bytes) {
    crc ^= byte << 8;
    for (let bit = 0; bit < 8; bit++) {
      crc = crc & 0x8000 ? ((crc << 1) ^ 0x1021) & 0xffff : crc << 1;
    }
  }
  return crc;
}

function summary(items: readonly DeframerItem[], pending: Uint8Array) {
  const frames: Uint8Array[] = [];
  let bad = 0;
  let discarded = 0;
  for (const item of items) {
    if (item.kind === "frame") frames.push(item.frame.payload.slice());
    else if (item.kind === "bad_checksum") bad++;
    else discarded += item.bytes.length;
  }
  return { frames, bad, discarded, pending: [...pending] };
}

Deno.test("Deframer gives what the rules give, before and after silence", () => {
  fc.assert(
    fc.property(stream, (bytes) => {
      const deframer = new Deframer();
      const items = [...deframer.push(bytes)];
      assert.deepEqual(
        summary(items, deframer.pending()),
        reference(bytes, false),
      );
      items.push(...deframer.silence());
      assert.deepEqual(
        summary(items, deframer.pending()),
        reference(bytes, true),
      );
    }),
    RUNS,
  );
});

Deno.test("Deframer gives the same for any split of a stream", () => {
  fc.assert(
    fc.property(stream, fc.array(fc.nat(), { maxLength: 8 }), (bytes, cuts) => {
      const whole = new Deframer();
      const items = whole.push(bytes);
      const split = new Deframer();
      const places = cuts.map((cut) => cut % (bytes.length + 1))
        .sort((a, b) => a - b);
      const parts: DeframerItem[] = [];
      let start = 0;
      for (const place of [...places, bytes.length]) {
        const chunk = bytes.slice(start, place);
        parts.push(...split.push(chunk));
        chunk.fill(0xc0);
        start = place;
      }
      assert.deepEqual(joined(parts), joined(items));
      assert.deepEqual(split.pending(), whole.pending());
      assert.deepEqual(joined(split.silence()), joined(whole.silence()));
    }),
    RUNS,
  );
});

Deno.test("Deframer accounts for every byte and keeps at most 261", () => {
  fc.assert(
    fc.property(fc.array(garbage, { maxLength: 40 }), (chunks) => {
      const deframer = new Deframer();
      let bytes = 0;
      for (const chunk of chunks) {
        for (const item of deframer.push(chunk)) {
          if (item.kind === "frame") bytes += 7 + item.frame.payload.length;
          if (item.kind === "discarded") bytes += item.bytes.length;
        }
        assert.ok(deframer.pending().length <= 261);
      }
      bytes += deframer.pending().length;
      assert.equal(bytes, chunks.reduce((sum, { length }) => sum + length, 0));
    }),
    RUNS,
  );
});

Deno.test("Deframer finds every frame behind garbage after silence", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), frame, (before, good) => {
      // A good frame inside the garbage would swallow the next one by right.
      const bytes = concat([before.map((byte) => byte & 0x7f), good]);
      const deframer = new Deframer();
      const items = deframer.push(bytes);
      const found = items.at(-1);
      assert.ok(found?.kind === "frame");
      assert.deepEqual(found.frame.payload, good.slice(7));
    }),
    RUNS,
  );
});

Deno.test("Deframer counts frames lost on the line", () => {
  const rows: [number, number, number | null][] = [
    [5, 1, null],
    [6, 9, 0],
    [8, 1, 1],
    [8, 1, 255],
    [7, 2, 254],
    [1, 5, null],
    [2, 1, 0],
    [255, 1, 252],
    [0, 1, 0],
  ];
  const deframer = new Deframer();
  for (const [counter, type, gap] of rows) {
    const [item] = deframer.push(encodeFrame(counter, type, new Uint8Array(1)));
    assert.ok(item?.kind === "frame");
    assert.equal(item.frame.gap, gap, `counter ${counter}`);
  }
  deframer.push(new Uint8Array([0xc0, 0]));
  deframer.reset();
  assert.equal(deframer.pending().length, 0);
  const [item] = deframer.push(encodeFrame(9, 1, new Uint8Array(1)));
  assert.ok(item?.kind === "frame" && item.frame.gap === null);
});

Deno.test("Deframer keeps up with a stream made of false headers", () => {
  // Every other byte begins a header; each costs at most one checksum.
  const bytes = new Uint8Array(1 << 18).map((_, at) => at % 2 === 0 ? 0xc0 : 0);
  const deframer = new Deframer();
  let discarded = 0;
  for (const item of deframer.push(bytes)) {
    if (item.kind === "discarded") discarded += item.bytes.length;
  }
  assert.ok(discarded > bytes.length - 262);
});

Deno.test("encodeFrame() refuses what no sender sends", () => {
  const sizes = [[0, false], [1, true], [248, true], [249, false]] as const;
  for (const [size, ok] of sizes) {
    const encode = () => encodeFrame(1, "alp_data", new Uint8Array(size));
    if (ok) assert.equal(encode().length, 7 + size);
    else assert.throws(encode, EncodeError);
  }
  assert.throws(
    () => encodeFrame(1, 1, new Uint8Array(256), { anySize: true }),
    EncodeError,
  );
  assert.throws(() => encodeFrame(256, 1, new Uint8Array(1)), EncodeError);
  assert.equal(
    encodeFrame(1, "alp_data", Uint8Array.fromHex("b4010100000801020011"))
      .toHex(),
    "c00001010ab1bab4010100000801020011",
  );
});

Deno.test("frameOf() names reboot reasons and reads log text", () => {
  const rows: [number[], number | null, string][] = [
    [[3], 3, "reset_pin"],
    [[254, 1], 254, "other"],
    [[255], 255, "not_implemented"],
    [[7], 7, "unknown"],
    [[], null, "unknown"],
  ];
  for (const [payload, reason, name] of rows) {
    const frame = frameOf(1, 5, new Uint8Array(payload), null);
    assert.ok(frame.type === "rebooted");
    assert.deepEqual([frame.reason, frame.reasonName], [reason, name]);
  }
  const log = frameOf(1, 4, Uint8Array.fromHex("41c3a90a7f00ff"), null);
  assert.ok(log.type === "logging");
  assert.equal(log.text, "A\ufffd\ufffd\n\x7f\0\ufffd");
});
