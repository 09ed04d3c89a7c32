/**
 * ALP commands of both dialects: the first byte of an input tells the dialect,
 * the rest is the command.
 *
 * @module
 */
import fc from "fast-check";
import {
  decodeCommand,
  describeCommand,
  encodeCommand,
} from "../../../lib/alp/alp.ts";
import type { Action } from "../../../lib/alp/action.ts";
import type { Dialect } from "../../../lib/alp/d7asp.ts";
import { commandJson, encodeCommandJson } from "../../../lib/alp/json.ts";
import { jsonOf } from "../../../lib/bytes/json.ts";
import { interpret, originsOf } from "../../../lib/files/files.ts";
import { anyAction } from "../../alp/arbitrary.ts";
import type { Random } from "../random.ts";
import { joined, must, type Target } from "../target.ts";
import { buttonFile } from "../../../lib/files/button.ts";

const DIALECTS: readonly Dialect[] = ["sub_iot", "d7a_1_2"];

const RECEIVED = { wallMs: 0, monoMs: 0, bootId: "b", synced: true } as const;

/** A UID, or a VID of a network that uses them. */
const ORIGIN = /^(?:[0-9A-F]{16}|[0-9A-F]{4})$/;

function run(input: Uint8Array): void {
  const dialect: Dialect = ((input[0] ?? 0) & 1) === 0 ? "sub_iot" : "d7a_1_2";
  const bytes = input.subarray(1);
  const command = decodeCommand(bytes, dialect);
  const { actions, error } = command;
  const shown = shownOf(actions);
  const rest = error?.rest ?? new Uint8Array();
  const known = encodeCommand(actions, dialect);
  const taken = bytes.length - rest.length;
  // Lengths take their shortest form, and bits without a meaning are not kept.
  must(known.length <= taken, () => `${known.length} of ${taken} bytes`);
  const again = decodeCommand(known, dialect);
  must(
    encodeCommand(again.actions, dialect).toHex() === known.toHex(),
    () => `encoded again as other bytes than ${known.toHex()}`,
  );
  must(
    again.error === null && shownOf(again.actions) === shown,
    () => `decoded again as ${JSON.stringify(jsonOf(again))}, not ${shown}`,
  );
  if (error !== null) {
    must(rest.length > 0, () => "an error with nothing left");
    must(
      error.offset >= taken && error.offset <= bytes.length,
      () => `fault at ${error.offset}, the action begins at ${taken}`,
    );
    must(
      rest.toHex() === bytes.subarray(taken).toHex(),
      () => "rest is not the end of the command",
    );
  }
  const json = encodeCommandJson(commandJson(command), dialect);
  must(
    json.toHex() === known.toHex() + rest.toHex(),
    () => `by way of JSON ${json.toHex()}`,
  );
  prefix(bytes, dialect, actions.length);
  const text = describeCommand(command);
  must(
    text.length <= 400 + 300 * bytes.length,
    () => `${text.length} characters for ${bytes.length} bytes`,
  );
  readings(command);
}

/** Values of the actions; `raw` also has bits without a meaning. */
function shownOf(actions: readonly Action[]): string {
  return JSON.stringify(
    jsonOf(actions),
    (key, value) => key === "raw" ? undefined : value,
  );
}

/** What is cut off behind takes nothing away in front. */
function prefix(bytes: Uint8Array, dialect: Dialect, most: number): void {
  const cut = (bytes[0] ?? 0) % (bytes.length + 1);
  const { actions } = decodeCommand(bytes.subarray(0, cut), dialect);
  must(actions.length <= most, () => `more actions in the first ${cut} bytes`);
}

function readings(command: ReturnType<typeof decodeCommand>): void {
  const { readings, problems } = interpret(command, RECEIVED);
  const said = command.actions.filter(({ op }) =>
    op === "return_file_data" || op === "write_file_data" ||
    op === "write_file_data_flush"
  );
  must(
    readings.length + problems.length <= said.length,
    () => "more readings and problems than file data",
  );
  for (const { device, measurements } of readings) {
    must(ORIGIN.test(device), () => `device ${device}`);
    for (const { name, value } of measurements) {
      must(
        typeof value !== "number" || Number.isFinite(value),
        () => `${name} is ${value}`,
      );
    }
  }
  for (const [device, link] of originsOf(command)) {
    must(ORIGIN.test(device), () => `origin ${device}`);
    must(Number.isInteger(link.rxLevelDbm), () => `rx ${link.rxLevelDbm}`);
  }
}

/** Whole actions of every opcode, made once; a run puts them together anew. */
const stock = DIALECTS.map((dialect) =>
  fc.sample(anyAction(dialect), { numRuns: 600, seed: 6 })
    .map((action) => encodeCommand([action], dialect))
    .filter(({ length }) => length < 200)
);

/** A button's file and the status behind it. */
const heard = Uint8Array.fromHex(
  "2033000301000162d714320000394750004900a92001323636300039004c",
);

function grammar(random: Random): Uint8Array {
  const dialect = random.below(2);
  const parts: Uint8Array[] = [new Uint8Array([dialect])];
  for (let n = 1 + random.below(4); n > 0; n--) {
    parts.push(random.pick(stock[dialect] ?? [heard]));
  }
  if (random.oneIn(8)) parts.push(heard);
  const bytes = joined(parts);
  if (random.oneIn(2)) bytes[random.below(bytes.length)] = random.below(256);
  return random.oneIn(4)
    ? bytes.subarray(0, 1 + random.below(bytes.length))
    : bytes;
}

/** Commands. */
export const alp: Target = {
  name: "alp",
  inputs: 45_000,
  maxBytes: 260,
  boundMs: 500,
  sources: /\/lib\/(alp|bytes|files)\//,
  seeds: [],
  words: [
    heard,
    Uint8Array.fromHex("62d7"),
    Uint8Array.fromHex("32d7"),
    new Uint8Array([0x20, buttonFile.id, 0, 3]),
    Uint8Array.fromHex("ffffffff"),
    Uint8Array.fromHex("bfffffff"),
  ],
  grammar,
  text: false,
  run,
};
