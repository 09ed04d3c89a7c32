import assert from "node:assert/strict";
import type { Outlet } from "../../lib/http/exchange.ts";
import { MAX_STREAMS, Streams } from "../../lib/http/stream.ts";
import { STREAM_EVENTS, type StreamEvent } from "../../lib/http/parcels.ts";
import { fakeClock } from "../fakes/clock.ts";
import { memoryLog } from "../fakes/log.ts";
import { DEVICE, FakeView, line, reading } from "./view.ts";

/** One event as a client reads it. */
interface Event {
  readonly id: string;
  readonly event: string;
  readonly data: Record<string, unknown>;
}

/** A client that takes what it is sent, or nothing. */
class Client implements Outlet {
  readonly sent: Uint8Array[] = [];
  takes = true;
  gone = false;
  #onRoom = () => {};
  #onGone = () => {};

  write(bytes: Uint8Array): boolean {
    assert.ok(!this.gone);
    this.sent.push(bytes);
    return this.takes;
  }

  onRoom(call: () => void): void {
    this.#onRoom = call;
  }

  onGone(call: () => void): void {
    this.#onGone = call;
  }

  end(): void {
    if (this.gone) return;
    this.gone = true;
    this.#onGone();
  }

  room(): void {
    this.takes = true;
    this.#onRoom();
  }

  get text(): string {
    return this.sent.map((bytes) => new TextDecoder().decode(bytes)).join("");
  }

  get events(): readonly Event[] {
    return [...this.text.matchAll(/id: (.*)\nevent: (.*)\ndata: (.*)\n\n/g)]
      .map(([, id = "", event = "", data = ""]) => ({
        id,
        event,
        data: JSON.parse(data),
      }));
  }

  /** Names of events, in order. */
  get names(): string {
    return this.events.map(({ event }) => event).join(" ");
  }
}

/** Streams over a made-up view. */
class Stage implements Disposable {
  readonly clock = fakeClock();
  readonly view = new FakeView();
  readonly log = memoryLog();
  readonly streams = new Streams(this);

  /** One more client. */
  client(
    events: readonly StreamEvent[] = STREAM_EVENTS,
    more: { device?: string; lastId?: string } = {},
  ): Client {
    const client = new Client();
    this.streams.feed({ device: null, events: new Set(events), ...more })
      ?.start(client);
    return client;
  }

  [Symbol.dispose](): void {
    this.streams[Symbol.dispose]();
    assert.equal(this.clock.armed(), 0);
    assert.ok(!this.view.watched);
  }
}

Deno.test("Streams tells the status at once, and then at most once a second when it changed", async () => {
  using stage = new Stage();
  const client = stage.client();
  assert.equal(client.names, "status");
  await stage.clock.advance(3000);
  assert.equal(client.names, "status");
  for (let known = 1; known <= 30; known++) {
    stage.view.known = known;
    await stage.clock.advance(100);
  }
  assert.equal(client.names, "status status status status");
  // Unchanged it comes now and then: its clock goes on.
  await stage.clock.advance(10_000);
  assert.equal(client.events.length, 5);
});

Deno.test("Streams makes one status for any number of watchers", async () => {
  using stage = new Stage();
  const clients = Array.from({ length: 10 }, () => stage.client());
  assert.equal(stage.view.statuses, 1);
  stage.view.known = 1;
  await stage.clock.advance(1000);
  assert.equal(stage.view.statuses, 2);
  for (const { names } of clients) assert.equal(names, "status status");
  // Who comes and goes costs no more than who stays.
  for (let n = 0; n < 1000; n++) stage.client().end();
  assert.equal(stage.view.statuses, 2);
});

Deno.test("Streams sends lines and readings together a moment later, each made once for all", async () => {
  using stage = new Stage();
  const [a, b] = [stage.client(["frame", "reading"]), stage.client(["frame"])];
  let made = 0;
  for (let n = 0; n < 3; n++) stage.view.hears(() => (made++, line()));
  stage.view.logs(reading(7));
  await stage.clock.advance(199);
  assert.deepEqual([a.names, b.names], ["", ""]);
  await stage.clock.advance(1);
  assert.deepEqual([a.names, b.names], [
    "frame frame frame reading",
    "frame frame frame",
  ]);
  assert.equal(made, 3);
  assert.equal(a.events[3]?.data["id"], 7);
  // The same bytes for the same wishes, and one piece for all three.
  const [c, d] = [stage.client(["frame"]), stage.client(["frame"])];
  await stage.clock.advance(200);
  stage.view.hears();
  stage.view.hears();
  await stage.clock.advance(200);
  assert.equal(c.sent.at(-1), d.sent.at(-1));
  assert.equal(c.sent.length, 3);
});

Deno.test("Streams gives every event an id of its own", async () => {
  using stage = new Stage();
  const client = stage.client();
  stage.view.hears();
  stage.view.logs(reading(1));
  stage.view.known = 1;
  await stage.clock.advance(1000);
  const ids = client.events.map(({ id }) => id);
  assert.equal(ids.length, 4);
  assert.equal(new Set(ids).size, 4);
});

Deno.test("Streams shows one device when asked to", async () => {
  using stage = new Stage();
  const client = stage.client(["frame", "reading"], { device: DEVICE });
  stage.view.hears();
  stage.view.hears(() => line("00000000003A004F"));
  stage.view.hears(() => line(null));
  stage.view.hears(() => null);
  stage.view.logs(reading(1));
  stage.view.logs(reading(2, "00000000003A004F"));
  await stage.clock.advance(200);
  assert.equal(client.names, "frame reading");
});

