/**
 * Resident memory while nothing happens, and step by step where it goes: the
 * runtime with nothing to do, with the packages that the agent imports, with
 * the whole program loaded, with the agent idle, with the agent flooded.
 *
 * @module
 */
import { get } from "node:http";
import { runtimeFlags } from "../../compile/targets.ts";
import { type AgentProcess, clock, DEVICES } from "../system/harness.ts";
import { came, devices, onBed } from "./bed.ts";
import { flood } from "./flow_rows.ts";
import { KINDS, REST_S, type Step, STEPS, TOUCH_S } from "./memory_steps.ts";
import { clearTouched, type MemoryKinds, memoryKinds } from "./memory_map.ts";
import type { Quantity, Row, Values } from "./quantity.ts";
import { ended, type Subject } from "./subject.ts";

/** All steps, by kind of memory; one of them has a goal. */
export const memoryProfile: Row = {
  name: "memory_profile",
  limitS: 180,
  needsBroker: true,
  quantities: [
    {
      key: "memory_idle",
      what: "resident memory, idle, 10 s after a reading",
      unit: "MB",
      digits: 0,
      goal: 75,
    },
    ...Object.entries(STEPS).flatMap(([step, stepWhat]) =>
      Object.entries(KINDS).map(([kind, kindWhat]) =>
        detail(`${step}_${kind}`, `${stepWhat}: ${kindWhat}`)
      )
    ),
    detail("touched", `agent, idle: touched within ${TOUCH_S} s`),
    detail("heap_used", "agent, idle: JavaScript heap in use"),
  ],
  measure: (port, { subject, quick }) =>
    onBed(port, async ({ dir, line, receipts, start }) => {
      const alone = await Deno.makeTempDir({ dir });
      const values: Record<string, number> = {
        ...named("nothing", await waiting(nothing(alone, subject))),
        ...named("parts", await waiting(await parts(alone, subject))),
        ...named("loaded", await waiting(loaded(subject))),
      };
      const agent = start();
      await agent.logged("Modem identified");
      line.push(DEVICES[0] ?? "");
      await came(receipts, 1, 10);
      const restMs = quick ? 3000 : REST_S * 1000;
      await clock.sleep(restMs);
      const idle = memoryKinds(agent.pid);
      values["memory_idle"] = all(idle) / 1e6;
      clearTouched(agent.pid);
      await clock.sleep(TOUCH_S * 1000);
      values["profile_touched"] = memoryKinds(agent.pid).touched / 1e6;
      values["profile_heap_used"] =
        await heapBytes(`${dir}/data/control.sock`) / 1e6;
      const count = quick ? 10_000 : 20_000;
      using most = mostOf(agent);
      await flood(line, devices(20), count);
      await came(receipts, count + 1, 60);
      return {
        ...values,
        ...named("idle", idle),
        ...named("flooded", most.kinds()),
      };
    }, { program: subject }),
};

function detail(key: string, what: string): Quantity {
  return {
    key: `profile_${key}`,
    what,
    unit: "MB",
    digits: 1,
    detail: true,
  };
}

function all({ touched: _, ...kinds }: MemoryKinds): number {
  return Object.values(kinds).reduce((sum, bytes) => sum + bytes, 0);
}

function named(step: Step, kinds: MemoryKinds): Values {
  const { touched: _, ...rest } = kinds;
  return Object.fromEntries(
    Object.entries({ all: all(kinds), ...rest })
      .map(([kind, bytes]) => [`profile_${step}_${kind}`, bytes / 1e6]),
  );
}

/** A process that does nothing for long: words and environment. */
interface Idler {
  readonly command: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

/** The runtime alone, with the flags of the engine. */
function nothing(dir: string, { engineFlags, env }: Subject): Idler {
  const program = `${dir}/wait.js`;
  Deno.writeTextFileSync(program, "setInterval(() => {}, 60000);\n");
  return {
    command: [Deno.execPath(), "run", "--no-config", ...engineFlags, program],
    env,
  };
}

/** What the agent imports, from source or as one file like the portable file's. */
async function parts(
  dir: string,
  { root, file, engineFlags, env }: Subject,
): Promise<Idler> {
  const source = new URL("memory_parts.ts", import.meta.url).pathname;
  if (file === null) {
    return {
      command: [
        ...[Deno.execPath(), "run", "--allow-all", "--no-prompt"],
        ...[...engineFlags, "--config", `${root}/deno.json`, source],
      ],
      env,
    };
  }
  const program = `${dir}/parts.js`;
  await ended(Deno.execPath(), [
    ...["bundle", "--quiet", "--minify", "--platform", "deno"],
    ...["--config", `${root}/deno.json`, "--output", program, source],
  ]);
  return {
    command: [Deno.execPath(), "run", ...runtimeFlags, program],
    env: { ...env, DENO_DIR: `${dir}/code` },
  };
}

/** The program itself, waiting for input that does not come. */
function loaded({ command, env }: Subject): Idler {
  return { command: [...command, "decode", "--as", "alp", "-"], env };
}

/** Memory of a process that waits, on its second start: V8's cache of compiled code is there then. */
async function waiting({ command, env }: Idler): Promise<MemoryKinds> {
  const [file = "", ...args] = command;
  for (let start = 1;; start++) {
    const child = new Deno.Command(file, {
      args,
      env: { ...env },
      stdin: "piped",
      stdout: "null",
      stderr: "null",
    }).spawn();
    try {
      await clock.sleep(1500);
      if (start === 2) return memoryKinds(child.pid);
    } finally {
      child.kill("SIGKILL");
      await child.stdin.close().catch(() => {});
      await child.status;
    }
  }
}

/** Looks at an agent's memory twice a second; gives the look with the most of it. */
function mostOf(
  agent: AgentProcess,
): Disposable & { readonly kinds: () => MemoryKinds } {
  let most = memoryKinds(agent.pid);
  const look = () => {
    try {
      const kinds = memoryKinds(agent.pid);
      if (all(kinds) > all(most)) most = kinds;
    } catch (error) {
      // It has ended; who waits for its readings will say so.
      if (!(error instanceof Deno.errors.NotFound)) throw error;
      clearInterval(timer);
    }
  };
  const timer = setInterval(look, 500);
  return {
    kinds() {
      look();
      return most;
    },
    [Symbol.dispose]: () => clearInterval(timer),
  };
}

/** What the engine says of its heap, by way of the agent's metrics. */
async function heapBytes(socket: string): Promise<number> {
  const text = await new Promise<string>((resolve, reject) => {
    get({ socketPath: socket, path: "/metrics" }, (reply) => {
      let said = "";
      reply.setEncoding("utf8").on("data", (part: string) => said += part)
        .on("end", () => resolve(said));
    }).on("error", reject);
  });
  return Number(
    /^(?:dash7_edge_)?nodejs_heap_size_used_bytes (\S+)/m.exec(text)?.[1],
  );
}
