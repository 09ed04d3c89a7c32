/**
 * The ePlug and whatever a platform sends it: a script of topics and payloads,
 * with time, devices and connections moving between them. The rig checks topic
 * and payload of each message that leaves.
 *
 * | line | what happens |
 * | --- | --- |
 * | `command payload`, `main/command payload` | a message to the plug, to a subinterface |
 * | `eMQTT/… payload` | a message on any topic |
 * | `~command payload` | the same, retained |
 * | `+ms` | time goes by |
 * | `!` followed by a digit | a device is heard, connection lost and so on |
 * | `?body` | the trigger over HTTP |
 *
 * @module
 */
import type { PlugEffect } from "../../../lib/sink/emqtt/machine_io.ts";
import {
  A,
  B,
  button,
  energy,
  NODE_A,
  NODE_B,
  Rig,
  settings,
  UID,
} from "../../sink/emqtt/harness.ts";
import type { Random } from "../random.ts";
import { bytesOf, joined, must, type Target, textOf } from "../target.ts";

const SETTINGS = settings({
  max_observations: 2,
  max_reports: 2,
  max_replays: 1,
  replay: { rate_ms: 1000, pre: 5, post: 3 },
});
/** A message may be so long, and so much longer than all that was sent before it. */
const PAYLOAD_BYTES = 65_536;
const PAYLOAD_RATIO = 64;
/** Messages that one line may cause, time apart. */
const MOST_MESSAGES = 400;
/** Time that one line may let go by. */
const MOST_MS = 20_000;
/** Lines that are looked at: more only takes longer. */
const MOST_LINES = 60;

const TOPIC = new RegExp(`^eMQTT/adapter/${UID}(?:_[A-Za-z0-9]{1,10})?/\\w+$`);
const FILTER = new RegExp(`^eMQTT/${UID}(?:_[A-Za-z0-9]{1,10})?/adapter/\\+$`);

const happenings: readonly ((rig: Rig) => void)[] = [
  (rig) => rig.hear(A, NODE_A),
  (rig) =>
    rig.hear(B, NODE_B, button(rig.receipt()), {}, [
      rig.event(NODE_B, 6208),
    ]),
  (rig) =>
    rig.hear(A, NODE_A, energy(rig.receipt(), { valid: false }), {}, [
      rig.event(NODE_A, 6240, "Appears", "Warning"),
    ]),
  (rig) => rig.feed({ type: "disconnected" }),
  (rig) => void rig.connect(),
  (rig) => rig.device(A, NODE_A, { unregistered: true }, { gone: true }),
  (rig) => rig.suspend(30_000),
  (rig) => rig.perform = () => 998,
  (rig) => rig.perform = () => "later",
  (rig) => rig.main({ tag: "x" }, [rig.event(null, 36_002)]),
];

function line(rig: Rig, bytes: Uint8Array): void {
  const first = String.fromCharCode(bytes[0] ?? 0);
  if (first === "+") {
    const ms = Number.parseInt(textOf(bytes.subarray(1, 8)), 10);
    return rig.advance(Math.min(MOST_MS, Math.max(0, ms || 0)));
  }
  if (first === "!") {
    return happenings[(bytes[1] ?? 0) % happenings.length]?.(rig);
  }
  if (first === "?") {
    const body = textOf(bytes.subarray(1));
    return rig.feed({ type: "trigger", request: 1, body });
  }
  const retain = first === "~";
  const start = retain ? 1 : 0;
  const blank = bytes.indexOf(0x20);
  const end = blank < 0 ? bytes.length : blank;
  const place = textOf(bytes.subarray(start, end));
  const payload = bytes.subarray(end + 1);
  const [sub = "", command] = place.split("/");
  const topic = place.startsWith("eMQTT/")
    ? place
    : command === undefined
    ? `eMQTT/${UID}/adapter/${place}`
    : `eMQTT/${UID}_${sub}/adapter/${command}`;
  const before = rig.effects.length;
  const { broker } = rig.state;
  rig.sendRaw(topic, payload, retain);
  for (const effect of rig.effects.slice(before)) {
    // A reset begins anew with the same broker [E-154], that to factory settings
    // forgets it [E-093]; to name one is not for a broker.
    must(
      (effect.type !== "remember" || effect.lock === null) &&
        (effect.type !== "connect" || effect.broker === broker),
      () => `a message caused ${JSON.stringify(effect)}`,
    );
    must(
      !retain || effect.type === "report",
      () => `a retained message caused ${JSON.stringify(effect)}`,
    );
  }
}

