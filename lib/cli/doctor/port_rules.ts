/**
 * What is judged of the serial port and the modem on it. Pure; the facts come
 * from `port.ts`.
 *
 * @module
 */
import type { Identity } from "../../modem/events.ts";
import {
  type Account,
  groupName,
  may,
  modeText,
  type Names,
  type Permissions,
  READ,
  userName,
  whom,
  WRITE,
} from "./account.ts";
import { span } from "../words.ts";
import { type Finding, tell } from "./finding.ts";

/** What is known of the configured port. */
export interface PortFacts {
  /** `[serial] port`. */
  readonly configured: string;
  /** The device it means; null when `auto` finds none or several. */
  readonly path: string | null;
  /** What `auto` chose among when that was not one. */
  readonly candidates: readonly string[];
  /** null: there is nothing of that name. */
  readonly device: (Permissions & { readonly isTerminal: boolean }) | null;
  /** Names under by-id of the same device. */
  readonly byId: readonly string[];
  /** What the USB device says of itself; null when it is none. */
  readonly usb: string | null;
  /** Who has it open, as far as can be seen. */
  readonly holder: {
    readonly pid: number;
    readonly command: string;
  } | null;
}

/** Whether the port is there and has a name that stays; the last finding decides whether to go on. */
export function judgePort(facts: PortFacts): readonly Finding[] {
  const { configured, path, candidates, device, byId, usb } = facts;
  const what = configured === "auto" ? path ?? "auto" : configured;
  if (path === null) {
    return candidates.length > 1
      ? [tell("port_ambiguous", what, { candidates: candidates.join(", ") })]
      : [absent(what, candidates)];
  }
  if (device === null) return [absent(what, candidates)];
  if (!device.isTerminal) {
    return [tell("port_not_serial", what, {
      candidates: candidates.join(", ") || "none is there now",
    })];
  }
  const findings = [tell("port", what, { usb: usb ?? "serial device" })];
  const [stable] = byId;
  if (/^\/dev\/tty(ACM|USB)\d+$/.test(configured) && stable !== undefined) {
    findings.unshift(tell("port_unstable", what, { by_id: stable }));
  }
  return findings;
}

function absent(what: string, candidates: readonly string[]): Finding {
  const [first] = candidates;
  return tell("port_absent", what, {
    missing: what === "auto" ? "no USB serial port" : "no such device",
    there: first === undefined
      ? ", and no other serial port"
      : `; there is ${candidates.join(", ")}`,
    advice: first === undefined
      ? "Plug the modem in (some USB cables only charge); sudo dmesg | grep -i tty tells what the system saw"
      : `Plug the modem in, or if that is it, set [serial] port = "${first}"`,
  });
}

/** Whether the agent may open the port. */
export function judgeAccess(
  path: string,
  device: Permissions,
  account: Account,
  names: Names,
): Finding {
  const owner = userName(names, device.uid);
  const group = groupName(names, device.gid);
  const user = account.name;
  if (may(account, device, READ | WRITE)) {
    return tell("port_access", "permission", { user, group });
  }
  return tell("port_denied", "permission", {
    whom: whom(account),
    owner,
    group,
    mode: modeText(device.mode),
    advice: accessAdvice(path, device, account, names),
  });
}

function accessAdvice(
  path: string,
  device: Permissions,
  { name, from }: Account,
  names: Names,
): string {
  const group = groupName(names, device.gid);
  const open = (READ | WRITE) << 3;
  if (group === "root" || (device.mode & open) !== open) {
    return /tty(AMA|S)\d+$/.test(path)
      ? "The console has it: sudo raspi-config nonint do_serial_cons 1, then: sudo reboot"
      : `sudo chgrp dialout ${path} && sudo chmod 660 ${path}; to make it last, install 60-dash7-edge.rules in /etc/udev/rules.d`;
  }
  const again = from === "self"
    ? "then log out and in again"
    : "then: sudo systemctl restart dash7-edge";
  // Groups are given at the login, not by the file.
  return names.groups.get(device.gid)?.members.includes(name)
    ? `${name} is in group ${group} already, but not yet in this session: ${
      again.replace("then: ", "").replace("then ", "")
    }`
    : `sudo usermod -aG ${group} ${name}, ${again}`;
}

