/**
 * What `doctor` learns before anything is judged: the configuration, who the
 * agent is and whether it runs. Every check goes by it.
 *
 * @module
 */
import type { AgentHost } from "../../agent.ts";
import type { Clock } from "../../clock.ts";
import type { StatusJson } from "../../http/json.ts";
import { silentLog } from "../../log.ts";
import { systemRoots } from "../../serial/system.ts";
import { machineHost } from "../host.ts";
import type { Io } from "../io.ts";
import type { Account, Names } from "./account.ts";
import { type Loaded, lookAtConfig } from "./configuration.ts";
import {
  type AgentFacts,
  lookAtAccount,
  lookAtAgent,
  lookAtNames,
  lookAtService,
} from "./host.ts";
import type { ClockFacts, ServiceFacts } from "./host_rules.ts";

/** What was learnt first, and every group goes by. */
export interface Case {
  readonly loaded: Loaded;
  readonly host: AgentHost | null;
  readonly clock: Clock;
  readonly names: Names;
  readonly service: ServiceFacts | null;
  readonly agent: AgentFacts | "unseen" | null;
  readonly account: Account;
  readonly time: ClockFacts;
}

/** Learns what the groups go by. */
export async function takeUp(
  flag: string | undefined,
  io: Io,
  clock: Clock,
): Promise<Case> {
  const loaded = await lookAtConfig(flag, io);
  const { config } = loaded;
  const [names, service, agent] = await Promise.all([
    lookAtNames(),
    lookAtService(io.signal),
    config === null ? null : lookAtAgent(
      config.agent.data_dir,
      config.http.socket,
      systemRoots,
      io.signal,
    ),
  ]);
  const dataDir = config?.agent.data_dir ?? null;
  const account = await lookAtAccount(
    names,
    { agent, service, dataDir },
    systemRoots,
  );
  const host = config === null
    ? null
    : { ...machineHost(config, io), clock, log: silentLog };
  const { wallMs: nowMs, synced } = clock.instant();
  const written = await writtenAt([
    ...(loaded.file === null ? [] : [loaded.file]),
    ...(config === null ? [] : [`${config.agent.data_dir}/outbox.db`]),
  ]);
  return {
    loaded,
    host,
    clock,
    names,
    service,
    agent,
    account,
    time: { nowMs, synced, written },
  };
}

async function writtenAt(
  files: readonly string[],
): Promise<ClockFacts["written"]> {
  const times = await Promise.all(files.map(async (name) => {
    const info = await Deno.stat(name).catch(() => null);
    const mtime = info?.mtime ?? null;
    return mtime === null ? [] : [{ name, atMs: mtime.getTime() }];
  }));
  return times.flat();
}

/** What the running agent says; null when there is none or it says nothing. */
export function statusOf({ agent }: Case): StatusJson | null {
  return agent === null || agent === "unseen" || "mute" in agent.status
    ? null
    : agent.status;
}
