/**
 * `devices`: what the running agent knows of its devices, and writing their
 * configuration over the air.
 *
 * @module
 */
import { object, or } from "@optique/core/constructs";
import { message } from "@optique/core/message";
import { map, optional, withDefault } from "@optique/core/modifiers";
import { argument, command, option } from "@optique/core/primitives";
import { choice, integer, string } from "@optique/core/valueparser";
import type { WriteEnd } from "../downlink/downlink.ts";
import { buttonConfigFile } from "../files/button.ts";
import { energyConfigFile } from "../files/energy.ts";
import type { DeviceJson, WritesBody } from "../http/control.ts";
import { type Ask, faultOf, withAgent } from "./control.ts";
import type { Action, ExitCode, Io } from "./io.ts";
import { configOption } from "./run.ts";

/** Shortest and longest interval that may be written, s. [mapping M-21, index 97] */
const MIN_INTERVAL_S = 60;
const MAX_INTERVAL_S = 86_400;

const onOff = () => choice(["true", "false"]);

const configureCommand = command(
  "configure",
  map(
    object({
      uid: argument(string({ metavar: "UID" }), {
        description: message`the device: 16 hex digits, or its configured name`,
      }),
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
      config: configOption,
    }),
    (args): Action => (io) => configure(args, io),
  ),
  { description: message`Write fields of a device's configuration files.` },
);

const listCommand = map(
  object({
    json: option("--json", {
      description: message`one JSON object a line`,
    }),
    config: configOption,
  }),
  ({ json, config }): Action => (io) => list(json, config, io),
);

const forgetCommand = command(
  "forget",
  map(
    object({
      uid: argument(string({ metavar: "UID" }), {
        description: message`the device: 16 hex digits, or its configured name`,
      }),
      config: configOption,
    }),
    ({ uid, config }): Action => (io) => forget(uid, config, io),
  ),
  {
    description:
      message`Take a device off with what waits for it; it is new when heard again.`,
  },
);

/** Grammar of `devices`. */
export const devicesCommand = command(
  "devices",
  or(configureCommand, forgetCommand, listCommand),
  {
    description:
      message`List the running agent's devices, or configure one over the air.`,
  },
);

function list(
  json: boolean,
  config: string | undefined,
  io: Io,
): Promise<ExitCode> {
  return withAgent(config, io, async (ask) => {
    const answer = await ask("/devices");
    if (answer.status !== 200) {
      io.err(`dash7-edge: ${faultOf(answer)}\n`);
      return 1;
    }
    const devices = answer.body as readonly DeviceJson[];
    if (json) {
      for (const device of devices) io.out(`${JSON.stringify(device)}\n`);
    } else if (devices.length === 0) {
      io.err("No device was heard yet.\n");
    } else {
      io.out(table(devices, Date.now()));
    }
    return 0;
  });
}

/** Devices as lines with columns. */
function table(devices: readonly DeviceJson[], nowMs: number): string {
  const rows = [
    ["DEVICE", "NAME", "LAST HEARD", "LINK", "STATE", "INTERVAL", "QUEUED"],
    ...devices.map((device) => [
      device.device,
      device.name ?? "-",
      ago(nowMs - device.lastHeardMs),
      device.linkBudgetDb === null ? "-" : `${device.linkBudgetDb} dB`,
      [
        device.state,
        ...device.meterLost ? ["meter lost"] : [],
        ...device.lastWriteFailed ? ["write failed"] : [],
      ].join(", "),
      device.energyConfig === null ? "-" : `${device.energyConfig.interval} s`,
      device.queued.length === 0
        ? "-"
        : device.queued.map(({ fileId, offset, data, tries }) =>
          `file ${fileId}+${offset}=${data}${
            tries === 0 ? "" : ` (${tries} of 3 tried)`
          }`
        ).join(" "),
    ]),
  ];
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => row[column]?.length ?? 0))
  );
  return rows.map((row) =>
    `${
      row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join("  ")
        .trimEnd()
    }\n`
  ).join("");
}

function ago(ms: number): string {
  const s = Math.max(0, Math.round(ms / 1000));
  if (s < 120) return `${s} s ago`;
  if (s < 7200) return `${Math.round(s / 60)} min ago`;
  return s < 172_800
    ? `${Math.round(s / 3600)} h ago`
    : `${Math.round(s / 86_400)} days ago`;
}

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
  readonly config: string | undefined;
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
  const fields: readonly [unknown, number, Uint8Array, number, number][] = [
    [interval, energyConfigFile.id, energy, 0, 4],
    [enabled, energyConfigFile.id, energy, 4, 5],
    [args.buttonReleases, buttonConfigFile.id, buttons, 0, 1],
    [args.buttonPresses, buttonConfigFile.id, buttons, 1, 2],
    [args.buttonMenu, buttonConfigFile.id, buttons, 2, 3],
    [args.buttonEnabled, buttonConfigFile.id, buttons, 3, 4],
  ];
  return fields.flatMap(([given, id, bytes, offset, end]) => {
    if (given === undefined) return [];
    const fileId = id === energyConfigFile.id ? 62 : 61;
    return [{ fileId, offset, data: bytes.slice(offset, end).toHex() }];
  });
}

async function configure(args: ConfigureArgs, io: Io): Promise<ExitCode> {
  const writes = writesOf(args);
  if (writes.length === 0) {
    io.err(
      "dash7-edge: nothing to write: give --interval, --enabled or one of --button-…\n",
    );
    return 2;
  }
  return await withAgent(args.config, io, async (ask) => {
    const device = await deviceOf(args.uid, ask, io);
    if (device === null) return 1;
    const body: WritesBody = {
      mode: args.direct ? "direct" : "contact",
      timeoutMs: args.timeout * 1000,
      writes,
    };
    const answer = await ask(`/devices/${device}/writes`, body);
    if (answer.status !== 200) {
      io.err(`dash7-edge: ${faultOf(answer)}\n`);
      return 1;
    }
    let code: ExitCode = 0;
    (answer.body as readonly WriteEnd[]).forEach((end, i) => {
      const { fileId, offset, data } = writes[i] ?? {};
      const said = `${device} file ${fileId}+${offset}=${data}: ${
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

/** The device of that UID or name; tells when there is none. */
async function deviceOf(
  uid: string,
  ask: Ask,
  io: Io,
): Promise<string | null> {
  const answer = await ask("/devices");
  const devices = answer.status === 200
    ? answer.body as readonly DeviceJson[]
    : [];
  const digits = uid.toUpperCase();
  const found = devices.find(({ device, name }) =>
    device === digits || device === digits.padStart(16, "0") || name === uid
  );
  if (found === undefined) {
    io.err(
      `dash7-edge: device ${uid} is not known; see: dash7-edge devices\n`,
    );
  }
  return found?.device ?? null;
}

function forget(
  uid: string,
  config: string | undefined,
  io: Io,
): Promise<ExitCode> {
  return withAgent(config, io, async (ask) => {
    const device = await deviceOf(uid, ask, io);
    if (device === null) return 1;
    const answer = await ask(`/devices/${device}`, undefined, "DELETE");
    if (answer.status === 200) return 0;
    io.err(`dash7-edge: ${faultOf(answer)}\n`);
    return 1;
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
