/**
 * `devices`: what the running agent knows of its devices; its sub-verbs change
 * or forget one.
 *
 * @module
 */
import { object, or } from "@optique/core/constructs";
import { message } from "@optique/core/message";
import { map, withDefault } from "@optique/core/modifiers";
import { command, option } from "@optique/core/primitives";
import { withAgent } from "./control.ts";
import { configureCommand, deviceArgument } from "./devices_configure.ts";
import { deviceOf } from "./devices_find.ts";
import { devicesPage } from "./devices_page.ts";
import type { Action, ExitCode, Io } from "./io.ts";
import { agentOptions, type AgentSelection } from "./socket.ts";
import { quoted, span } from "./words.ts";

const listCommand = map(
  object({
    json: option("--json", {
      description: message`one JSON object a line`,
    }),
    agent: agentOptions,
  }),
  ({ json, agent }): Action => (io) => list(json, agent, io),
);

const forgetCommand = command(
  "forget",
  map(
    object({ uid: deviceArgument, agent: agentOptions }),
    ({ uid, agent }): Action => (io) => forget(uid, agent, io),
  ),
  {
    description:
      message`Take a device off with what waits for it; it is new when heard again.`,
  },
);

const deeds = or(configureCommand, forgetCommand, listCommand);

/** Grammar of `devices`. */
export const devicesCommand = command(
  "devices",
  {
    // With no word more none of the three is begun: then it is the list.
    ...withDefault(
      deeds,
      (): Action => (io) =>
        list(false, { config: undefined, socket: undefined }, io),
    ),
    // The usage need not say in brackets that all may be left out.
    usage: deeds.usage,
  },
  {
    description:
      message`List the running agent's devices, or configure one over the air.`,
  },
);

function list(
  json: boolean,
  selection: AgentSelection,
  io: Io,
): Promise<ExitCode> {
  return withAgent(selection, io, "devices", async (agent) => {
    const devices = await agent.devices();
    if (json) {
      for (const device of devices) io.out(`${JSON.stringify(device)}\n`);
    } else if (devices.length === 0) {
      io.err("No device has been heard yet.\n");
    } else {
      const width = io.terminal?.out ? io.terminal.columns() : Infinity;
      io.out(devicesPage(devices, width));
    }
    return 0;
  });
}

function forget(
  uid: string,
  selection: AgentSelection,
  io: Io,
): Promise<ExitCode> {
  return withAgent(
    selection,
    io,
    `devices forget ${quoted(uid)}`,
    async (agent) => {
      const found = deviceOf(uid, await agent.devices());
      await agent.forget(found.device);
      io.err(
        `${found.device} is forgotten; it was heard ${
          span(found.last_heard_s)
        } ago\n`,
      );
      return 0;
    },
  );
}
