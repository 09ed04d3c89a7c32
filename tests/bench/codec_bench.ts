/**
 * What the codec does in a second: bytes of the line to readings, in the
 * chunks that a port gives under load and when it is quiet.
 *
 * @module
 */
import { decodeCommand } from "../../lib/alp/alp.ts";
import { interpret } from "../../lib/files/files.ts";
import { Deframer } from "../../lib/frame/deframer.ts";
import { encodeFrame } from "../../lib/frame/frame.ts";

const command = Uint8Array.fromHex(
  "20340040430001020304050607080900010203040506070809000102030405060708090001" +
    "02030405060708090001020304050607080900010203040506070809000102030405" +
    "0662d714320000394750004900a92001323636300039004c",
);
const received = { wallMs: 0, monoMs: 0, bootId: "", synced: true };

/** EnergyFile frames in one chunk, about 100 kB. */
const FRAMES = 1000;
const stream = new Uint8Array(FRAMES * (7 + command.length));
for (let at = 0; at < FRAMES; at++) {
  stream.set(
    encodeFrame(at & 0xff, "alp_data", command),
    at * (7 + command.length),
  );
}

/** Bytes of the stream to readings; gives how many. */
function readings(chunkBytes: number): number {
  const deframer = new Deframer();
  let count = 0;
  for (let at = 0; at < stream.length; at += chunkBytes) {
    for (const item of deframer.push(stream.subarray(at, at + chunkBytes))) {
      if (item.kind !== "frame") continue;
      count += interpret(decodeCommand(item.frame.payload), received)
        .readings.length;
    }
  }
  if (count !== FRAMES) throw new Error(`Lost ${FRAMES - count} readings`);
  return count;
}

/** EnergyFile frames a second, bytes to readings, measured for `seconds` after a warm-up. */
export function benchCodec(seconds: number, chunkBytes = 4096): number {
  for (let n = 0; n < 100; n++) readings(chunkBytes);
  let count = 0;
  const startMs = performance.now();
  while (performance.now() - startMs < seconds * 1000) {
    count += readings(chunkBytes);
  }
  return count / (performance.now() - startMs) * 1000;
}

for (const chunkBytes of [4096, 64]) {
  Deno.bench(
    `1000 energy frames to readings, chunks of ${chunkBytes}`,
    () => void readings(chunkBytes),
  );
}

Deno.bench("1000 energy frames, deframer only", () => {
  new Deframer().push(stream);
});

Deno.bench("1000 commands, decodeCommand only", () => {
  for (let at = 0; at < FRAMES; at++) decodeCommand(command);
});
