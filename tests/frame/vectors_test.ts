/** The golden serial streams: whole, in their chunks, and byte by byte. */
import assert from "node:assert/strict";
import { jsonOf } from "../../lib/bytes/json.ts";
import { Deframer, type DeframerItem } from "../../lib/frame/deframer.ts";
import { encodeFrame } from "../../lib/frame/frame.ts";
import vectors from "../fixtures/vectors/serial-frames.json" with {
  type: "json",
};

function collect(items: readonly DeframerItem[]) {
  return {
    frames: items.flatMap((item) =>
      item.kind === "frame" ? [jsonOf(item.frame)] : []
    ),
    discarded: items.map((item) =>
      item.kind === "discarded" ? item.bytes.toHex() : ""
    ).join(""),
    bad_checksums: items.filter((item) => item.kind === "bad_checksum").length,
  };
}

function heard(chunks: readonly string[]) {
  const deframer = new Deframer();
  const items = chunks.flatMap((hex) => {
    const chunk = Uint8Array.fromHex(hex);
    const out = deframer.push(chunk);
    // The caller's buffer is its own: what was delivered must not change.
    chunk.fill(0xee);
    return out;
  });
  const result = collect(items);
  const pending = deframer.pending().toHex();
  return {
    ...result,
    discarded_bytes: result.discarded.length / 2,
    pending,
    after_silence: collect(deframer.silence()),
  };
}

for (const row of vectors) {
  const bytes = row.hex.match(/../g) ?? [];
  const ways: [string, readonly string[]][] = [
    ["whole", [row.hex]],
    ["byte by byte", bytes],
    ["in chunks", row.chunks ?? [row.hex.slice(0, 8), row.hex.slice(8)]],
  ];
  for (const [way, chunks] of ways) {
    Deno.test(`Deframer finds the frames of vector ${row.name} ${way}`, () => {
      assert.deepEqual(
        JSON.parse(JSON.stringify(heard(chunks))),
        row.expect,
      );
    });
  }
  if (row.expect.discarded_bytes === 0 && row.expect.pending === "") {
    Deno.test(`encodeFrame() writes the frames of vector ${row.name}`, () => {
      const written = row.expect.frames.map((frame) =>
        encodeFrame(
          frame.counter,
          frame.type_code,
          Uint8Array.fromHex(frame.payload),
          { anySize: true },
        ).toHex()
      );
      assert.equal(written.join(""), row.hex);
    });
  }
}
