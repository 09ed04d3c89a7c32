/**
 * `queue export`: the readings that wait for a sink, as JSON lines, page by
 * page through the socket, so that millions take no more memory than a few.
 *
 * Delivery goes on meanwhile. The export ends at the newest reading there was
 * when it began, and holds, in the order of their ids, those readings that
 * still waited when their page was read: none twice, none out of order, and
 * none left out that waits at the end. What was delivered before its turn came
 * is not in it.
 *
 * @module
 */
import { object } from "@optique/core/constructs";
import { message } from "@optique/core/message";
import { map, optional, withDefault } from "@optique/core/modifiers";
import { argument, command, option } from "@optique/core/primitives";
import { integer, string } from "@optique/core/valueparser";
import type { ReadingJson } from "../http/json.ts";
import { AgentError } from "./agent_error.ts";
import { type Agent, withAgent } from "./control.ts";
import { examples } from "./examples.ts";
import type { Action, ExitCode, Io } from "./io.ts";
import { progress } from "./progress.ts";
import { sinkOf } from "./queue_sink.ts";
import { openTarget, type Target, TargetError } from "./queue_target.ts";
import { agentOptions, type AgentSelection } from "./socket.ts";
import { quoted, several } from "./words.ts";

/** Grammar of `queue export`. */
export const exportCommand = command(
  "export",
  map(
    object({
      sink: argument(string({ metavar: "SINK" }), {
        description: message`the sink, by its name in the configuration`,
      }),
      out: optional(
        option("--out", string({ metavar: "FILE" }), {
          description:
            message`write to a new file, which only you may read; default is stdout`,
        }),
      ),
      after: withDefault(
        option(
          "--after",
          integer({ metavar: "ID", min: 0, max: Number.MAX_SAFE_INTEGER }),
          {
            description:
              message`go on behind this reading; with --out, adds to the file`,
          },
        ),
        0,
      ),
      rejected: option("--rejected", {
        description:
          message`what the sink refused instead, newest first, the last 10 000`,
      }),
      agent: agentOptions,
    }),
    (args): Action => (io) => exportReadings(args, io),
  ),
  {
    brief: message`Write what waits for a sink as JSON lines.`,
    description:
      message`Write the readings that wait for a sink as JSON lines, oldest first; they stay where they are. Delivery goes on meanwhile: the export ends at the newest reading of its start, and what is delivered before its turn comes is not in it.`,
    footer: examples(
      "queue export cloud --out readings.jsonl",
      "queue export cloud | gzip > readings.jsonl.gz",
    ),
  },
);

interface ExportArgs {
  readonly sink: string;
  readonly out: string | undefined;
  readonly after: number;
  readonly rejected: boolean;
  readonly agent: AgentSelection;
}

/** Readings asked for at a time. */
const PAGE = 250;

/** Most that the agent gives of what a sink refused. */
const REJECTED = 10_000;

async function exportReadings(args: ExportArgs, io: Io): Promise<ExitCode> {
  const { sink } = args;
  if (args.rejected && args.after > 0) {
    io.err(
      "dash7-edge: --after goes by waiting readings, not with --rejected\n",
    );
    return 2;
  }
  const verb = `queue export ${quoted(sink)}`;
  return await withAgent(args.agent, io, verb, async (agent) => {
    const { pending } = await sinkOf(agent, sink);
    try {
      using target = openTarget(args.out, args.after > 0, io);
      if (!args.rejected) {
        return await exportPages(agent, args, pending, target, io);
      }
      const rows = await agent.rejected(sink, REJECTED);
      target.write(linesOf(rows));
      io.err(`${several(rows.length, "rejected reading")} exported\n`);
      return 0;
    } catch (error) {
      if (!(error instanceof TargetError)) throw error;
      io.err(`dash7-edge: ${error.message}\n`);
      return 1;
    }
  });
}

async function exportPages(
  agent: Agent,
  { sink, after }: ExportArgs,
  pending: number,
  target: Target,
  io: Io,
): Promise<ExitCode> {
  using line = progress(io, {
    what: "Exporting",
    unit: "readings",
    // How many of them stand behind a given one, nobody knows.
    ...(after === 0 ? { total: pending } : {}),
  });
  const [newest] = await agent.readings({ limit: 1 });
  const lastId = newest?.id ?? 0;
  let done = 0;
  let at = after;
  const stopped = (why: string): ExitCode => {
    line.done();
    io.err(
      `dash7-edge: ${why}\n${
        several(done, "reading")
      } exported so far; go on with: --after ${at}\n`,
    );
    return 1;
  };
  while (at < lastId) {
    if (io.signal.aborted) return stopped("stopped");
    let rows: readonly ReadingJson[];
    try {
      rows = await agent.queue(sink, at, PAGE);
    } catch (error) {
      if (!(error instanceof AgentError)) throw error;
      return stopped(io.signal.aborted ? "stopped" : error.message);
    }
    const wanted = rows.filter(({ id }) => id <= lastId);
    try {
      target.write(linesOf(wanted));
    } catch (error) {
      if (!(error instanceof TargetError)) throw error;
      return stopped(error.message);
    }
    done += wanted.length;
    line.at(done);
    at = wanted.at(-1)?.id ?? at;
    if (wanted.length < PAGE) break;
  }
  line.done();
  io.err(`${several(done, "reading")} exported\n`);
  return 0;
}

function linesOf(rows: readonly unknown[]): string {
  return rows.map((row) => `${JSON.stringify(row)}\n`).join("");
}
