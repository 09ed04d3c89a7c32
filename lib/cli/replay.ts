/**
 * `replay`: a capture through the whole agent, bit for bit, at the speed at
 * which it was recorded, a multiple of it, or as fast as it goes. Past 300 lines
 * since what is refused, played, waited for and left is one story.
 *
 * @module
 */
import { object } from "@optique/core/constructs";
import { message } from "@optique/core/message";
import { map, optional, withDefault } from "@optique/core/modifiers";
import { argument, command, option } from "@optique/core/primitives";
import { string, type ValueParser } from "@optique/core/valueparser";
import { startAgent } from "../agent.ts";
import { CaptureError } from "../capture/capture.ts";
import { type OpenCapture, openCapture } from "../capture/read.ts";
import type { Clock } from "../clock.ts";
import { type Config, loadConfig } from "../config/config.ts";
import { Replay } from "../serial/replay.ts";
import { StoreError } from "../store/store.ts";
import { examples } from "./examples.ts";
import { configOf, machineHost } from "./host.ts";
import type { Action, ExitCode, Io } from "./io.ts";
import { progress } from "./progress.ts";
import { type Played, ReplaySum } from "./replay_sum.ts";
import { bytes, moment, several } from "./words.ts";

/** `2`, `0.5` or `max`; its value is recorded seconds a second. */
function speed(): ValueParser<"sync", number> {
  return {
    mode: "sync",
    metavar: "SPEED",
    placeholder: 1,
    parse(input) {
      const value = input === "max"
        ? Infinity
        : /^\d+(\.\d+)?$/.test(input)
        ? Number(input)
        : NaN;
      return value > 0 ? { success: true, value } : {
        success: false,
        error:
          message`Expected a number above 0, such as ${"1"} or ${"10"}, or ${"max"}, but got ${input}.`,
      };
    },
    format: (value) => value === Infinity ? "max" : String(value),
  };
}

/** Grammar of `replay`. */
export const replayCommand = command(
  "replay",
  map(
    object({
      file: argument(string({ metavar: "FILE" }), {
        description:
          message`a capture of monitor --record or of the flight recorder`,
      }),
      speed: withDefault(
        option("--speed", speed(), {
          description:
            message`times the recorded speed, or max; default 1. What comes out is the same`,
        }),
        1,
      ),
      config: optional(
        option("--config", string({ metavar: "FILE" }), {
          description:
            message`configuration whose sinks take the readings, also by $DASH7_EDGE_CONFIG; without one: stdout`,
        }),
      ),
    }),
    (args): Action => (io) => replay(args, io),
  ),
  {
    description:
      message`Feed a capture through the whole agent: into the sinks of the configuration named by --config, or to stdout.`,
    footer: examples(
      "replay hall.capture --speed max",
      "replay hall.capture --config test.toml",
    ),
  },
);

interface ReplayArgs {
  readonly file: string;
  readonly speed: number;
  readonly config: string | undefined;
}

/** Nothing is too old to be delivered: a hundred years. */
const NO_AGE_DAYS = 36_500;
/** How often the outbox is asked how full it is, in chunks. */
const ROOM_EVERY = 256;
/** Above this share of its size the capture waits for the sinks. */
const ROOM = 0.5;
/** How often what waits is looked at, milliseconds. */
const LOOK_MS = 50;
/** After so long, what is waited for is told. */
const PATIENCE_MS = 2000;

async function replay(args: ReplayArgs, io: Io): Promise<ExitCode> {
  try {
    const { size } = await Deno.stat(args.file);
    await readThrough(args.file, io.signal);
    await using capture = await openCapture(chunksOf(args.file));
    await using stack = new AsyncDisposableStack();
    const scratch = await Deno.makeTempDir({ prefix: "dash7-edge-replay-" });
    stack.defer(() => Deno.remove(scratch, { recursive: true }));
    const chosen = await configFor(args, capture, scratch, io);
    if (chosen === null) return 78;
    return await play(args, capture, size, chosen, io);
  } catch (error) {
    const why = refusal(error, args.file);
    if (why === null) throw error;
    io.err(`dash7-edge: ${why}\n`);
    return 1;
  }
}