function judge(effect: PlugEffect, sentBytes: number): void {
  switch (effect.type) {
    case "publish": {
      must(TOPIC.test(effect.topic), () => `topic ${effect.topic}`);
      must(
        !effect.retain || effect.payload === "" || /status$/.test(effect.topic),
        () => `retained ${effect.topic}`,
      );
      const most = PAYLOAD_BYTES + PAYLOAD_RATIO * sentBytes;
      must(
        effect.payload.length <= most,
        () => `${effect.payload.length} characters on ${effect.topic}`,
      );
      return;
    }
    case "subscribe":
      return must(FILTER.test(effect.filter), () => `filter ${effect.filter}`);
    case "arm":
      return must(
        Number.isFinite(effect.dueMs),
        () => `${effect.key} is due ${effect.dueMs}`,
      );
    case "report":
      return must(
        JSON.stringify(effect.fields).length < 4000 + 4 * sentBytes,
        () => `a long record: ${effect.message}`,
      );
    default:
      return;
  }
}

function wellFormed(rig: Rig): void {
  const { subs, phase, plug, writes } = rig.state;
  must(subs.has("main") && subs.size <= 3, () => `${[...subs.keys()]}`);
  must(
    phase === "connected" || plug === "Disconnected",
    () => `${plug} while ${phase}`,
  );
  must(
    phase === "connected" || rig.armed().length === 0,
    () => `${rig.armed()} while ${phase}`,
  );
  must(writes.size <= MOST_LINES, () => `${writes.size} writes`);
  must(rig.armed().length <= 16, () => `${rig.armed().length} timers`);
}

function run(input: Uint8Array): void {
  const rig = new Rig(SETTINGS);
  rig.hear(A, NODE_A);
  rig.on();
  rig.effects.length = 0;
  let at = 0;
  for (let n = 0; n < MOST_LINES && at < input.length; n++) {
    const found = input.indexOf(0x0a, at);
    const end = found < 0 ? input.length : found;
    const before = rig.effects.length;
    line(rig, input.subarray(at, end));
    for (const effect of rig.effects.slice(before)) judge(effect, end);
    const said = rig.take().length;
    must(said <= MOST_MESSAGES, () => `${said} messages for one line`);
    wellFormed(rig);
    at = end + 1;
  }
  rig.feed({ type: "disconnected" });
  must(rig.armed().length === 0, () => `${rig.armed()} after the end`);
}

const INDICES = [
  "0",
  "2",
  "16",
  "24",
  "36",
  "64",
  "74",
  "81",
  "83",
  "97",
  "104",
  "9999",
  "-1",
  "null",
  '"24"',
  "1e400",
  "70000",
];
const LISTS = ["Indices", "YIndices", "XIndices"];

