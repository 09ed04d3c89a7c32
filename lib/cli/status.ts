/**
 * `status`: how the running agent is, once or again every second.
 *
 * @module
 */
import { object } from "@optique/core/constructs";
import { message } from "@optique/core/message";
import { map } from "@optique/core/modifiers";
import { command, option } from "@optique/core/primitives";
import { AgentError } from "./agent_error.ts";
import { type Agent, withAgent } from "./control.ts";
import { examples } from "./examples.ts";
import { type Action, clockOf, type ExitCode, type Io } from "./io.ts";
import { agentOptions, type AgentSelection } from "./socket.ts";
import { statusPage } from "./status_page.ts";
import { type Backlog, drained } from "./status_sinks.ts";

/** Grammar of `status`. */
export const statusCommand = command(
  "status",
  map(
    object({
      json: option("--json", {
        description: message`the whole status as one JSON object in one line`,
      }),
      watch: option("--watch", {
        description:
          message`show it again every second, until Ctrl-C; with --json a line a second`,
      }),
      agent: agentOptions,
    }),
    ({ json, watch, agent }): Action => (io) =>
      status({ json, watch }, agent, io),
  ),
  {
    brief: message`Show how the running agent is, problems first.`,
    description:
      message`Show how the running agent is: problems with what would do, port and modem, outbox, devices, sinks. Exit 0 when an agent answers.`,
    footer: examples("status", "status --watch", "status --json | jq .sinks"),
  },
);

/** Time between two pages of `--watch`. */
const WATCH_MS = 1000;

async function status(
  { json, watch }: { readonly json: boolean; readonly watch: boolean },
  selection: AgentSelection,
  io: Io,
): Promise<ExitCode> {
  if (watch && !json && !io.terminal?.out) {
    io.err(
      "dash7-edge: --watch redraws a terminal, and stdout is none; for scripts: dash7-edge status --watch --json\n",
    );
    return 2;
  }
  return await withAgent(selection, io, "status", async (agent) => {
    if (watch) {
      await (json ? watchJson(agent, io) : watchPage(agent, io));
      return 0;
    }
    if (json) io.out(`${JSON.stringify(await agent.status())}\n`);
    else io.out(await pageOf(agent, io));
    return 0;
  });
}

/** @param backlog kept from page to page; absent for a single one, which says nothing of how far it is */
async function pageOf(
  agent: Agent,
  io: Io,
  backlog?: Backlog,
): Promise<string> {
  const [status, devices] = await Promise.all([
    agent.status(),
    agent.devices(),
  ]);
  return statusPage(status, devices, {
    width: io.terminal?.out ? io.terminal.columns() : 80,
    colors: io.colors,
    ...(backlog === undefined ? {} : { rows: rowsOf(io) }),
    drains: backlog === undefined ? [] : drained(status, backlog),
  });
}

/** Lines that a page may have; the last one of the terminal is the cursor's. */
function rowsOf(io: Io): number {
  return (io.terminal?.rows() ?? 24) - 1;
}

async function watchJson(agent: Agent, io: Io): Promise<void> {
  while (!io.signal.aborted) {
    const status = await agent.status().catch((error: unknown) => {
      // Ctrl-C in the middle of a question is the usual end.
      if (io.signal.aborted) return null;
      throw error;
    });
    if (status === null) return;
    io.out(`${JSON.stringify(status)}\n`);
    await clockOf(io).sleep(WATCH_MS, { signal: io.signal });
  }
}

/** To the first line; what a line leaves standing behind it is cleared. */
const HOME = "\x1b[H";
const CLEAR_SCREEN = "\x1b[2J";
const CLEAR_LINE = "\x1b[K";
const CLEAR_BELOW = "\x1b[J";
const HIDE_CURSOR = "\x1b[?25l";
const SHOW_CURSOR = "\x1b[?25h";

async function watchPage(agent: Agent, io: Io): Promise<void> {
  const backlog = new Map<string, number>();
  io.out(`${HIDE_CURSOR}${CLEAR_SCREEN}`);
  let last = "";
  try {
    while (!io.signal.aborted) {
      last = await pageOf(agent, io, backlog).catch((error: unknown) => {
        // An agent that restarts is back in a moment: the page waits for it.
        if (!(error instanceof AgentError)) throw error;
        return `dash7-edge: ${error.message}\nAsking again every second.\n`;
      });
      if (io.signal.aborted) break;
      io.out(redraw(last, io));
      await clockOf(io).sleep(WATCH_MS, { signal: io.signal });
    }
  } finally {
    io.out(SHOW_CURSOR);
  }
}

/** A page over the one before it, without flicker, as much as the terminal has lines for. */
function redraw(page: string, io: Io): string {
  const lines = page.trimEnd().split("\n");
  const room = rowsOf(io);
  const shown = lines.length <= room
    ? lines
    : [...lines.slice(0, room - 1), "… (the terminal is too low)"];
  return `${HOME}${
    shown.map((line) => `${line}${CLEAR_LINE}\n`).join("")
  }${CLEAR_BELOW}`;
}
