/**
 * A downlink as ALP actions, what its answer says, and its text in the store.
 * Pure.
 *
 * @module
 */
import type { Action } from "../alp/action.ts";
import { readFile } from "../alp/alp.ts";
import { compressTime, D7ASP } from "../alp/d7asp.ts";
import { fileKind } from "../files/files.ts";
import type { Ask, Item, Sent } from "./events.ts";

/** How a request to the modem ended. */
export type RequestEnd =
  | { readonly ok: true; readonly actions: readonly Action[] }
  | {
    readonly ok: false;
    readonly reason: "refused" | "timeout" | "rebooted" | "closed" | "busy";
    readonly actions: readonly Action[];
  };

/** Action status codes from here on are errors. [serial §4.3] */
const FIRST_ERROR = 0x80;

/**
 * The actions that bring `ask` to a device: forwarded over D7ASP to it alone,
 * secured as its uplinks are. [M-23]
 *
 * @throws {RangeError} for a read of a file whose length is not known
 */
export function actionsOf(device: string, ask: Ask): readonly Action[] {
  const forward: Action = {
    op: "forward",
    resp: true,
    interfaceId: D7ASP,
    config: {
      qos: {
        stopOnErr: false,
        record: false,
        retryMode: "no",
        respMode: "any",
      },
      dormantTo: compressTime(0),
      addressee: {
        idType: device.length === 16 ? "uid" : "vid",
        nlsMethod: "aes_ctr",
        accessClass: 0x01,
        id: device,
      },
    },
  };
  if (ask.what === "read") {
    const reads = ask.fileIds.map((fileId) => {
      const [size] = fileKind(fileId)?.sizes ?? [];
      if (size === undefined) {
        throw new RangeError(
          `Cannot read file ${fileId}: its length is not known`,
        );
      }
      return readFile(fileId, size);
    });
    return [forward, ...reads];
  }
  const { fileId, offset, data } = ask;
  return [forward, {
    op: "write_file_data",
    group: false,
    resp: true,
    fileId,
    offset,
    length: data.length,
    data,
  }];
}

/** Whether {@link actionsOf} can put it on the air. */
export function canAsk(ask: Ask): boolean {
  return ask.what === "write"
    ? ask.offset >= 0 && ask.data.length > 0 && ask.data.length < 200
    : ask.fileIds.length > 0 &&
      ask.fileIds.every((id) => fileKind(id) !== undefined);
}

/** What an answer says about a downlink. [M-26] */
export function sentOf(answer: RequestEnd): Sent {
  const statuses = answer.actions.filter(({ op }) => op === "action_status")
    .map((action) => action.op === "action_status" ? action.code : 0);
  const error = statuses.find((code) => code >= FIRST_ERROR);
  if (error !== undefined) return { end: "refused", status: error };
  if (answer.ok || statuses.length > 0) return { end: "confirmed" };
  return answer.reason === "refused" || answer.reason === "timeout"
    ? { end: "silent" }
    : { end: "unsent" };
}

/** What came from the air in an answer; null if nothing did. */
export function fromAir(answer: RequestEnd): readonly Action[] | null {
  const actions = answer.actions.filter((action) =>
    action.op !== "response_tag" &&
    !(action.op === "interface_status" && action.raw.length === 0 &&
      action.status === null)
  );
  return actions.some(({ op }) => op === "interface_status") ? actions : null;
}

/** A waiting downlink as text. */
export function itemText({ id: _id, ask, ...item }: Item): string {
  return JSON.stringify({
    ...item,
    ask: ask.what === "read" ? ask : { ...ask, data: ask.data.toHex() },
  });
}

/** The waiting downlink of a text; null when it is none that this release can read. */
export function itemOf(key: string, text: string): Item | null {
  const id = Number(key);
  if (!Number.isSafeInteger(id)) return null;
  try {
    const { ask, device, tries, queuedWallMs } = JSON.parse(text);
    if (typeof device !== "string" || typeof tries !== "number") return null;
    const kept: Ask = ask.what === "read"
      ? { what: "read", fileIds: [...ask.fileIds] }
      : {
        what: "write",
        fileId: Number(ask.fileId),
        offset: Number(ask.offset),
        data: Uint8Array.fromHex(ask.data),
      };
    return { id, device, ask: kept, tries, queuedWallMs: Number(queuedWallMs) };
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof TypeError) return null;
    throw error;
  }
}
