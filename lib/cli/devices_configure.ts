/**
 * `devices configure`: writing fields of a device's configuration files over
 * the air, through the running agent.
 *
 * @module
 */
import { object } from "@optique/core/constructs";
import { message } from "@optique/core/message";
import { map, optional, withDefault } from "@optique/core/modifiers";
import { argument, command, option } from "@optique/core/primitives";
import {
  choice,
  integer,
  string,
  type ValueParser,
} from "@optique/core/valueparser";
import type { WriteEnd } from "../downlink/downlink.ts";
import { buttonConfigFile } from "../files/button.ts";
import { energyConfigFile } from "../files/energy.ts";
import type { WritesBody } from "../http/control.ts";
import { withAgent } from "./control.ts";
import { deviceOf } from "./devices_find.ts";
import { examples } from "./examples.ts";
import type { Action, ExitCode, Io } from "./io.ts";
import { agentOptions, type AgentSelection } from "./socket.ts";
import { quoted } from "./words.ts";

/** Shortest and longest interval that may be written, s. [mapping M-21, index 97] */
const MIN_INTERVAL_S = 60;
const MAX_INTERVAL_S = 86_400;

/** Argument that names a device. */
export const deviceArgument = argument(string({ metavar: "UID" }), {
  description: message`the device: 16 hex digits, or its configured name`,
});

/** Its name says what there is to choose from: the help need not say it again. */
const onOff = (): ValueParser<"sync", "true" | "false"> => {
  const { choices: _, ...parser } = choice(["true", "false"], {
    metavar: "true|false",
  });
  return parser;
};

/** Grammar of `devices configure`. */
export const configureCommand = command(
  "configure",
  map(
    object({
      uid: deviceArgument,
      interval: optional(
        option(
          "--interval",
          integer({
            metavar: "SECONDS",
            min: MIN_INTERVAL_S,
            max: MAX_INTERVAL_S,
          }),
          { description: message`time between two measurements` },
        ),
      ),
      enabled: optional(
        option("--enabled", onOff(), {
          description: message`whether the device measures`,
        }),
      ),
      buttonReleases: optional(
        option("--button-releases", onOff(), {
          description: message`whether releases of a button are sent`,
        }),
      ),
      buttonPresses: optional(
        option("--button-presses", onOff(), {
          description: message`whether presses of a button are sent`,
        }),
      ),
      buttonMenu: optional(
        option("--button-menu", onOff(), {
          description: message`whether buttons control the device's menu`,
        }),
      ),
      buttonEnabled: optional(
        option("--button-enabled", onOff(), {
          description: message`whether buttons are looked at`,
        }),
      ),
      direct: option("--direct", {
        description:
          message`send at once and wait for the answer, to a device that always listens; else it is queued for the device's next uplink`,
      }),
      timeout: withDefault(
        option("--timeout", integer({ metavar: "SECONDS", min: 1, max: 600 }), {
          description: message`longest wait for the answer with --direct`,
        }),
        10,
      ),
      agent: agentOptions,
    }),
    (args): Action => (io) => configure(args, io),
  ),
  {
    description: message`Write fields of a device's configuration files.`,
    footer: examples(
      'devices configure "Compressor 2" --interval 300',
      "devices configure 326636300039004C --enabled true --direct",
    ),
  },
);

interface ConfigureArgs {
  readonly uid: string;
  readonly interval: number | undefined;
  readonly enabled: "true" | "false" | undefined;
  readonly buttonReleases: "true" | "false" | undefined;
  readonly buttonPresses: "true" | "false" | undefined;
  readonly buttonMenu: "true" | "false" | undefined;
  readonly buttonEnabled: "true" | "false" | undefined;
  readonly direct: boolean;
  readonly timeout: number;
  readonly agent: AgentSelection;
}

/** The fields to write, each with its place in its file. [mapping §6, 97 to 103] */
function writesOf(args: ConfigureArgs): WritesBody["writes"] {
  const { interval, enabled } = args;
  const energy = energyConfigFile.encode({
    interval: interval ?? 0,
    enabled: enabled === "true",
  });
  const buttons = buttonConfigFile.encode({
    transmitMask_0: args.buttonReleases === "true",
    transmitMask_1: args.buttonPresses === "true",
    buttonControlMenu: args.buttonMenu === "true",
    enabled: args.buttonEnabled === "true",
  });
  const fields: readonly [unknown, 61 | 62, Uint8Array, number, number][] = [
    [interval, 62, energy, 0, 4],
    [enabled, 62, energy, 4, 5],
    [args.buttonReleases, 61, buttons, 0, 1],
    [args.buttonPresses, 61, buttons, 1, 2],
    [args.buttonMenu, 61, buttons, 2, 3],
    [args.buttonEnabled, 61, buttons, 3, 4],
  ];
  return fields.flatMap(([given, file_id, bytes, offset, end]) =>
    given === undefined
      ? []
      : [{ file_id, offset, data: bytes.slice(offset, end).toHex() }]
  );
}

async function configure(args: ConfigureArgs, io: Io): Promise<ExitCode> {
  const writes = writesOf(args);
  if (writes.length === 0) {
    io.err(
      "dash7-edge: nothing to write: give --interval, --enabled or one of --button-…\n",
    );
    return 2;
  }
  const verb = `devices configure ${quoted(args.uid)} …`;
  return await withAgent(args.agent, io, verb, async (agent) => {
    const { device } = deviceOf(args.uid, await agent.devices());
    const ends = await agent.write(device, {
      mode: args.direct ? "direct" : "contact",
      timeout_ms: args.timeout * 1000,
      writes,
    });
    let code: ExitCode = 0;
    ends.forEach((end, i) => {
      const { file_id, offset, data } = writes[i] ?? {};
      const said = `${device} file ${file_id}+${offset}=${data}: ${
        words(end)
      }\n`;
      if (end.end === "queued" || end.end === "confirmed") io.out(said);
      else {
        code = 1;
        io.err(said);
      }
    });
    return code;
  });
}

/** The end of a write for people. */
function words(end: WriteEnd): string {
  switch (end.end) {
    case "queued":
      return "queued, sent after the device's next uplink";
    case "confirmed":
      return "confirmed by the device";
    case "timeout":
      return "the device did not answer";
    case "offline":
      return "the device is offline, nothing was queued";
    case "refused":
      return end.status === null
        ? "refused"
        : `refused by the device with ALP status ${
          end.status.toString(16).toUpperCase()
        }`;
  }
}
