/** Arbitrary ALP actions of both dialects, every opcode among them. */
import fc from "fast-check";
import { Writer } from "../../lib/bytes/bytes.ts";
import type { Action } from "../../lib/alp/action.ts";
import { D7ASP, d7asp, type Dialect } from "../../lib/alp/d7asp.ts";
import type { D7aspStatus } from "../../lib/alp/d7asp.ts";

/** Plain objects, as decoding makes them. */
function record<T>(
  fields: { [K in keyof T]: fc.Arbitrary<T[K]> },
): fc.Arbitrary<T> {
  return fc.record<T>(fields, { noNullPrototype: true }) as fc.Arbitrary<T>;
}

const byte = fc.nat(0xff);
const flag = fc.boolean();
const bytes = (length: number) =>
  fc.uint8Array({ minLength: length, maxLength: length });
const length = fc.oneof(
  fc.nat(70),
  fc.nat(0x3fff_ffff),
  fc.constantFrom(63, 64, 16_383, 16_384, 4_194_303, 4_194_304, 1_073_741_823),
);
const hex = (length: number) =>
  bytes(length).map((id) => id.toHex().toUpperCase());

const ct = record({ exp: fc.nat(7), mant: fc.nat(31) })
  .map(({ exp, mant }) => ({ exp, mant, value: mant * 4 ** exp }));

const fileOffset = record({ fileId: byte, offset: length });

function addressee(dialect: Dialect) {
  const methods = [
    "none",
    "aes_ctr",
    "aes_cbc_mac_128",
    "aes_cbc_mac_64",
    "aes_cbc_mac_32",
    "aes_ccm_128",
    "aes_ccm_64",
    "aes_ccm_32",
    ...(dialect === "sub_iot" ? ["rfu_8", "rfu_11", "rfu_15"] : []),
  ];
  const newer = dialect === "sub_iot" ? {} : {
    useVid: flag,
    groupCondition: fc.constantFrom(
      "any",
      "not_equal",
      "equal",
      "greater_than",
    ),
  };
  const id = fc.oneof(
    ct.map((id) => ({ idType: "nbid", id })),
    fc.constant({ idType: "noid", id: null }),
    hex(8).map((id) => ({ idType: "uid", id })),
    hex(2).map((id) => ({ idType: "vid", id })),
  );
  return fc.tuple(
    id,
    record({
      nlsMethod: fc.constantFrom(...methods),
      accessClass: byte,
      ...newer,
    }),
  ).map(([id, rest]) => ({ ...rest, ...id }));
}

const qos = record({
  stopOnErr: flag,
  record: flag,
  retryMode: fc.constantFrom("no", "rfu_1", "rfu_7"),
  respMode: fc.constantFrom(
    "no",
    "all",
    "any",
    "rfu_3",
    "no_rpt",
    "on_err",
    "preferred",
    "rfu_7",
  ),
});

function forward(dialect: Dialect) {
  const loRaWan = {
    adrEnabled: flag,
    requestAck: flag,
    appPort: byte,
    dataRate: byte,
  };
  const u32 = fc.nat(0xffff_ffff);
  const configured = fc.oneof(
    fc.constantFrom(0, 1).map((interfaceId) => ({ interfaceId, config: null })),
    record({
      interfaceId: fc.constant(2),
      config: record({ ...loRaWan, devAddr: u32, netwId: u32 }),
    }),
    record({ interfaceId: fc.constant(3), config: record(loRaWan) }),
    record({
      interfaceId: fc.constant(D7ASP),
      config: record({
        qos,
        dormantTo: ct,
        ...(dialect === "sub_iot" ? {} : { executionDelay: ct }),
        addressee: addressee(dialect),
      }),
    }),
  );
  return fc.tuple(flag, configured).map(([resp, rest]) => ({
    op: "forward",
    resp,
    ...rest,
  }));
}

