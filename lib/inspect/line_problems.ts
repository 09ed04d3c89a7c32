/**
 * What is wrong with port, modem and line. Pure.
 *
 * @module
 */
import type { ProblemJson } from "../http/json.ts";
import type { PortFault } from "../modem/state.ts";
import { timeOf } from "./parts.ts";
import type { Snapshot } from "./snapshot.ts";
import { bare, several, span } from "./words.ts";

/** After the start things may take so long to come up before they are told, s. */
const START_S = 5;
/** A modem may take so long to say who it is, s. */
const IDENTIFY_S = 15;
/** Bad checksums, or bytes that are no frame, in some minutes that are more than a plug going in. */
const MANY_BAD = 3;
const MUCH_NOISE = 1000;

const PORT_FIXES: Readonly<Record<PortFault["fault"], string>> = {
  absent:
    "Plug the modem in, or correct [serial] port: dash7-edge ports lists what is there. The agent opens it by itself.",
  lost:
    "Plug the modem in again and look at cable and USB power. The agent opens the port by itself.",
  ambiguous:
    "Set [serial] port to one of them: dash7-edge ports lists them with their lasting names.",
  busy:
    "Stop the program that holds the port, or set [serial] port to another device. The agent takes it over by itself.",
  denied:
    "Let the agent's user read the port, as a rule by sudo usermod -aG dialout dash7-edge, then restart the agent. dash7-edge doctor gives the line for this port and user.",
  not_serial:
    "Set [serial] port to a serial device: dash7-edge ports lists them.",
  failed: "Run dash7-edge doctor: it tries the port step by step.",
  opening:
    "Wait a moment. If it stays so, run dash7-edge doctor: it tries the port step by step.",
};

/** Without a port nothing is heard. */
export function portDown({ serial, agent }: Snapshot): readonly ProblemJson[] {
  const { state, port } = serial;
  if (state.portFault === null) return [];
  const { fault, holder, finding } = state.portFault;
  if (fault === "opening" && agent.uptimeS < START_S) return [];
  return [{
    severity: "error",
    code: "port_down",
    subject: port,
    text: `The serial port is not open: ${bare(finding)}.`,
    fix: PORT_FIXES[fault],
    values: {
      port,
      fault,
      holder: holder === null ? "" : `${holder.command} (pid ${holder.pid})`,
      detail: finding,
    },
    since: timeOf(serial.portSinceMs),
  }];
}

/** The port is open, but the modem answers no ping. */
export function modemSilent(
  { serial, nowMs }: Snapshot,
): readonly ProblemJson[] {
  const { state, lastFrameMs } = serial;
  if (!state.portUp || !/^Modem silent/.test(state.detail)) return [];
  const silent_s = lastFrameMs === null
    ? 0
    : Math.round((nowMs - lastFrameMs) / 1000);
  return [{
    severity: "error",
    code: "modem_silent",
    subject: serial.port,
    text: silent_s === 0
      ? "The modem does not answer."
      : `The modem has said nothing for ${span(silent_s)} and answers no ping.`,
    fix:
      "Pull the modem out, wait five seconds, plug it in again. If it stays silent, another modem or cable will tell which of them is broken.",
    values: { port: serial.port, silent_s },
    since: timeOf(serial.modemSinceMs),
  }];
}

/** The port is open, but what is behind it is not known to be the modem. */
export function modemUnidentified(
  { serial, nowMs }: Snapshot,
): readonly ProblemJson[] {
  const { state, port, portSinceMs, recent } = serial;
  if (!state.portUp || state.phase === "ready") return [];
  if (/^Modem silent/.test(state.detail)) return [];
  if (nowMs - portSinceMs < IDENTIFY_S * 1000) return [];
  return [{
    severity: "error",
    code: "modem_unidentified",
    subject: port,
    text: `The port is open, but the modem on it does not say who it is: ${
      bare(state.detail)
    }. ${
      recent.frames > 0
        ? "Frames do come down the line; what devices send is kept"
        : "No frame has come down the line"
    }.`,
    fix: recent.frames > 0
      ? "Pull the modem out and plug it in again. If it stays so, its firmware may be another one than the agent knows."
      : "Check that [serial] port is the modem and not another device, and that [serial] baud is 115200.",
    values: { port, detail: state.detail, frames: recent.frames },
    since: timeOf(portSinceMs),
  }];
}

/** Bytes come down the line damaged. */
export function lineNoise({ serial }: Snapshot): readonly ProblemJson[] {
  const { recent, state, port } = serial;
  const { badChecksums, discardedBytes, frames, minutes } = recent;
  if (!state.portUp) return [];
  if (badChecksums < MANY_BAD && discardedBytes < MUCH_NOISE) return [];
  return [{
    severity: "warning",
    code: "line_noise",
    subject: port,
    text: `Noise on the serial line: ${
      several(badChecksums, "bad checksum")
    } and ${
      several(discardedBytes, "byte")
    } that are no frame in the last ${minutes} min, against ${
      several(frames, "good frame")
    }.`,
    fix: frames === 0
      ? "Check that [serial] port is the modem and that [serial] baud is 115200."
      : "Check the cable, its length and its earth, and move it away from power lines; try another USB port or a powered hub.",
    values: {
      port,
      bad_checksums: badChecksums,
      discarded_bytes: discardedBytes,
      frames,
      minutes,
    },
    since: null,
  }];
}

/** Good frames around a hole. */
export function framesLost({ serial }: Snapshot): readonly ProblemJson[] {
  const { lostFrames: lost, lostMinutes: minutes } = serial.recent;
  if (lost === 0) return [];
  return [{
    severity: "warning",
    code: "frames_lost",
    subject: serial.port,
    text: `${
      several(lost, "frame")
    } lost between modem and agent in the last ${minutes} min: the modem's counter jumped, and what was sent is gone.`,
    fix:
      "Check the cable and the USB hub. If the machine is overloaded, see what takes its time (top).",
    values: { port: serial.port, lost, minutes },
    since: null,
  }];
}
