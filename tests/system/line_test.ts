import assert from "node:assert/strict";
import { encodeFrame } from "../../lib/frame/frame.ts";
import {
  AgentProcess,
  clock,
  copies,
  DEVICES,
  energyCommand,
  Line,
  outOfOrder,
  Subscriber,
  tempDir,
  until,
} from "./harness.ts";
import { type Mosquitto, mosquitto } from "./mosquitto.ts";

/** A broker, a line, a subscriber and an agent that has met its modem. */
class Stage implements AsyncDisposable {
  private constructor(
    readonly dir: string,
    readonly broker: Mosquitto,
    readonly watch: Subscriber,
    readonly agent: AgentProcess,
    readonly link: string,
    public line: Line,
    readonly stack: AsyncDisposableStack,
  ) {}

  static async set(silent = false): Promise<Stage> {
    await using stack = new AsyncDisposableStack();
    const dir = stack.use(await tempDir()).path;
    const broker = stack.use(await mosquitto());
    const link = `${dir}/modem`;
    const line = await Line.open(link);
    line.modem.misbehaviour.silent = silent;
    const watch = stack.use(await Subscriber.connect(broker.ports[0] ?? 0));
    const agent = stack.use(AgentProcess.start({
      dir,
      port: link,
      brokerPort: broker.ports[0] ?? 0,
    }));
    await agent.logged(silent ? "Serial port open" : "Modem identified");
    const moved = stack.move();
    return new Stage(dir, broker, watch, agent, link, line, moved);
  }

  /** Pushes of all devices, a few milliseconds apart. */
  async pushAll(rounds: number): Promise<void> {
    for (let n = 0; n < rounds; n++) {
      for (const device of DEVICES) {
        this.line.push(device);
        await clock.sleep(3);
      }
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.line[Symbol.asyncDispose]();
    await this.stack.disposeAsync();
  }
}

for (const goneS of [1, 10]) {
  Deno.test(`port gone for ${goneS} s and back under its name: frames flow again`, async () => {
    await using stage = await Stage.set();
    await stage.pushAll(5);
    await stage.watch.all(stage.line.sent);
    const before = stage.line;
    await before[Symbol.asyncDispose]();
    await stage.agent.logged("Serial port lost");
    await clock.sleep(goneS * 1000);
    stage.line = await Line.open(stage.link, before);
    await until(
      "the modem to be identified again",
      () => stage.agent.log.split("Modem identified").length === 3,
    );
    await stage.pushAll(5);
    await stage.watch.all([...before.sent, ...stage.line.sent]);
    assert.deepEqual(outOfOrder(stage.watch.readings()), []);
    assert.deepEqual(copies(stage.watch.readings()), []);
  });
}

Deno.test("1 MB of random bytes, then 100 frames: all arrive, the log stays small", async () => {
  await using stage = await Stage.set();
  const logBefore = stage.agent.log.length;
  const noise = new Uint8Array(1024);
  for (let n = 0; n < 1024; n++) {
    crypto.getRandomValues(noise);
    await until("room on the line", () => stage.line.send(noise), 10);
  }
  // A header in the noise may claim bytes that come; silence ends its claim.
  await clock.sleep(1000);
  for (let n = 0; n < 100; n++) {
    stage.line.push(DEVICES[n % 3] ?? "");
    await clock.sleep(5);
  }
  assert.equal(stage.line.sent.length, 100);
  await stage.watch.all(stage.line.sent);
  const logged = stage.agent.log.length - logBefore;
  assert.ok(logged > 0 && logged <= 100_000, `${logged} bytes logged`);
});

Deno.test("modem silent for 10 s at start: identified when it speaks", async () => {
  await using stage = await Stage.set(true);
  await clock.sleep(10_500);
  stage.line.modem.misbehaviour.silent = false;
  // Pushes are heard before the modem has said who it is.
  await stage.pushAll(2);
  await stage.watch.all(stage.line.sent);
  await stage.agent.logged("Modem identified");
});

Deno.test("bad ALP in good frames takes no neighbour with it", async () => {
  await using stage = await Stage.set();
  const whole = energyCommand(DEVICES[0] ?? "", 1000n);
  const bad = [
    Uint8Array.of(0x03), // unknown opcode
    Uint8Array.of(0x3e, 0x20, 0x34, 0x00),
    whole.slice(0, 40), // truncated file data
    whole.slice(0, -5), // truncated interface status
    Uint8Array.of(0x62, 0xd7, 0x14, 0x32),
    Uint8Array.of(0x20, 0x34, 0xff),
  ];
  for (const payload of bad) {
    await stage.pushAll(1);
    stage.line.send(
      ...stage.line.modem.push(payload).slice(0, 1) as [Uint8Array],
    );
    await stage.pushAll(1);
  }
  await stage.watch.all(stage.line.sent);
  const born = stage.watch.messages.filter(({ topic }) =>
    topic.includes("/DBIRTH/")
  ).map(({ topic }) => topic.split("/").at(-1));
  assert.deepEqual(born.toSorted(), DEVICES.toSorted());
  assert.deepEqual(copies(stage.watch.readings()), []);
  assert.match(stage.agent.log, /ALP command not understood to its end/);
});

Deno.test("link levels of 128 and more are levels like any other", async () => {
  await using stage = await Stage.set();
  const device = DEVICES[0] ?? "";
  for (const [number, level] of [[1n, 128], [2n, 200], [3n, 255]] as const) {
    const command = energyCommand(device, number, {
      rxLevel: level,
      linkBudget: level,
    });
    const [frame] = stage.line.modem.push(command);
    assert.ok(frame);
    stage.line.send(frame);
  }
  await stage.watch.all([`${device} 1`, `${device} 2`, `${device} 3`]);
  const levels = stage.watch.messages
    .filter(({ topic }) => topic.includes("/DDATA/"))
    .map(({ payload }) =>
      /"Force du signal radio DASH7"[^}]*"value":(-?\d+)/.exec(payload)?.[1]
    );
  assert.deepEqual(levels, ["128", "200", "255"]);
});

Deno.test("frames split, glued and between garbage all arrive", async () => {
  await using stage = await Stage.set();
  const device = DEVICES[1] ?? "";
  const frames = [1n, 2n, 3n, 4n].map((number, i) =>
    encodeFrame(100 + i, "alp_data", energyCommand(device, number))
  );
  const [a, b, c, d] = frames;
  assert.ok(a && b && c && d);
  const garbage = Uint8Array.of(0xc0, 0x00, 0xff, 0x01, 0x02, 0x00, 0xc0);
  stage.line.send(Uint8Array.of(...a, ...b));
  await clock.sleep(50);
  stage.line.send(Uint8Array.of(...garbage, ...c.slice(0, 50)));
  await clock.sleep(50);
  stage.line.send(Uint8Array.of(...c.slice(50), 0xc0));
  await clock.sleep(600);
  stage.line.send(d);
  await stage.watch.all([1, 2, 3, 4].map((number) => `${device} ${number}`));
});