/** What a person can cause, in words; null for anything else. */
function refusal(error: unknown, file: string): string | null {
  if (error instanceof CaptureError) return `${file}: ${error.message}`;
  if (error instanceof StoreError) {
    return error.fault === "locked"
      ? `${error.message}: a replay needs that directory for itself. Stop the agent (sudo systemctl stop dash7-edge), or name with --config a configuration with another data_dir`
      : error.message;
  }
  if (error instanceof Deno.errors.NotFound) {
    return `${file}: there is no such file`;
  }
  if (error instanceof Deno.errors.PermissionDenied) {
    return `${file}: no permission to read it, run this as its owner`;
  }
  return error instanceof Deno.errors.IsADirectory
    ? `${file} is a directory, name a capture in it`
    : null;
}

/**
 * Looks at every line before the first one is played: of a damaged capture
 * nothing is to go out.
 *
 * @throws {CaptureError}
 */
async function readThrough(file: string, signal: AbortSignal): Promise<void> {
  await using capture = await openCapture(chunksOf(file));
  for await (const _record of capture.records) {
    if (signal.aborted) return;
  }
}

async function* chunksOf(path: string): AsyncGenerator<Uint8Array> {
  using file = await Deno.open(path);
  const buffer = new Uint8Array(65_536);
  for (;;) {
    const count = await file.read(buffer);
    if (count === null) return;
    yield buffer.slice(0, count);
  }
}

/** What is replayed with. */
interface Chosen {
  readonly config: Config;
  /** As configured; null where nothing outlives the replay. */
  readonly maxAgeDays: number | null;
}

/** The configuration to replay with, and a word on it; null when it is refused. */
async function configFor(
  args: ReplayArgs,
  { header }: OpenCapture,
  scratch: string,
  io: Io,
): Promise<Chosen | null> {
  io.err(
    `${args.file}: recorded ${
      moment(new Date(header.startedMs).toISOString())
    } from ${header.port ?? "an unknown port"}.\n`,
  );
  const own = named(args.config, io);
  if (own === null) {
    io.err(
      "No configuration named: readings go to stdout as JSON lines; --config FILE sends them into its sinks.\n",
    );
    const text = `[agent]\ndata_dir = ${JSON.stringify(`${scratch}/data`)}\n` +
      `[log]\nlevel = "warn"\n[sinks.stdout]\ntype = "jsonl"\n`;
    const { config } = await loadConfig("replay", {
      env: () => undefined,
      readFile: () => Promise.resolve(text),
      mode: () => Promise.resolve(null),
    });
    return { config: forReplay(config, scratch), maxAgeDays: null };
  }
  const loaded = await configOf(args.config, io);
  if (loaded === null) return null;
  const { config } = loaded;
  const sinks = Object.entries(config.sinks)
    .map(([name, { type }]) => `${name} (${type})`);
  io.err(
    `Configuration ${own}: readings go into ${
      sinks.join(", ") || "no sink"
    }, by way of the outbox in ${config.agent.data_dir}.\n`,
  );
  return {
    config: forReplay(config, scratch),
    maxAgeDays: config.outbox.max_age_days,
  };
}

/**
 * The configuration that is named; null without one. One that lies where `run`
 * looks does not count: a recording must not reach a platform by chance.
 */
function named(flag: string | undefined, io: Io): string | null {
  return flag ?? (io.env("DASH7_EDGE_CONFIG") || null);
}

/** The same configuration, without what a recording has no use for. */
function forReplay(config: Config, scratch: string): Config {
  return {
    ...config,
    outbox: { ...config.outbox, max_age_days: NO_AGE_DAYS },
    // Not where the agent is looked for.
    http: { ...config.http, listen: "", socket: `${scratch}/control.sock` },
  };
}

