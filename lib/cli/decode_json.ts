/**
 * One item of `decode --json` and of `encode`: pure, without the command line.
 *
 * @module
 */
import { decodeCommand } from "../alp/alp.ts";
import type { Dialect } from "../alp/d7asp.ts";
import { commandJson, encodeCommandJson } from "../alp/json.ts";
import { EncodeError } from "../bytes/codec.ts";
import { jsonOf } from "../bytes/json.ts";
import { encodeFileJson, fileJson } from "../files/json.ts";
import { Deframer, type DeframerItem } from "../frame/deframer.ts";

/** What an item is taken for: the argument of `--as`. */
export type ItemKind = "serial" | "alp" | `file:${number}`;

/** The argument of `--as`; null unless it is `serial`, `alp` or `file:` and 0–255. */
export function itemKind(text: string): ItemKind | null {
  if (text === "serial" || text === "alp") return text;
  const id = fileIdOf(text);
  return id === null ? null : `file:${id}`;
}

/**
 * The object that `decode --json` prints for one item. Blanks around the hex
 * and between its bytes do not count; an empty item is no bytes.
 */
export function decodeLine(
  kind: ItemKind,
  hexText: string,
  dialect: Dialect = "sub_iot",
): unknown {
  const bytes = bytesOf(hexText);
  if (bytes === null) return { error: "not_hex" };
  if (kind === "serial") return streamJson(bytes);
  if (kind === "alp") return commandJson(decodeCommand(bytes, dialect));
  return fileJson(fileIdOf(kind) ?? -1, bytes);
}

/**
 * The hex that `encode` prints for one item. Without a dialect it is told from
 * the fields.
 *
 * @throws {EncodeError} when the text is no JSON, or naming the field that is wrong
 */
export function encodeLine(
  kind: Exclude<ItemKind, "serial">,
  jsonText: string,
  dialect?: Dialect,
): string {
  const json = parse(jsonText);
  const bytes = kind === "alp"
    ? encodeCommandJson(json, dialect)
    : encodeFileJson(fileIdOf(kind) ?? -1, json);
  return bytes.toHex();
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new EncodeError("item", `it is no JSON (${reason})`);
  }
}

function fileIdOf(kind: string): number | null {
  const id = /^file:(\d{1,3})$/.exec(kind)?.[1];
  return id === undefined || Number(id) > 255 ? null : Number(id);
}

function bytesOf(text: string): Uint8Array | null {
  const parts = text.split(/\s+/);
  const whole = parts.every((part) =>
    part.length % 2 === 0 && /^[0-9A-Fa-f]*$/.test(part)
  );
  return whole ? Uint8Array.fromHex(parts.join("")) : null;
}

function streamJson(bytes: Uint8Array): unknown {
  const deframer = new Deframer();
  const { discarded_bytes, ...heard } = collect(deframer.push(bytes));
  const pending = deframer.pending().toHex();
  const { frames, discarded, bad_checksums } = collect(deframer.silence());
  return {
    frames: heard.frames,
    discarded: heard.discarded,
    discarded_bytes,
    bad_checksums: heard.bad_checksums,
    pending,
    after_silence: { frames, discarded, bad_checksums },
  };
}

function collect(items: readonly DeframerItem[]) {
  const frames: unknown[] = [];
  const discarded: string[] = [];
  let discarded_bytes = 0;
  let bad_checksums = 0;
  for (const item of items) {
    switch (item.kind) {
      case "frame":
        frames.push(jsonOf(item.frame));
        break;
      case "discarded":
        discarded.push(item.bytes.toHex());
        discarded_bytes += item.bytes.length;
        break;
      case "bad_checksum":
        bad_checksums++;
    }
  }
  return {
    frames,
    discarded: discarded.join(""),
    discarded_bytes,
    bad_checksums,
  };
}
