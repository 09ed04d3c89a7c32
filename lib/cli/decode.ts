/**
 * `decode` and `encode`: bytes to words and back, item by item.
 *
 * @module
 */
import { object } from "@optique/core/constructs";
import { message, text } from "@optique/core/message";
import { map, multiple, withDefault } from "@optique/core/modifiers";
import { argument, command, option } from "@optique/core/primitives";
import { choice, string, type ValueParser } from "@optique/core/valueparser";
import type { Dialect } from "../alp/d7asp.ts";
import { EncodeError } from "../bytes/codec.ts";
import {
  decodeLine,
  encodeLine,
  type ItemKind,
  itemKind,
} from "./decode_json.ts";
import { describeItem } from "./describe.ts";
import { type Action, type ExitCode, type Io, lines } from "./io.ts";

/** `serial`, `alp` or `file:ID`. */
function kind<K extends ItemKind>(
  allowed: (kind: ItemKind) => kind is K,
  wanted: string,
  placeholder: K,
): ValueParser<"sync", K> {
  return {
    mode: "sync",
    metavar: "KIND",
    placeholder,
    parse(input) {
      const value = itemKind(input);
      return value !== null && allowed(value) ? { success: true, value } : {
        success: false,
        error: message`Expected ${text(wanted)}, got ${input}.`,
      };
    },
    format: (value) => value,
  };
}

const any = (value: ItemKind): value is ItemKind => value !== undefined;
const encodable = (
  value: ItemKind,
): value is Exclude<ItemKind, "serial"> => value !== "serial";

/** Grammar of `decode`. */
export const decodeCommand = command(
  "decode",
  map(
    object({
      as: option("--as", kind(any, "serial, alp or file:ID", "alp"), {
        description:
          message`what the bytes are: serial, alp or file:ID (file:52 is the energy file)`,
      }),
      dialect: withDefault(
        option(
          "--dialect",
          choice(["sub_iot", "d7a_1_2"], { metavar: "DIALECT" }),
          {
            description:
              message`layout of ALP interface data, by default as the modem has it: sub_iot`,
          },
        ),
        "sub_iot" as const,
      ),
      json: option("--json", {
        description: message`one JSON object a line`,
      }),
      items: multiple(
        argument(string({ metavar: "HEX" }), {
          description:
            message`bytes as hex; - or nothing reads one item a line from stdin`,
        }),
      ),
    }),
    ({ as, dialect, json, items }): Action => (io) =>
      decodeItems(as, dialect, json, items, io),
  ),
  { description: message`Decode serial bytes, ALP commands or device files.` },
);

/** Grammar of `encode`. */
export const encodeCommand = command(
  "encode",
  map(
    object({
      as: option("--as", kind(encodable, "alp or file:ID", "alp"), {
        description: message`what to encode: alp or file:ID`,
      }),
      json: option("--json", {
        description: message`input is JSON, as decode writes it (it always is)`,
      }),
      items: multiple(
        argument(string({ metavar: "JSON" }), {
          description:
            message`values as decode --json writes them; - or nothing reads one item a line from stdin`,
        }),
      ),
    }),
    ({ as, items }): Action => (io) => encodeItems(as, items, io),
  ),
  { description: message`Encode ALP commands or device files to hex.` },
);

/** Items from arguments, or lines of stdin in place of `-` or of none. */
async function* itemsOf(
  items: readonly string[],
  io: Io,
): AsyncGenerator<string> {
  for (const item of items.length === 0 ? ["-"] : items) {
    if (item === "-") yield* lines(io.stdin);
    else yield item;
  }
}

async function decodeItems(
  as: ItemKind,
  dialect: Dialect,
  json: boolean,
  items: readonly string[],
  io: Io,
): Promise<ExitCode> {
  let between = "";
  for await (const item of itemsOf(items, io)) {
    io.out(
      json
        ? `${JSON.stringify(decodeLine(as, item, dialect))}\n`
        : `${between}${describeItem(as, item, dialect)}`,
    );
    between = "\n";
  }
  return 0;
}

async function encodeItems(
  as: Exclude<ItemKind, "serial">,
  items: readonly string[],
  io: Io,
): Promise<ExitCode> {
  let code: ExitCode = 0;
  for await (const item of itemsOf(items, io)) {
    try {
      io.out(`${encodeLine(as, item)}\n`);
    } catch (error) {
      if (!(error instanceof EncodeError)) throw error;
      // One answer a line keeps inputs and outputs side by side.
      io.out(`${JSON.stringify({ error: error.message })}\n`);
      io.err(`${error.message}\n`);
      code = 1;
    }
  }
  return code;
}
