/**
 * Tables about the program itself: who imports whom, what is in the database,
 * which device files are known and what SCorp-io is sent.
 *
 * @module
 */
import { DatabaseSync } from "node:sqlite";
import { codes } from "../../lib/cli/doctor/codes.ts";
import { METRICS } from "../../lib/inspect/metrics.ts";
import { deviceFiles } from "../../lib/files/files.ts";
import { metricNames, payloadWriter } from "../../lib/sink/scorpio/payload.ts";
import { lineOf } from "../../lib/sink/jsonl/line.ts";
import type { Reading } from "../../lib/reading/reading.ts";
import { migrate, VERSION } from "../../lib/store/migrations.ts";
import { layers, packages } from "../lint/layers.ts";
import { fenced, type Parts, table } from "./parts.ts";

/** What each table of the database is for. */
const TABLES: Readonly<Record<string, string>> = {
  meta: "numbers of the log as a whole, such as the last id given",
  boot: "boots of this machine that readings refer to",
  device: "every device heard: first, last, files, link",
  counter: "numbers that outlive a restart",
  reading: "the log: one row a reading, with the ALP command it came in",
  sink: "one row a sink: where it began, its cursor, its account",
  ahead: "readings behind a sink's cursor that are settled already",
  settled: "when the newest readings of a sink ended, and how",
  rejected: "readings a sink's platform refused for good, with the reason",
  kept:
    "texts of the parts: state of devices, settings waiting for their device",
};

function importTable(): string {
  const code = (names: readonly string[]) =>
    names.map((name) => name === "*" ? "everything" : `\`${name}\``).join(", ");
  return table([
    ["Folder or file in `lib/`", "May import", "Types only, of"],
    ...Object.entries(layers).map(([name, { may, types = [] }]) => [
      `\`${name}\``,
      may.length === 0 ? "nothing of ours" : code(may),
      code(types),
    ]),
  ]);
}

function packageTable(): string {
  return table([
    ["npm package", "enters by"],
    ...Object.entries(packages).map(([name, places]) => [
      `\`${name}\``,
      places.map((place) => `\`${place}\``).join(", "),
    ]),
  ]);
}

function databaseTable(): string {
  using db = new DatabaseSync(":memory:");
  migrate(db);
  const names = db.prepare(
    "SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY rowid",
  ).all().map(({ name }) => String(name));
  return `Layout ${VERSION}:\n\n` + table([
    ["Table", "Columns", "Holds"],
    ...names.map((name) => {
      const about = TABLES[name];
      if (about === undefined) throw new Error(`Say what table ${name} is for`);
      const columns = db.prepare(`PRAGMA table_info(${name})`).all()
        .map((column) => `\`${column.name}\``).join(", ");
      return [`\`${name}\``, columns, about];
    }),
  ]);
}

/** Known device files with what they measure. */
function fileTable(): string {
  return table([
    ["File", "Name", "Bytes", "Measurements"],
    ...[...deviceFiles.values()].map((file) => {
      const [size = 0] = file.sizes;
      const measurements = file.measurements(
        file.decode(new Uint8Array(size)),
      );
      return [
        String(file.id),
        `\`${file.name}\``,
        file.sizes.join(" or "),
        measurements.map(({ name, unit }) =>
          unit === null ? `\`${name}\`` : `\`${name}\` ${unit}`
        ).join(", "),
      ];
    }),
  ]);
}

/** An energy file as a real meter would send it. */
const SAMPLE: Reading = {
  id: 1,
  device: "326636300039004C",
  file: "energy",
  fileId: 52,
  measurements: deviceFiles.get(52)?.measurements({
    apparentEnergy: [9_817_847_187_667_682n, 41_207_833n, 40_988_120n],
    realEnergy: [9_007_199_254_740_993n, 39_120_441n, 38_774_902n],
    current: [1829, 16_373, 10_695],
    voltage: [230, 228, 232],
    receivedSignalStrength: null,
    measurementValid: true,
  }) ?? [],
  valid: true,
  link: {
    rxLevelDbm: -71,
    linkBudgetDb: 85,
    band: "868",
    channelIndex: 0,
    fifoToken: 73,
    seqNr: 0,
    secured: false,
  },
  received: {
    wallMs: Date.UTC(2026, 10, 21, 8, 39, 15, 4),
    monoMs: 0,
    bootId: "",
    synced: true,
  },
  data: new Uint8Array(),
};

const writer = payloadWriter({
  topicRoot: "mqtts",
  projectId: "my-project",
  edgeNodeId: "gateway-1",
  deviceId: "full",
  invalidReadings: "omit",
  signal: "link_budget",
  labels: {},
});

