/**
 * As much of MQTT 5 as a proxy has to understand: where packets begin and end,
 * which reading a PUBLISH carries, which PUBLISH a PUBACK answers. Pure.
 *
 * @module
 */

/** Packet types [MQTT 5 §2.1.2]. */
export const PUBLISH = 3;
/** See {@link PUBLISH}. */
export const PUBACK = 4;

/** Cuts a stream of bytes into packets. */
export class Packets {
  #rest: Uint8Array<ArrayBuffer> = new Uint8Array();

  /** The packets that are complete now. */
  push(bytes: Uint8Array): Uint8Array[] {
    const all = new Uint8Array(this.#rest.length + bytes.length);
    all.set(this.#rest);
    all.set(bytes, this.#rest.length);
    const packets: Uint8Array[] = [];
    let from = 0;
    for (;;) {
      const length = lengthOf(all.subarray(from));
      if (length === null || from + length > all.length) break;
      packets.push(all.slice(from, from + length));
      from += length;
    }
    this.#rest = all.slice(from);
    return packets;
  }
}

/** Type of a packet. */
export function typeOf(packet: Uint8Array): number {
  return (packet[0] ?? 0) >> 4;
}

/** Length of the packet that bytes begin with, its header included; null while it cannot be told. */
function lengthOf(bytes: Uint8Array): number | null {
  const { value, end } = variable(bytes, 1);
  return end === null ? null : end + value;
}

/** A variable byte integer [MQTT 5 §1.5.5]. */
function variable(
  bytes: Uint8Array,
  from: number,
): { readonly value: number; readonly end: number | null } {
  let value = 0;
  for (let n = 0; n < 4; n++) {
    const byte = bytes[from + n];
    if (byte === undefined) return { value, end: null };
    value += (byte & 0x7f) * 128 ** n;
    if (byte < 0x80) return { value, end: from + n + 1 };
  }
  return { value, end: from + 4 };
}

/** A PUBLISH of QoS 1: its packet identifier, and the reading in it as `DEVICE NUMBER`; null for others. */
export function publishOf(
  packet: Uint8Array,
): { readonly id: number; readonly reading: string } | null {
  if (typeOf(packet) !== PUBLISH || ((packet[0] ?? 0) & 6) === 0) return null;
  const head = variable(packet, 1).end ?? 0;
  const view = new DataView(packet.buffer, packet.byteOffset);
  const topicEnd = head + 2 + view.getUint16(head);
  const decoder = new TextDecoder();
  const topic = decoder.decode(packet.subarray(head + 2, topicEnd));
  if (!topic.includes("/DDATA/")) return null;
  const properties = variable(packet, topicEnd + 2);
  const payload = decoder.decode(
    packet.subarray((properties.end ?? 0) + properties.value),
  );
  // The first metric is the counter.
  const number = /"value":(-?\d+)/.exec(payload)?.[1];
  return {
    id: view.getUint16(topicEnd),
    reading: `${topic.split("/").at(-1)} ${number}`,
  };
}

/** A PUBACK: packet identifier and reason code. */
export function pubackOf(
  packet: Uint8Array,
): { readonly id: number; readonly code: number } {
  return {
    id: (packet[2] ?? 0) << 8 | (packet[3] ?? 0),
    code: packet[4] ?? 0,
  };
}

/** A PUBACK of one's own. */
export function encodePuback(id: number, code: number): Uint8Array {
  return Uint8Array.of(PUBACK << 4, 3, id >> 8, id & 0xff, code);
}