function query(dialect: Dialect) {
  const comparing = {
    signed: flag,
    comparison: fc.constantFrom(
      "neq",
      "eq",
      "lt",
      "lte",
      "gt",
      "gte",
      "rfu_6",
      "rfu_7",
    ),
  };
  const sized = (
    fields: (size: number) => Record<string, fc.Arbitrary<unknown>>,
  ) =>
    fc.nat(9).chain((size) =>
      record({
        length: fc.constant(size),
        ...fields(size),
      })
    );
  const mask = (size: number) => fc.option(bytes(size), { nil: null });
  const all = [
    record({ type: fc.constant("non_void"), length, file: fileOffset }),
    record({
      type: fc.constant("compare_zero"),
      ...comparing,
      length,
      mask: fc.constant(null),
      file: fileOffset,
    }),
    sized((size) => ({
      type: fc.constant("compare_zero"),
      ...comparing,
      mask: mask(size),
      file: fileOffset,
    })),
    sized((size) => ({
      type: fc.constant("compare_value"),
      ...comparing,
      mask: mask(size),
      value: bytes(size),
      file: fileOffset,
    })),
    sized((size) => ({
      type: fc.constant("compare_files"),
      ...comparing,
      mask: mask(size),
      fileA: fileOffset,
      fileB: fileOffset,
    })),
    sized((size) => ({
      type: fc.constant("string_token"),
      maxErrors: fc.nat(7),
      mask: mask(size),
      value: bytes(size),
      file: fileOffset,
    })),
  ];
  const range = fc.tuple(fc.nat(300), fc.nat(300), flag, flag).chain((
    [start, span, signed, masked],
  ) =>
    record({
      type: fc.constant("range"),
      signed: fc.constant(signed),
      comparison: fc.constantFrom("not_in_range", "in_range", "rfu_2"),
      length: fc.constant(2),
      start: fc.constant(u16(start)),
      stop: fc.constant(u16(start + span)),
      bitmap: masked ? bytes(Math.floor((span + 6) / 8)) : fc.constant(null),
      file: fileOffset,
    })
  );
  return dialect === "sub_iot"
    ? fc.oneof(...all)
    : fc.oneof(range, fc.oneof(...all));
}

function u16(value: number): Uint8Array {
  return new Uint8Array([value >> 8, value & 0xff]);
}

const header = record({
  permissions: record({
    encrypted: flag,
    executable: flag,
    userRead: flag,
    userWrite: flag,
    userRun: flag,
    guestRead: flag,
    guestWrite: flag,
    guestRun: flag,
  }),
  properties: record({
    actEnabled: flag,
    actCondition: fc.constantFrom(
      "list",
      "read",
      "write",
      "write_flush",
      "rfu_4",
      "rfu_7",
    ),
    storageClass: fc.constantFrom(
      "transient",
      "volatile",
      "restorable",
      "permanent",
    ),
  }),
  alpCommandFileId: byte,
  interfaceFileId: byte,
  fileSize: fc.nat(0xffff_ffff),
  allocatedSize: fc.nat(0xffff_ffff),
});

function interfaceStatus(dialect: Dialect) {
  const common = {
    channelHeader: record({
      band: fc.constantFrom("rfu_0", "rfu_1", "433", "868", "915", "rfu_7"),
      class: fc.constantFrom("lo_rate", "lora", "normal_rate", "hi_rate"),
      coding: fc.constantFrom("pn9", "rfu_1", "fec_pn9", "cw"),
    }),
    channelIndex: fc.nat(0xffff),
    rxLevel: byte,
    linkBudget: byte,
    fifoToken: byte,
    seqNr: byte,
  };
  const status: fc.Arbitrary<Record<string, unknown>> = dialect === "sub_iot"
    ? record({
      ...common,
      targetRxLevel: byte,
      nls: flag,
      missed: flag,
      retry: flag,
      unicast: flag,
      responseTo: ct,
      addressee: addressee(dialect),
    })
    : fc.tuple(
      record({
        ...common,
        snr: byte,
        status: byte,
        responseTo: fc.nat(0xffff),
        frequencyOffset: fc.nat(0xffff),
        addressee: addressee(dialect),
      }),
      bytes(5),
    ).map(([fields, state]) => ({
      ...fields,
      nlsState: fields.addressee.nlsMethod === "none" ? null : state,
    }));
  const op = "interface_status";
  return fc.oneof(
    record({
      op: fc.constant(op),
      interfaceId: byte.filter((id) => id !== D7ASP),
      raw: fc.uint8Array({ maxLength: 70 }),
      status: fc.constant(null),
    }),
    // No layout has fewer than 12 bytes.
    record({
      op: fc.constant(op),
      interfaceId: fc.constant(D7ASP),
      raw: fc.uint8Array({ maxLength: 11 }),
      status: fc.constant(null),
    }),
    status.map((status) => {
      const w = new Writer();
      d7asp[dialect].status.encode(status as D7aspStatus, w);
      return { op, interfaceId: D7ASP, raw: w.finish(), status };
    }),
  );
}

