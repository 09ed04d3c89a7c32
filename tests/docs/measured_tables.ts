/**
 * The tables of `docs/measurements.md`, from the values that
 * `deno task bench --write-docs` left in `docs/measured.jsonl`.
 *
 * @module
 */
import { resultsOf } from "../bench/kept.ts";
import { KINDS, STEPS, TOUCH_S } from "../bench/memory_steps.ts";
import { type Growth, met, type Results, spread } from "../bench/quantity.ts";
import {
  checksTable,
  failuresTable,
  figuresTable,
  goalOf,
  growthTable,
  labelsOf,
  QUIET_SHARE,
  shown,
} from "../bench/show.ts";
import { type Parts, table } from "./parts.ts";

function results(): Results {
  return resultsOf(Deno.readTextFileSync(
    new URL("../../docs/measured.jsonl", import.meta.url),
  ));
}

/** Date, machine, command: what stands above every table. */
function circumstances(
  parts: readonly { readonly date: string }[],
  command: string,
): string {
  const { machine, runtime } = results();
  const dates = [...new Set(parts.map(({ date }) => date))].toSorted();
  return wrapped(
    `${dates.join(" and ")}, ${machine}, ${runtime}. \`${command}\``,
  );
}

/** Lines of at most 80 characters, as the formatter breaks them. */
function wrapped(text: string): string {
  const lines: string[] = [];
  let line = "";
  // What stands in backticks is not broken.
  for (const word of text.match(/\S*`[^`]*`\S*|\S+/g) ?? []) {
    if (line !== "" && `${line} ${word}`.length > 80) {
      lines.push(line);
      line = word;
    } else line = line === "" ? word : `${line} ${word}`;
  }
  return [...lines, line].join("\n");
}

function figures(): string {
  const { measured, failed } = results();
  const runs = measured.flatMap(({ by }) => Object.values(by));
  const busy = runs.map(({ othersBusy }) => othersBusy)
    .filter((share) => share > QUIET_SHARE);
  const notes = busy.length === 0 ? [] : [wrapped(
    `¹ Measured while other programs used ${percent(Math.min(...busy))} to ${
      percent(Math.max(...busy))
    } of the cores (median just before the runs).`,
  )];
  if (failed.length > 0) {
    notes.push("² Not every run gave a value:", failuresTable(failed));
  }
  return [
    circumstances(runs, "deno task bench --portable"),
    figuresTable(measured, failed),
    ...notes,
  ].join("\n\n");
}

function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}

/** How many goals of the contract are met, by program, and those that are not. */
function verdicts(): string {
  const { measured } = results();
  const judged = labelsOf(measured).flatMap((label) =>
    measured.flatMap((one) => {
      const runs = one.by[label];
      if (runs === undefined) return [];
      const held = met(one, spread(runs.values)?.median ?? null);
      return held === null ? [] : [{ label, one, held, runs }];
    })
  );
  const counts = labelsOf(measured).map((label) => {
    const of = judged.filter((one) => one.label === label);
    return `${label}: ${of.filter(({ held }) => held).length} of ${of.length}`;
  });
  const missed = judged.filter(({ held }) => !held);
  const sum = wrapped(`Goals met, ${counts.join("; ")}.`);
  if (missed.length === 0) return sum;
  return `${sum} Missed:\n\n${
    table([
      ["what", "program", "measured", "goal", "others used"],
      ...missed.map(({ label, one, runs }) => [
        one.what,
        label,
        shown(one, runs.values),
        goalOf(one),
        `${percent(runs.othersBusy)} of the cores`,
      ]),
    ])
  }`;
}

function growth(): string {
  const { growth } = results();
  const installed = growth.every(({ program }) => program === "portable file");
  const above = (one: Growth) =>
    circumstances(
      [one],
      `deno task bench ${installed ? "--installed " : ""}--only ${one.name}`,
    ) + (one.othersBusy > QUIET_SHARE
      ? "\n\n" + wrapped(
        `Measured while other programs used ${
          percent(one.othersBusy)
        } of the cores.`,
      )
      : "");
  return [
    ...growth.map((one) =>
      `### By ${one.what}\n\n${above(one)}\n\n${growthTable(one)}`
    ),
    "### What is asserted",
    checksTable(growth),
  ].join("\n\n");
}

/** Resident memory, step by step from nothing to a flooded agent, by kind. */
function memory(): string {
  const { measured } = results();
  const profile = measured.filter(({ row }) => row === "memory_profile");
  const labels = labelsOf(profile);
  const mb = (key: string, label: string) => {
    const one = profile.find((one) => one.key === `profile_${key}`);
    return spread(one?.by[label]?.values ?? [])?.median ?? NaN;
  };
  const shownMb = (value: number) =>
    Number.isNaN(value) ? "" : value.toFixed(1);
  return [
    circumstances(
      profile.flatMap(({ by }) => Object.values(by)),
      "deno task bench --portable --only memory_profile",
    ),
    ...labels.flatMap((label) => [
      `### ${label[0]?.toUpperCase()}${label.slice(1)}`,
      table([
        ["MB", ...Object.values(KINDS)],
        ...Object.entries(STEPS).map(([step, what]) => [
          what,
          ...Object.keys(KINDS).map((kind) =>
            shownMb(mb(`${step}_${kind}`, label))
          ),
        ]),
      ]),
      wrapped(
        `Of the idle agent's ${mb("idle_all", label).toFixed(0)} MB, ${
          mb("nothing_all", label).toFixed(0)
        } are the runtime with nothing to do, ${
          (mb("parts_all", label) - mb("nothing_all", label)).toFixed(0)
        } come with the packages, ${
          (mb("loaded_all", label) - mb("parts_all", label)).toFixed(0)
        } with the rest of the program, ${
          (mb("idle_all", label) - mb("loaded_all", label)).toFixed(0)
        } with its work. In ${TOUCH_S} s of silence it touches ${
          mb("touched", label).toFixed(0)
        } MB of them. The JavaScript heap has ${
          mb("heap_used", label).toFixed(0)
        } MB in use before a collection.`,
      ),
    ]),
  ].join("\n\n");
}

/** What the old gateway did, beside the same of this one. */
function beside(): string {
  const { measured } = results();
  const labels = labelsOf(measured);
  const of = (key: string) => {
    const one = measured.find((one) => one.key === key);
    return labels.map((label) =>
      one === undefined ? "" : shown(one, one.by[label]?.values ?? [])
    );
  };
  return table([
    ["what", "old gateway", ...labels],
    ["codec", "about 300 frames/s", ...of("codec")],
    ["1 frame/s, p50", "6.3 ms, not durable", ...of("latency_1_p50")],
    ["1 frame/s, p99", "11 ms, not durable", ...of("latency_1_p99")],
    ["sustained", "183 readings/s", ...of("sustained_rate")],
    ["CPU at full line rate", "55 % of a core", ...of("cpu_line")],
    ["log for 1 MB of garbage", "141 000 kB", ...of("garbage_log")],
    ["start → first DDATA", "338 ms", ...of("start")],
    ["resident memory, idle", "36 MB", ...of("memory_idle")],
    ["resident memory, under load", "37 MB", ...of("memory_load")],
  ]);
}

/** Marker → text. */
export const measuredParts: Parts = new Map([
  ["figures", figures],
  ["verdicts", verdicts],
  ["growth", growth],
  ["memory", memory],
  ["beside the old gateway", beside],
]);
