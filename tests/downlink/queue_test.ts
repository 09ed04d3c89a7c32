import assert from "node:assert/strict";
import fc from "fast-check";
import type { FieldWrite } from "../../lib/downlink/downlink.ts";
import type {
  Ask,
  Item,
  Queue,
  QueueEffect,
  QueueEvent,
  Sent,
} from "../../lib/downlink/events.ts";
import {
  CONTACT_MS,
  emptyQueue,
  MAX_TRIES,
  step,
} from "../../lib/downlink/queue.ts";

const A = "326636300039004C";
const B = "0000000000000001";

function write(offset: number, ...bytes: number[]): Ask {
  return { what: "write", fileId: 62, offset, data: Uint8Array.from(bytes) };
}

/** A queue that tells what it did in words. */
class Script {
  state: Queue = emptyQueue();
  readonly kept = new Map<number, Item>();
  nowMs = 0;

  feed(event: QueueEvent): string[] {
    const { state, effects } = step(this.state, event);
    this.state = state;
    return effects.flatMap((effect) => this.#words(effect));
  }

  ask(ask: Ask, device = A): string[] {
    return this.feed({ type: "asked", device, ask, wallMs: 0 });
  }

  contact(device = A): string[] {
    return this.feed({ type: "contact", device, nowMs: this.nowMs });
  }

  sent(sent: Sent): string[] {
    return this.feed({ type: "sent", sent, nowMs: this.nowMs });
  }

  file(fileId: number, ...bytes: number[]): string[] {
    const data = Uint8Array.from(bytes);
    return this.feed({ type: "file", device: A, fileId, data });
  }

  #words(effect: QueueEffect): string[] {
    switch (effect.type) {
      case "keep":
        if (effect.item === null) this.kept.delete(effect.id);
        else this.kept.set(effect.id, effect.item);
        return [];
      case "send":
        return [`send ${text(effect.item)}`];
      case "ended":
        return [
          `${text(effect.item)} ${effect.end.end}${
            effect.end.end === "refused" ? ` ${effect.end.status}` : ""
          }`,
        ];
      case "waiting":
        return [`waiting ${effect.waiting}`];
    }
  }
}

function text({ ask }: Item): string {
  return ask.what === "read"
    ? `read ${ask.fileIds}`
    : `${ask.fileId}+${ask.offset}=${ask.data.toHex()}`;
}

Deno.test("M-24 a write waits for the device's uplink, then goes out once", () => {
  const script = new Script();
  assert.deepEqual(script.ask(write(0, 1, 2, 3, 4)), ["waiting true"]);
  assert.deepEqual(script.contact(B), []);
  assert.deepEqual(script.contact(), ["send 62+0=01020304"]);
  assert.deepEqual(script.contact(), []);
  assert.deepEqual(script.sent({ end: "confirmed" }), [
    "waiting false",
    "62+0=01020304 confirmed",
  ]);
  assert.equal(script.kept.size, 0);
});

Deno.test("M-24 one downlink at a time; the next goes while its device still listens", () => {
  const script = new Script();
  script.ask(write(0, 1));
  script.ask(write(1, 2));
  script.ask(write(2, 3), B);
  assert.deepEqual(script.contact(), ["send 62+0=01"]);
  assert.deepEqual(script.contact(B), []);
  script.nowMs += CONTACT_MS;
  assert.deepEqual(script.sent({ end: "confirmed" }), [
    "62+0=01 confirmed",
    "send 62+1=02",
  ]);
  script.nowMs += 1;
  // B's contact is over: it has to send again.
  assert.deepEqual(script.sent({ end: "confirmed" }), [
    "waiting false",
    "62+1=02 confirmed",
  ]);
  assert.deepEqual(script.contact(B), ["send 62+2=03"]);
});

Deno.test("M-25 the newest value of each byte wins, what is left of the older ones stays", () => {
  const script = new Script();
  script.ask(write(0, 1, 1, 1, 1, 1));
  script.ask(write(0, 2, 2, 2, 2));
  assert.deepEqual(script.state.items.map(text), ["62+4=01", "62+0=02020202"]);
  script.ask(write(4, 3));
  script.ask(write(1, 4, 4));
  assert.deepEqual(script.state.items.map(text), [
    "62+0=02",
    "62+3=02",
    "62+4=03",
    "62+1=0404",
  ]);
  script.ask(write(0, 5, 5, 5, 5, 5));
  assert.deepEqual(script.state.items.map(text), ["62+0=0505050505"]);
  // Another file, another device.
  script.ask({ what: "write", fileId: 61, offset: 0, data: Uint8Array.of(1) });
  script.ask(write(0, 6), B);
  assert.equal(script.state.items.length, 3);
});

Deno.test("M-25 three contacts without an answer are the end", () => {
  const script = new Script();
  script.ask(write(0, 1));
  for (let n = 1; n < MAX_TRIES; n++) {
    assert.deepEqual(script.contact(), ["send 62+0=01"]);
    // Not before its next uplink.
    assert.deepEqual(script.sent({ end: "silent" }), []);
    assert.equal(script.kept.values().next().value?.tries, n);
  }
  assert.deepEqual(script.contact(), ["send 62+0=01"]);
  assert.deepEqual(script.sent({ end: "silent" }), [
    "waiting false",
    "62+0=01 timeout",
  ]);
  assert.deepEqual(script.contact(), []);
});

Deno.test("M-25 a modem that did not send uses up no contact", () => {
  const script = new Script();
  script.ask(write(0, 1));
  for (let n = 0; n < 9; n++) {
    assert.deepEqual(script.contact(), ["send 62+0=01"]);
    assert.deepEqual(script.sent({ end: "unsent" }), []);
  }
  assert.equal(script.state.items[0]?.tries, 0);
});