/** Any action of a dialect, in the form decoding gives it. */
export function anyAction(dialect: Dialect): fc.Arbitrary<Action> {
  const groupResp = { group: flag, resp: flag };
  const ops = (...names: string[]) => ({ op: fc.constantFrom(...names) });
  const actions = [
    record({
      ...ops("nop", "start_interface", "stop_interface", "extension"),
      ...groupResp,
    }),
    record({
      ...ops(
        "read_file_properties",
        "exist_file",
        "delete_file",
        "restore_file",
        "flush_file",
        "execute_file",
      ),
      ...groupResp,
      fileId: byte,
    }),
    record({
      ...ops("read_file_data"),
      ...groupResp,
      fileId: byte,
      offset: length,
      length,
    }),
    record({
      ...ops("write_file_data", "write_file_data_flush", "return_file_data"),
      ...groupResp,
      fileId: byte,
      offset: length,
      data: fc.uint8Array({ maxLength: 80 }),
    }).map((action) => ({ ...action, length: action.data.length })),
    record({
      ...ops("write_file_properties", "create_file", "return_file_properties"),
      ...groupResp,
      fileId: byte,
      header,
    }),
    record({
      ...ops("action_query", "break_query", "verify_checksum"),
      ...groupResp,
      query: query(dialect),
    }),
    record({
      ...ops("permission_request"),
      ...groupResp,
      level: byte,
      permissionId: fc.constant(0x42),
      token: bytes(8),
    }),
    record({
      ...ops("copy_file"),
      ...groupResp,
      srcFileId: byte,
      dstFileId: byte,
    }),
    fc.tuple(
      byte,
      fc.constantFrom(
        { code: 0, name: "ok" },
        { code: 0x80, name: "unknown_error" },
        { code: 0xe9, name: "interface_stopped" },
        { code: 0xff, name: "file_id_missing" },
        { code: 0x42, name: "unknown" },
      ),
    ).map(([actionIndex, rest]) => ({
      op: "action_status",
      actionIndex,
      ...rest,
    })),
    interfaceStatus(dialect),
    record({ ...ops("response_tag"), eop: flag, err: flag, tagId: byte }),
    record({
      ...ops("request_tag"),
      respondWhenCompleted: flag,
      tagId: byte,
    }),
    record({
      ...ops("chunk"),
      step: fc.constantFrom("continue", "start", "end", "start_end"),
    }),
    record({
      ...ops("logic"),
      logic: fc.constantFrom("or", "xor", "nor", "nand"),
    }),
    forward(dialect),
    record({
      ...ops("indirect_forward"),
      resp: flag,
      interfaceFileId: byte,
      addressee: fc.option(addressee(dialect), { nil: null }),
    }).map((action) => ({ ...action, overload: action.addressee !== null })),
  ];
  // fast-check widens the names; that they are right is what the tests show.
  return fc.oneof(...(actions as fc.Arbitrary<unknown>[])) as fc.Arbitrary<
    Action
  >;
}
