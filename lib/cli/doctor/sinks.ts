/**
 * Looks at one sink for `doctor`: the places it talks to, then what the running
 * agent says of it. Which places those are is the sink's own word; no kind of
 * sink is named here.
 *
 * @module
 */
import { dirname, resolve } from "node:path";
import type { SinkJson } from "../../http/json.ts";
import { endpointsOf, probeSink, type SinkConfig } from "../../sink/kinds.ts";
import type { Endpoint, SinkHost } from "../../sink/sink.ts";
import {
  type Account,
  may,
  type Permissions,
  SEARCH,
  whom,
  WRITE,
} from "./account.ts";
import { walk, type WalkOptions } from "./broker.ts";
import { type Finding, tell } from "./finding.ts";
import { liesIn } from "./host_rules.ts";

/** What looking at a sink needs. */
export interface SinkOptions extends Omit<WalkOptions, "sink" | "connect"> {
  readonly host: SinkHost;
  readonly account: Account;
  /** Where the service may write at all; null: anywhere. */
  readonly writable: readonly string[] | null;
  /** Whether an agent runs with this configuration. */
  readonly agentRuns: boolean;
  /** What it says of this sink; null when it says nothing. */
  readonly told: SinkJson | null;
}

/** Looks at one sink. */
export async function* checkSink(
  config: SinkConfig,
  options: SinkOptions,
): AsyncGenerator<Finding> {
  const { host, told, signal } = options;
  const endpoints = endpointsOf(config, host);
  if (endpoints === null) yield await probed(config, host, signal);
  for (const endpoint of endpoints ?? []) {
    yield* checkEndpoint(endpoint, options);
  }
  if (told !== null) yield* judgeTold(told);
}

/** What the running agent says of a sink. */
export function judgeTold(told: SinkJson): readonly Finding[] {
  const { name: sink, delivered, pending, rejected, detail } = told;
  const what = "delivery";
  const findings = [
    told.up
      ? tell("sink_up", what, { delivered, pending })
      : tell("sink_down", what, { pending, detail, advice: adviceOn(detail) }),
  ];
  if (rejected > 0) {
    findings.push(tell("sink_rejects", what, { rejected, sink }));
  }
  return findings;
}

/** What would do about a sink that is down. */
function adviceOn(detail: string): string {
  const heals = "See the lines above; it heals by itself once they are good";
  // A broker lets go of a client when another one comes with its id; many do
  // not say so.
  return /broker closed the connection|taken over/.test(detail)
    ? `${heals}. If they are, and this comes again and again: another client has the same client_id, as a second gateway with the same edge_node_id has`
    : heals;
}

async function probed(
  config: SinkConfig,
  host: SinkHost,
  signal: AbortSignal,
): Promise<Finding> {
  try {
    const reason = await probeSink(config, host, signal);
    return tell("sink", "platform", { reason });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return tell("sink_failed", "platform", { reason, sink: host.name });
  }
}

async function* checkEndpoint(
  endpoint: Endpoint,
  options: SinkOptions,
): AsyncGenerator<Finding> {
  const { host } = options;
  switch (endpoint.kind) {
    case "broker":
      yield* walk(endpoint, {
        ...options,
        sink: host.name,
        connect: host.connect,
      });
      return;
    case "file":
      yield await lookAtFile(endpoint.path, options);
      return;
    case "stdout":
      yield tell("stdout", "output");
      return;
    case "listener":
      yield lookAtListener(endpoint, options);
      return;
    case "awaited":
      yield tell("awaited", "broker", { reason: endpoint.reason });
      return;
  }
}

async function lookAtFile(
  name: string,
  { host: { name: sink }, account, writable }: SinkOptions,
): Promise<Finding> {
  const path = resolve(name);
  const dir = dirname(path);
  if (account.from !== "self" && !liesIn(path, writable)) {
    const allowed = (writable ?? []).join(", ");
    return tell("file_protected", path, { dir, allowed });
  }
  return judgeFile(
    { path, sink },
    await permissionsOf(path),
    await permissionsOf(dir),
    account,
  );
}

async function permissionsOf(path: string): Promise<Permissions | null> {
  const info = await Deno.stat(path).catch(() => null);
  return info === null
    ? null
    : { mode: info.mode ?? 0, uid: info.uid ?? 0, gid: info.gid ?? 0 };
}

/** Whether a file can be written, or made where it is not there yet. */
export function judgeFile(
  { path, sink }: { readonly path: string; readonly sink: string },
  self: Permissions | null,
  directory: Permissions | null,
  account: Account,
): Finding {
  const user = account.name;
  if (self === null && directory === null) {
    const dir = path.replace(/\/[^/]*$/, "") || "/";
    return tell("file_no_directory", path, { user, dir, sink });
  }
  const allowed = self !== null
    ? may(account, self, WRITE)
    : directory !== null && may(account, directory, WRITE | SEARCH);
  return tell(allowed ? "file" : "file_denied", path, {
    user,
    whom: whom(account),
    path,
    sink,
  });
}

function lookAtListener(
  { hostname, port, key }: Extract<Endpoint, { readonly kind: "listener" }>,
  { host, account, agentRuns }: SinkOptions,
): Finding {
  const what = "HTTP";
  const address = `${
    hostname.includes(":") ? `[${hostname}]` : hostname
  }:${port}`;
  const values = { address, port, key, sink: host.name, user: account.name };
  try {
    Deno.listen({ hostname, port }).close();
    return tell("listener", what, values);
  } catch (error) {
    if (error instanceof Deno.errors.AddrInUse) {
      return tell(agentRuns ? "listener_held" : "listener_taken", what, values);
    }
    if (error instanceof Deno.errors.PermissionDenied) {
      // The service has the right to low ports, whoever asks here has not.
      return account.from === "self"
        ? tell("listener_denied", what, values)
        : tell("skipped", what, {
          reason: "only the service may listen on that port",
        });
    }
    const reason = error instanceof Error ? error.message : String(error);
    return tell("listener_failed", what, { ...values, reason });
  }
}
