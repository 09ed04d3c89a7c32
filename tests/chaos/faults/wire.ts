/**
 * What befalls the connection between agent and broker.
 *
 * @module
 */
import { clock } from "../../system/harness.ts";
import { randomOf } from "../random.ts";
import type { AckMode } from "../proxy.ts";
import type { Step } from "../schedule.ts";
import type { World } from "../world.ts";
import type { Ended, Fault } from "./fault.ts";

/** Every packet is late. */
export async function wireSlow(world: World, { ms }: Step): Promise<Ended> {
  world.proxy.spoil.delayMs = 50 + ms / 10;
  await clock.sleep(ms);
  world.proxy.spoil.delayMs = 0;
  await world.recovered();
  return "struck";
}

/** The connection ends within a PUBLISH. */
export async function wireCutMidPacket(
  world: World,
  { draw }: Step,
): Promise<Ended> {
  world.proxy.spoil.cutAfterBytes = 1 + Math.floor(draw * 40);
  await clock.sleep(300);
  await world.recovered();
  return "struck";
}

/** The connection ends several times, and is refused for a while. */
export async function wireCut(world: World, { ms }: Step): Promise<Ended> {
  world.proxy.spoil.refuse = true;
  world.proxy.cut();
  await clock.sleep(ms);
  world.proxy.spoil.refuse = false;
  await world.recovered();
  return "struck";
}

/** The broker takes readings and says nothing about it; then the connection ends. */
export async function wireWithholdsAcks(
  world: World,
  { ms }: Step,
): Promise<Ended> {
  world.proxy.spoil.acks = "withhold";
  await clock.sleep(ms);
  world.proxy.spoil.acks = "pass";
  world.proxy.cut();
  await world.recovered();
  return "struck";
}

/** Readings vanish on their way to the broker, and the agent is killed meanwhile. */
export async function wireWithholdsAcksAgentKilled(
  world: World,
  { ms }: Step,
): Promise<Ended> {
  world.proxy.spoil.frozen = true;
  await clock.sleep(200 + ms / 3);
  await world.stop("SIGKILL");
  world.proxy.cut();
  world.proxy.spoil.frozen = false;
  await world.started();
  await world.recovered();
  return "struck";
}

/** Acknowledgements are spoilt in one way for a while. */
function spoiltAcks(acks: AckMode): Fault {
  return async (world, { ms }) => {
    world.proxy.spoil.acks = acks;
    await clock.sleep(ms);
    world.proxy.spoil.acks = "pass";
    await world.recovered();
    return "struck";
  };
}

/** Every acknowledgement comes twice. */
export const wireDoublesAcks: Fault = spoiltAcks("double");

/** Some acknowledgements come after those of later readings. */
export const wireAcksOutOfOrder: Fault = spoiltAcks("late");

/** Bytes that are no MQTT, or MQTT that no broker may send. */
const MALFORMED: readonly string[] = [
  "00", // packet type 0
  "f1ffffffff7f", // length of five bytes
  "4001", // PUBACK without its identifier
  "40020000", // PUBACK of identifier 0
  "4002ffff", // PUBACK of what was never sent
  "2003000000", // a second CONNACK
  "30ffffff7f", // a PUBLISH of 256 MB
  "1000", // CONNECT from a broker
  "3003ffff00", // a topic longer than its packet
];

/** The broker, or what is in between, sends such bytes. */
export async function wireMalformed(
  world: World,
  { draw, ms }: Step,
): Promise<Ended> {
  const random = randomOf(Math.floor(draw * 2 ** 32));
  for (let n = 0; n < 3; n++) {
    const bytes = random.next() < 0.7
      ? Uint8Array.fromHex(random.pick(MALFORMED))
      : Uint8Array.from({ length: 40 }, () => random.whole(0, 255));
    world.proxy.inject(bytes);
    await clock.sleep(ms / 6);
  }
  // Half a packet would swallow what follows it: a broker that does that is gone for good.
  world.proxy.cut();
  await world.recovered();
  return "struck";
}
