/**
 * ◆ The agent's status as a page for people: what is wrong first, with what
 * would do.
 *
 * @module
 */
import type { DeviceJson, ProblemJson, StatusJson } from "../http/json.ts";
import { stateOf } from "./devices_page.ts";
import {
  between,
  type Paint,
  painter,
  RED,
  sinkRows,
  YELLOW,
} from "./status_sinks.ts";
import { cut, pad, wrap } from "./table.ts";
import { ago, bytes, count, printable, rate, several, span } from "./words.ts";

/** How the page is shown. */
export interface PageOptions {
  /** Columns of the terminal. */
  readonly width: number;
  readonly colors: boolean;
  /** Lines about backlogs that drain; see `status_sinks.ts`. */
  readonly drains: readonly string[];
  /** Lines of the terminal, for a page that has to fit; absent: as many as it takes. */
  readonly rows?: number;
}

/** Most devices in trouble that are named. */
const NAMED = 5;

/** Most problems of one kind that are told in full: 200 meters may fall silent at once. */
const ALIKE = 3;

/** Most problems shown where there is not room for all that is to be said of them. */
const BRIEF = 4;

/** Columns of the words at the left. */
const LABEL = 10;

const BOLD = "\x1b[1m";

/**
 * The page, each line with its end. Where it has to fit and does not, problems
 * get a line each, without what would do.
 */
export function statusPage(
  status: StatusJson,
  devices: readonly DeviceJson[],
  options: PageOptions,
): string {
  const { rows = Infinity } = options;
  const whole = pageRows(status, devices, options, problemRows);
  const shown = whole.length <= rows
    ? whole
    : pageRows(status, devices, options, briefRows);
  return shown.map((line) => `${line.trimEnd()}\n`).join("");
}

function pageRows(
  status: StatusJson,
  devices: readonly DeviceJson[],
  options: PageOptions,
  rowsOf: typeof problemRows,
): string[] {
  const { agent, ready, problems } = status;
  const { width } = options;
  const paint = painter(options.colors);
  const row = (label: string, text: string) => labelled(label, text, width);
  return [
    ...wrap(
      `${printable(agent.name)}  dash7-edge ${agent.version}  ${
        ready ? "ready" : "not ready"
      }, up ${span(agent.uptime_s)}, pid ${agent.pid}`,
      width,
    ).map((line) => paint(BOLD, line)),
    "",
    ...rowsOf(problems, width, paint),
    ...(problems.length === 0 ? [] : [""]),
    ...row("Port", portText(status)),
    ...row("Modem", modemText(status)),
    ...row("Readings", readingsText(status)),
    ...row("Outbox", outboxText(status)),
    ...(agent.clock_synchronised
      ? []
      : row("Clock", "not synchronised; times are put right once it is")),
    ...row("Devices", devicesText(status, devices)),
    "",
    ...sinkRows(status, width, paint),
    ...(options.drains.length === 0 ? [] : ["", ...options.drains]),
  ];
}

function labelled(label: string, text: string, width: number): string[] {
  return wrap(text, width - LABEL).map((line, at) =>
    pad(at === 0 ? label : "", LABEL) + line
  );
}

/** Each problem in full, and what would do; of many alike the first few. */
function problemRows(
  problems: readonly ProblemJson[],
  width: number,
  paint: Paint,
): string[] {
  const indent = " ".repeat(LABEL);
  const told = new Map<string, number>();
  return problems.flatMap((problem) => {
    const kind = `${problem.severity} ${problem.code}`;
    const before = told.get(kind) ?? 0;
    told.set(kind, before + 1);
    if (before > ALIKE) return [];
    if (before === ALIKE) {
      const more = problems.filter(({ severity, code }) =>
        `${severity} ${code}` === kind
      ).length - ALIKE;
      // One more takes no more room than to say that there is one.
      if (more > 1) {
        return [
          pad(severity(problem, paint), LABEL) +
          `${count(more)} more of this kind; all: dash7-edge ${
            problem.code.startsWith("device_") ? "devices" : "status --json"
          }`,
        ];
      }
    }
    const [first = "", ...rest] = wrap(printable(problem.text), width - LABEL);
    return [
      pad(severity(problem, paint), LABEL) + first,
      ...rest.map((line) => indent + line),
      ...wrap(printable(problem.fix), width - LABEL - 2)
        .map((line, at) => indent + (at === 0 ? "→ " : "  ") + line),
    ];
  });
}

