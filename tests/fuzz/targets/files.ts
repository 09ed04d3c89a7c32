/**
 * Device files: the first byte of an input chooses the file, the rest is its
 * data.
 *
 * @module
 */
import { DecodeError } from "../../../lib/bytes/codec.ts";
import { jsonOf } from "../../../lib/bytes/json.ts";
import {
  contentOf,
  decodeFile,
  deviceFiles,
  encodeFile,
  fileKind,
} from "../../../lib/files/files.ts";
import { encodeFileJson, fileJson } from "../../../lib/files/json.ts";
import { firmwareVersionFile } from "../../../lib/files/system.ts";
import type { Random } from "../random.ts";
import { joined, must, type Target } from "../target.ts";

/** Every file that is known, and one that is not. */
const IDS = Array.from({ length: 256 }, (_, id) => id)
  .filter((id) => fileKind(id) !== undefined).concat(200);

function run(input: Uint8Array): void {
  const id = IDS[(input[0] ?? 0) % IDS.length] ?? 0;
  const data = input.subarray(1);
  const kind = fileKind(id);
  const fits = kind?.sizes.includes(data.length) ?? false;
  const content = contentOf(id, data);
  must(
    (content !== null) === (fits && deviceFiles.has(id)),
    () => `content ${content === null ? "missing" : "of what does not fit"}`,
  );
  for (const { name, value } of content?.measurements ?? []) {
    must(
      typeof value !== "number" || Number.isFinite(value),
      () => `${name} is ${value}`,
    );
  }
  let value: unknown;
  try {
    value = decodeFile(id, data);
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    must(!fits, () => `refused: ${error.message}`);
    must(
      error.offset >= 0 && error.offset <= data.length,
      () => `offset ${error.offset}`,
    );
    return;
  }
  must(fits, () => "taken though its length is none of this file's");
  const spans = kind?.spans(data) ?? [];
  for (const { name, offset, length } of spans) {
    must(
      offset >= 0 && length >= 0 && offset + length <= data.length,
      () => `${name} at ${offset}, ${length} bytes of ${data.length}`,
    );
  }
  if (id === firmwareVersionFile.id) return;
  const encoded = encodeFile(id, value);
  must(
    encoded.length === data.length,
    () => `${encoded.length} bytes of ${data.length}`,
  );
  const shown = JSON.stringify(jsonOf(value));
  must(
    JSON.stringify(jsonOf(decodeFile(id, encoded))) === shown,
    () => `not the same again: ${shown}`,
  );
  must(
    encodeFileJson(id, fileJson(id, data)).toHex() === encoded.toHex(),
    () => `not the same by way of JSON: ${shown}`,
  );
}

function grammar(random: Random): Uint8Array {
  const at = random.below(IDS.length);
  const sizes = fileKind(IDS[at] ?? 0)?.sizes ?? [4];
  const size = random.pick(sizes) + (random.oneIn(10) ? 1 : 0);
  return joined([new Uint8Array([at]), random.bytes(size)]);
}

/** File data. */
export const files: Target = {
  name: "files",
  inputs: 45_000,
  maxBytes: 140,
  boundMs: 500,
  sources: /\/lib\/(files|bytes)\//,
  seeds: [],
  words: [Uint8Array.fromHex("ffffffff"), Uint8Array.fromHex("80000000")],
  grammar,
  text: false,
  run,
};
