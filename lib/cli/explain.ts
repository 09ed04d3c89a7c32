/**
 * `explain`: from one reading back to its bytes, and on to every sink.
 *
 * @module
 */
import { object } from "@optique/core/constructs";
import { message } from "@optique/core/message";
import { map, optional } from "@optique/core/modifiers";
import { argument, command, option } from "@optique/core/primitives";
import { integer, string } from "@optique/core/valueparser";
import { AgentError } from "./agent_error.ts";
import { type Agent, withAgent } from "./control.ts";
import { deviceOf } from "./devices_find.ts";
import { examples } from "./examples.ts";
import { explainPage } from "./explain_page.ts";
import type { Action, ExitCode, Io } from "./io.ts";
import { agentOptions, type AgentSelection } from "./socket.ts";
import { quoted } from "./words.ts";

/** Grammar of `explain`. */
export const explainCommand = command(
  "explain",
  map(
    object({
      id: optional(
        argument(
          integer({
            metavar: "READING-ID",
            min: 1,
            max: Number.MAX_SAFE_INTEGER,
          }),
          {
            description:
              message`number of the reading, as queue peek, the page and /api/readings show it`,
          },
        ),
      ),
      last: optional(
        option("--last", string({ metavar: "DEVICE" }), {
          description:
            message`the newest reading of this device instead: 16 hex digits, or its configured name`,
        }),
      ),
      json: option("--json", {
        description: message`everything as one JSON object in one line`,
      }),
      agent: agentOptions,
    }),
    (args): Action => (io) => explain(args, io),
  ),
  {
    brief: message`Show where a reading comes from and what became of it.`,
    description:
      message`Explain a reading: its bytes, the fields in them, whether it was a duplicate, and for each sink what it was sent and when it acknowledged.`,
    footer: examples("explain 1234", 'explain --last "Compressor 2"'),
  },
);

interface ExplainArgs {
  readonly id: number | undefined;
  readonly last: string | undefined;
  readonly json: boolean;
  readonly agent: AgentSelection;
}

async function explain(args: ExplainArgs, io: Io): Promise<ExitCode> {
  const { id, last, json } = args;
  if ((id === undefined) === (last === undefined)) {
    io.err(
      "dash7-edge: which reading? Give its number, or --last DEVICE, and not both\n",
    );
    return 2;
  }
  const verb = id === undefined
    ? `explain --last ${quoted(last ?? "")}`
    : `explain ${id}`;
  return await withAgent(args.agent, io, verb, async (agent) => {
    const found = await agent.explain(id ?? await newestOf(last ?? "", agent));
    if (json) io.out(`${JSON.stringify(found)}\n`);
    else {
      const width = io.terminal?.out ? io.terminal.columns() : 80;
      io.out(explainPage(found, { width, colors: io.colors }));
    }
    return 0;
  });
}

async function newestOf(text: string, agent: Agent): Promise<number> {
  const { device } = deviceOf(text, await agent.devices());
  const [newest] = await agent.readings({ device, limit: 1 });
  if (newest !== undefined) return newest.id;
  throw new AgentError(
    `no reading of ${text} is in the log (any more): it is kept until every sink has it, and not longer than [outbox] max_age_days`,
  );
}
