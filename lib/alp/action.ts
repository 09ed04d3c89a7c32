/**
 * The opcode table: one row per action with its code, what bits 7 and 6 of the
 * control byte mean, and its operand. Types, decoding and encoding follow from
 * it. [D7A 1.2 ALP, Sub-IoT alp.h]
 *
 * @module
 */
import {
  absent,
  type Codec,
  type Decoded,
  dependent,
  type Fields,
  fieldsOf,
  type Layout,
  nothing,
  type Refusal,
  shown,
  struct,
} from "../bytes/codec.ts";
import {
  type Bits,
  bits,
  enumOf,
  fixedBytes,
  flag,
  u32be,
  u8,
} from "../bytes/values.ts";
import { D7ASP, d7asp, type D7aspConfig, type Dialect } from "./d7asp.ts";
import { interfaceStatus } from "./interface_status.ts";
import {
  actionStatus,
  fileData,
  fileDataRequest,
  fileHeader,
} from "./operand.ts";
import { queryCodec } from "./query.ts";

const OPCODE = 0x3f;

interface Row<T> {
  readonly code: number;
  /** Bits 7 and 6 of the control byte that carry fields. */
  readonly top: Bits<unknown>;
  readonly operand: Layout<unknown>;
  /** Bits of the control byte that must have one value; another is reserved. */
  readonly fixed: { readonly mask: number; readonly value: number };
  /** Carries the type only. */
  readonly fields?: T;
}

function row<F, O>(
  code: number,
  top: Bits<F>,
  operand: Layout<O>,
  fixed: Row<unknown>["fixed"] = { mask: 0, value: 0 },
): Row<F & O> {
  return { code, top, operand, fixed };
}

const groupResp = bits({ group: flag(7), resp: flag(6) });
const noFlags = bits({});
const fileId = struct({ fileId: u8 });
const tagId = struct({ tagId: u8 });
const headed = struct({ fileId: u8, header: fileHeader });

const lorawanFlags = bits({ adrEnabled: flag(2), requestAck: flag(1) });
const lorawanOtaa = struct({
  "...flags": lorawanFlags,
  appPort: u8,
  dataRate: u8,
});
const lorawanAbp = struct({
  "...otaa": lorawanOtaa,
  devAddr: u32be,
  netwId: u32be,
});

/** How to send over the interface of a `forward`; null where there is nothing to say. */
export type ForwardConfig =
  | D7aspConfig
  | Decoded<typeof lorawanOtaa>
  | Decoded<typeof lorawanAbp>
  | null;

const permission = dependent<"token", Uint8Array>("token", (fields) => {
  const id = fields.permissionId;
  return id === 0x42 ? fixedBytes(8) : {
    reason: "unknown_permission",
    detail: `permission id is ${id}, expected 66`,
  };
});