Deno.test("M-26 a refusal is final", () => {
  const script = new Script();
  script.ask(write(0, 1));
  script.contact();
  assert.deepEqual(script.sent({ end: "refused", status: 0xfc }), [
    "waiting false",
    "62+0=01 refused 252",
  ]);
});

Deno.test("M-26 the file coming back with the content confirms, with other content it does not", () => {
  const script = new Script();
  script.ask(write(0, 0x2c, 1, 0, 0));
  script.contact();
  assert.deepEqual(script.file(62, 0x58, 2, 0, 0, 1), []);
  assert.deepEqual(script.file(61, 0x2c, 1, 0, 0), []);
  assert.deepEqual(script.file(62, 0x2c, 1, 0), []);
  assert.deepEqual(script.file(62, 0x2c, 1, 0, 0, 1), [
    "waiting false",
    "62+0=2c010000 confirmed",
  ]);
  // The answer comes behind: nothing is told twice.
  assert.deepEqual(script.sent({ end: "silent" }), []);
  assert.equal(script.state.inFlight, null);
});

Deno.test("A value overtaken in flight still counts if it arrives, and fails nobody if not", () => {
  const script = new Script();
  script.ask(write(0, 1));
  script.contact();
  script.ask(write(0, 2));
  assert.deepEqual(script.sent({ end: "confirmed" }), [
    "62+0=01 confirmed",
    "send 62+0=02",
  ]);
  script.ask(write(0, 3));
  assert.deepEqual(script.sent({ end: "refused", status: 255 }), [
    "send 62+0=03",
  ]);
});

Deno.test("Reads queue like writes, but no write waits for them", () => {
  const script = new Script();
  assert.deepEqual(script.ask({ what: "read", fileIds: [52, 61] }), []);
  script.ask({ what: "read", fileIds: [52, 61, 62] });
  assert.deepEqual(script.contact(), ["send read 52,61,62"]);
  assert.deepEqual(script.sent({ end: "confirmed" }), [
    "read 52,61,62 confirmed",
  ]);
  assert.equal(script.kept.size, 0);
});

Deno.test("What was kept goes on after a kill; a third contact cut short is given up", () => {
  const before = new Script();
  before.ask(write(0, 1));
  before.ask(write(0, 9), B);
  before.contact();
  const script = new Script();
  script.kept.set(0, {
    id: 0,
    device: A,
    ask: write(4, 7),
    tries: MAX_TRIES,
    queuedWallMs: 0,
  });
  const items = [...before.kept.values(), ...script.kept.values()];
  assert.deepEqual(script.feed({ type: "restored", items }), [
    "waiting true",
    "waiting true",
    "62+4=07 timeout",
  ]);
  assert.equal(script.state.items[0]?.tries, 1);
  script.ask(write(1, 5));
  assert.deepEqual(script.contact(), ["send 62+0=01"]);
});

Deno.test("A removed device takes its downlinks along", () => {
  const script = new Script();
  script.ask(write(0, 1));
  script.ask(write(0, 2), B);
  assert.deepEqual(script.feed({ type: "removed", device: A }), [
    "waiting false",
  ]);
  assert.equal(script.kept.size, 1);
});

const anyWrite: fc.Arbitrary<Ask & FieldWrite> = fc.record({
  what: fc.constant("write" as const),
  fileId: fc.constant(62),
  offset: fc.integer({ min: 0, max: 4 }),
  data: fc.uint8Array({ minLength: 1, maxLength: 5 }),
});
const anyEvent: fc.Arbitrary<QueueEvent> = fc.oneof(
  fc.record({
    type: fc.constant("asked" as const),
    device: fc.constantFrom(A, B),
    ask: anyWrite,
    wallMs: fc.constant(0),
  }),
  fc.record({
    type: fc.constant("contact" as const),
    device: fc.constantFrom(A, B),
    nowMs: fc.integer({ min: 0, max: 10_000 }),
  }),
  fc.record({
    type: fc.constant("file" as const),
    device: fc.constantFrom(A, B),
    fileId: fc.constant(62),
    data: fc.uint8Array({ minLength: 5, maxLength: 5 }),
  }),
  fc.record({
    type: fc.constant("sent" as const),
    sent: fc.constantFrom<Sent[]>(
      { end: "confirmed" },
      { end: "silent" },
      { end: "unsent" },
      { end: "refused", status: 255 },
    ),
    nowMs: fc.integer({ min: 0, max: 10_000 }),
  }),
);

Deno.test("The queue never holds a byte twice, tries nothing four times, and keeps exactly what waits", () => {
  fc.assert(fc.property(fc.array(anyEvent, { maxLength: 60 }), (events) => {
    let state = emptyQueue();
    const kept = new Map<number, Item>();
    let inFlight = 0;
    for (const event of events) {
      const stepped = step(state, event);
      if (event.type === "sent" && state.inFlight !== null) inFlight--;
      state = stepped.state;
      for (const effect of stepped.effects) {
        if (effect.type === "send") {
          inFlight++;
          assert.ok(effect.item.tries <= MAX_TRIES);
        }
        if (effect.type !== "keep") continue;
        if (effect.item === null) kept.delete(effect.id);
        else kept.set(effect.id, effect.item);
      }
      assert.ok(inFlight <= 1);
      const bytes = state.items.flatMap(({ device, ask }) =>
        ask.what === "write"
          ? [...ask.data.keys()].map((i) => `${device} ${ask.offset + i}`)
          : []
      );
      assert.equal(new Set(bytes).size, bytes.length);
      assert.deepEqual(
        [...kept.values()].sort((a, b) => a.id - b.id),
        [...state.items].sort((a, b) => a.id - b.id),
      );
    }
  }));
});
