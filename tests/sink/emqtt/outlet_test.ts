import assert from "node:assert/strict";
import { silentLog } from "../../../lib/log.ts";
import { Blinker } from "../../../lib/sink/emqtt/blink.ts";
import { Outlet } from "../../../lib/sink/emqtt/outlet.ts";
import { fakeClock, settleMicrotasks } from "../../fakes/clock.ts";
import { fakeConnect } from "../../fakes/connection.ts";

async function opened() {
  const { connect, opened } = fakeConnect();
  await connect({
    broker: "mqtt://b",
    clientId: "c",
    protocol: "3.1.1",
    tls: { ca_file: "", cert_file: "", key_file: "", verify: true },
    keepAliveS: 30,
    signal: new AbortController().signal,
  });
  const [connection] = opened;
  assert(connection);
  return connection;
}

const message = (payload: string) =>
  ({ topic: "t", payload, qos: 0, retain: false }) as const;

Deno.test("Outlet keeps the order, a few unwritten at a time", async () => {
  const connection = await opened();
  const outlet = new Outlet(connection, silentLog);
  const seen: unknown[] = [];
  for (let at = 0; at < 500; at++) outlet.send(message(String(at)));
  let written = false;
  void outlet.written().then(() => written = true);
  while (connection.pending.length > 0) {
    assert(connection.pending.length <= 64);
    for (const { message, ack } of connection.pending.splice(0)) {
      seen.push(Number(message.payload));
      ack();
    }
    await settleMicrotasks();
  }
  assert.deepEqual(seen, Array.from({ length: 500 }, (_, at) => at));
  assert(written);
});

Deno.test("E-085 Outlet gives up a connection that takes nothing, and holds nothing more", async () => {
  const connection = await opened();
  const outlet = new Outlet(connection, silentLog);
  let over = false;
  void connection.ended.then(() => over = true);
  const large = "x".repeat(1 << 20);
  for (let at = 0; at < 100; at++) outlet.send(message(large));
  await settleMicrotasks();
  assert(over);
  await outlet.written();
});

Deno.test("E-103 E-104 the LED blinks until it is told to stop", async () => {
  const path = await Deno.makeTempFile();
  try {
    const clock = fakeClock();
    const writes: string[] = [];
    using blinker = new Blinker(path, clock, silentLog);
    const look = () => writes.push(Deno.readTextFileSync(path));
    blinker.set(true);
    blinker.set(true);
    look();
    await clock.advance(500);
    look();
    await clock.advance(500);
    look();
    blinker.set(false);
    await clock.advance(5000);
    look();
    assert.deepEqual(writes, ["1", "0", "1", "0"]);
    assert.equal(clock.armed(), 0);
  } finally {
    await Deno.remove(path);
  }
});
