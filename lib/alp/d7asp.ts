/**
 * What D7ASP, the DASH7 session layer, puts into ALP: addressee, interface
 * configuration and interface status, in both dialects, and compressed time.
 *
 * @module
 */
import {
  absent,
  type Codec,
  type Decoded,
  dependent,
  struct,
} from "../bytes/codec.ts";
import {
  bits,
  checkInteger,
  enumOf,
  fixedBytes,
  flag,
  hexDigits,
  u16be,
  u16le,
  u8,
} from "../bytes/values.ts";

/** A vendor's variation of the ALP layouts; configured, never guessed. */
export type Dialect = "sub_iot" | "d7a_1_2";

/** Interface id of D7ASP. */
export const D7ASP = 0xd7;

/** Compressed time: `value` = `mant` × 4^`exp`; the unit depends on the field. */
export interface CompressedTime {
  readonly exp: number;
  readonly mant: number;
  readonly value: number;
}

const TIMES: readonly CompressedTime[] = Array.from(
  { length: 256 },
  (_, byte) => {
    const exp = byte >> 5;
    const mant = byte & 0x1f;
    return Object.freeze({ exp, mant, value: mant * 4 ** exp });
  },
);

/** Largest value of a compressed time. */
export const MAX_COMPRESSED = 31 * 4 ** 7;

/**
 * The compressed time next to `value`: with the smallest exponent, not below
 * it (`up`) or not above it (`down`).
 *
 * @throws {RangeError} when it is negative or above {@link MAX_COMPRESSED}
 */
export function compressTime(
  value: number,
  round: "up" | "down" = "up",
): CompressedTime {
  if (!(value >= 0 && value <= MAX_COMPRESSED)) {
    throw new RangeError(
      `Cannot compress time: value is ${value}, expected 0 to ${MAX_COMPRESSED}`,
    );
  }
  let exp = 0;
  while (value > 31 * 4 ** exp) exp++;
  const mant = value / 4 ** exp;
  return timeOf(exp, round === "up" ? Math.ceil(mant) : Math.floor(mant));
}

function timeOf(exp: number, mant: number): CompressedTime {
  return TIMES[exp << 5 | mant] ?? { exp, mant, value: mant * 4 ** exp };
}

const timeParts = struct({
  exp: {
    decode: (r) => r.u8(),
    encode: (value, w) => void checkInteger(value, 0, 7, w),
  } satisfies Codec<number>,
  mant: {
    decode: (r) => r.u8(),
    encode: (value, w) => void checkInteger(value, 0, 31, w),
  } satisfies Codec<number>,
});

/** One byte: exponent in bits 7–5, mantissa in bits 4–0. `exp` and `mant` decide, `value` alone does as well. [Sub-IoT compress.c] */
export const compressedTime: Codec<CompressedTime> = {
  decode(r) {
    const byte = r.u8();
    return timeOf(byte >> 5, byte & 0x1f);
  },
  encode(given: Partial<CompressedTime> | null | undefined, w) {
    let time = given;
    if (time && time.exp === undefined && time.mant === undefined) {
      w.path.push("value");
      const value = checkInteger(time.value, 0, MAX_COMPRESSED, w);
      w.path.pop();
      time = compressTime(value);
    }
    // Writes nothing: the parts only check themselves.
    timeParts.encode(time as CompressedTime, w);
    w.uintBe((time?.exp ?? 0) << 5 | (time?.mant ?? 0), 1);
  },
};

const ID_TYPES = enumOf(4, 2, ["nbid", "noid", "uid", "vid"]);
const NLS_METHODS = [
  "none",
  "aes_ctr",
  "aes_cbc_mac_128",
  "aes_cbc_mac_64",
  "aes_cbc_mac_32",
  "aes_ccm_128",
  "aes_ccm_64",
  "aes_ccm_32",
] as const;

const ID_CODECS: Readonly<
  Record<string, Codec<string | CompressedTime | null>>
> = {
  nbid: compressedTime,
  noid: absent,
  uid: hexDigits(8),
  vid: hexDigits(2),
};

const addresseeId = dependent(
  "id",
  ({ idType }) =>
    ID_CODECS[String(idType)] ??
      { reason: "reserved_flags", detail: "unknown id type" },
);

