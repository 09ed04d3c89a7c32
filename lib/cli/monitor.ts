/**
 * `monitor`: what comes down a serial line, decoded as it comes. Nothing is
 * published, nothing is written to the port. Where the running agent has the
 * port, its live view is shown instead. Past 300 lines since the ways a port can
 * be absent, busy or lost all end in words here.
 *
 * @module
 */
import { object } from "@optique/core/constructs";
import { message } from "@optique/core/message";
import { map, optional } from "@optique/core/modifiers";
import { command, option } from "@optique/core/primitives";
import { string } from "@optique/core/valueparser";
import project from "../../deno.json" with { type: "json" };
import { CaptureFile } from "../capture/record.ts";
import { type Clock, kernelClock, systemClock } from "../clock.ts";
import { ConfigError } from "../config/config.ts";
import { Deframer, type DeframerItem } from "../frame/deframer.ts";
import type { LineJson } from "../http/json.ts";
import { lineJson } from "../inspect/line.ts";
import { clockSynchronised } from "../serial/libc.ts";
import { openPort } from "../serial/open.ts";
import { type BytePort, type OpenPort, SerialError } from "../serial/serial.ts";
import { tapped } from "../serial/tap.ts";
import { withAgent } from "./control.ts";
import { examples } from "./examples.ts";
import { follow } from "./follow.ts";
import type { Action, ExitCode, Io } from "./io.ts";
import { type LineSettings, lineSettings } from "./line_settings.ts";
import { type MonitorSum, monitorText, sumText } from "./monitor_page.ts";
import { configOption } from "./run.ts";
import { several } from "./words.ts";

/** Grammar of `monitor`. */
export const monitorCommand = command(
  "monitor",
  map(
    object({
      port: optional(
        option("--port", string({ metavar: "PORT" }), {
          description:
            message`device of the modem, or auto; default is that of the configuration, else auto`,
        }),
      ),
      json: option("--json", {
        description: message`one JSON object a line`,
      }),
      hex: option("--hex", {
        description: message`the bytes below each line`,
      }),
      record: optional(
        option("--record", string({ metavar: "FILE" }), {
          description:
            message`write all bytes with their times to a new file, for replay`,
        }),
      ),
      config: configOption,
    }),
    (args): Action => (io) => monitor(args, io),
  ),
  {
    description:
      message`Show what comes down a serial line, decoded; nothing is published.`,
    footer: examples("monitor", "monitor --port auto --record hall.capture"),
  },
);

/** Arguments of the verb. */
interface MonitorArgs {
  readonly port: string | undefined;
  readonly json: boolean;
  readonly hex: boolean;
  readonly record: string | undefined;
  readonly config: string | undefined;
}

/** Pause before a port that cannot be opened is tried again. */
const RETRY_MS = 1000;

async function monitor(args: MonitorArgs, io: Io): Promise<ExitCode> {
  let settings: LineSettings;
  try {
    settings = await lineSettings(args.config, io);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    io.err(`${error.message}\n`);
    return 78;
  }
  const port = args.port ?? settings.serial.port;
  const clock = systemClock(kernelClock(clockSynchronised));
  const show = shower(args, io);
  const open = openPort({ port, baud: settings.serial.baud });
  const first = await firstOpen(open, io, clock);
  if (first === null) return 0;
  if (first instanceof SerialError) {
    return await refused(first, args, settings, show, io);
  }
  let capture: CaptureFile | null = null;
  if (args.record !== undefined) {
    try {
      capture = CaptureFile.create(args.record, clock, {
        port: first.name,
        baud: settings.serial.baud,
        version: project.version,
      });
    } catch (error) {
      await first[Symbol.asyncDispose]();
      io.err(
        `dash7-edge: ${error instanceof Error ? error.message : error}\n`,
      );
      return 1;
    }
  }
  try {
    return await watch(
      first,
      { args, settings, open, clock, capture, show },
      io,
    );
  } finally {
    capture?.[Symbol.dispose]();
  }
}

/** The port once it can be opened; a busy one is not waited for. Null: somebody has pressed Ctrl-C. */
async function firstOpen(
  open: OpenPort,
  io: Io,
  clock: Clock,
): Promise<BytePort | SerialError | null> {
  let told = "";
  while (!io.signal.aborted) {
    try {
      return await open();
    } catch (error) {
      if (!(error instanceof SerialError)) throw error;
      if (error.fault === "busy") return error;
      if (error.message !== told) {
        told = error.message;
        io.err(`${told}\nWaiting for the port. Ctrl-C ends.\n`);
      }
    }
    await clock.sleep(RETRY_MS, { signal: io.signal });
  }
  return null;
}

/** What the display works with. */
interface Watching {
  readonly args: MonitorArgs;
  readonly settings: LineSettings;
  readonly open: OpenPort;
  readonly clock: Clock;
  readonly capture: CaptureFile | null;
  readonly show: (line: LineJson) => void;
}

