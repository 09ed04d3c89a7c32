/**
 * Two plugs' worth of SICON.OS: many devices, each with cyclic data,
 * observation and events, through the real agent and a real broker.
 *
 * @module
 */
import { Rig } from "../system/emqtt_rig.ts";
import { clock, until } from "../system/harness.ts";
import type { Row, Values } from "./quantity.ts";
import { SOURCE } from "./subject.ts";

/** How much to ask of the plug. */
export interface LoadOptions {
  readonly devices: number;
  readonly seconds: number;
}

const PERIOD_MS = 1000;
/** Twenty indices of a node. */
const INDICES = Array.from({ length: 15 }, (_, n) => 65 + n).concat([
  80,
  81,
  82,
  83,
  84,
]);

/** Two hundred devices, each posting every second. */
export const emqtt: Row = {
  name: "emqtt",
  limitS: 180,
  needsBroker: false,
  quantities: [
    {
      key: "emqtt_late",
      what: "eMQTT, 200 devices: periods of 1 s missed by, p99",
      unit: "ms",
      digits: 0,
      goal: 200,
    },
    {
      key: "emqtt_missing",
      what: "… posts missing or against the specification",
      unit: "%",
      digits: 1,
      goal: 2,
    },
    {
      key: "emqtt_cpu",
      what: "… CPU",
      unit: "% of a core",
      digits: 0,
      goal: 50,
    },
    {
      key: "emqtt_grown",
      what: "… resident memory grown by",
      unit: "MB",
      digits: 1,
      goal: 20,
    },
  ],
  // Its rig starts this project from source, whatever else is measured.
  fits: ({ label }) => label === SOURCE,
  measure: (_port, { quick }) =>
    measured({ devices: 200, seconds: quick ? 10 : 20 }),
};

async function measured(
  { devices, seconds }: LoadOptions,
): Promise<Values> {
  const uids = Array.from(
    { length: devices },
    (_, n) => (0x3266363000390000n + BigInt(n)).toString(16).toUpperCase(),
  );
  await using rig = await Rig.open({
    nodes: uids,
    sink: `max_observations = ${devices}`,
  });
  const { adapter } = rig;
  await rig.agent?.logged("Modem identified");
  for (const [n, uid] of uids.entries()) {
    await until(`room on the line for ${uid}`, () => rig.energy(uid, n));
    await clock.sleep(5);
  }
  await adapter.next(null, "regPlug", 0);
  await adapter.startPlug();
  adapter.send(null, "startDevices");
  // A device given up is followed by the next at once, and serves all the same.
  const begun = new Set<string>();
  while (begun.size < devices + 1) {
    await adapter.until(
      "the next device",
      () =>
        adapter.said.some(({ sub, command, payload }) =>
          command === "regDevice" && sub !== null && !begun.has(sub) &&
          payload["Prereg"] !== true
        ),
      30,
    );
    for (const { sub, command, payload } of adapter.said) {
      if (
        command !== "regDevice" || sub === null || begun.has(sub) ||
        payload["Prereg"] === true
      ) continue;
      begun.add(sub);
      adapter.send(sub, "regDevice", { Action: "Abort" });
    }
  }
  begun.delete("main");
  // Spread over a period, as an adapter's starts are.
  for (const sub of begun) {
    adapter.send(sub, "startCyclicData", { SamplingRate: PERIOD_MS });
    adapter.send(sub, "startObservation", {
      SamplingRate: PERIOD_MS,
      Indices: INDICES,
    });
    adapter.send(sub, "startEvents");
    await clock.sleep(PERIOD_MS / devices);
  }
  await clock.sleep(3_000);
  const agent = rig.agent;
  if (agent === null) throw new Error("No agent");
  const memory = [agent.residentBytes()];
  const from = adapter.mark;
  const beganMs = performance.now();
  const cpuMs = agent.cpuMs();
  for (let n = 0; performance.now() - beganMs < seconds * 1000; n++) {
    rig.energy(uids[n % devices] ?? "", 1000 + n);
    await clock.sleep(250);
    if (n % 20 === 0) memory.push(agent.residentBytes());
  }
  const tookMs = performance.now() - beganMs;
  const cpu = (agent.cpuMs() - cpuMs) / tookMs;
  memory.push(agent.residentBytes());

  const last = new Map<string, number>();
  const late: number[] = [];
  let posts = 0;
  for (const { sub, command, payload, atMs } of adapter.said.slice(from)) {
    // Of an observation's two messages, the one that carries index 82 counts.
    if (
      command !== "postCyclicData" &&
      !(command === "postObservation" && "82" in payload)
    ) continue;
    posts++;
    const stream = `${sub} ${command}`;
    const before = last.get(stream);
    if (before !== undefined) late.push(Math.abs(atMs - before - PERIOD_MS));
    last.set(stream, atMs);
  }
  late.sort((x, y) => x - y);
  const p99 = late[Math.ceil(late.length * 0.99) - 1] ?? Infinity;
  const expected = 2 * devices * tookMs / PERIOD_MS;
  const [first = 0] = memory;
  const grown = Math.max(...memory.slice(-3)) - first;
  const faults = adapter.check.violations.length;
  return {
    emqtt_late: p99,
    emqtt_missing: Math.max(0, expected - posts + faults) / expected * 100,
    emqtt_cpu: cpu * 100,
    emqtt_grown: grown / 1e6,
  };
}
