/**
 * Schema of a sink with `type = "emqtt"`, and what it says to the machine.
 *
 * @module
 */
import * as z from "zod";
import { brokerConfig, checkBroker } from "../../mqtt/mqtt.ts";
import { IO_LINK_PORT, SUBINTERFACE_ID } from "./ids.ts";

const text = z.string().min(1).max(64).regex(
  // deno-lint-ignore no-control-regex
  /^[^\u0000-\u001f\u007f-\u009f]*$/,
  "a text without control characters",
);
const period = z.int().min(100).max(86_400_000);
const channels = z.int().min(1).max(100_000);
const number32 = z.int().min(0).max(2 ** 32 - 1);

/** Where the onSite trigger is served unless configured. [E-058] */
export const DEFAULT_LISTEN = "0.0.0.0:80";

/** Address and port of `http_listen`; null when the text is neither. */
export function listenOf(
  text: string,
): { readonly hostname: string; readonly port: number } | null {
  const match = /^(?:\[([0-9A-Fa-f:.]+)\]|([A-Za-z0-9._-]+)):(\d{1,5})$/.exec(
    text,
  );
  const port = Number(match?.[3]);
  if (match === null || port > 65_535) return null;
  return { hostname: match[1] ?? match[2] ?? "", port };
}

/** Table of a sink with `type = "emqtt"`. */
export const emqttConfig = z.strictObject({
  type: z.literal("emqtt").describe("SICON.OS: this gateway as an eMQTT ePlug"),
  registration: z.enum(["onCloud", "onSite"]).describe(
    "onSite: SICON.OS finds the plug and sets its broker over HTTP; onCloud: the broker is configured here",
  ),
  broker: brokerConfig.broker.optional().meta({
    description:
      "onCloud only: mqtt://host[:1883], or mqtts://host[:8883] with TLS",
    examples: ["mqtt://192.168.3.110:1883"],
  }),
  username: z.string().min(1, "a user name, issued by GPS")
    .describe("user name at the broker, issued by GPS"),
  password: brokerConfig.password.describe(
    "password at the broker, issued by GPS; this or password_file is required",
  ),
  password_file: brokerConfig.password_file,
  uid: z.string().regex(
    /^(?:[0-9A-Fa-f]{12})?$/,
    "12 hex digits, or empty for this machine's own",
  ).transform((uid) => uid.toUpperCase()).prefault("").describe(
    "UID of the plug, 12 hex digits; empty: MAC of the first physical interface, then kept in data_dir",
  ),
  vendor_id: number32.describe(
    "VendorID of the gateway and its devices, assigned by GPS",
  ),
  device_id_main: number32.default(1).describe("DeviceID of the gateway"),
  device_id_node: number32.default(2)
    .describe("DeviceID of the metering devices, one for all of a type"),
  vendor_name: text.default("LiQuiBit")
    .describe("VendorName; also the start of the MQTT client id"),
  product_name_main: text.default("DASH7 Gateway")
    .describe("ProductName of the gateway"),
  product_name_node: text.default("MODBUS-to-DASH7")
    .describe("ProductName of the metering devices"),
  http_listen: z.string().refine((listen) => listenOf(listen) !== null, {
    message: 'ADDRESS:PORT, such as "0.0.0.0:80"',
  }).optional().meta({
    description:
      `where set_broker_host and status are served; default onSite: ${DEFAULT_LISTEN}, onCloud: nowhere`,
    examples: [DEFAULT_LISTEN],
  }),
  keep_alive_s: z.int().min(5).max(120).default(30)
    .describe("MQTT keep-alive"),
  cyclic_default_ms: period.default(10_000)
    .describe("period of cyclic data where SICON.OS asks for none"),
  cyclic_min_ms: period.default(1000)
    .describe("shortest period of cyclic data"),
  observation_min_ms: period.default(1000)
    .describe("shortest period of an observation, and the default one"),
  report_min_ms: period.default(1000)
    .describe("shortest period of a time report"),
  report_default_ms: period.default(60_000)
    .describe("period of a time report where SICON.OS asks for none"),
  replay: z.strictObject({
    rate_ms: period.default(60_000).describe("period of samples"),
    pre: z.int().min(1).max(10_000).default(60)
      .describe("samples before the trigger"),
    post: z.int().min(1).max(10_000).default(30)
      .describe("samples after the trigger"),
  }).prefault({}).describe("what a replay holds"),
  max_observations: channels.default(32)
    .describe("subinterfaces observed at a time"),
  max_reports: channels.default(256)
    .describe("subinterfaces that report at a time"),
  max_replays: channels.default(32)
    .describe("subinterfaces with a replay at a time"),
  downlink: z.enum(["contact", "direct"]).default("contact").describe(
    "contact: devices hear only after they have sent, writes wait for that; direct: devices listen always",
  ),
  downlink_timeout_s: z.int().min(1).max(300).default(10)
    .describe("direct: how long a device may take to answer"),
  nak_literal: z.string().min(1).max(32).default("Nak")
    .describe("how a refusal is written, should GPS want another spelling"),
  clear_retained_will: z.boolean().default(false).describe(
    "onCloud: delete the retained Disconnected of an earlier loss after connecting",
  ),
  auto_connect: z.boolean().default(false).describe(
    "onSite: connect to the stored broker at start, without waiting for the trigger",
  ),
  no_rtc: z.boolean().default(false).describe(
    "this machine has no clock of its own: times count from its boot until SICON.OS sets them",
  ),
  observation_timestamp: z.enum(["measured", "polled"]).default("measured")
    .describe("time of observed meter values: of the measurement or the poll"),
  blink_led: z.string().default("").describe(
    "LED that blinks on request, e.g. /sys/class/leds/ACT/brightness; empty: log and status only",
  ),
  aliases: z.record(
    z.string().regex(
      /^[0-9A-Fa-f]{16}$/,
      "the UID of a device, 16 hex digits",
    ),
    z.string().regex(SUBINTERFACE_ID, "1 to 10 letters and digits")
      .refine((id) => id !== "main" && !IO_LINK_PORT.test(id), {
        message: "another id than main or that of an IO-Link port such as p1",
      }),
  ).default({}).describe(
    "SubinterfaceID of your choice by device UID, fixed once it was announced",
  ),
  tls: brokerConfig.tls,
}).superRefine((config, context) => {
  // That there is a user name is the schema's own word.
  checkBroker({ ...config, username: "any", protocol: "3.1.1" }, context);
  const refuse = (path: string[], message: string) =>
    context.addIssue({ code: "custom", path, message });
  if (config.registration === "onCloud" && config.broker === undefined) {
    refuse(["broker"], "onCloud the broker must be given");
  }
  if (config.registration === "onSite" && config.broker !== undefined) {
    refuse(["broker"], "onSite the broker is learnt over HTTP: leave it out");
  }
  const { ca_file, cert_file, key_file } = config.tls;
  if (
    config.registration === "onSite" && ca_file + cert_file + key_file !== ""
  ) {
    refuse(
      ["tls"],
      "onSite the broker is reached without TLS, as eMQTT has it: leave tls out",
    );
  }
  if (config.password === "" && config.password_file === "") {
    refuse(
      ["password"],
      "a password is required: give password or password_file",
    );
  }
  const ids = Object.values(config.aliases);
  ids.forEach((id, at) => {
    if (ids.indexOf(id) !== at) {
      refuse(["aliases"], `two devices would be called ${JSON.stringify(id)}`);
    }
  });
});

/** Checked table of an eMQTT sink. */
export type EmqttConfig = z.infer<typeof emqttConfig>;

/** MQTT client id of a plug: at most 23 characters. [E-008, E-009] */
export function clientIdOf(vendorName: string, uid: string): string {
  const ascii = vendorName.replace(/[^\x20-\x7e]/g, "");
  return `${ascii.slice(0, 10)}-${uid}`;
}