/** What each metric carries, in the order of {@link metricNames}. */
const CARRIES: readonly string[] = [
  ...[1, 2, 3].map((n) => `\`apparent_energy_${n}\`, VAh`),
  ...[1, 2, 3].map((n) => `\`active_energy_${n}\`, Wh`),
  ...[1, 2, 3].map((n) => `\`current_${n}\`, mA`),
  ...[1, 2, 3].map((n) => `\`voltage_${n}\`, V`),
  "link budget, dB, or received level, dBm (key `signal`)",
  "`button_pressed`: button 0 is held",
  "the device could read its meter",
];

function metricTable(): string {
  const { metrics } = JSON.parse(writer.birth()) as {
    readonly metrics: readonly { name: string; dataType: string }[];
  };
  if (metricNames.length !== CARRIES.length) {
    throw new Error("Say in CARRIES what each metric of SCorp-io carries");
  }
  return table([
    ["Metric", "dataType", "Carries"],
    ...metrics.map(({ name, dataType }, i) => [
      name,
      dataType,
      CARRIES[i] ?? "",
    ]),
  ]);
}

function scorpioSample(): string {
  const topic = writer.topic("DDATA", SAMPLE.device);
  // Not parsed and written again: that would round the counters.
  const payload = (writer.data(SAMPLE) ?? "")
    .replaceAll("{", "\n  {").replaceAll("]", "\n]").trim()
    .replace('{"metrics":[', '{"metrics": [');
  return fenced("text", `${topic}\n${payload}`);
}

/** Every metric, the agent's own first. */
function metricsTable(): string {
  const own = METRICS.filter(({ name }) => name.startsWith("dash7_edge_"));
  const others = METRICS.filter((row) => !own.includes(row));
  return table([
    ["Metric", "Type", "Labels", "Meaning"],
    ...[...own, ...others].map(({ name, type, labels, help }) => [
      `\`${name}\``,
      type,
      labels.map((label) => `\`${label}\``).join(", "),
      help,
    ]),
  ]);
}

/** Findings of `doctor` that somebody has to act on; braces are gaps. */
function doctorTable(): string {
  // Markdown must not read a finding's own signs.
  const plain = (text: string) => text.replaceAll(/([*_<>[\]])/g, "\\$1");
  return table([
    ["Code", "Says", "Found", "Fix"],
    ...Object.entries(codes)
      .filter(([, { status }]) => status === "warn" || status === "fail")
      .map(([code, { status, found, fix }]) => [
        `\`${code}\``,
        status === "fail" ? "FAIL" : status,
        plain(found),
        plain(fix ?? ""),
      ]),
  ]);
}

/** What stands in the gaps of an alert's summary. */
const ALERT_LABELS: Readonly<Record<string, string>> = {
  instance: "gateway-1",
  sink: "cloud",
  device: "326636300039004C",
  name: "Compressor 2",
  reason: "size",
};

/** Alerts of `deploy/prometheus/`, as far as a table can tell them. */
function alertTable(): string {
  const rules = Deno.readTextFileSync(
    new URL("../../deploy/prometheus/dash7-edge.rules.yml", import.meta.url),
  );
  const rows = rules.split(/^ *- alert: /m).slice(1).map((rule) => {
    const [, severity = ""] = /severity: (\w+)/.exec(rule) ?? [];
    const [, summary = ""] = /summary: "(.+)"$/m.exec(rule) ?? [];
    const [, patience = "at once"] = /^ *for: (\w+)$/m.exec(rule) ?? [];
    const [name = ""] = rule.split("\n");
    if (severity === "" || summary === "") {
      throw new Error(`Alert ${name} has no severity or no summary`);
    }
    const words = summary.replaceAll(
      /\{\{ \$(?:labels\.)?(\w+).*?\}\}B?/g,
      (_, gap: string) => ALERT_LABELS[gap] ?? "…",
    );
    return [`\`${name}\``, severity, patience, words];
  });
  return table([["Alert", "Severity", "After", "Says"], ...rows]);
}

/** Marker → table about the code. */
export const codeParts: Parts = new Map([
  ["imports", importTable],
  ["packages", packageTable],
  ["database", databaseTable],
  ["files", fileTable],
  ["scorpio metrics", metricTable],
  ["scorpio sample", scorpioSample],
  ["metrics", metricsTable],
  ["alerts", alertTable],
  ["doctor", doctorTable],
  ["jsonl sample", () => fenced("text", lineOf(SAMPLE, "Compressor 2"))],
]);
