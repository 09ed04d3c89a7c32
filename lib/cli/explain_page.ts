/**
 * ◆ One reading for people, from its bytes to what each sink was sent.
 *
 * @module
 */
import type { ExplainJson } from "../http/json.ts";
import { describeActions } from "./describe.ts";
import { valuesOf } from "./measured.ts";
import { table, wrap } from "./table.ts";
import { moment, printable } from "./words.ts";

/** How the page is shown. */
export interface ExplainOptions {
  /** Columns of the terminal. */
  readonly width: number;
  readonly colors: boolean;
}

const BOLD = "\x1b[1m";
const PLAIN = "\x1b[0m";

/** Bytes in a row of hex. */
const ROW = 16;

/** The page, each line with its end. */
export function explainPage(
  explained: ExplainJson,
  { width, colors }: ExplainOptions,
): string {
  const { reading, frame, alp, file, duplicate, sinks } = explained;
  const head = (text: string) => colors ? `${BOLD}${text}${PLAIN}` : text;
  const device = reading.name === null
    ? reading.device
    : `${printable(reading.name)} (${reading.device})`;
  const rows = [
    head(`Reading ${reading.id}`),
    ...label("device", device, width),
    ...label("received", receivedText(explained), width),
    ...label(
      "file",
      `${reading.file} (${reading.file_id})${
        reading.valid ? "" : ", NOT VALID: the device could not read its meter"
      }`,
      width,
    ),
    ...label("values", valuesOf(reading.measurements) || "none", width),
    ...(reading.link === null ? [] : label(
      "link",
      `link budget ${reading.link.link_budget_db} dB, rx level ${reading.link.rx_level_dbm} dBm, band ${reading.link.band}, channel ${reading.link.channel_index}`,
      width,
    )),
    "",
    head(
      frame.counter === null
        ? "Serial frame (its counter was not kept: 00 stands for it)"
        : `Serial frame ${frame.counter}`,
    ),
    ...hexRows(frame.hex),
    "",
    head("ALP command"),
    ...describeActions(alp).flatMap((row) => hanging(`  ${row}`, width)),
    "",
    head(`File ${file.id} (${file.name})`),
    ...fieldRows(file, width),
    "",
    head("Duplicate?"),
    ...wrap(duplicateText(duplicate), width - 2).map((row) => `  ${row}`),
    "",
    ...(sinks.length === 0 ? [head("No sinks are configured")] : []),
    ...sinks.flatMap((sink, at) => [
      ...(at === 0 ? [] : [""]),
      head(`Sink ${printable(sink.name)} (${sink.type})`),
      ...label("fate", fateText(sink), width),
      ...sink.messages.flatMap(({ topic, qos, retain, payload }) => [
        ...label(qos === null ? "file" : "topic", printable(topic), width),
        ...qos === null
          ? []
          : label("sent", `QoS ${qos}${retain ? ", retained" : ""}`, width),
        ...label("payload", printable(payload), width),
      ]),
    ]),
  ];
  return rows.map((row) => `${row.trimEnd()}\n`).join("");
}

/** Columns of the words at the left. */
const LABEL = 12;

function label(word: string, text: string, width: number): string[] {
  return wrap(text, width - LABEL).map((row, at) =>
    `  ${(at === 0 ? word : "").padEnd(LABEL - 2)}${row}`
  );
}

/** Wraps a row, its continuation indented a little more than itself. */
function hanging(row: string, width: number): string[] {
  const indent = /^ */.exec(row)?.[0] ?? "";
  return wrap(row.slice(indent.length), width - indent.length - 2)
    .map((piece, at) => `${indent}${at === 0 ? "" : "  "}${piece}`);
}

function receivedText({ received }: ExplainJson): string {
  return `${moment(received.at)} (${received.at}), clock ${
    received.clock_synchronised ? "synchronised" : "NOT synchronised"
  }`;
}

/** Sixteen bytes a row behind the offset of the first. */
function hexRows(hex: string): string[] {
  const rows: string[] = [];
  for (let at = 0; at < hex.length; at += ROW * 2) {
    const bytes = hex.slice(at, at + ROW * 2).match(/../g) ?? [];
    const offset = (at / 2).toString(16).padStart(4, "0");
    const halves = [bytes.slice(0, ROW / 2), bytes.slice(ROW / 2)];
    rows.push(
      `  ${offset}  ${halves.map((half) => half.join(" ")).join("  ")}`,
    );
  }
  return rows;
}

function fieldRows(file: ExplainJson["file"], width: number): string[] {
  if (file.fields.length === 0) return hexRows(file.hex);
  const text = table(
    [
      { head: "OFFSET", right: true },
      { head: "FIELD", atLeast: 12 },
      { head: "BYTES", atLeast: 16 },
      { head: "VALUE", right: true },
      { head: "UNIT" },
    ],
    file.fields.map(({ name, offset, hex, value, unit }) => [
      String(offset),
      name,
      hex,
      typeof value === "boolean" ? (value ? "yes" : "no") : String(value),
      unit ?? "",
    ]),
    width - 2,
  );
  return text.trimEnd().split("\n").map((row) => `  ${row}`);
}

function duplicateText(
  { window_s, previous, decision }: ExplainJson["duplicate"],
): string {
  const before = previous === null
    ? "No earlier push of this device and file is in the log."
    : `The push before it was reading ${previous.id} at ${
      moment(previous.at)
    }, with ${previous.same_bytes ? "the same" : "other"} bytes.`;
  return `${printable(decision)} ${before} The window is ${window_s} s.`.trim();
}

function fateText(
  { fate, detail, acknowledged_at }: ExplainJson["sinks"][number],
): string {
  const words = {
    delivered: "delivered",
    pending: "waiting",
    rejected: "REJECTED",
    dropped: "DROPPED",
    before_sink: "not for this sink: it was added later",
    unknown: "not known",
  }[fate];
  return [
    acknowledged_at === null
      ? words
      : `${words}, acknowledged ${moment(acknowledged_at)}`,
    ...(detail === "" ? [] : [printable(detail)]),
  ].join(". ");
}
