/**
 * `doctor`: what is wrong with this gateway, from the machine to each platform,
 * and what would put it right. Looks only: nothing is changed, started or
 * delivered.
 *
 * @module
 */
import { object } from "@optique/core/constructs";
import { message } from "@optique/core/message";
import { map } from "@optique/core/modifiers";
import { command, option } from "@optique/core/primitives";
import { kernelClock, systemClock } from "../clock.ts";
import { clockSynchronised } from "../serial/libc.ts";
import { takeUp } from "./doctor/case.ts";
import { examine } from "./doctor/examine.ts";
import { groupsOf } from "./doctor/groups.ts";
import { groupText, jsonLine, summaryText, type Timed } from "./doctor/show.ts";
import type { Action, ExitCode, Io } from "./io.ts";
import { configOption } from "./run.ts";

/** Grammar of `doctor`. */
export const doctorCommand = command(
  "doctor",
  map(
    object({
      config: configOption,
      json: option("--json", {
        description:
          message`one JSON object a line: subject, status, code, what, found, fix, took_ms`,
      }),
    }),
    ({ config, json }): Action => (io) => doctor(config, json, io),
  ),
  {
    brief: message`Find out what is wrong here, and what would put it right.`,
    description:
      message`Look at configuration, machine, disk, serial port, modem and, step by step, the way to each sink. Each line is ok, warn, FAIL or skip (not tried), with the fix below. Changes nothing; with an MQTT 5 broker one empty message shows the right to publish. Exit 1 if anything fails.`,
  },
);

async function doctor(
  flag: string | undefined,
  json: boolean,
  io: Io,
): Promise<ExitCode> {
  const clock = systemClock(kernelClock(clockSynchronised));
  const startMs = clock.monoMs();
  const facts = await takeUp(flag, io, clock);
  const layout = {
    width: io.terminal?.out ? io.terminal.columns() : Infinity,
    colors: io.colors,
  };
  const all: Timed[] = [];
  // All at the same time, shown in order.
  const running = groupsOf(facts).map((group) => ({
    ...group,
    findings: examine(group, clock, io.signal),
  }));
  for (const { subject, title, findings } of running) {
    const found = await findings;
    // What was cut off would only mislead.
    if (io.signal.aborted) break;
    if (found.length === 0) continue;
    const gap = all.length === 0 ? "" : "\n";
    io.out(
      json
        ? found.map((one) => jsonLine(subject, one)).join("")
        : gap + groupText(title, found, layout),
    );
    all.push(...found);
  }
  if (io.signal.aborted) {
    await Promise.all(running.map(({ findings }) => findings));
    return 1;
  }
  if (!json) {
    const seconds = (clock.monoMs() - startMs) / 1000;
    io.out(summaryText(all, seconds, layout));
  }
  return all.some(({ status }) => status === "fail") ? 1 : 0;
}
