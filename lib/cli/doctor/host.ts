/**
 * Looks at the machine for `doctor`: what the kernel, systemd and the running
 * agent say. Reads only; what is missing is null, since machines differ.
 *
 * @module
 */
import { lockOwnersOf } from "../../serial/holder.ts";
import { namesIn, type SystemRoots, textOf } from "../../serial/system.ts";
import type { StatusJson } from "../../http/json.ts";
import { AgentError } from "../agent_error.ts";
import { agentOn } from "../control.ts";
import { thisMachine } from "../setup/machine.ts";
import {
  type Account,
  accountIn,
  accountOf,
  type Names,
  namesFrom,
  userName,
} from "./account.ts";
import {
  type PowerFacts,
  type ServiceFacts,
  serviceFrom,
  type SystemFacts,
} from "./host_rules.ts";

/** Longest that systemd or the agent may take to answer, ms. */
const ANSWER_MS = 3000;

/** Processor, kernel, C library. */
export async function lookAtSystem(roots: SystemRoots): Promise<SystemFacts> {
  const { arch, pageBytes, glibc } = thisMachine("").facts();
  const kernel = (await textOf(`${roots.proc}/sys/kernel/osrelease`))?.trim();
  return {
    arch,
    pageBytes,
    kernel: kernel ?? "of unknown version",
    glibc: glibc ?? "of unknown version",
  };
}

/** Temperatures of the machine's zones, thousandths of °C. */
export async function lookAtTemperatures(
  { sys }: SystemRoots,
): Promise<readonly number[]> {
  const folder = `${sys}/class/thermal`;
  const zones = (await namesIn(folder))
    .filter((name) => /^thermal_zone\d+$/.test(name));
  const texts = await Promise.all(
    zones.map((zone) => textOf(`${folder}/${zone}/temp`)),
  );
  return texts.map((text) => parseInt(text ?? "", 10)).filter(Number.isFinite);
}

/**
 * The supply of a Raspberry Pi: the firmware's bits where its kernel still
 * shows them, else the sensor `rpi_volt` of the driver raspberrypi-hwmon.
 */
export async function lookAtPower({ sys }: SystemRoots): Promise<PowerFacts> {
  const bits = parseInt(
    await textOf(
      `${sys}/devices/platform/soc/soc:firmware/get_throttled`,
    ) ?? "",
    16,
  );
  let alarm: boolean | null = null;
  for (const name of await namesIn(`${sys}/class/hwmon`)) {
    const sensor = `${sys}/class/hwmon/${name}`;
    if ((await textOf(`${sensor}/name`))?.trim() !== "rpi_volt") continue;
    const text = await textOf(`${sensor}/in0_lcrit_alarm`);
    if (text !== null) alarm = text.trim() === "1";
  }
  return { throttled: Number.isFinite(bits) ? bits : null, alarm };
}

/** Names of users and groups. */
export async function lookAtNames(): Promise<Names> {
  return namesFrom(
    await textOf("/etc/passwd") ?? "",
    await textOf("/etc/group") ?? "",
  );
}

/** What systemd knows of the service; null where there is no systemd. */
export async function lookAtService(
  signal: AbortSignal,
): Promise<ServiceFacts | null> {
  if (!thisMachine("").facts().systemd) return null;
  const properties =
    "LoadState,ActiveState,SubState,Result,UnitFileState,NRestarts,User,SupplementaryGroups,ProtectSystem,StateDirectory,ReadWritePaths";
  try {
    const { stdout } = await new Deno.Command("systemctl", {
      args: ["show", "dash7-edge.service", `--property=${properties}`],
      stdin: "null",
      stderr: "null",
      signal: AbortSignal.any([signal, AbortSignal.timeout(ANSWER_MS)]),
    }).output();
    return serviceFrom(new TextDecoder().decode(stdout));
  } catch {
    // No systemctl, or one that hangs: nothing is known then.
    return null;
  }
}

/** An agent at work in a data directory. */
export interface AgentFacts {
  readonly pid: number;
  /** What it says about itself, or why it says nothing. */
  readonly status: StatusJson | { readonly mute: string };
}

/** The agent that works in a data directory; null when none does, `unseen` when we may not look. */
export async function lookAtAgent(
  dataDir: string,
  socket: string,
  roots: SystemRoots,
  signal: AbortSignal,
): Promise<AgentFacts | "unseen" | null> {
  try {
    await Deno.stat(`${dataDir}/outbox.lock`);
  } catch (error) {
    if (error instanceof Deno.errors.PermissionDenied) return "unseen";
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
  const [pid] = await lockOwnersOf(`${dataDir}/outbox.lock`, roots);
  if (pid === undefined) return null;
  return { pid, status: await statusOf(socket, signal) };
}

async function statusOf(
  socket: string,
  signal: AbortSignal,
): Promise<AgentFacts["status"]> {
  const late = AbortSignal.timeout(ANSWER_MS);
  try {
    return await agentOn(socket, AbortSignal.any([signal, late])).status();
  } catch (error) {
    if (!(error instanceof AgentError)) throw error;
    return {
      mute: late.aborted
        ? `no answer within ${ANSWER_MS / 1000} s`
        : /EACCES/.test(error.message)
        ? "permission denied"
        : error.message,
    };
  }
}

/**
 * As whom the agent runs: as the one that runs, else as its service, else as
 * the owner of its directory, else as whoever asks.
 */
export async function lookAtAccount(
  names: Names,
  known: {
    readonly agent: AgentFacts | "unseen" | null;
    readonly service: ServiceFacts | null;
    readonly dataDir: string | null;
  },
  roots: SystemRoots,
): Promise<Account> {
  const { agent, service, dataDir } = known;
  if (agent !== null && agent !== "unseen") {
    const status = await textOf(`${roots.proc}/${agent.pid}/status`);
    const account = accountIn(names, status ?? "", "agent");
    if (account !== null) return account;
  }
  const user = service?.["LoadState"] === "loaded" ? service["User"] : "";
  if (user) {
    const added = (service?.["SupplementaryGroups"] ?? "").split(" ");
    const account = accountOf(names, user, added);
    if (account !== null) return account;
  }
  if (agent === "unseen" && dataDir !== null) {
    const owner = await Deno.stat(dataDir).then(({ uid }) => uid, () => null);
    const account = owner === null
      ? null
      : accountOf(names, userName(names, owner), []);
    if (account !== null) return account;
  }
  const own = await textOf(`${roots.proc}/self/status`);
  return accountIn(names, own ?? "", "self") ??
    { name: "this user", uid: Deno.uid() ?? 0, gids: [], from: "self" };
}
