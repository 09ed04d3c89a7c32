/**
 * What befalls the broker itself.
 *
 * @module
 */
import { clock } from "../../system/harness.ts";
import type { Step } from "../schedule.ts";
import type { World } from "../world.ts";
import type { Ended } from "./fault.ts";

/** Ended as a crash would; what it had not written is gone. */
export async function brokerKilled(world: World, { ms }: Step): Promise<Ended> {
  world.brokerForgot = true;
  await world.broker.kill();
  await clock.sleep(ms);
  await world.restartBroker();
  await world.recovered();
  return "struck";
}

/** Stopped in good order and started again. */
export async function brokerRestarted(
  world: World,
  { ms }: Step,
): Promise<Ended> {
  await world.broker[Symbol.asyncDispose]();
  await clock.sleep(ms);
  await world.restartBroker();
  await world.recovered();
  return "struck";
}

/** Restarted without anything it knew: sessions, retained announcements. */
export async function brokerLosesState(
  world: World,
  { ms }: Step,
): Promise<Ended> {
  world.brokerForgot = true;
  await world.broker.kill();
  await Deno.remove(`${world.dir}/mosquitto.db`).catch(() => {});
  await clock.sleep(ms / 3);
  await world.restartBroker();
  await world.recovered();
  return "struck";
}

/** Stands still with its connections open. */
export async function brokerFrozen(world: World, { ms }: Step): Promise<Ended> {
  world.broker.signal("SIGSTOP");
  await clock.sleep(ms);
  world.broker.signal("SIGCONT");
  await world.recovered();
  return "struck";
}

/** Stands still, and the agent is killed with readings on their way. */
export async function brokerFrozenAgentKilled(
  world: World,
  { ms }: Step,
): Promise<Ended> {
  world.broker.signal("SIGSTOP");
  await clock.sleep(ms / 3);
  await world.stop("SIGKILL");
  // The broker must not hear later what the dead process had sent.
  world.proxy.cut();
  world.broker.signal("SIGCONT");
  await world.started();
  await world.recovered();
  return "struck";
}

/** Comes back with users, and the agent is none of them; later it is let in again. */
export async function brokerRefusesLogin(
  world: World,
  { ms }: Step,
): Promise<Ended> {
  await world.broker[Symbol.asyncDispose]();
  await world.restartBroker({ users: { somebody: "else" } });
  world.proxy.cut();
  await clock.sleep(ms);
  await world.broker[Symbol.asyncDispose]();
  await world.restartBroker();
  await world.recovered();
  return "struck";
}

/** Takes the right to publish away from a connection that is up, and gives it back. */
export async function brokerRevokesRights(
  world: World,
  { ms }: Step,
): Promise<Ended> {
  const file = `${world.dir}/acl`;
  await Deno.writeTextFile(file, "topic read #\n");
  world.broker.signal("SIGHUP");
  await clock.sleep(ms);
  await Deno.writeTextFile(file, "topic readwrite #\n");
  world.broker.signal("SIGHUP");
  await world.recovered();
  return "struck";
}
