/**
 * CRC-16/CCITT-FALSE, the checksum of a serial frame's payload: polynomial
 * `1021`, initial value `FFFF`, not reflected, no final XOR. The ASCII bytes
 * `123456789` give `29B1`, no bytes give `FFFF`. [Sub-IoT crc.c]
 *
 * @module
 */

const POLYNOMIAL = 0x1021;

const TABLE = Uint16Array.from({ length: 256 }, (_, byte) => {
  let crc = byte << 8;
  for (let bit = 0; bit < 8; bit++) {
    crc = crc & 0x8000 ? (crc << 1) ^ POLYNOMIAL : crc << 1;
  }
  return crc & 0xffff;
});

/** The checksum of `bytes` from `start` up to but not including `end`. */
export function crc16(
  bytes: Uint8Array,
  start = 0,
  end: number = bytes.length,
): number {
  let crc = 0xffff;
  for (let at = start; at < end; at++) {
    crc = ((crc << 8) & 0xffff) ^
      (TABLE[(crc >> 8) ^ (bytes[at] ?? 0)] ?? 0);
  }
  return crc;
}
