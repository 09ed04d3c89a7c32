import assert from "node:assert/strict";
import { encodeCommand, readFile, requestTag } from "../../../lib/alp/alp.ts";
import type { Action } from "../../../lib/alp/action.ts";
import { VirtualModem } from "../../../lib/cli/sim/modem.ts";
import type { VirtualModemOptions } from "../../../lib/cli/sim/modem.ts";
import { Deframer } from "../../../lib/frame/deframer.ts";
import { encodeFrame } from "../../../lib/frame/frame.ts";
import type { Frame } from "../../../lib/frame/frame.ts";

const IDENTITY = "2000000843373134003700" +
  "2b200200110101000067617465776161386665353836";

function framesOf(sent: readonly Uint8Array[]): readonly Frame[] {
  const deframer = new Deframer();
  return sent.flatMap((bytes) => deframer.push(bytes)).map((item) => {
    assert.equal(item.kind, "frame");
    return (item as { frame: Frame }).frame;
  });
}

/** Payloads, in hex, that a fresh modem answers one command with. */
function answersTo(
  command: string | readonly Action[],
  options?: VirtualModemOptions,
): readonly string[] {
  const payload = typeof command === "string"
    ? Uint8Array.fromHex(command)
    : encodeCommand(command);
  const modem = new VirtualModem(options);
  modem.start();
  return framesOf(modem.receive(encodeFrame(1, "alp_data", payload)))
    .map((frame) => frame.payload.toHex());
}

function forwardTo(id: string): readonly Action[] {
  return [requestTag(9), {
    op: "forward",
    resp: true,
    interfaceId: 0xd7,
    config: {
      qos: {
        stopOnErr: false,
        record: false,
        retryMode: "no",
        respMode: "any",
      },
      dormantTo: { exp: 0, mant: 0, value: 0 },
      addressee: { idType: "uid", nlsMethod: "none", accessClass: 1, id },
    },
  }, readFile(62, 5)];
}

Deno.test("VirtualModem says rebooted first, with counter 1, at every start", () => {
  const modem = new VirtualModem();
  for (const reason of [0, 1]) {
    const [bytes] = modem.start(reason);
    const [frame] = framesOf([bytes ?? new Uint8Array()]);
    assert.deepEqual(
      [frame?.type, frame?.counter, frame?.payload],
      ["rebooted", 1, Uint8Array.of(reason)],
    );
  }
});

Deno.test("VirtualModem answers the identify request of the specification byte for byte", () => {
  const modem = new VirtualModem();
  modem.start();
  const [answer] = modem.receive(
    Uint8Array.fromHex("c00001010ab1bab4010100000801020011"),
  );
  assert.equal(
    answer?.toHex(),
    `c000020123fef2${IDENTITY}a301`,
  );
});

Deno.test("VirtualModem takes a request in any pieces", () => {
  const modem = new VirtualModem();
  const request = Uint8Array.fromHex("c00001010ab1bab4010100000801020011");
  const sent = [...request].flatMap((byte) =>
    modem.receive(Uint8Array.of(byte))
  );
  assert.equal(framesOf(sent).length, 1);
});

const cases: readonly (readonly [string, string, readonly string[]])[] = [
  ["part of a file", "b40501000203", ["20000203313400a305"]],
  ["a file it does not have", "b405010700 01", ["e305"]],
  ["more than a file has", "b40501000109", ["e305"]],
  [
    "a good and a bad read, keeping the data",
    "b405010000080107 0001",
    ["200000084337313400370 02be305"],
  ],
  ["a write of its files", "b40504000001 00", ["e305"]],
  ["nothing but a tag", "b405", ["a305"]],
  ["no request for an answer", "34050100000 8", []],
  ["tag 0", "b40001000008", []],
  ["no tag", "01000008", []],
  ["what cannot be parsed", "b405010000", []],
];
for (const [what, command, answers] of cases) {
  Deno.test(`VirtualModem answers ${what} with ${answers.length} frames`, () => {
    assert.deepEqual(
      answersTo(command.replaceAll(" ", "")),
      answers.map((answer) => answer.replaceAll(" ", "")),
    );
  });
}

Deno.test("VirtualModem completes a forwarded command that no one answers", () => {
  assert.deepEqual(answersTo(forwardTo("326636300039004C")), ["a30962d700"]);
});

Deno.test("VirtualModem fails a forwarded command that no one acknowledges", () => {
  assert.deepEqual(
    answersTo(forwardTo("326636300039004C"), { air: () => null }),
    ["e30962d700"],
  );
});

Deno.test("VirtualModem passes on each answer from the air, tag first", () => {
  const data = Uint8Array.of(0x58, 2, 0, 0, 1);
  const answer: Action = {
    op: "return_file_data",
    group: false,
    resp: false,
    fileId: 62,
    offset: 0,
    length: 5,
    data,
  };
  assert.deepEqual(
    answersTo(forwardTo("326636300039004C"), {
      air: () => [[answer], [answer]],
    }),
    [
      "2309203e00055802000001",
      "2309203e00055802000001",
      "a30962d700",
    ],
  );
});

Deno.test("VirtualModem answers pings with 02", () => {
  const modem = new VirtualModem();
  const sent = modem.receive(encodeFrame(1, "ping_request", Uint8Array.of(1)));
  const [frame] = framesOf(sent);
  assert.equal(frame?.type, "ping_response");
  assert.deepEqual(frame?.payload, Uint8Array.of(2));
});

Deno.test("VirtualModem counts its frames from 1 to 255 and on with 0", () => {
  const modem = new VirtualModem();
  const sent = Array.from({ length: 600 }, () => modem.log("x")).flat();
  const counters = framesOf(sent).map(({ counter }) => counter);
  assert.deepEqual(counters.slice(0, 2), [1, 2]);
  assert.deepEqual(counters.slice(254, 257), [255, 0, 1]);
});

Deno.test("VirtualModem loses a push that does not fit one frame", () => {
  const modem = new VirtualModem();
  assert.equal(modem.push(new Uint8Array(248)).length, 1);
  assert.deepEqual(modem.push(new Uint8Array(249)), []);
});

Deno.test("VirtualModem misbehaves when told to, and stops when told to", () => {
  const modem = new VirtualModem();
  const request = encodeFrame(1, "alp_data", encodeCommand([requestTag(1)]));
  modem.misbehaviour.ignoresRequests = true;
  assert.equal(modem.receive(request).length, 0);
  assert.equal(modem.log("alive").length, 1);
  modem.misbehaviour.silent = true;
  assert.equal(modem.log("alive").length, 0);
  Object.assign(modem.misbehaviour, { silent: false, ignoresRequests: false });
  assert.equal(modem.receive(request).length, 1);
});

Deno.test("VirtualModem finds a request behind half a frame after a silence", () => {
  const modem = new VirtualModem();
  const request = encodeFrame(1, "alp_data", encodeCommand([requestTag(1)]));
  const half = Uint8Array.fromHex("c0000001ff0000");
  assert.equal(modem.receive(half).length, 0);
  assert.equal(modem.receive(request).length, 0);
  assert.equal(modem.silence().length, 1);
});
