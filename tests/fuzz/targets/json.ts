/**
 * JSON that people hand to the encoders: `["file", id, {…}]` or a command.
 *
 * @module
 */
import fc from "fast-check";
import { decodeCommand } from "../../../lib/alp/alp.ts";
import { commandJson, encodeCommandJson } from "../../../lib/alp/json.ts";
import { EncodeError } from "../../../lib/bytes/codec.ts";
import { jsonOf } from "../../../lib/bytes/json.ts";
import { decodeFile } from "../../../lib/files/files.ts";
import { encodeFileJson } from "../../../lib/files/json.ts";
import { anyAction } from "../../alp/arbitrary.ts";
import { bytesOf, must, type Target, textOf } from "../target.ts";

function run(input: Uint8Array): void {
  let json: unknown;
  try {
    json = JSON.parse(textOf(input));
  } catch {
    // The parser is not ours.
    return;
  }
  try {
    if (Array.isArray(json) && json[0] === "file") {
      const id = typeof json[1] === "number" ? json[1] : 0;
      const bytes = encodeFileJson(id, json[2]);
      decodeFile(id, bytes);
      return;
    }
    const bytes = encodeCommandJson(json, "sub_iot");
    const again = encodeCommandJson(
      commandJson(decodeCommand(bytes, "sub_iot")),
      "sub_iot",
    );
    must(
      again.length <= bytes.length,
      () => `${bytes.toHex()} becomes ${again.toHex()}`,
    );
  } catch (error) {
    if (!(error instanceof EncodeError)) throw error;
    must(
      error.message.length < 500,
      () => `a message of ${error.message.length} characters`,
    );
  }
}

const commands = fc.sample(anyAction("sub_iot"), { numRuns: 60, seed: 7 })
  .map((action) => bytesOf(JSON.stringify({ actions: [jsonOf(action)] })));

const energy = {
  timestamp: 1,
  apparent_energy_1: "12",
  real_energy_1: "-5",
};

/** Values that people wrote. */
export const json: Target = {
  name: "json",
  inputs: 12_000,
  maxBytes: 800,
  boundMs: 500,
  sources: /\/lib\/(alp|bytes|files)\//,
  seeds: [...commands, bytesOf(JSON.stringify(["file", 52, energy]))],
  words: [
    "null",
    "-1",
    "1e400",
    "1.5",
    '""',
    "[]",
    "{}",
    '"__proto__":',
    "true",
    '"zz"',
    "4294967296",
    "[[",
    '"op":',
    '"file"',
    '"rest":"00"',
  ].map(bytesOf),
  text: true,
  run,
};
