/**
 * The end of a chaos run in one page. Pure.
 *
 * @module
 */
import { PHASES, POINTS } from "./points.ts";
import type { Report } from "./round.ts";

/** What a run has shown, as text. */
export function summary(seed: number, reports: readonly Report[]): string {
  const all = reports.flatMap((report) => report.faults);
  const rows = new Map<string, Record<string, number>>();
  for (const { fault, ended } of all) {
    const row = rows.get(fault) ?? {};
    row[ended] = (row[ended] ?? 0) + 1;
    rows.set(fault, row);
  }
  const sum = (of: (report: Report) => number): number =>
    reports.reduce((total, report) => total + of(report), 0);
  const times = reports.flatMap((report) => report.recoveriesMs)
    .toSorted((a, b) => a - b);
  const at = (share: number): string => {
    const ms =
      times[Math.min(times.length - 1, Math.floor(times.length * share))];
    return ms === undefined ? "-" : `${(ms / 1000).toFixed(2)} s`;
  };
  const killed = all.filter(({ fault, ended, point }) =>
    fault.startsWith("kill") && point !== null && ended === "struck"
  );
  const points = new Set(killed.map(({ point }) => point));
  const lines = [
    "",
    `seed ${seed}, ${reports.length} rounds, ${
      (sum(({ tookMs }) => tookMs) / 60_000).toFixed(1)
    } minutes`,
    "",
    "fault                              struck  not reached  not possible here",
    ...[...rows].toSorted().map(([fault, row]) =>
      fault.padEnd(32) +
      ["struck", "not reached", "not here"].map((ended, n) =>
        String(row[ended] ?? 0).padStart([9, 13, 19][n] ?? 9)
      ).join("")
    ),
    "",
    `faults injected        ${
      all.filter(({ ended }) => ended === "struck").length
    }`,
    `agents killed          ${
      sum(({ kills }) => kills)
    }, at ${points.size} of ${POINTS.length * PHASES.length} numbered points`,
    `readings sent          ${sum(({ sent }) => sent)}`,
    `readings committed     ${sum(({ committed }) => committed)}`,
    `readings delivered     ${sum(({ delivered }) => delivered)}`,
    `duplicates             ${sum(({ duplicates }) => duplicates)}`,
    `rejected or dropped    ${sum(({ told }) => told)}, all of them told`,
    `destroyed by damage    ${sum(({ destroyed }) => destroyed)}`,
    `lost                   ${sum(({ lost }) => lost)}`,
    `recovery p50 / max     ${at(0.5)} / ${at(1)}, ${times.length} times`,
    `most memory            ${
      Math.round(Math.max(0, ...reports.map((report) => report.residentMb)))
    } MB resident`,
    `violations             ${sum(({ violations }) => violations.length)}`,
  ];
  return lines.join("\n");
}
