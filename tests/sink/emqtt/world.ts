/**
 * A device model that a test can make hear something.
 *
 * @module
 */
import { Registry } from "../../../lib/device/registry.ts";
import { contentOf } from "../../../lib/files/files.ts";
import { silentLog } from "../../../lib/log.ts";
import { fakeClock } from "../../fakes/clock.ts";
import { energyReading } from "../../fakes/readings.ts";

/** The device that is heard. */
export const DEVICE = "326636300039004C";

/** Runs `body` with a device model and a way to make it hear an EnergyFile. */
export async function heardEnergy(
  body: (devices: Registry, hear: () => void) => Promise<void>,
): Promise<void> {
  using devices = new Registry({
    clock: fakeClock(),
    log: silentLog,
    decode: contentOf,
  });
  await body(devices, () => {
    const reading = energyReading();
    devices.heard({
      device: DEVICE,
      link: reading.link,
      received: reading.received,
      readings: [reading],
      contact: true,
      known: true,
    });
  });
}
