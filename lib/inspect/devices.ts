/**
 * A device as JSON: what the model knows of it, and how its silence compares
 * with its own cadence. Pure.
 *
 * The device model counts a device as silent by the interval that it was
 * configured for, or by a default while that is not known. Here the interval
 * learned from its own reports takes that place, by the same formula, unless an
 * operator or a platform has set limits: those hold.
 *
 * @module
 */
import type { DeviceJson } from "../http/json.ts";
import { measurementJson } from "./measurement.ts";
import { timeOf } from "./parts.ts";
import type { DeviceFacts } from "./snapshot.ts";

/** When a device counts as silent and as offline, s. */
export interface Limits {
  readonly silentAfterS: number;
  readonly offlineAfterS: number;
}

/** The limits that are shown and judged by. */
export function limitsOf(
  { learnedS, limits, limitsSet }: DeviceFacts,
): Limits {
  if (limitsSet || learnedS === null) return limits;
  // Two reports may be missed, and a minute for the air. [mapping §4]
  const silentAfterS = Math.ceil(2 * learnedS + 60);
  return {
    silentAfterS,
    offlineAfterS: Math.max(Math.ceil(6 * learnedS), 2 * silentAfterS),
  };
}

/** Whether a device is heard as it should be. */
export function stateOf(facts: DeviceFacts): DeviceJson["state"] {
  const { state, silentForS, learnedS, limitsSet } = facts;
  if (state === null) return "ok";
  // Sinks have told their platform that it is gone.
  if (state.unregistered) return "unregistered";
  if (limitsSet || learnedS === null) {
    if (state.offline !== null) return "offline";
    return state.silent === null ? "ok" : "silent";
  }
  const { silentAfterS, offlineAfterS } = limitsOf(facts);
  if (silentForS >= offlineAfterS) return "offline";
  return silentForS >= silentAfterS ? "silent" : "ok";
}

/** A row of `GET /api/devices`. */
export function deviceRow(facts: DeviceFacts): DeviceJson {
  const { state, link, learnedS } = facts;
  const limits = limitsOf(facts);
  const configured = state?.energyConfig ?? null;
  const configuredS = configured !== null && configured.enabled &&
      configured.interval > 0
    ? configured.interval
    : null;
  const held = state?.held ?? null;
  return {
    device: facts.device,
    name: facts.name,
    state: stateOf(facts),
    ignored: facts.ignored,
    first_heard_at: timeOf(facts.firstHeardMs),
    last_heard_at: timeOf(facts.lastHeardMs),
    last_heard_s: Math.round(facts.lastHeardS),
    cadence_s: learnedS ?? configuredS,
    cadence_from: learnedS !== null
      ? "learned"
      : configuredS !== null
      ? "configured"
      : null,
    silent_after_s: limits.silentAfterS,
    offline_after_s: limits.offlineAfterS,
    link_budget_db: link?.linkBudgetDb ?? null,
    rx_level_dbm: link?.rxLevelDbm ?? null,
    valid: state?.energy?.valid ?? null,
    meter_lost: state !== null && state.modbusLost !== null,
    measurements_total: state?.measurementCounter ?? 0,
    last: held?.measurements.map(measurementJson) ?? [],
    last_reading_at: held === null ? null : timeOf(held.received.wallMs),
    energy_config: configured === null
      ? null
      : { interval_s: configured.interval, enabled: configured.enabled },
    button_config: buttonConfig(state),
    tag: state?.tag ?? "",
    last_write_failed: state?.lastWriteFailed ?? false,
    queued: facts.queued.map((write) => ({
      file_id: write.fileId,
      offset: write.offset,
      data: write.data.toHex(),
      tries: write.tries,
      queued_at: timeOf(write.queuedWallMs),
    })),
  };
}

/** All rows, by name, then UID; devices without a name come last. */
export function deviceRows(
  devices: readonly DeviceFacts[],
): readonly DeviceJson[] {
  const compare = new Intl.Collator("en", { numeric: true }).compare;
  return devices.toSorted((a, b) => {
    if (a.name !== null && b.name !== null && a.name !== b.name) {
      return compare(a.name, b.name);
    }
    if ((a.name === null) !== (b.name === null)) {
      return a.name === null ? 1 : -1;
    }
    return a.device < b.device ? -1 : 1;
  }).map(deviceRow);
}

function buttonConfig(
  state: DeviceFacts["state"],
): DeviceJson["button_config"] {
  const config = state?.buttonConfig ?? null;
  if (config === null) return null;
  return {
    // [serial §10.3] mask 0 lets releases through, mask 1 presses.
    releases: config.transmitMask0,
    presses: config.transmitMask1,
    menu: config.buttonControlMenu,
    enabled: config.enabled,
  };
}