/** Who has the port open; null when nobody has. */
export function judgeHolder(
  path: string,
  holder: PortFacts["holder"],
  agentPid: number | null,
): Finding | null {
  if (holder === null) return null;
  const { pid, command } = holder;
  if (pid === agentPid) return tell("port_held_by_agent", "held by", { pid });
  return tell("port_busy", "held by", {
    pid,
    command,
    advice: holderAdvice(path, command, pid),
  });
}

function holderAdvice(path: string, command: string, pid: number): string {
  const name = path.replace(/^.*\//, "");
  if (/^ModemManager/i.test(command)) {
    return "sudo systemctl disable --now ModemManager";
  }
  if (/^a?getty$/.test(command)) {
    return `sudo systemctl disable --now serial-getty@${name}`;
  }
  if (/^python/.test(command)) {
    return `If it is the old gateway: sudo monit unmonitor gateway; sudo /bin/gateway stop; else: sudo kill ${pid}`;
  }
  if (/^(deno|dash7-edge)/.test(command)) {
    return `Another agent, with another configuration: stop it with sudo systemctl stop dash7-edge or sudo kill ${pid}`;
  }
  return `End that program, or: sudo kill ${pid}`;
}

/** What came of asking the modem who it is. */
export type ModemTrial =
  | { readonly end: "identified"; readonly identity: Identity }
  | {
    readonly end: "unidentified";
    readonly waitedS: number;
    readonly frames: number;
    readonly discardedBytes: number;
  }
  | { readonly end: "unopened"; readonly reason: string };

/** Whether the modem answers. */
export function judgeModem(trial: ModemTrial, baud: number): Finding {
  switch (trial.end) {
    case "identified": {
      const { uid, firmware } = trial.identity;
      return tell("modem", "modem", { uid, firmware: firmwareText(firmware) });
    }
    case "unopened":
      return tell("port_unusable", "modem", splitAdvice(trial.reason));
    case "unidentified": {
      const { waitedS: waited_s, frames, discardedBytes: bytes } = trial;
      if (frames > 0) return tell("modem_mute", "modem", { frames, waited_s });
      return bytes > 0
        ? tell("modem_garbled", "modem", { bytes, waited_s, baud })
        : tell("modem_silent", "modem", { waited_s });
    }
  }
}

/** Errors of a port say what was found, then `: ` and what would do. */
function splitAdvice(message: string): { reason: string; advice: string } {
  const at = message.lastIndexOf(": ");
  return at < 0
    ? { reason: message, advice: "Unplug the modem for ten seconds" }
    : { reason: message.slice(0, at), advice: message.slice(at + 2) };
}

/** Name and version of a firmware. */
export function firmwareText(
  { applicationName, gitSha1 }: Identity["firmware"],
): string {
  return `${applicationName} ${gitSha1}`.trim() || "without a name";
}

/** What the running agent says of its modem. */
export interface SerialStatus {
  readonly up: boolean;
  readonly phase: string;
  readonly detail: string;
  readonly modem: { readonly uid: string; readonly firmware: string } | null;
  readonly last_frame_at: string | null;
}

/** The modem as the running agent knows it. */
export function judgeAgentModem(serial: SerialStatus, nowMs: number): Finding {
  const { up, phase, detail, modem, last_frame_at } = serial;
  if (!up || phase !== "ready" || modem === null) {
    return tell("modem_down", "modem", {
      detail,
      advice: up
        ? "Unplug the modem for ten seconds; look at its power and its LEDs"
        : "See the lines above; the agent tries the port again every second",
    });
  }
  const silentS = last_frame_at === null
    ? null
    : Math.max(0, (nowMs - Date.parse(last_frame_at)) / 1000);
  return tell("modem_heard", "modem", {
    ...modem,
    last: silentS === null
      ? "no frame from it yet"
      : `last frame ${span(silentS)} ago`,
  });
}

/** How many devices the running agent hears. */
export function judgeDevices(
  devices: {
    readonly known: number;
    readonly silent: number;
    readonly offline: number;
  },
): Finding {
  const { known, silent, offline } = devices;
  const missing = silent + offline;
  if (known === 0) return tell("devices_none", "devices");
  const code = missing > 0 ? "devices_silent" : "devices";
  return tell(code, "devices", { known, missing, ok: known - missing });
}
