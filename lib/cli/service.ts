/**
 * What the service manager is told about a running agent.
 *
 * @module
 */
import type { Agent, AgentHost } from "../agent.ts";
import { type Notifier, openNotifier } from "../notify/notify.ts";
import { watch } from "../notify/watch.ts";
import { sendDatagram } from "../serial/libc.ts";
import type { Io } from "./io.ts";
import type { Log } from "../log.ts";

/** The notifier of this process; null when it was not started by a service manager. */
export function serviceNotifier(io: Io, log: Log): Notifier | null {
  return openNotifier({ env: io.env, pid: Deno.pid, send: sendDatagram, log });
}

/** Says that the agent is ready, and how it is from now on; disposing says that it stops. */
export function tellService(
  notifier: Notifier | null,
  agent: Agent,
  host: AgentHost,
): Disposable {
  if (notifier === null) return { [Symbol.dispose]() {} };
  const { clock, log } = host;
  return watch({
    notifier,
    clock,
    log: log.child({ part: "notify" }),
    proofs: agent.proofs,
    status: () => statusLine(agent),
  });
}

/** Port, modem, sinks and what waits, in one line. */
export function statusLine(agent: Agent): string {
  const { modem, sinks, store } = agent;
  const { detail, identity, phase } = modem.state();
  const parts = [
    phase === "ready" && identity !== null
      ? `${detail}: ${identity.uid}`
      : detail,
    ...sinks.map(({ name, sink, lane }) => {
      const { up, detail } = sink.state();
      const { pending } = lane.account();
      const waiting = pending === 0 ? "" : `, ${pending} waiting`;
      return `${name} ${up ? "up" : `down (${detail})`}${waiting}`;
    }),
  ];
  if (sinks.length === 0) parts.push("no sinks");
  const trouble = store.trouble();
  if (trouble !== null) parts.push(trouble);
  return parts.join("; ");
}