/** Reads and shows, over losses of the port, until Ctrl-C. */
async function watch(
  first: BytePort,
  { args, settings, open, clock, capture, show }: Watching,
  io: Io,
): Promise<ExitCode> {
  const { signal } = io;
  const sum: MonitorSum = {
    frames: 0,
    lost: 0,
    badChecksums: 0,
    discardedBytes: 0,
  };
  const startMs = clock.monoMs();
  const deframer = new Deframer();
  // What silence sets free came with the last chunk.
  let wallMs = clock.nowMs();
  const take = (items: readonly DeframerItem[]) => {
    for (const item of items) {
      add(sum, item);
      show(lineJson(item, { wallMs }, settings.nameOf));
    }
  };
  // The port is open already; later ones are opened the same way.
  let next: BytePort | null = first;
  const again: OpenPort = () => {
    const port = next;
    next = null;
    return port === null ? open() : Promise.resolve(port);
  };
  const listen = capture === null ? again : tapped(again, capture);
  let trouble: string | null = null;
  let told = "";
  while (!signal.aborted) {
    let port: BytePort;
    try {
      port = await listen();
    } catch (error) {
      if (!(error instanceof SerialError)) throw error;
      if (error.message !== told) io.err(`${told = error.message}\n`);
      await clock.sleep(RETRY_MS, { signal });
      continue;
    }
    told = "";
    io.err(
      `Port ${port.name} open, ${settings.serial.baud} baud${
        args.record === undefined ? "" : `, recording to ${args.record}`
      }. Ctrl-C ends.\n`,
    );
    const close = () => void port[Symbol.asyncDispose]();
    signal.addEventListener("abort", close);
    if (signal.aborted) close();
    let disarm = () => {};
    const watchSilence = () => {
      disarm();
      if (deframer.pending().length === 0) return;
      disarm = clock.after(settings.serial.silence_ms, () => {
        take(deframer.silence());
        watchSilence();
      });
    };
    try {
      for (;;) {
        const chunk = await port.read();
        if (chunk === null) break;
        wallMs = capture?.lastMs ?? clock.nowMs();
        take(deframer.push(chunk));
        watchSilence();
        if (capture !== null && capture.trouble !== trouble) {
          trouble = capture.trouble;
          io.err(`dash7-edge: nothing is recorded any more: ${trouble}\n`);
        }
      }
    } catch (error) {
      if (!(error instanceof SerialError)) throw error;
      io.err(`${error.message}\nWaiting for the port.\n`);
    } finally {
      disarm();
      signal.removeEventListener("abort", close);
      await port[Symbol.asyncDispose]();
      take(deframer.silence());
      deframer.reset();
    }
    if (!signal.aborted) await clock.sleep(RETRY_MS, { signal });
  }
  io.err(`${sumText(sum, (clock.monoMs() - startMs) / 1000)}\n`);
  if (args.record !== undefined) {
    io.err(
      trouble === null
        ? `Recorded to ${args.record}; dash7-edge replay ${args.record} plays it.\n`
        : `${args.record} lacks the end: ${trouble}\n`,
    );
  }
  return trouble === null ? 0 : 1;
}

function add(sum: MonitorSum, item: DeframerItem): void {
  switch (item.kind) {
    case "frame":
      sum.frames++;
      sum.lost += item.frame.gap ?? 0;
      break;
    case "discarded":
      sum.discardedBytes += item.bytes.length;
      break;
    case "bad_checksum":
      sum.badChecksums++;
  }
}

function shower(args: MonitorArgs, io: Io): (line: LineJson) => void {
  if (args.json) return (line) => io.out(`${JSON.stringify(line)}\n`);
  return (line) =>
    io.out(monitorText(line, {
      width: io.terminal?.out ? io.terminal.columns() : Infinity,
      colors: io.colors,
      hex: args.hex,
    }));
}

/** Somebody else has the port: where that is the agent, it tells what comes. */
async function refused(
  error: SerialError,
  args: MonitorArgs,
  settings: LineSettings,
  show: (line: LineJson) => void,
  io: Io,
): Promise<ExitCode> {
  if (args.port !== undefined || args.record !== undefined) {
    io.err(
      `dash7-edge: ${error.message}\nIf it is the agent: dash7-edge monitor (without ${
        args.record === undefined ? "--port" : "--record"
      }) shows what it hears${
        args.record === undefined
          ? ""
          : ", dash7-edge diag writes down its last minutes"
      }; or stop it first: sudo systemctl stop dash7-edge\n`,
    );
    return 1;
  }
  let reached = false;
  let said = "";
  const quiet: Io = { ...io, err: (text) => said += text };
  const selection = { config: args.config, socket: undefined };
  const code = await withAgent(selection, quiet, "monitor", async (agent) => {
    reached = true;
    io.err(
      `The agent has the port ${settings.serial.port}; this is its live view. Ctrl-C ends.\n`,
    );
    await followAgent(agent.path, show, io);
    return 0;
  });
  if (reached) io.err(said);
  else {
    io.err(`dash7-edge: ${error.message}\n`);
    // The agent of another user: the way to ask it is worth telling.
    if (said.includes("belongs to")) io.err(said);
  }
  return io.signal.aborted ? 0 : code;
}

async function followAgent(
  path: string,
  show: (line: LineJson) => void,
  io: Io,
): Promise<void> {
  const target = "/api/stream?events=frame";
  for await (const { event, data } of follow(path, target, io.signal)) {
    if (event === "frame") show(JSON.parse(data));
    else if (event === "dropped") {
      const { events } = JSON.parse(data);
      io.err(
        `${
          several(Number(events), "line")
        } not shown: the line is faster than the live view.\n`,
      );
    }
  }
}
