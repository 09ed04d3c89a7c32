/**
 * The checks, grouped by what they look at and in the order that makes sense:
 * what fails first is often the cause of what follows.
 *
 * @module
 */
import { type AgentHost, sinkHost } from "../../agent.ts";
import { openPort } from "../../serial/open.ts";
import { systemRoots, textOf } from "../../serial/system.ts";
import { type Case, statusOf } from "./case.ts";
import { judgeConfig, judgeConfigMode } from "./configuration.ts";
import { lookAtDir, lookAtSpace, lookAtWear } from "./disk.ts";
import { judgeDir, judgeSpace, judgeWear } from "./disk_rules.ts";
import type { Group } from "./examine.ts";
import { type Finding, tell } from "./finding.ts";
import { lookAtPower, lookAtSystem, lookAtTemperatures } from "./host.ts";
import {
  clockEvidence,
  judgeClock,
  judgeMemory,
  judgePower,
  judgeService,
  judgeSystem,
  judgeTemperature,
  serviceDirectories,
  timeText,
} from "./host_rules.ts";
import { lookAtPort, tryModem } from "./port.ts";
import {
  judgeAccess,
  judgeAgentModem,
  judgeDevices,
  judgeHolder,
  judgeModem,
  judgePort,
} from "./port_rules.ts";
import { checkSink } from "./sinks.ts";

/** Every group of checks that a case allows. */
export function groupsOf(facts: Case): readonly Group[] {
  const { host } = facts;
  return [
    {
      subject: "configuration",
      title: "Configuration",
      run: () => checkConfiguration(facts),
    },
    { subject: "machine", title: "Machine", run: () => checkMachine(facts) },
    ...(host === null ? [] : [
      {
        subject: "disk",
        title: "Disk",
        run: () => checkDisk(facts, host),
      },
      {
        subject: "serial",
        title: "Serial port",
        run: (signal: AbortSignal) => checkSerial(facts, host, signal),
      },
      ...Object.entries(host.config.sinks).map(([name, config]) => ({
        subject: `sinks.${name}`,
        title: `Sink ${name} (${config.type})`,
        run: (signal: AbortSignal) =>
          checkSink(config, {
            host: sinkHost(host, name),
            clock: facts.clock,
            account: facts.account,
            writable: serviceDirectories(facts.service),
            agentRuns: facts.agent !== null,
            told: statusOf(facts)?.sinks.find((sink) => sink.name === name) ??
              null,
            today: { ...facts.time, evidence: clockEvidence(facts.time) },
            signal,
          }),
      })),
    ]),
  ];
}

async function* checkConfiguration(
  { loaded, account, names }: Case,
): AsyncGenerator<Finding> {
  yield* judgeConfig(loaded);
  const { file, config } = loaded;
  if (file === null || config === null) {
    yield tell("skipped", "disk, serial port, sinks", {
      reason: "they need a configuration",
    });
    return;
  }
  const info = await Deno.stat(file);
  const permissions = {
    mode: info.mode ?? 0,
    uid: info.uid ?? 0,
    gid: info.gid ?? 0,
  };
  yield* judgeConfigMode(file, permissions, account, names);
}

async function* checkMachine(facts: Case): AsyncGenerator<Finding> {
  yield* judgeSystem(await lookAtSystem(systemRoots));
  yield* judgeMemory(await textOf(`${systemRoots.proc}/meminfo`) ?? "");
  yield* judgeTemperature(await lookAtTemperatures(systemRoots));
  yield* judgePower(await lookAtPower(systemRoots));
  yield judgeClock(facts.time);
  yield judgeService(facts.service);
  const agent = judgeAgent(facts);
  if (agent !== null) yield agent;
}

function judgeAgent(
  { agent, service, host, account }: Case,
): Finding | null {
  const what = "agent";
  if (host === null) return null;
  const { agent: { data_dir }, http: { socket } } = host.config;
  if (agent === "unseen") return tell("agent_unseen", what, { dir: data_dir });
  if (agent === null) {
    // A service that is down was told already.
    return service?.["LoadState"] === "loaded" &&
        service["ActiveState"] !== "active"
      ? null
      : tell("agent_none", what);
  }
  const { pid, status } = agent;
  if ("mute" in status) {
    const { mute: reason } = status;
    return tell("agent_mute", what, {
      pid,
      socket,
      reason,
      user: account.name,
    });
  }
  const { started_at, version } = status.agent;
  const since = timeText(Date.parse(started_at));
  return tell("agent", what, { pid, since, version });
}

async function* checkDisk(
  { names, account, agent, service }: Case,
  { config }: AgentHost,
): AsyncGenerator<Finding> {
  const dir = await lookAtDir(
    config.agent.data_dir,
    names,
    service,
    systemRoots,
  );
  yield judgeDir(dir, account);
  yield judgeSpace(await lookAtSpace(dir, config.outbox));
  const running = agent === "unseen" ? null : agent;
  yield* judgeWear(await lookAtWear(dir.mount, running, systemRoots));
}

async function* checkSerial(
  facts: Case,
  { config: { serial }, clock }: AgentHost,
  signal: AbortSignal,
): AsyncGenerator<Finding> {
  const { agent, account, names, time } = facts;
  const pid = agent === null || agent === "unseen" ? null : agent.pid;
  const port = await lookAtPort(serial.port, systemRoots, pid);
  yield* judgePort(port);
  const { path, device } = port;
  const status = statusOf(facts);
  if (path === null || device === null || !device.isTerminal) {
    yield tell("skipped", "modem", { reason: "there is no port to ask on" });
    return;
  }
  const access = judgeAccess(path, device, account, names);
  yield access;
  const holder = judgeHolder(path, port.holder, pid);
  if (holder !== null) yield holder;
  if (status !== null && (holder === null || port.holder?.pid === pid)) {
    // Also while it has yet to open the port, which must not be in its way then.
    yield judgeAgentModem(status.serial, time.nowMs);
    yield judgeDevices(status.devices);
  } else if (holder !== null || pid !== null) {
    yield tell("skipped", "modem", { reason: "another process has the port" });
  } else if (access.status === "fail" && account.uid === Deno.uid()) {
    yield tell("skipped", "modem", { reason: "the port may not be opened" });
  } else {
    const open = openPort({ port: path, baud: serial.baud });
    const { silence_ms: silenceMs } = serial;
    const trial = await tryModem({ open, silenceMs, clock, signal });
    // What the agent's user may do, the one who asks may not be allowed to.
    yield trial.end === "unopened" && trial.reason.includes("EACCES")
      ? tell("port_unseen", "modem")
      : judgeModem(trial, serial.baud);
  }
}