Deno.test("Streams sends a newcomer the lines before it came, and nobody a line twice", async () => {
  using stage = new Stage();
  for (let n = 0; n < 150; n++) stage.view.hears();
  const first = stage.client(["frame"]);
  stage.view.hears();
  await stage.clock.advance(200);
  // The last 100 with the one that came meanwhile.
  assert.equal(first.events.length, 100);
  const second = stage.client(["frame"]);
  stage.view.hears();
  await stage.clock.advance(200);
  assert.equal(first.events.length, 101);
  assert.equal(second.events.length, 100);
  assert.equal(second.events.at(-1)?.id, first.events.at(-1)?.id);
});

Deno.test("Streams goes on where a broken connection ended", async () => {
  using stage = new Stage();
  const before = stage.client(["frame"]);
  for (let n = 0; n < 3; n++) stage.view.hears();
  await stage.clock.advance(200);
  before.end();
  stage.view.hears();
  stage.view.hears();
  const lastId = before.events.at(-1)?.id ?? "";
  const again = stage.client(["frame"], { lastId });
  const other = stage.client(["frame"], { lastId: "anotherrun-3-3" });
  await stage.clock.advance(200);
  assert.equal(again.events.length, 2);
  assert.equal(other.events.length, 5);
});

Deno.test("Streams decodes nothing while nobody watches, and lines only for who wants them", async () => {
  using stage = new Stage();
  let made = 0;
  const heard = () => stage.view.hears(() => (made++, line()));
  heard();
  const statusOnly = stage.client(["status"]);
  assert.ok(stage.view.watched);
  heard();
  await stage.clock.advance(1000);
  assert.equal(made, 0);
  statusOnly.end();
  assert.ok(!stage.view.watched);
  assert.equal(stage.clock.armed(), 0);
});

Deno.test("Streams leaves out what a flooded line brings beyond 100 a second, and says so", async () => {
  using stage = new Stage();
  const client = stage.client(["frame"]);
  let made = 0;
  for (let n = 0; n < 1000; n++) {
    stage.view.hears(() => (made++, line()));
  }
  await stage.clock.advance(200);
  assert.equal(client.events.length, 21);
  assert.deepEqual(client.events.at(-1)?.data, { events: 980 });
  assert.equal(made, 20);
});

Deno.test("Streams drops for a slow watcher only, and tells it how much", async () => {
  using stage = new Stage();
  const [slow, quick] = [stage.client(["frame"]), stage.client(["frame"])];
  slow.takes = false;
  const hex = "ab".repeat(10_000);
  for (let n = 0; n < 40; n++) {
    stage.view.hears(() => line(DEVICE, hex));
    await stage.clock.advance(200);
  }
  assert.equal(quick.events.length, 40);
  const before = slow.events.length;
  assert.equal(before, 1);
  slow.room();
  // What waited within 256 kB, then the count of the rest.
  const { events } = slow;
  assert.equal(events.at(-1)?.event, "dropped");
  const dropped = Number(events.at(-1)?.data["events"]);
  assert.equal(events.length - 1 + dropped, 40);
  assert.ok(dropped > 20 && dropped < 35, String(dropped));
  stage.view.hears();
  await stage.clock.advance(200);
  assert.equal(slow.events.at(-1)?.event, "frame");
});

Deno.test("Streams keeps the newest status only for who takes none", async () => {
  using stage = new Stage();
  const client = stage.client(["status"]);
  client.takes = false;
  for (let known = 1; known <= 5; known++) {
    stage.view.known = known;
    await stage.clock.advance(1000);
  }
  assert.equal(client.events.length, 2);
  client.room();
  assert.equal(client.events.length, 3);
  const devices = client.events.at(-1)?.data["devices"];
  assert.equal((devices as { known: number }).known, 5);
});

Deno.test("Streams says something every 15 s, and lets go of who takes nothing for 30 s", async () => {
  using stage = new Stage();
  const quiet = stage.client(["reading"]);
  const stalled = stage.client(["reading"]);
  stalled.takes = false;
  stage.view.logs(reading(1));
  await stage.clock.advance(200);
  await stage.clock.advance(16_000);
  assert.match(quiet.text, /: here\n\n$/);
  await stage.clock.advance(14_000);
  assert.ok(!stalled.gone);
  await stage.clock.advance(2000);
  assert.ok(stalled.gone);
  assert.ok(!quiet.gone);
});

Deno.test("Streams serves as many as it may, and again when one has gone", () => {
  using stage = new Stage();
  const clients = Array.from({ length: MAX_STREAMS }, () => stage.client());
  const one = { device: null, events: new Set(STREAM_EVENTS) };
  assert.equal(stage.streams.feed(one), null);
  clients[0]?.end();
  assert.notEqual(stage.streams.feed(one), null);
  assert.equal(stage.streams.size, MAX_STREAMS - 1);
});

Deno.test("Streams survives what the view cannot show", async () => {
  using stage = new Stage();
  const client = stage.client(["frame"]);
  stage.view.hears(() => {
    throw new Error("bad bytes");
  });
  stage.view.hears();
  await stage.clock.advance(200);
  assert.equal(client.names, "frame");
  assert.equal(stage.log.about("Live view cannot show").length, 1);
});
