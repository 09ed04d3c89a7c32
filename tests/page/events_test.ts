import assert from "node:assert/strict";
import fc from "fast-check";
import { eventReader } from "../../lib/http/page/events.js";

const STREAM =
  ': here\n\nid: a-1\nevent: frame\ndata: {"a":1}\n\nevent: reading\r\ndata:x\r\ndata: y\r\n\r\ndata: last\n\nevent: nothing\n\nretry: 5\n';

const EVENTS = [
  { type: "frame", data: '{"a":1}', id: "a-1" },
  { type: "reading", data: "x\ny", id: "a-1" },
  { type: "message", data: "last", id: "a-1" },
];

Deno.test("eventReader() gives the events of a stream, without comments and empty ones", () => {
  assert.deepEqual(eventReader()(STREAM), EVENTS);
});

Deno.test("eventReader() gives the same events however the stream is cut", () => {
  fc.assert(fc.property(
    fc.array(fc.nat(STREAM.length), { maxLength: 8 }),
    (cuts) => {
      const read = eventReader();
      const at = [0, ...cuts.toSorted((a, b) => a - b), STREAM.length];
      const events = at.slice(1).flatMap((end, n) =>
        read(STREAM.slice(at[n], end))
      );
      assert.deepEqual(events, EVENTS);
    },
  ));
});

Deno.test("eventReader() keeps an event that is not complete", () => {
  const read = eventReader();
  assert.deepEqual(read("data: a\n"), []);
  assert.deepEqual(read("\n"), [{ type: "message", data: "a", id: "" }]);
});
