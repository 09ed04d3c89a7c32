/** A hostile broker cannot fill the memory with one packet. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { MqttError } from "../../lib/mqtt/mqtt.ts";
import { mqttjs } from "../../lib/mqtt/mqttjs.ts";
import { MAX_PACKET_BYTES, PacketLimit } from "../../lib/mqtt/packet_limit.ts";
import { fakeClock } from "../fakes/clock.ts";
import { CONNECT, rawBroker } from "../fakes/raw_broker.ts";

/** A packet with `length` bytes behind its head. [MQTT 5 §2.1.4] */
function packet(length: number, type = 0x30): Uint8Array {
  const head = [type];
  let rest = length;
  do {
    const more = rest > 127 ? 0x80 : 0;
    head.push((rest % 128) | more);
    rest = Math.floor(rest / 128);
  } while (rest > 0);
  const bytes = new Uint8Array(head.length + length).fill(0xff);
  bytes.set(head);
  return bytes;
}

Deno.test("PacketLimit finds a packet that is too long, however the stream is cut", () => {
  const lengths = fc.array(
    fc.oneof(
      fc.integer({ min: 0, max: 300 }),
      fc.constantFrom(127, 128, 16_383, 16_384),
    ),
    { minLength: 1, maxLength: 8 },
  );
  fc.assert(fc.property(
    lengths,
    fc.array(fc.integer({ min: 1, max: 200 }), { minLength: 1, maxLength: 9 }),
    (lengths, cuts) => {
      const max = 10_000;
      const stream = new Uint8Array(
        lengths.flatMap((length) => [...packet(length)]),
      );
      const wanted = lengths.find((length) => length > max) ?? null;
      const limit = new PacketLimit(max);
      let found: number | null = null;
      for (let at = 0, n = 0; at < stream.length && found === null; n++) {
        const size = cuts[n % cuts.length] ?? 1;
        found = limit.feed(stream.subarray(at, at + size));
        at += size;
      }
      // It may be found by the low digits of its length already.
      assert.equal(found === null, wanted === null);
      if (found !== null) assert.ok(found > max && found <= (wanted ?? 0));
    },
  ));
});

Deno.test("PacketLimit takes the largest packet, and not one byte more", () => {
  assert.equal(new PacketLimit().feed(packet(MAX_PACKET_BYTES)), null);
  assert.equal(
    new PacketLimit().feed(packet(MAX_PACKET_BYTES + 1).subarray(0, 4)),
    MAX_PACKET_BYTES + 1,
  );
});

for (const protocol of ["5", "3.1.1"] as const) {
  Deno.test(`MQTT ${protocol}: a broker that announces a packet of 256 MB is left at its head`, async () => {
    let sent = 0;
    let stop = false;
    await using broker = await rawBroker(({ type }, write, socket) => {
      if (type !== CONNECT) return;
      write(...(protocol === "5" ? [0x20, 3, 0, 0, 0] : [0x20, 2, 0, 0]));
      write(0x30, 0xff, 0xff, 0xff, 0x7f);
      const piece = new Uint8Array(65_536);
      socket.on("close", () => stop = true);
      const more = () => {
        while (!stop && sent < 64_000_000) {
          sent += piece.length;
          if (!socket.write(piece)) break;
        }
      };
      socket.on("drain", more);
      more();
    });
    const work = mqttjs(fakeClock())({
      broker: broker.url,
      clientId: "test",
      protocol,
      tls: { ca_file: "", cert_file: "", key_file: "", verify: true },
      keepAliveS: 60,
      signal: new AbortController().signal,
    });
    // The login may be over before the packet is seen, or fail with it.
    let reason: MqttError;
    try {
      await using connection = await work;
      reason = await connection.ended;
    } catch (error) {
      assert.ok(error instanceof MqttError, String(error));
      reason = error;
    }
    assert.match(reason.message, /sent a packet of \d+ bytes or more/);
    assert.ok(sent < 32_000_000, `${sent} bytes were taken`);
  });
}

Deno.test("MQTT 5: the broker is told the largest packet that is taken", async () => {
  await using broker = await rawBroker(({ type }, write) => {
    if (type === CONNECT) write(0x20, 3, 0, 0, 0);
  });
  await using _ = await mqttjs(fakeClock())({
    broker: broker.url,
    clientId: "test",
    protocol: "5",
    tls: { ca_file: "", cert_file: "", key_file: "", verify: true },
    keepAliveS: 60,
    signal: new AbortController().signal,
  });
  const [connect] = await broker.received(CONNECT, 1);
  // Property 0x27, four bytes. [MQTT 5 §3.1.2.11.4]
  const size = MAX_PACKET_BYTES.toString(16).padStart(8, "0");
  assert.match(connect?.body.toHex() ?? "", new RegExp(`27${size}`));
});
