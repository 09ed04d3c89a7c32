/**
 * ◆ The sinks on the page of `status`, and how far their backlogs are.
 *
 * @module
 */
import type { SinkJson, StatusJson } from "../http/json.ts";
import { progressLine } from "./progress.ts";
import { type Column, table, widthOf, wrap } from "./table.ts";
import { ago, count, printable, rate, short, span } from "./words.ts";

/** Colour of what is wrong. */
export const RED = "\x1b[31m";
const GREEN = "\x1b[32m";
/** Colour of what may become wrong. */
export const YELLOW = "\x1b[33m";
const PLAIN = "\x1b[0m";

/** Colours a text, where colours are wanted. */
export type Paint = (colour: string, text: string) => string;

/** @param colors whether they are */
export function painter(colors: boolean): Paint {
  return (colour, text) => colors ? `${colour}${text}${PLAIN}` : text;
}

const SINK_COLUMNS: readonly Column[] = [
  { head: "SINK", atLeast: 6 },
  { head: "STATE" },
  { head: "DELIVERED", right: true },
  { head: "WAITING", right: true },
  { head: "REJECTED", right: true },
  { head: "DROPPED", right: true },
  { head: "A SECOND", right: true },
  { head: "DRAINED IN", right: true },
];

/** A line a sink; why one is down, unless a problem says so already. */
export function sinkRows(
  { sinks, problems, agent }: StatusJson,
  width: number,
  paint: Paint,
): string[] {
  if (sinks.length === 0) {
    return ["No sinks are configured: readings are kept and go nowhere."];
  }
  const rows = (show: (value: number) => string) =>
    sinks.map((sink) => [
      printable(sink.name),
      stateSince(sink, agent.now, paint),
      ...[sink.delivered, sink.pending, sink.rejected, sink.dropped].map(show),
      rate(sink.rate_per_s),
      sink.drained_in_s === null ? "-" : span(sink.drained_in_s),
    ]);
  let text = table(SINK_COLUMNS, rows(count));
  // Rather all figures in short than some of them cut.
  if (text.split("\n").some((line) => widthOf(line) > width)) {
    text = table(SINK_COLUMNS, rows(short), width);
  }
  const told = new Set(
    problems.filter(({ code }) => code === "sink_down")
      .map(({ subject }) => subject),
  );
  const why = sinks.filter(({ name, up }) => !up && !told.has(name))
    .flatMap(({ name, detail }) =>
      wrap(`${printable(name)} is down: ${printable(detail)}`, width - 2)
        .map((line, at) => (at === 0 ? "" : "  ") + line)
    );
  return [
    ...text.trimEnd().split("\n"),
    ...(why.length === 0 ? [] : ["", ...why]),
  ];
}

function stateSince(
  { up, since }: SinkJson,
  now: string,
  paint: Paint,
): string {
  return `${up ? paint(GREEN, "up") : paint(RED, "down")} ${
    ago(between(since, now))
  }`;
}

/** What waited for each sink at most, since the backlog began to drain. */
export type Backlog = Map<string, number>;

/** Fewer readings are no backlog but the day's business. */
const BACKLOG = 100;

/** Nor are those of so many seconds, s. */
const BACKLOG_S = 5;

/**
 * A line for each sink that works off a backlog, with rate and remaining time.
 *
 * @param backlog kept from one call to the next, by the caller
 */
export function drained(status: StatusJson, backlog: Backlog): string[] {
  return status.sinks.flatMap(({ name, pending, rate_per_s, up }) => {
    const most = Math.max(pending, backlog.get(name) ?? 0);
    const usual = Math.max(BACKLOG, rate_per_s * BACKLOG_S);
    const over = pending <= usual / BACKLOG_S;
    if (over || (!backlog.has(name) && pending < usual)) {
      backlog.delete(name);
      return [];
    }
    backlog.set(name, most);
    if (!up || rate_per_s === 0) return [];
    return [
      progressLine(
        {
          what: `Draining ${printable(name)}`,
          unit: "readings",
          total: most,
        },
        [
          { atMs: 0, done: most - pending - rate_per_s },
          { atMs: 1000, done: most - pending },
        ],
      ),
    ];
  });
}

/** Seconds from one moment to another. */
export function between(from: string, to: string): number {
  return (Date.parse(to) - Date.parse(from)) / 1000;
}
