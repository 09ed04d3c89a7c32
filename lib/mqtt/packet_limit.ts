/**
 * Bounds what a broker may make this process hold. The library keeps a packet
 * until its last byte has come, and MQTT lets a packet have 256 MB: a hostile
 * broker, or whoever poses as one, could fill the memory with a single one.
 *
 * Follows the packets of a stream by their lengths alone. Pure: bytes in,
 * answer out.
 *
 * @module
 */

/** Largest packet that is taken from a broker; commands to a plug are below 0.1 MB. */
export const MAX_PACKET_BYTES = 1_048_576;

/** Follows one stream of packets. */
export class PacketLimit {
  readonly #maxBytes: number;
  /** Bytes of the packet under way that are still to come. */
  #rest = 0;
  /** Bytes of its head that have come: type, then the length; 0 before a packet. */
  #head = 0;
  #length = 0;

  constructor(maxBytes: number = MAX_PACKET_BYTES) {
    this.#maxBytes = maxBytes;
  }

  /**
   * Takes the next bytes; gives the length of the first packet among them that
   * is too long, or null. [MQTT 5 §2.1.4]
   */
  feed(bytes: Uint8Array): number | null {
    for (let at = 0; at < bytes.length;) {
      if (this.#rest > 0) {
        const skip = Math.min(this.#rest, bytes.length - at);
        this.#rest -= skip;
        at += skip;
        continue;
      }
      const byte = bytes[at++] ?? 0;
      if (this.#head++ === 0) {
        this.#length = 0;
        continue;
      }
      // Seven bits a byte, the lowest first, four bytes at most.
      this.#length += (byte & 0x7f) * 128 ** (this.#head - 2);
      if (this.#length > this.#maxBytes) return this.#length;
      if ((byte & 0x80) !== 0) continue;
      this.#rest = this.#length;
      this.#head = 0;
    }
    return null;
  }
}
