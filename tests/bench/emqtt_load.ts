/**
 * Two plugs' worth of SICON.OS: many devices, each with cyclic data,
 * observation and events, through the real agent and a real broker.
 *
 * @module
 */
import { Rig } from "../system/emqtt_rig.ts";
import { clock } from "../system/harness.ts";

/** A figure as the bench shows it. */
export interface LoadFigure {
  readonly what: string;
  readonly measured: string;
  readonly goal: string;
  readonly met: boolean | null;
}

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

/** Runs the load once; without mosquitto there is nothing to measure. */
export async function emqttLoad(
  options: LoadOptions,
): Promise<readonly LoadFigure[]> {
  try {
    return await measured(options);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    return [{
      what: "eMQTT under load",
      measured: "not measured: no mosquitto",
      goal: "p99 ≤ 200 ms, ≤ 50 % CPU, memory flat",
      met: null,
    }];
  }
}

async function measured(
  { devices, seconds }: LoadOptions,
): Promise<readonly LoadFigure[]> {
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
    while (!rig.energy(uid, n)) await clock.sleep(20);
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
  const what = `eMQTT, ${devices} devices, ${seconds} s`;
  return [
    {
      what: `${what}: periods missed by`,
      measured: `p99 ${p99.toFixed(0)} ms, worst ${
        (late.at(-1) ?? Infinity).toFixed(0)
      } ms; ${posts} of ${expected.toFixed(0)} posts; ${faults} faults`,
      goal: "p99 ≤ 200 ms",
      met: p99 <= 200 && posts > expected * 0.98 && faults === 0,
    },
    {
      what: `${what}: CPU`,
      measured: `${(cpu * 100).toFixed(0)} % of a core`,
      goal: "≤ 50 %",
      met: cpu <= 0.5,
    },
    {
      what: `${what}: memory`,
      measured: `${(first / 1e6).toFixed(0)} MB, grown by ${
        (grown / 1e6).toFixed(1)
      } MB`,
      goal: "flat (± 20 MB)",
      met: grown <= 20e6,
    },
  ];
}

if (import.meta.main) {
  const quick = Deno.args.includes("--quick");
  const figures = await emqttLoad({
    devices: 200,
    seconds: quick ? 15 : 60,
  });
  const lines = figures.map(({ what, measured, goal, met }) =>
    `| ${what} | ${measured} | ${goal} | ${
      met === null ? "" : met ? "yes" : "NO"
    } |`
  );
  await Deno.stdout.write(
    new TextEncoder().encode(
      `| what | measured | goal | met |\n| --- | --- | --- | --- |\n${
        lines.join("\n")
      }\n`,
    ),
  );
}
