/**
 * What came down the line, in words and as JSON.
 *
 * @module
 */
import assert from "node:assert/strict";
import fc from "fast-check";
import { decodeLine } from "../../lib/cli/decode_json.ts";
import { Deframer, type DeframerItem } from "../../lib/frame/deframer.ts";
import { encodeFrame } from "../../lib/frame/frame.ts";
import type { LineJson } from "../../lib/http/json.ts";
import { lineJson } from "../../lib/inspect/line.ts";
import { button, energy, push } from "../fakes/plant.ts";

const DEVICE = "326636300039004C";
const received = { wallMs: Date.UTC(2026, 0, 1) };

function lineOf(item: DeframerItem): LineJson {
  return lineJson(
    item,
    received,
    (device) => device === DEVICE ? "Compressor 2" : null,
  );
}

function frame(
  type: Parameters<typeof encodeFrame>[1],
  payload: Uint8Array,
): Extract<LineJson, { kind: "frame" }> {
  const bytes = encodeFrame(7, type, payload, { anySize: true });
  const [item] = new Deframer().push(bytes);
  if (item === undefined) assert.fail("no item");
  const line = lineOf(item);
  if (line.kind !== "frame") assert.fail(line.kind);
  assert.equal(line.hex, bytes.toHex());
  assert.equal(line.at, "2026-01-01T00:00:00.000Z");
  assert.equal(line.counter, 7);
  return line;
}

Deno.test("lineJson() tells a device's reading in one line, with all that decode gives", () => {
  const command = energy(DEVICE, 5n);
  const line = frame("alp_data", command);
  assert.equal(line.device, DEVICE);
  assert.equal(line.name, "Compressor 2");
  assert.equal(
    line.summary,
    "energy 230/231/232 V 7/8/9 mA 4/5/6 Wh; link 71 dB",
  );
  assert.deepEqual(line.alp, decodeLine("alp", command.toHex()));
  assert.deepEqual(line.files, [
    decodeLine("file:52", command.subarray(5, 72).toHex()),
  ]);
  assert.equal(
    frame("alp_data", button(DEVICE)).summary,
    "button 0 pressed; link 71 dB",
  );
  assert.equal(
    frame("alp_data", push(DEVICE, 62, Uint8Array.of(60, 0, 0, 0, 1))).summary,
    "energy_config interval=60 s enabled=yes; link 71 dB",
  );
  const odd = frame("alp_data", push(DEVICE, 52, Uint8Array.of(1)));
  assert.equal(
    odd.summary,
    "file 52 gives no reading (unexpected_length): 01; link 71 dB",
  );
  assert.deepEqual(odd.files, [{ error: "unexpected_length" }]);
});

Deno.test("lineJson() tells what else there is in words", () => {
  const cases = [
    ["ping_request", "01", "ping 01"],
    ["ping_response", "02", "answer to a ping 02"],
    ["rebooted", "01", "modem has started: watchdog (1)"],
    ["rebooted", "", "modem has started: unknown"],
    ["logging", "68690a", 'modem says "hi"'],
    ["logging", "1b5b324a7f", 'modem says "\\u001b[2J\\u007f"'],
    [9, "0a", "type 9 is not known: 0a"],
    ["alp_data", "", "no actions"],
    ["alp_data", "b405", "request_tag respond_when_completed tag_id=5"],
    ["alp_data", "1f", "truncated at 1f"],
  ] as const;
  for (const [type, hex, summary] of cases) {
    const line = frame(type, Uint8Array.fromHex(hex));
    assert.equal(line.summary, summary);
    assert.equal(line.device, null);
    assert.equal(line.alp === null, type !== "alp_data");
  }
  assert.deepEqual(lineOf({ kind: "bad_checksum" }), {
    kind: "bad_checksum",
    at: "2026-01-01T00:00:00.000Z",
    hex: "",
    summary: "bad checksum, its bytes are searched for other frames",
  });
  assert.equal(
    lineOf({ kind: "discarded", bytes: Uint8Array.of(1) }).summary,
    "1 byte of no frame, discarded",
  );
});

Deno.test("lineJson() takes anything, in one line that may go to a terminal", () => {
  fc.assert(fc.property(
    fc.uint8Array({ maxLength: 255 }),
    fc.integer({ min: 0, max: 6 }),
    (payload, type) => {
      const line = frame(type, payload);
      assert.match(line.summary, /^[\x20-\x7e\ufffd]+$/);
      assert.doesNotThrow(() => JSON.stringify(line));
    },
  ));
});
