import assert from "node:assert/strict";
import fc from "fast-check";
import { encodePuback, Packets, pubackOf, publishOf } from "./wire.ts";

/** A PUBLISH of MQTT 5, QoS 1, without properties. */
function publish(id: number, topic: string, payload: string): Uint8Array {
  const encoder = new TextEncoder();
  const name = encoder.encode(topic);
  const body = encoder.encode(payload);
  const length = 2 + name.length + 2 + 1 + body.length;
  const head = [0x32, length % 128 | 0x80, Math.floor(length / 128)];
  return Uint8Array.of(
    ...head,
    ...[name.length >> 8, name.length & 0xff],
    ...name,
    ...[id >> 8, id & 0xff, 0],
    ...body,
  );
}

const data = publish(7, "mqtts/p/DDATA/gw1/00AB", `{"metrics":[{"value":42}]}`);

Deno.test("Packets cuts a stream at the same places whatever the chunks", () => {
  const stream = Uint8Array.of(...data, ...encodePuback(7, 0), ...data);
  fc.assert(fc.property(
    fc.array(fc.integer({ min: 0, max: stream.length })),
    (cuts) => {
      const packets = new Packets();
      const found: Uint8Array[] = [];
      let from = 0;
      for (const to of [...cuts.toSorted((a, b) => a - b), stream.length]) {
        found.push(...packets.push(stream.slice(from, to)));
        from = to;
      }
      assert.deepEqual(found, [data, encodePuback(7, 0), data]);
    },
  ));
});

Deno.test("publishOf() names the reading of a DDATA and passes over a DBIRTH", () => {
  assert.deepEqual(publishOf(data), { id: 7, reading: "00AB 42" });
  const birth = publish(8, "mqtts/p/DBIRTH/gw1/00AB", `{"metrics":[]}`);
  assert.equal(publishOf(birth), null);
});

Deno.test("pubackOf() reads identifier and code", () => {
  assert.deepEqual(pubackOf(encodePuback(513, 0x99)), { id: 513, code: 0x99 });
  // Without a code it is a success [MQTT 5 §3.4.2.1].
  assert.deepEqual(pubackOf(Uint8Array.of(0x40, 2, 0, 9)), { id: 9, code: 0 });
});