function rowsOf(dialect: Dialect) {
  const layouts = d7asp[dialect];
  const query = struct({ query: queryCodec(dialect) });
  const configs: ReadonlyMap<unknown, Codec<ForwardConfig>> = new Map([
    [0x00, absent],
    [0x01, absent],
    [0x02, lorawanAbp],
    [0x03, lorawanOtaa],
    [D7ASP, layouts.config as Codec<ForwardConfig>],
  ]);
  const forward = struct({
    interfaceId: u8,
    "...config": dependent(
      "config",
      ({ interfaceId }): Codec<ForwardConfig> | Refusal =>
        configs.get(interfaceId) ?? {
          reason: "unknown_interface",
          detail: `interface is ${interfaceId}, expected 0 to 3 or 215`,
        },
    ),
  });
  const indirect = struct({
    interfaceFileId: u8,
    "...overload": dependent(
      "addressee",
      ({ overload }) => overload === true ? layouts.addressee : absent,
    ),
  });
  return {
    nop: row(0, groupResp, nothing),
    read_file_data: row(1, groupResp, fileDataRequest),
    read_file_properties: row(2, groupResp, fileId),
    write_file_data: row(4, groupResp, fileData),
    write_file_data_flush: row(5, groupResp, fileData),
    write_file_properties: row(6, groupResp, headed),
    action_query: row(8, groupResp, query),
    break_query: row(9, groupResp, query),
    permission_request: row(
      10,
      groupResp,
      struct({ level: u8, permissionId: u8, "...token": permission }),
    ),
    verify_checksum: row(11, groupResp, query),
    exist_file: row(16, groupResp, fileId),
    create_file: row(17, groupResp, headed),
    delete_file: row(18, groupResp, fileId),
    restore_file: row(19, groupResp, fileId),
    flush_file: row(20, groupResp, fileId),
    copy_file: row(23, groupResp, struct({ srcFileId: u8, dstFileId: u8 })),
    execute_file: row(31, groupResp, fileId),
    return_file_data: row(32, groupResp, fileData),
    return_file_properties: row(33, groupResp, headed),
    action_status: row(34, noFlags, actionStatus, { mask: 0xc0, value: 0x00 }),
    interface_status: row(34, noFlags, interfaceStatus(layouts.status), {
      mask: 0xc0,
      value: 0x40,
    }),
    response_tag: row(35, bits({ eop: flag(7), err: flag(6) }), tagId),
    chunk: row(
      48,
      bits({ step: enumOf(6, 2, ["continue", "start", "end", "start_end"]) }),
      nothing,
    ),
    logic: row(
      49,
      bits({ logic: enumOf(6, 2, ["or", "xor", "nor", "nand"]) }),
      nothing,
    ),
    forward: row(50, bits({ resp: flag(6) }), forward, {
      mask: 0x80,
      value: 0,
    }),
    indirect_forward: row(
      51,
      bits({ overload: flag(7), resp: flag(6) }),
      indirect,
    ),
    request_tag: row(52, bits({ respondWhenCompleted: flag(7) }), tagId, {
      mask: 0x40,
      value: 0,
    }),
    start_interface: row(53, groupResp, nothing),
    stop_interface: row(54, groupResp, nothing),
    extension: row(63, groupResp, nothing),
  };
}

type Rows = ReturnType<typeof rowsOf>;

/** Name of an action. */
export type Op = keyof Rows;

/** One step of a command; `op` says which. */
export type Action = {
  [K in Op]: Rows[K] extends Row<infer T> ? { readonly op: K } & T : never;
}[Op];

/** The action of that name. */
export type ActionOf<K extends Op> = Extract<Action, { readonly op: K }>;

/** Actions of a dialect, in both directions; the control byte comes first. */
export function actionCodec(dialect: Dialect): Codec<Action> {
  const rows: ReadonlyMap<unknown, Row<unknown> & { readonly op: string }> =
    new Map(
      Object.entries(rowsOf(dialect)).map(([op, row]) => [op, { op, ...row }]),
    );
  const byControl = Array.from(
    { length: 256 },
    (_, control) =>
      rows.values().find(({ code, fixed }) =>
        code === (control & OPCODE) && (control & fixed.mask) === fixed.value
      ),
  );
  const opcodes = new Set(rows.values().map(({ code }) => code));
  return {
    decode(r) {
      const control = r.u8();
      const found = byControl[control];
      if (found === undefined) {
        r.field = "control byte";
        const known = opcodes.has(control & OPCODE);
        return r.fail(
          known ? "reserved_flags" : "unknown_opcode",
          known
            ? `bits 7 and 6 of opcode ${control & OPCODE} are ${
              control >> 6
            }, which is reserved`
            : `opcode is ${control & OPCODE}, which is not known`,
          r.offset - 1,
        );
      }
      const into: Fields = { op: found.op };
      found.top.unpack(control, into);
      found.operand.read(r, into);
      // The row and its type are the same statement.
      return into as unknown as Action;
    },
    encode(action: unknown, w) {
      const from = fieldsOf(action, w);
      const found = rows.get(from.op);
      if (found === undefined) {
        w.path.push("op");
        return w.fail(`${shown(from.op)}, expected the name of an action`);
      }
      const top = found.top.pack(from, w);
      w.uintBe(top | found.code | found.fixed.value, 1);
      found.operand.write(from, w);
    },
  };
}
