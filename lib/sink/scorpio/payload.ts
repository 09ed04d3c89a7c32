/**
 * Topics and JSON of SCorp-io, which borrows DBIRTH and DDATA from Sparkplug;
 * the only place with the platform's French labels. Pure.
 *
 * @module
 */
import type { Measurement, Reading } from "../../reading/reading.ts";

/** What one row of {@link metrics} tells of a reading; undefined when the reading has no such thing. */
type ValueOf = (
  reading: Reading,
  signal: SignalValue,
) => bigint | number | boolean | undefined;

/** What "Force du signal radio DASH7" carries. */
export type SignalValue = "link_budget" | "rx_level";

interface Metric {
  readonly name: string;
  readonly dataType: "Long" | "Integer" | "Short" | "Boolean";
  readonly value: ValueOf;
  /** Sent although the device could not read its meter. */
  readonly always?: true;
}

const measured = (name: string): ValueOf => (reading) =>
  find(reading, name)?.value;

const linkMetric: Metric = {
  name: "Force du signal radio DASH7",
  dataType: "Short",
  value: ({ link }, signal) =>
    link === null
      ? undefined
      : signal === "rx_level"
      ? link.rxLevelDbm
      : link.linkBudgetDb,
  always: true,
};

const buttonMetric: Metric = {
  name: "Bouton pressé",
  dataType: "Boolean",
  value: pressed,
};

const modbusMetric: Metric = {
  name: "État de la liaison Modbus - DASH7",
  dataType: "Boolean",
  value: (reading) => reading.valid,
  always: true,
};

/** Every metric of a device, in the platform's order. */
const metrics: readonly Metric[] = [
  ...phases("Énergie apparente", "Long", "apparent_energy"),
  ...phases("Énergie active", "Long", "active_energy"),
  ...phases("Intensité", "Integer", "current"),
  ...phases("Tension", "Short", "voltage"),
  linkMetric,
  buttonMetric,
  modbusMetric,
];

function phases(
  label: string,
  dataType: Metric["dataType"],
  measurement: string,
): readonly Metric[] {
  return [1, 2, 3].map((phase) => ({
    name: `${label}/Phase ${phase}`,
    dataType,
    value: measured(`${measurement}_${phase}`),
  }));
}

/** Names of all metrics, before any label of the operator. */
export const metricNames: readonly string[] = metrics.map(({ name }) => name);

/** Metrics of a DDATA, by the file that gives it; none: the file publishes nothing. */
const published: Readonly<Record<Reading["file"], readonly Metric[]>> = {
  energy: metrics.filter((metric) => metric !== buttonMetric),
  button: [buttonMetric, linkMetric],
  energy_config: [],
  button_config: [],
};

/** What the operator chose about the wire form. */
export interface PayloadOptions {
  readonly topicRoot: string;
  readonly projectId: string;
  readonly edgeNodeId: string;
  /** `trimmed` drops leading zeros, as the old gateway did. */
  readonly deviceId: "full" | "trimmed";
  /** Whether stale values of a meter that could not be read are sent. */
  readonly invalidReadings: "omit" | "send";
  readonly signal: SignalValue;
  /** Name of a metric → the name to send instead. */
  readonly labels: Readonly<Record<string, string | undefined>>;
}

/** Writes topics and payloads for one configuration. */
export interface PayloadWriter {
  topic(kind: "DBIRTH" | "DDATA", device: string): string;
  /** The announcement of a device: all metrics, without values. */
  birth(): string;
  /** What a reading says; null when its file publishes nothing. */
  data(reading: Reading): string | null;
}

/** The writer for one configuration. */
export function payloadWriter(options: PayloadOptions): PayloadWriter {
  const described = new Map<Metric, string>(
    metrics.map((metric) => [
      metric,
      `"name":${
        JSON.stringify(options.labels[metric.name] ?? metric.name)
      },"dataType":"${metric.dataType}"`,
    ]),
  );
  const list = (items: readonly string[]) => `{"metrics":[${items.join(",")}]}`;
  const birth = list([...described.values()].map((text) => `{${text}}`));
  return {
    topic: (kind, device) =>
      `${options.topicRoot}/${options.projectId}/${kind}/${options.edgeNodeId}/${
        options.deviceId === "trimmed" ? trimmed(device) : device
      }`,
    birth: () => birth,
    data(reading) {
      const omit = !reading.valid && options.invalidReadings === "omit";
      const stamp = Math.round(reading.received.wallMs);
      const items: string[] = [];
      for (const metric of published[reading.file]) {
        if (omit && metric.always === undefined) continue;
        const value = metric.value(reading, options.signal);
        if (value === undefined) continue;
        // A bigint is written digit by digit: as a double it would be rounded.
        items.push(
          `{${described.get(metric)},"timestamp":${stamp},"value":${value}}`,
        );
      }
      return items.length === 0 ? null : list(items);
    },
  };
}

function find(reading: Reading, name: string): Measurement | undefined {
  return reading.measurements.find((measurement) => measurement.name === name);
}

/** Bit 0 of the buttons' state. */
function pressed(reading: Reading): boolean | undefined {
  const state = find(reading, "buttons_state")?.value;
  return state === undefined ? undefined : (Number(state) & 1) === 1;
}

/** The identifier as a number in hexadecimal, as the old gateway named devices. */
function trimmed(device: string): string {
  return device.replace(/^0+(?=.)/, "");
}