const subIotAddressee = struct({
  "...control": bits({
    idType: ID_TYPES,
    nlsMethod: enumOf(0, 4, NLS_METHODS),
  }),
  accessClass: u8,
  "...id": addresseeId,
});

const d7aAddressee = struct({
  "...control": bits({
    idType: ID_TYPES,
    nlsMethod: enumOf(0, 3, NLS_METHODS),
    useVid: flag(3),
    groupCondition: enumOf(6, 2, [
      "any",
      "not_equal",
      "equal",
      "greater_than",
    ]),
  }),
  accessClass: u8,
  "...id": addresseeId,
});

/** Whom a command is for, or whom it came from: a UID (16) or VID (4) as upper-case hex digits, a number of devices, or nothing. */
export type Addressee =
  | Decoded<typeof subIotAddressee>
  | Decoded<typeof d7aAddressee>;

/** Quality of service, dormant timeout in s, addressee. [Sub-IoT d7ap.h] */
const qos = bits({
  stopOnErr: flag(7),
  record: flag(6),
  retryMode: enumOf(3, 3, ["no"]),
  respMode: enumOf(0, 3, [
    "no",
    "all",
    "any",
    "rfu_3",
    "no_rpt",
    "on_err",
    "preferred",
  ]),
});

const subIotConfig = struct({
  qos,
  dormantTo: compressedTime,
  addressee: subIotAddressee,
});

const d7aConfig = struct({
  qos,
  dormantTo: compressedTime,
  executionDelay: compressedTime,
  addressee: d7aAddressee,
});

/** How to send over D7ASP. */
export type D7aspConfig =
  | Decoded<typeof subIotConfig>
  | Decoded<typeof d7aConfig>;

const channelHeader = bits({
  band: enumOf(4, 3, ["rfu_0", "rfu_1", "433", "868", "915"]),
  class: enumOf(2, 2, ["lo_rate", "lora", "normal_rate", "hi_rate"]),
  coding: enumOf(0, 2, ["pn9", "rfu_1", "fec_pn9", "cw"]),
});

/** 12 bytes and the origin's id. [Sub-IoT d7ap_interface.c] */
const subIotStatus = struct({
  channelHeader,
  channelIndex: u16be,
  /** Magnitude: the level in dBm is minus this. */
  rxLevel: u8,
  linkBudget: u8,
  targetRxLevel: u8,
  "...status": bits({
    nls: flag(7),
    missed: flag(6),
    retry: flag(5),
    unicast: flag(4),
  }),
  fifoToken: u8,
  seqNr: u8,
  /** Ti, 1/1024 s. */
  responseTo: compressedTime,
  addressee: subIotAddressee,
});

const nlsState = fixedBytes(5);

/** 15 bytes and the origin's id, then 5 of security state if there is a method. [STR spec/v1_2/dash7.rs] */
const d7aStatus = struct({
  channelHeader,
  channelIndex: u16be,
  rxLevel: u8,
  linkBudget: u8,
  /** Signal-to-noise ratio, dB. */
  snr: u8,
  status: u8,
  fifoToken: u8,
  seqNr: u8,
  responseTo: u16le,
  frequencyOffset: u16le,
  addressee: d7aAddressee,
  "...security": dependent<"nlsState", Uint8Array | null>(
    "nlsState",
    ({ addressee }) =>
      (addressee as Addressee).nlsMethod === "none" ? absent : nlsState,
  ),
});

/** How a command arrived over D7ASP. */
export type D7aspStatus =
  | Decoded<typeof subIotStatus>
  | Decoded<typeof d7aStatus>;

/** The layouts in which the dialects differ. */
export interface D7aspLayouts {
  readonly addressee: Codec<Addressee>;
  readonly config: Codec<D7aspConfig>;
  readonly status: Codec<D7aspStatus>;
}

/** The D7ASP layouts of each dialect. */
export const d7asp: Readonly<Record<Dialect, D7aspLayouts>> = {
  sub_iot: {
    addressee: subIotAddressee,
    config: subIotConfig,
    status: subIotStatus,
  },
  d7a_1_2: { addressee: d7aAddressee, config: d7aConfig, status: d7aStatus },
};
