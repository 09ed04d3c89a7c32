import assert from "node:assert/strict";
import fc from "fast-check";
import { silentLog } from "../../lib/log.ts";
import type { Log } from "../../lib/log.ts";
import { type MqttConnection, MqttError } from "../../lib/mqtt/mqtt.ts";
import {
  idleLink,
  type LinkEvent,
  STABLE_MS,
  stepLink,
  supervise,
} from "../../lib/mqtt/supervisor.ts";
import { fakeClock, settleMicrotasks } from "../fakes/clock.ts";

const failure = (step: MqttError["step"] = "tcp") =>
  new MqttError(`Cannot ${step}`, step);

function script(events: readonly LinkEvent[]): string[] {
  const told: string[] = [];
  let state = idleLink;
  for (const event of events) {
    const stepped = stepLink(state, event);
    state = stepped.state;
    told.push(
      [
        state.phase,
        ...stepped.effects.map((effect) =>
          effect.type === "arm"
            ? `arm ${effect.delayMs}`
            : effect.type === "log"
            ? `log ${effect.level}`
            : effect.type
        ),
      ].join(" "),
    );
  }
  return told;
}

const failed = (nowMs = 0, step: MqttError["step"] = "tcp"): LinkEvent => ({
  type: "failed",
  error: failure(step),
  nowMs,
  random: 1,
});
const ended = (nowMs: number): LinkEvent => ({
  type: "ended",
  error: failure("session"),
  nowMs,
  random: 1,
});

Deno.test("stepLink() backs off from the first failure up to a minute, and logs a failure once", () => {
  const events: LinkEvent[] = [{ type: "start" }];
  for (let n = 0; n < 7; n++) events.push(failed(), { type: "due" });
  assert.deepEqual(script(events), [
    "connecting open",
    "waiting log warn arm 2000",
    "connecting open",
    "waiting log debug arm 4000",
    "connecting open",
    "waiting log debug arm 8000",
    "connecting open",
    "waiting log debug arm 16000",
    "connecting open",
    "waiting log debug arm 32000",
    "connecting open",
    "waiting log debug arm 60000",
    "connecting open",
    "waiting log debug arm 60000",
    "connecting open",
  ]);
});

Deno.test("stepLink() logs again when another step fails", () => {
  assert.deepEqual(
    script([
      { type: "start" },
      failed(0, "dns"),
      { type: "due" },
      failed(0, "tls"),
    ]),
    [
      "connecting open",
      "waiting log warn arm 2000",
      "connecting open",
      "waiting log warn arm 4000",
    ],
  );
});

Deno.test("stepLink() starts anew after a connection that lasted, not after one that flaps", () => {
  const cycle = (lastedMs: number): LinkEvent[] => [
    { type: "opened", nowMs: 0 },
    ended(lastedMs),
    { type: "due" },
  ];
  assert.deepEqual(
    script([
      { type: "start" },
      ...cycle(10),
      ...cycle(10),
      ...cycle(10),
      ...cycle(STABLE_MS),
    ]).filter((line) => line.startsWith("waiting")),
    [
      "waiting log warn arm 2000",
      "waiting log warn arm 4000",
      "waiting log warn arm 8000",
      "waiting log warn arm 2000",
    ],
  );
});

Deno.test("stepLink() never waits less than 1 s or more than 60 s, whatever happens", () => {
  const event = fc.oneof(
    fc.constant<LinkEvent>({ type: "due" }),
    fc.nat().map((nowMs): LinkEvent => ({ type: "opened", nowMs })),
    fc.tuple(fc.nat(), fc.double({ min: 0, max: 0.999, noNaN: true })).map((
      [nowMs, random],
    ): LinkEvent => ({ type: "ended", error: failure(), nowMs, random })),
  );
  fc.assert(fc.property(fc.array(event), (events) => {
    let state = stepLink(idleLink, { type: "start" }).state;
    for (const each of events) {
      const stepped = stepLink(state, each);
      state = stepped.state;
      for (const effect of stepped.effects) {
        if (effect.type !== "arm") continue;
        assert(effect.delayMs >= 1000 && effect.delayMs <= 60_000);
      }
    }
    assert.equal(stepLink(state, { type: "stop" }).state.phase, "stopped");
  }));
});

/** A connection that the test ends. */
function stubConnection(): MqttConnection & {
  end: (error: MqttError) => void;
  disposed: boolean;
} {
  const { promise, resolve } = Promise.withResolvers<MqttError>();
  return {
    receiveMaximum: 10,
    publish: () => Promise.resolve({ code: 0, reason: "" }),
    subscribe: () => Promise.resolve(),
    onMessage: null,
    ended: promise,
    end: resolve,
    disposed: false,
    [Symbol.asyncDispose]() {
      this.disposed = true;
      return Promise.resolve();
    },
  };
}

Deno.test("supervise() reconnects, tells the state and closes", async () => {
  const clock = fakeClock();
  const records: string[] = [];
  const log: Log = {
    ...silentLog,
    info: (text) => records.push(text),
    warn: (text) => records.push(text),
  };
  const script: (MqttError | ReturnType<typeof stubConnection>)[] = [
    failure("dns"),
    failure("dns"),
    stubConnection(),
    stubConnection(),
  ];
  const opened: ReturnType<typeof stubConnection>[] = [];
  const link = supervise({
    open: () => {
      const next = script.shift();
      assert(next);
      if (next instanceof MqttError) return Promise.reject(next);
      opened.push(next);
      return Promise.resolve(next);
    },
    clock,
    random: () => 0,
    log,
  });
  const waiting = link.ready(new AbortController().signal);
  await settleMicrotasks();
  assert.deepEqual(link.state(), { up: false, detail: "Cannot dns" });
  await clock.advance(1000);
  assert.equal(link.connection(), null);
  await clock.advance(1000);
  await waiting;
  assert.deepEqual(link.state(), { up: true, detail: "Connected" });
  assert.equal(link.connection(), opened[0]);
  opened[0]?.end(failure("session"));
  await settleMicrotasks();
  assert.equal(opened[0]?.disposed, true);
  assert.deepEqual(link.state(), { up: false, detail: "Cannot session" });
  await clock.advance(1000);
  assert.equal(link.connection(), opened[1]);
  await link[Symbol.asyncDispose]();
  assert.equal(opened[1]?.disposed, true);
  assert.equal(clock.armed(), 0);
  assert.deepEqual(records, [
    "Broker not reached",
    "Broker connected",
    "Broker lost",
    "Broker connected",
  ]);
});

Deno.test("supervise() counts a failing greeting as a failed connection", async () => {
  const clock = fakeClock();
  const connection = stubConnection();
  await using link = supervise({
    open: () => Promise.resolve(connection),
    clock,
    random: () => 0,
    log: silentLog,
    onConnected: () => Promise.reject(failure("session")),
  });
  await settleMicrotasks();
  assert.equal(connection.disposed, true);
  assert.equal(link.state().up, false);
  assert.equal(clock.armed(), 1);
});

Deno.test("supervise() lets go of whoever waits when told to", async () => {
  const clock = fakeClock();
  await using link = supervise({
    open: () => new Promise(() => {}),
    clock,
    random: () => 0,
    log: silentLog,
    signal: AbortSignal.abort(),
  });
  const abort = new AbortController();
  const waiting = link.ready(abort.signal);
  abort.abort();
  await waiting;
  assert.deepEqual(link.state(), { up: false, detail: "Closed" });
});
