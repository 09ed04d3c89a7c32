/**
 * What is wrong with devices. Those that are to be ignored have no problems.
 * Pure.
 *
 * @module
 */
import type { ProblemCode, ProblemJson } from "../http/json.ts";
import { LINK_LIMIT_DB } from "../device/hearing.ts";
import { limitsOf, stateOf } from "./devices.ts";
import { timeOf } from "./parts.ts";
import type { DeviceFacts, Snapshot } from "./snapshot.ts";
import { called, several, span } from "./words.ts";

/** Names of unnamed devices that a sentence lists. */
const LISTED = 3;

/** Problems of all devices, the silent ones first, by name. */
export function deviceProblems(
  { devices, nowMs }: Pick<Snapshot, "devices" | "nowMs">,
): readonly ProblemJson[] {
  const followed = devices.filter(({ ignored }) => !ignored)
    .toSorted((a, b) => labelOf(a) < labelOf(b) ? -1 : 1);
  return [
    ...followed.flatMap((facts) => offline(facts, nowMs)),
    ...followed.flatMap((facts) => silent(facts, nowMs)),
    ...followed.flatMap(meterLost),
    ...followed.flatMap(weakLink),
    ...unnamed(followed),
  ];
}

function offline(facts: DeviceFacts, nowMs: number): readonly ProblemJson[] {
  const state = stateOf(facts);
  if (state !== "offline" && state !== "unregistered") return [];
  const { offlineAfterS } = limitsOf(facts);
  return [problem(
    facts,
    "error",
    "device_offline",
    `${labelOf(facts)} is offline: nothing heard for ${span(facts.lastHeardS)}${
      usual(facts)
    }.`,
    `Check its power, battery and aerial, and whether something now stands in the way. If it was taken away: dash7-edge devices forget ${facts.device}.`,
    silence(facts, offlineAfterS),
    facts.lastHeardMs + offlineAfterS * 1000,
    nowMs,
  )];
}

function silent(facts: DeviceFacts, nowMs: number): readonly ProblemJson[] {
  if (stateOf(facts) !== "silent") return [];
  const { silentAfterS } = limitsOf(facts);
  return [problem(
    facts,
    "warning",
    "device_silent",
    `${labelOf(facts)} is silent: nothing heard for ${span(facts.lastHeardS)}${
      usual(facts)
    }.`,
    "It may have missed a report or two. If it stays silent, check its power, battery and aerial.",
    silence(facts, silentAfterS),
    facts.lastHeardMs + silentAfterS * 1000,
    nowMs,
  )];
}

function meterLost(facts: DeviceFacts): readonly ProblemJson[] {
  const lost = facts.state?.modbusLost ?? null;
  if (lost === null || stateOf(facts) !== "ok") return [];
  return [problem(
    facts,
    "warning",
    "device_meter",
    `${labelOf(facts)} cannot read its meter; its radio works.`,
    "Check the Modbus cable between device and meter, both ends and the order of the wires, and that the meter has power.",
    {},
    lost.wallMs,
  )];
}

function weakLink(facts: DeviceFacts): readonly ProblemJson[] {
  const high = facts.state?.linkHigh ?? null;
  if (high === null || facts.link === null || stateOf(facts) !== "ok") {
    return [];
  }
  const { linkBudgetDb, rxLevelDbm } = facts.link;
  return [problem(
    facts,
    "warning",
    "device_link",
    `${
      labelOf(facts)
    } is hard to hear: link budget ${linkBudgetDb} dB, more than ${LINK_LIMIT_DB} dB; readings may get lost on the air.`,
    "Move the gateway's aerial higher or nearer, or the device's aerial out of its metal cabinet.",
    {
      link_budget_db: linkBudgetDb,
      rx_level_dbm: rxLevelDbm,
      limit_db: LINK_LIMIT_DB,
    },
    high.wallMs,
  )];
}

/** One for all: a new hall of devices is one job. */
function unnamed(devices: readonly DeviceFacts[]): readonly ProblemJson[] {
  const found = devices.filter(({ name }) => name === null)
    .map(({ device }) => device);
  const [first] = found;
  if (first === undefined) return [];
  const listed = found.slice(0, LISTED).join(", ");
  const more = found.length - LISTED;
  return [{
    severity: "warning",
    code: "device_unnamed",
    subject: null,
    text: `${several(found.length, "device")} heard without a name: ${
      more > 0 ? `${listed} and ${more} more` : listed
    }.`,
    fix:
      `Give each a name in the configuration, for example [devices."${first}"] and below it name = "Compressor 2", then restart the agent. Readings are delivered all the same.`,
    values: { count: found.length, first, devices: found.join(" ") },
    since: null,
  }];
}

function problem(
  { device, name }: DeviceFacts,
  severity: ProblemJson["severity"],
  code: ProblemCode,
  text: string,
  fix: string,
  values: ProblemJson["values"],
  sinceMs: number,
  nowMs = Infinity,
): ProblemJson {
  return {
    severity,
    code,
    subject: device,
    text,
    fix,
    values: { device, name: name ?? "", ...values },
    since: timeOf(Math.min(sinceMs, nowMs)),
  };
}

function silence(facts: DeviceFacts, after_s: number): ProblemJson["values"] {
  return {
    heard_s: Math.round(facts.lastHeardS),
    after_s,
    // 0: not known.
    cadence_s: facts.learnedS ?? facts.state?.energyConfig?.interval ?? 0,
  };
}

function usual({ learnedS }: DeviceFacts): string {
  return learnedS === null
    ? ""
    : `, it usually reports every ${span(learnedS)}`;
}

function labelOf({ device, name }: DeviceFacts): string {
  return called(device, name);
}