/** Plays, waits for the sinks, and sums up. */
async function play(
  args: ReplayArgs,
  capture: OpenCapture,
  size: number,
  { config, maxAgeDays }: Chosen,
  io: Io,
): Promise<ExitCode> {
  const host = machineHost(config, io);
  const { clock } = host;
  const stop = new AbortController();
  const end = () => stop.abort();
  io.signal.addEventListener("abort", end);
  if (io.signal.aborted) end();
  const played: Played = { skipped: 0, omittedBytes: 0 };
  const look = quietly(config, io);
  let chunks = 0;
  let room = (): boolean => true;
  using bar = progress(look, {
    what: "Replaying",
    unit: "of the file",
    total: size,
    show: bytes,
  });
  const playing = new Replay({
    header: capture.header,
    records: capture.records,
    speed: args.speed,
    clock,
    async room() {
      if (++chunks % ROOM_EVERY !== 0) return;
      while (!room() && !stop.signal.aborted) {
        await clock.sleep(LOOK_MS, { signal: stop.signal });
      }
    },
    onRecord(record) {
      bar.at(capture.bytes());
      if (record.kind === "unknown") played.skipped++;
      if (record.kind === "event" && record.event === "omitted") {
        played.omittedBytes += record.bytes;
      }
    },
  });
  try {
    await using agent = await startAgent({
      ...host,
      config,
      open: playing.open,
      lineClock: playing.clock,
    });
    room = () => agent.store.fill() <= ROOM;
    const sum = new ReplaySum(agent);
    let fault: unknown = null;
    void agent.failed.then((error) => {
      fault = error;
      end();
    });
    await playing.run(stop.signal);
    bar.done();
    const through = !stop.signal.aborted;
    if (through) await drained(sum, look, clock, stop.signal);
    if (fault !== null) throw fault;
    if (!through) io.err("Ended before the capture was through.\n");
    if (capture.cut()) {
      io.err("The capture was cut off; its last line is not whole.\n");
    }
    io.err(sum.text(played));
    if (sum.left().length > 0) {
      io.err(leftText(config, maxAgeDays, capture.header.startedMs));
    }
    return through && sum.whole() ? 0 : 1;
  } finally {
    io.signal.removeEventListener("abort", end);
  }
}

/** Without the terminal where readings go to it: a line that is redrawn would tear them. */
function quietly(config: Config, io: Io): Io {
  const { terminal, ...rest } = io;
  const torn = terminal?.out === true &&
    Object.values(config.sinks).some((sink) =>
      sink.type === "jsonl" && sink.path === "-"
    );
  return torn || terminal === undefined ? rest : { ...rest, terminal };
}

/** Resolves when every sink has settled all it was given, or `signal` aborts. */
async function drained(
  sum: ReplaySum,
  io: Io,
  clock: Pick<Clock, "sleep">,
  signal: AbortSignal,
): Promise<void> {
  const most = () => Math.max(0, ...sum.left().map(({ count }) => count));
  const total = most();
  using bar = progress(io, { what: "Delivering", unit: "readings", total });
  for (let waitedMs = 0; !signal.aborted; waitedMs += LOOK_MS) {
    const left = sum.left();
    if (left.length === 0) return;
    // `replay FILE | head`: nobody reads any more.
    if (left.every(({ detail }) => /broken pipe/i.test(detail))) return;
    bar.at(total - most());
    if (waitedMs === PATIENCE_MS) {
      bar.done();
      for (const { name, count, detail } of left) {
        io.err(
          `The capture is through; ${
            several(count, "reading")
          } still to go into ${name}: ${detail}. Ctrl-C ends.\n`,
        );
      }
    }
    await clock.sleep(LOOK_MS, { signal });
  }
}

/** What becomes of what is left. */
function leftText(
  { agent }: Config,
  maxAgeDays: number | null,
  startedMs: number,
): string {
  if (maxAgeDays === null) return "";
  const old = Date.now() - startedMs > maxAgeDays * 86_400_000;
  return `What is pending stays in ${agent.data_dir} and goes out with the next run${
    old
      ? `, unless [outbox] max_age_days (${maxAgeDays}) drops it first: raise that before`
      : ""
  }.\n`;
}
