/**
 * System files that say who a modem or device is. [Sub-IoT d7ap_fs.h]
 *
 * @module
 */
import { type Codec, type Decoded, struct } from "../bytes/codec.ts";
import { hexDigits, u8 } from "../bytes/values.ts";
import { defineFile, type FileKind } from "./file.ts";

const uid = struct({
  /** 16 upper-case hex digits. */
  uid: hexDigits(8),
});

const firmwareVersion = struct({
  d7apMajor: u8,
  d7apMinor: u8,
  filesystemMajor: u8,
  filesystemMinor: u8,
  applicationName: text(6),
  gitSha1: text(7),
});

const vid = struct({
  /** 4 upper-case hex digits. */
  vid: hexDigits(2),
  control: u8,
});

/** File 0. */
export const uidFile: FileKind<Decoded<typeof uid>> = defineFile(0, "uid", {
  bySize: { 8: uid },
});

/** File 2; decoding only. */
export const firmwareVersionFile: FileKind<Decoded<typeof firmwareVersion>> =
  defineFile(2, "firmware_version", { bySize: { 17: firmwareVersion } });

/** File 6. */
export const vidFile: FileKind<Decoded<typeof vid>> = defineFile(6, "vid", {
  bySize: { 3: vid },
});

/**
 * Text in `length` bytes: the firmware copies a name plainly, so it ends at the
 * first zero byte and leftovers follow. Trailing spaces are cut and bytes
 * outside 20–7E become U+FFFD, so there is no way back.
 */
function text(length: number): Codec<string> {
  return {
    decode(r) {
      let read = "";
      for (const byte of r.bytes(length)) {
        if (byte === 0) break;
        read += byte >= 0x20 && byte <= 0x7e
          ? String.fromCharCode(byte)
          : "\ufffd";
      }
      return read.replace(/ +$/, "");
    },
    encode(_value, w) {
      w.fail("text of the firmware is for decoding only");
    },
  };
}