/** Problems in a line each, the worst few. */
function briefRows(
  problems: readonly ProblemJson[],
  width: number,
  paint: Paint,
): string[] {
  return [
    ...problems.slice(0, BRIEF).map((problem) =>
      pad(severity(problem, paint), LABEL) +
      cut(printable(problem.text), width - LABEL)
    ),
    `${several(problems.length, "problem")}; what would do: dash7-edge status`,
  ];
}

function severity({ severity }: ProblemJson, paint: Paint): string {
  return severity === "error" ? paint(RED, "ERROR") : paint(YELLOW, "WARNING");
}

function portText({ serial, agent }: StatusJson): string {
  const heard = serial.last_frame_at === null
    ? "nothing heard yet"
    : `last frame ${ago(between(serial.last_frame_at, agent.now))} ago`;
  return `${printable(serial.port)}: ${
    serial.up ? "open" : "not open"
  }, ${heard}`;
}

function modemText({ serial }: StatusJson): string {
  const known = serial.modem === null
    ? printable(serial.detail)
    : `${serial.modem.uid}, firmware ${printable(serial.modem.firmware)}`;
  const noise = [
    [serial.lost_frames, "lost frame"],
    [serial.bad_checksums, "bad checksum"],
    [serial.discarded_bytes, "discarded byte"],
  ] as const;
  return [
    known,
    ...noise.filter(([number]) => number > 0)
      .map(([number, what]) => several(number, what)),
  ].join(", ");
}

function readingsText({ readings }: StatusJson): string {
  const total = Object.values(readings.by_file).reduce((a, b) => a + b, 0);
  const problems = Object.values(readings.problems).reduce((a, b) => a + b, 0);
  const parts = [
    `${count(total)} since the start`,
    ...(readings.per_hour === null
      ? []
      : [`${rate(readings.per_hour)} an hour`]),
    ...(readings.duplicates === 0
      ? []
      : [several(readings.duplicates, "duplicate")]),
    ...(readings.ignored === 0 ? [] : [`${count(readings.ignored)} ignored`]),
    ...(problems === 0 ? [] : [`${count(problems)} not understood`]),
    ...(readings.lost === 0 ? [] : [`${count(readings.lost)} LOST`]),
  ];
  return parts.join(", ");
}

function outboxText({ outbox }: StatusJson): string {
  const full = Math.round(outbox.fill * 100);
  const parts = [
    `${bytes(outbox.bytes)} of ${bytes(outbox.max_bytes)}`,
    ...(full === 0 ? [] : [`${full} % waits`]),
    ...(outbox.disk_free_bytes === null
      ? []
      : [`${bytes(outbox.disk_free_bytes)} free on the disk`]),
    ...(outbox.lasts_s === null
      ? []
      : [`an outage could last ${span(outbox.lasts_s)}`]),
    ...(outbox.trouble === null ? [] : [printable(outbox.trouble)]),
  ];
  return parts.join(", ");
}

function devicesText(
  { devices: counts }: StatusJson,
  devices: readonly DeviceJson[],
): string {
  const parts = [
    `${count(counts.known)} known`,
    ...([
      [counts.ok, "ok"],
      [counts.silent, "silent"],
      [counts.offline, "offline"],
      [counts.unregistered, "unregistered"],
      [counts.unnamed, "without a name"],
    ] as const).filter(([number]) => number > 0)
      .map(([number, what]) => `${count(number)} ${what}`),
  ];
  const trouble = devices.filter((device) =>
    !device.ignored && stateOf(device) !== "ok"
  );
  const named = trouble.slice(0, NAMED).map((device) =>
    `${printable(device.name ?? device.device)} (${stateOf(device)}, heard ${
      ago(device.last_heard_s)
    } ago)`
  );
  if (trouble.length > NAMED) {
    named.push(`${trouble.length - NAMED} more: dash7-edge devices`);
  }
  return named.length === 0
    ? parts.join(", ")
    : `${parts.join(", ")}: ${named.join(", ")}`;
}