const COMMANDS: readonly (readonly [string, readonly string[]])[] = [
  ["startPlug", ["{}"]],
  ["stopPlug", ["{}"]],
  ["startDevices", ["{}"]],
  ["blink", ['{"Value":"On"}', '{"Value":"Off"}']],
  ["dateUpdate", ['{"ms":"0171DE2AD379"}', '{"ms":"FFFFFFFFFFFF"}']],
  ["updateFirmware", ["{}"]],
  ["main/setXConfig", [
    '{"XIndices":[24],"AutomaticReadForEvents":true,"AutomaticReadForReporting":"true"}',
  ]],
  ["main/getStatData", ['{"Indices":[24,36,64]}', '{"Indices":"[0,2]"}']],
  ["main/putStatData", [
    '{"24":"2A"}',
    '{"2":"81"}',
    '{"105":"0000012C","64":"ZZ"}',
    '{"98":"80"}',
  ]],
  ["main/startCyclicData", ['{"SamplingRate":1500}', '{"SamplingRate":null}']],
  ["main/stopCyclicData", ["{}"]],
  ["main/putCyclicData", ['{"Value":"00"}']],
  ["main/startObservation", ['{"SamplingRate":"2000","Indices":[24,64]}']],
  ["main/stopObservation", ["{}"]],
  ["main/startEvents", ["{}"]],
  ["main/stopEvents", ["{}"]],
  ["main/startReporting", [
    '{"Type":"Event","Code":6208,"Mode":"Appears","YIndices":[64]}',
    '{"Type":"Time","SamplingRate":1500,"YIndices":[64,74]}',
    '{"Type":"Self-triggered","YIndices":[83]}',
  ]],
  ["main/stopReporting", ["{}"]],
  ["main/startReplay", [
    '{"Triggers":[{"Code":6208,"Mode":"Singleshot"}],"YIndices":[64,74]}',
  ]],
  ["main/stopReplay", ["{}"]],
  ["main/triggerReplay", ['{"Label":"x"}']],
  ["main/regDevice", ['{"Action":"Abort"}', '{"Action":"Abort","Cause":"c"}']],
];

function message(random: Random): string {
  const [command, payloads] = random.pick(COMMANDS);
  const place = random.pick(["main", A, B]);
  let payload = random.pick(payloads);
  if (random.oneIn(4)) {
    const list = Array.from(
      { length: random.below(7) },
      () => random.pick(INDICES),
    );
    payload = `{"${random.pick(LISTS)}":[${list}],"SamplingRate":${
      random.pick(["10", "3e9", '"2000"', "-1", "0"])
    }}`;
  }
  return `${command.replace("main/", `${place}/`)} ${payload}`;
}

function grammar(random: Random): Uint8Array {
  const lines: Uint8Array[] = [];
  for (let n = 1 + random.below(12); n > 0; n--) {
    const kind = random.below(10);
    const text = kind < 6
      ? message(random)
      : kind < 8
      ? `+${random.pick([1, 100, 1500, 5000, 20_000])}`
      : `!${random.below(10)}`;
    const bytes = bytesOf(`${text}\n`);
    if (random.oneIn(5)) bytes[random.below(bytes.length)] = random.below(256);
    lines.push(bytes);
  }
  return joined(lines);
}

/** The eMQTT plug. */
export const emqtt: Target = {
  name: "emqtt",
  inputs: 9000,
  maxBytes: 1500,
  boundMs: 1000,
  sources: /\/lib\/sink\/emqtt\//,
  seeds: [
    ...COMMANDS.flatMap(([command, payloads]) =>
      payloads.map((payload) => bytesOf(`${command} ${payload}\n+1500\n!0\n`))
    ),
    bytesOf('?{"MQTT_HOST":"10.0.0.1:1883"}'),
    bytesOf("~startPlug {}\n"),
  ],
  words: [
    ...INDICES,
    ...LISTS.map((key) => `"${key}":[`),
    "+20000\n",
    "!0\n",
    "!1\n",
    "!3\n!4\n",
    "{}\n",
    "null",
    '"',
    "[",
    "{",
    "}",
    "]",
    ",",
    ":",
    "\\u0000",
    '"__proto__":1,',
    '"SamplingRate":10',
    "main/",
    `${A}/`,
    "~",
    "\n",
    "\ufeff",
    '?{"MQTT_HOST":"[::1]:1"}\n',
    "eMQTT/",
    "adapter/",
  ].map(bytesOf),
  grammar,
  text: true,
  run,
};
