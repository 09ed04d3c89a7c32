/**
 * The service manager's notification protocol: what systemd is told about this
 * process, as datagrams of `KEY=value` lines. [sd_notify(3)]
 *
 * Without `$NOTIFY_SOCKET` there is nobody to tell and nothing is sent.
 *
 * @module
 */
import type { Log } from "../log.ts";

/** What one datagram says; parts left out are unchanged. */
export interface Notice {
  /** Start-up is over, or the service is on its way out. */
  readonly state?: "ready" | "stopping";
  /** One line for people, shown by `systemctl status`. */
  readonly status?: string;
  /** A sign of life. */
  readonly alive?: boolean;
}

/** The way to the service manager. */
export interface Notifier {
  /** Without a sign of life for this long the process is killed, milliseconds; null when nobody watches. */
  readonly watchdogMs: number | null;
  /** Sends a notice; a failure is logged once and never thrown. */
  tell(notice: Notice): void;
}

/** What {@link openNotifier} works with. */
export interface NotifyHost {
  readonly env: (name: string) => string | undefined;
  readonly pid: number;
  /** Sends a datagram to a unix socket; 0, or a negative error number. */
  readonly send: (address: string, bytes: Uint8Array<ArrayBuffer>) => number;
  readonly log: Log;
}

/** Longest status line, in characters. */
const STATUS_CAP = 400;

/** The lines of a notice. */
export function noticeText({ state, status, alive }: Notice): string {
  const rows: string[] = [];
  if (state === "ready") rows.push("READY=1");
  if (state === "stopping") rows.push("STOPPING=1");
  if (status !== undefined) rows.push(`STATUS=${oneLine(status)}`);
  if (alive === true) rows.push("WATCHDOG=1");
  return rows.join("\n");
}

/** A notifier for this environment; null when no one listens. */
export function openNotifier(host: NotifyHost): Notifier | null {
  const address = host.env("NOTIFY_SOCKET") ?? "";
  if (address === "") return null;
  if (!/^[/@]./.test(address)) {
    host.log.warn("Service manager cannot be told anything", {
      reason: `NOTIFY_SOCKET is ${address}, expected a path or @name`,
    });
    return null;
  }
  let failing = false;
  return {
    watchdogMs: watchdogMs(host),
    tell(notice) {
      const text = noticeText(notice);
      if (text === "") return;
      const result = host.send(address, new TextEncoder().encode(text));
      if (result < 0 && !failing) {
        host.log.warn("Service manager did not take a notice", {
          error_number: -result,
        });
      }
      failing = result < 0;
    },
  };
}

/** The limit that is meant for this process. [sd_watchdog_enabled(3)] */
function watchdogMs({ env, pid }: NotifyHost): number | null {
  const us = env("WATCHDOG_USEC") ?? "";
  const whom = env("WATCHDOG_PID") ?? "";
  if (whom !== "" && whom !== String(pid)) return null;
  return /^[1-9]\d*$/.test(us) ? Number(us) / 1000 : null;
}

/** A line break would begin another assignment. */
function oneLine(text: string): string {
  // deno-lint-ignore no-control-regex
  const flat = text.replace(/[\x00-\x1f\x7f]+/g, " ").trim();
  return flat.length > STATUS_CAP ? `${flat.slice(0, STATUS_CAP - 1)}…` : flat;
}
