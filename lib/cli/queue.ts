/**
 * `queue`: what waits for the sinks, what they refused, and how the account of
 * each adds up.
 *
 * @module
 */
import { object, or } from "@optique/core/constructs";
import { message } from "@optique/core/message";
import { map, withDefault } from "@optique/core/modifiers";
import { argument, command, option } from "@optique/core/primitives";
import { integer, string } from "@optique/core/valueparser";
import type { SinkJson } from "../http/json.ts";
import { withAgent } from "./control.ts";
import { examples } from "./examples.ts";
import { type Action, type ExitCode, type Io, lines } from "./io.ts";
import { exportCommand } from "./queue_export.ts";
import { readingsPage, rejectedPage, statsPage } from "./queue_pages.ts";
import { sinkOf } from "./queue_sink.ts";
import { agentOptions, type AgentSelection } from "./socket.ts";
import { count, quoted, several } from "./words.ts";

/** Argument that names a sink. */
const sinkArgument = argument(string({ metavar: "SINK" }), {
  description: message`the sink, by its name in the configuration`,
});

const statsCommand = command(
  "stats",
  map(
    object({
      json: option("--json", { description: message`one JSON object a line` }),
      agent: agentOptions,
    }),
    ({ json, agent }): Action => (io) => stats(json, agent, io),
  ),
  {
    description:
      message`Show the account of each sink: readings = delivered + waiting + rejected + dropped.`,
  },
);

const peekCommand = command(
  "peek",
  map(
    object({
      sink: sinkArgument,
      limit: withDefault(
        option("--limit", integer({ metavar: "N", min: 1, max: 10_000 }), {
          description: message`most readings shown; default 20`,
        }),
        20,
      ),
      rejected: option("--rejected", {
        description:
          message`what the sink refused, newest first, with its reasons`,
      }),
      json: option("--json", { description: message`one JSON object a line` }),
      agent: agentOptions,
    }),
    (args): Action => (io) => peek(args, io),
  ),
  {
    description:
      message`Show the oldest readings that wait for a sink; they stay where they are.`,
  },
);

const purgeCommand = command(
  "purge",
  map(
    object({
      sink: sinkArgument,
      yes: option("--yes", {
        description: message`drop them without asking`,
      }),
      agent: agentOptions,
    }),
    (args): Action => (io) => purge(args, io),
  ),
  {
    description:
      message`Drop all readings that wait for a sink. They are never sent; other sinks keep theirs.`,
  },
);

/** Grammar of `queue`. */
export const queueCommand = command(
  "queue",
  or(statsCommand, peekCommand, exportCommand, purgeCommand, {
    errors: {
      noMatch:
        message`Say what to do with the queue: stats, peek, export or purge.`,
    },
  }),
  {
    brief: message`See, save or drop what waits for the sinks.`,
    description:
      message`Look at what waits for the sinks of the running agent, save it, or drop it.`,
    footer: examples("queue stats", "queue peek cloud --rejected"),
  },
);

function stats(
  json: boolean,
  selection: AgentSelection,
  io: Io,
): Promise<ExitCode> {
  return withAgent(selection, io, "queue stats", async (agent) => {
    const { sinks, agent: { now } } = await agent.status();
    if (json) {
      for (const sink of sinks) io.out(`${JSON.stringify(account(sink))}\n`);
    } else if (sinks.length === 0) {
      io.err("No sinks are configured: readings are kept and go nowhere.\n");
    } else {
      const width = io.terminal?.out ? io.terminal.columns() : Infinity;
      io.out(statsPage(sinks, now, width));
    }
    return 0;
  });
}

/** What `queue stats --json` gives of a sink. */
function account(sink: SinkJson) {
  const { name, type, up, readings, delivered, pending, rejected } = sink;
  const { dropped, dropped_by, oldest_pending_at } = sink;
  return {
    name,
    type,
    up,
    readings,
    delivered,
    pending,
    rejected,
    dropped,
    dropped_by,
    oldest_pending_at,
  };
}

interface PeekArgs {
  readonly sink: string;
  readonly limit: number;
  readonly rejected: boolean;
  readonly json: boolean;
  readonly agent: AgentSelection;
}

function peek(args: PeekArgs, io: Io): Promise<ExitCode> {
  const { sink, limit, rejected, json } = args;
  return withAgent(
    args.agent,
    io,
    `queue peek ${quoted(sink)}`,
    async (agent) => {
      const { pending, rejected: refused } = await sinkOf(agent, sink);
      const width = io.terminal?.out ? io.terminal.columns() : Infinity;
      const show = <Row>(
        rows: readonly Row[],
        page: (rows: readonly Row[], width: number) => string,
        none: string,
        all: number,
      ): void => {
        if (json) {
          for (const row of rows) {
            io.out(`${JSON.stringify(row)}\n`);
          }
        } else if (rows.length === 0) io.err(`${none}\n`);
        else {
          io.out(page(rows, width));
          if (all > rows.length) {
            io.err(`${count(rows.length)} of ${count(all)}; more: --limit\n`);
          }
        }
      };
      if (rejected) {
        show(
          await agent.rejected(sink, limit),
          rejectedPage,
          `${sink} has refused nothing that is still kept.`,
          refused,
        );
      } else {
        show(
          await agent.queue(sink, 0, limit),
          readingsPage,
          `Nothing waits for ${sink}.`,
          pending,
        );
      }
      return 0;
    },
  );
}

interface PurgeArgs {
  readonly sink: string;
  readonly yes: boolean;
  readonly agent: AgentSelection;
}

function purge({ sink, yes, agent: on }: PurgeArgs, io: Io): Promise<ExitCode> {
  return withAgent(on, io, `queue purge ${quoted(sink)}`, async (agent) => {
    const { pending } = await sinkOf(agent, sink);
    if (pending === 0) {
      io.err(`Nothing waits for ${sink}: nothing was dropped.\n`);
      return 0;
    }
    const what = several(pending, "reading");
    if (!yes && !io.terminal?.asks) {
      io.err(
        `dash7-edge: ${what} would be dropped and never reach ${sink}\nNobody can be asked here: add --yes to drop them\n`,
      );
      return 2;
    }
    if (!yes && !await agreed(what, sink, io)) {
      io.err("Nothing was dropped.\n");
      return 1;
    }
    const { purged } = await agent.purge(sink);
    io.out(`${several(purged, "reading")} for ${sink} dropped\n`);
    return 0;
  });
}

async function agreed(what: string, sink: string, io: Io): Promise<boolean> {
  io.err(
    `${what} would be dropped and never reach ${sink}.\nTo save them first: dash7-edge queue export ${
      quoted(sink)
    } --out FILE\nDrop them? [y/N] `,
  );
  const { value } = await lines(io.stdin).next();
  return /^(y|yes)$/i.test(value?.trim() ?? "");
}
