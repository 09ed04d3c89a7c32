/**
 * Operands that many actions share: length, file offset, file data, file
 * header, action status.
 *
 * @module
 */
import {
  type Codec,
  encodeField,
  type Layout,
  layout,
  struct,
} from "../bytes/codec.ts";
import {
  bits,
  checkBytes,
  checkInteger,
  enumOf,
  flag,
  u32be,
  u8,
} from "../bytes/values.ts";

/** Largest value of a {@link length} operand. */
export const MAX_LENGTH = 0x3fff_ffff;

/**
 * Length operand, also used for offsets: bits 7–6 of the first byte say how
 * many bytes follow. Longer forms are accepted, the shortest is written.
 * [D7A 1.2 ALP, Sub-IoT alp.c]
 */
export const length: Codec<number> = {
  decode(r) {
    const first = r.u8();
    let value = first & 0x3f;
    for (let more = first >> 6; more > 0; more--) value = value * 256 + r.u8();
    return value;
  },
  encode(value, w) {
    checkInteger(value, 0, MAX_LENGTH, w);
    const more = value < 0x40
      ? 0
      : value < 0x4000
      ? 1
      : value < 0x40_0000
      ? 2
      : 3;
    w.uintBe(value + more * 2 ** (8 * more + 6), more + 1);
  },
};

/** A place in a file. */
export const fileOffset: Layout<
  { readonly fileId: number; readonly offset: number }
> = struct({ fileId: u8, offset: length });

/** A part of a file, asked for. */
export const fileDataRequest: Layout<
  {
    readonly fileId: number;
    readonly offset: number;
    readonly length: number;
  }
> = struct({ "...file": fileOffset, length });

/** A part of a file with its bytes; `length` is that of `data`. */
export const fileData: Layout<
  {
    readonly fileId: number;
    readonly offset: number;
    readonly length: number;
    readonly data: Uint8Array;
  }
> = struct({
  "...file": fileOffset,
  "...data": layout<{ readonly length: number; readonly data: Uint8Array }>(
    (r, into) => {
      r.field = "length";
      const size = length.decode(r);
      r.field = "data";
      into.length = size;
      into.data = r.bytes(size);
    },
    (from, w) => {
      w.path.push("data");
      const data = checkBytes(from.data, null, w);
      w.path.pop();
      w.path.push("length");
      // The length says nothing that the data do not: it may be left out.
      if (from.length !== undefined) {
        checkInteger(from.length, data.length, data.length, w);
      }
      length.encode(data.length, w);
      w.path.pop();
      w.bytes(data);
    },
  ),
});

/** File header, 12 bytes, sizes big endian. [Sub-IoT d7ap_fs.h] */
export const fileHeader = struct({
  permissions: bits({
    encrypted: flag(7),
    executable: flag(6),
    userRead: flag(5),
    userWrite: flag(4),
    userRun: flag(3),
    guestRead: flag(2),
    guestWrite: flag(1),
    guestRun: flag(0),
  }),
  properties: bits({
    actEnabled: flag(7),
    actCondition: enumOf(4, 3, ["list", "read", "write", "write_flush"]),
    storageClass: enumOf(0, 2, [
      "transient",
      "volatile",
      "restorable",
      "permanent",
    ]),
  }),
  alpCommandFileId: u8,
  interfaceFileId: u8,
  fileSize: u32be,
  allocatedSize: u32be,
});

const STATUS_NAMES: Readonly<Record<number, string>> = {
  0x00: "ok",
  0x01: "received",
  0x02: "interface_full",
  0x80: "unknown_error",
  0xe0: "fifo_out_of_bounds",
  0xe1: "exceeds_max_alp_size",
  0xe2: "not_yet_implemented",
  0xe3: "break_query_failed",
  0xe4: "file_id_out_of_bounds",
  0xe5: "empty_interface_status",
  0xe6: "command_not_found",
  0xe7: "no_command_left",
  0xe8: "parsing_failed",
  0xe9: "interface_stopped",
  0xf4: "operand_wrong_format",
  0xf5: "operand_incomplete",
  0xf6: "unknown_operation",
  0xf7: "write_storage_unavailable",
  0xf8: "write_data_overflow",
  0xf9: "write_offset_overflow",
  0xfa: "create_allocation_overflow",
  0xfb: "create_length_overflow",
  0xfc: "insufficient_permissions",
  0xfd: "not_restorable",
  0xfe: "file_id_already_exists",
  0xff: "file_id_missing",
};

/** Action status; `name` follows from `code` and is not looked at when encoding. */
export const actionStatus: Layout<
  {
    readonly actionIndex: number;
    readonly code: number;
    readonly name: string;
  }
> = struct({
  actionIndex: u8,
  "...code": layout<{ readonly code: number; readonly name: string }>(
    (r, into) => {
      r.field = "code";
      const code = r.u8();
      into.code = code;
      into.name = STATUS_NAMES[code] ?? "unknown";
    },
    (from, w) => encodeField(u8, from, "code", w),
  ),
});
