/**
 * Certificates that are not what they were. The broker is started again with
 * another one; the agent must neither send anything to it nor need a hand when
 * the right one is back.
 *
 * @module
 */
import { datedCertificates } from "../../system/dated_certificates.ts";
import { clock } from "../../system/harness.ts";
import {
  type Certificates,
  type MosquittoOptions,
} from "../../system/mosquitto.ts";
import type { World } from "../world.ts";
import type { Ended, Fault } from "./fault.ts";

/** From the end of a broker until it comes back, milliseconds. */
const SETTLE_MS = 200;

/** The listeners of a TLS round: one plain for the subscriber, one with a certificate. */
export function tlsListeners(
  file: (name: string) => string,
  name: string,
  authority = "ca",
): Pick<MosquittoOptions, "listeners"> {
  return {
    listeners: [{}, {
      certificates: {
        ca: file(`${authority}.crt`),
        cert: file(`${name}.crt`),
        key: file(`${name}.key`),
      },
    }],
  };
}

/** Makes what {@link Certificates} lacks: one that has expired, one that takes the server's place, one of another authority. */
export async function moreCertificates(made: Certificates): Promise<void> {
  const from = "20200101000000Z";
  const later = "20490101000000Z";
  await datedCertificates(made, [
    { name: "expired", from, until: "20210101000000Z" },
    { name: "rotated", from, until: later },
    { name: "foreign", authority: "other", from, until: later },
  ]);
}

/** A broker with a certificate that must not be accepted. */
function refused(name: string, authority = "ca"): Fault {
  return async (world, { ms }) => {
    // Counted once the old broker has ended: what it had accepted has been logged.
    let before = 0;
    await change(world, name, authority, () => before = connections(world));
    await clock.sleep(1500 + ms / 2);
    if (connections(world) > before) {
      world.violations.push(`the agent logged in to a broker ${name}`);
    }
    await change(world, "server");
    await world.recovered();
    return "struck";
  };
}

/** How often the agent has come to a login. */
function connections(world: World): number {
  return world.log().split("Broker connected").length;
}

/** Its time is over. */
export const tlsExpired = refused("expired");
/** It is another host's. */
export const tlsWrongName = refused("elsewhere");
/** Nobody we trust has signed it. */
export const tlsForeign = refused("foreign", "other");

/** A new certificate of the same authority, then a new authority whose file takes the old one's place. */
export async function tlsRotated(world: World): Promise<Ended> {
  await change(world, "rotated");
  await world.recovered();
  await change(world, "foreign", "other");
  const trusted = `${world.dir}/trusted.crt`;
  await Deno.copyFile(`${world.dir}/tls/other.crt`, trusted);
  await world.recovered();
  await Deno.copyFile(`${world.dir}/tls/ca.crt`, trusted);
  await change(world, "server");
  await world.recovered();
  return "struck";
}

async function change(
  world: World,
  name: string,
  authority = "ca",
  between: () => void = () => {},
): Promise<void> {
  await world.broker[Symbol.asyncDispose]();
  await clock.sleep(SETTLE_MS);
  between();
  const file = (one: string) => `${world.dir}/tls/${one}`;
  await world.restartBroker(tlsListeners(file, name, authority));
}
