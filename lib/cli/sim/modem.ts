/**
 * A virtual IOWAY modem: what the firmware does with the bytes of the serial
 * line, without a line or a clock; `run.ts` connects both.
 * [serial §1.3, §1.4, §2; Sub-IoT alp_layer.c, modem_interface.c]
 *
 * @module
 */
import { decodeCommand, encodeCommand } from "../../alp/alp.ts";
import type { Action } from "../../alp/action.ts";
import type { ForwardConfig } from "../../alp/action.ts";
import { D7ASP } from "../../alp/d7asp.ts";
import { Deframer } from "../../frame/deframer.ts";
import { encodeFrame, MAX_SENT_PAYLOAD_BYTES } from "../../frame/frame.ts";
import type { Frame, MessageType } from "../../frame/frame.ts";

const UID_FILE = 0;
const FIRMWARE_FILE = 2;
const PING_ANSWER = 0x02;

/** Why a virtual modem says that it started. */
export const POWER_ON = 0;

/**
 * What the air answers to a forwarded command: one list of actions per device;
 * null if no one acknowledged; "nothing" if the command is lost without a word.
 */
export type Air = (
  actions: readonly Action[],
  config: ForwardConfig,
) => readonly (readonly Action[])[] | null | "nothing";

/** A virtual modem; what is left out is as usual. */
export interface VirtualModemOptions {
  /** 16 hex digits. @default "433731340037002B" */
  readonly uid?: string;
  /** The 17 bytes of file 2. @default DASH7 1.1, "gatewa", a8fe586 */
  readonly firmware?: Uint8Array;
  /** Devices in reach. @default none: forwarded commands complete without answers */
  readonly air?: Air;
}

/** How a virtual modem may fail to do its work; may be changed at any time. */
export interface Misbehaviour {
  /** Sends nothing at all. */
  silent: boolean;
  /** Executes and answers no request. */
  ignoresRequests: boolean;
}

/** The modem's side of the line: every method gives the frames to send, in order. */
export class VirtualModem {
  readonly misbehaviour: Misbehaviour = {
    silent: false,
    ignoresRequests: false,
  };
  readonly #files: ReadonlyMap<number, Uint8Array>;
  readonly #air: Air;
  readonly #deframer = new Deframer();
  #counter = 0;

  constructor(options: VirtualModemOptions = {}) {
    this.#files = new Map([
      [UID_FILE, Uint8Array.fromHex(options.uid ?? "433731340037002B")],
      [
        FIRMWARE_FILE,
        options.firmware ??
          Uint8Array.fromHex("0101000067617465776161386665353836"),
      ],
    ]);
    this.#air = options.air ?? (() => []);
  }

  /** Starts, or starts again: the counter begins anew and `rebooted` is its first frame. */
  start(reason = POWER_ON): readonly Uint8Array[] {
    this.#counter = 0;
    this.#deframer.reset();
    return this.#send("rebooted", Uint8Array.of(reason));
  }

  /** Takes bytes from the host. */
  receive(bytes: Uint8Array): readonly Uint8Array[] {
    return this.#deframer.push(bytes).flatMap((item) =>
      item.kind === "frame" ? this.#handle(item.frame) : []
    );
  }

  /** The host has been silent: a frame begun will not be completed. */
  silence(): readonly Uint8Array[] {
    return this.#deframer.silence().flatMap((item) =>
      item.kind === "frame" ? this.#handle(item.frame) : []
    );
  }

  /** Passes on what a device sent on its own. */
  push(command: Uint8Array): readonly Uint8Array[] {
    return this.#send("alp_data", command);
  }

  /** Says something for people: at most 100 bytes of ASCII. */
  log(text: string): readonly Uint8Array[] {
    return this.#send("logging", new TextEncoder().encode(text.slice(0, 100)));
  }

  #handle(frame: Frame): readonly Uint8Array[] {
    switch (frame.type) {
      case "ping_request":
        return this.#send("ping_response", Uint8Array.of(PING_ANSWER));
      case "alp_data":
        return this.misbehaviour.ignoresRequests
          ? []
          : this.#execute(frame.payload);
      default:
        return [];
    }
  }

  #execute(payload: Uint8Array): readonly Uint8Array[] {
    const { actions, error } = decodeCommand(payload);
    // What cannot be parsed is not answered, nor is what has no tag or does
    // not ask to respond when completed; tag 0 reads as none.
    if (error !== null) return [];
    const tag = actions.find((action) => action.op === "request_tag");
    const answers = tag !== undefined && tag.respondWhenCompleted &&
      tag.tagId !== 0;
    const rest = actions.filter((action) => action.op !== "request_tag");
    const at = rest.findIndex(({ op }) =>
      op === "forward" || op === "indirect_forward"
    );
    const forward = rest[at];
    const frames = forward === undefined
      ? [this.#local(rest, tag?.tagId ?? 0)]
      : forward.op === "forward" && forward.interfaceId === D7ASP
      ? this.#remote(rest.slice(at + 1), forward.config, tag?.tagId ?? 0)
      : [[responseTag(tag?.tagId ?? 0, true, true)]];
    if (!answers) return [];
    return frames.flatMap((frame) =>
      this.#send("alp_data", encodeCommand(frame))
    );
  }

  /** Data, then the tag; data of the actions before a failure stay. */
  #local(actions: readonly Action[], tagId: number): readonly Action[] {
    const answer: Action[] = [];
    for (const action of actions) {
      if (action.op === "nop") continue;
      const data = action.op === "read_file_data"
        ? this.#read(action.fileId, action.offset, action.length)
        : null;
      if (data === null || action.op !== "read_file_data") {
        return [...answer, responseTag(tagId, true, true)];
      }
      answer.push({
        op: "return_file_data",
        group: false,
        resp: false,
        fileId: action.fileId,
        offset: action.offset,
        length: data.length,
        data,
      });
    }
    return [...answer, responseTag(tagId, true, false)];
  }

  #read(fileId: number, offset: number, length: number): Uint8Array | null {
    const file = this.#files.get(fileId);
    if (file === undefined || offset + length > file.length) return null;
    return file.subarray(offset, offset + length);
  }

  /** One frame for each answer from the air, tag first, then the end. */
  #remote(
    actions: readonly Action[],
    config: ForwardConfig,
    tagId: number,
  ): readonly (readonly Action[])[] {
    const answers = this.#air(actions, config);
    if (answers === "nothing") return [];
    const end = [
      responseTag(tagId, true, answers === null),
      {
        op: "interface_status",
        interfaceId: D7ASP,
        raw: new Uint8Array(),
        status: null,
      },
    ] as const;
    return [
      ...(answers ?? []).map((answer) => [
        responseTag(tagId, false, false),
        ...answer,
      ]),
      end,
    ];
  }

  #send(type: MessageType, payload: Uint8Array): readonly Uint8Array[] {
    if (this.misbehaviour.silent) return [];
    // The firmware loses, without a word, what does not fit its buffer.
    if (payload.length > MAX_SENT_PAYLOAD_BYTES) return [];
    this.#counter = (this.#counter + 1) & 0xff;
    return [encodeFrame(this.#counter, type, payload)];
  }
}

function responseTag(tagId: number, eop: boolean, err: boolean): Action {
  return { op: "response_tag", eop, err, tagId };
}
