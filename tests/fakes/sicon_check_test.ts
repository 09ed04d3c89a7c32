import assert from "node:assert/strict";
import { exampleLog } from "./sicon_schema.ts";
import { SiconCheck } from "./sicon_check.ts";

const uid = "00301133E40F";

function check(
  lines: readonly (readonly [string, object])[],
): readonly string[] {
  const checker = new SiconCheck({ uid, mode: "onSite", timing: false });
  for (const [topic, payload] of lines) {
    checker.take({
      from: topic.startsWith("eMQTT/adapter/") ? "plug" : "adapter",
      topic,
      payload: JSON.stringify(payload),
    });
  }
  return checker.violations;
}

Deno.test("the log of chapter 12 has only the deviations that the requirements name", () => {
  const found = check(exampleLog.map(({ topic, payload }) => [topic, payload]));
  // C-59: the first post has SamplingRate 0, sent before the rate was known.
  assert.equal(found.length, 1, found.join("\n"));
  assert.match(found[0] ?? "", /postCyclicData SamplingRate is 0/);
});

const U = `eMQTT/${uid}`;
const P = `eMQTT/adapter/${uid}`;
const reg = {
  VendorID: 1,
  DeviceID: 1,
  CyclicDataBitLength: { PDIn: 0, PDOut: 0 },
};
const ms = "0171DE2AD379";
const on = [
  [`${P}/status`, { Value: "Off" }],
  [`${U}/adapter/startPlug`, {}],
  [`${P}/status`, { Value: "On" }],
  [`${P}_main/regDevice`, { ...reg, Prereg: true }],
] as const;

const faulty: readonly (readonly [
  string,
  RegExp,
  readonly (readonly [string, object])[],
])[] = [
  ["a post before its start", /was not started/, [
    ...on,
    [`${P}_main/postCyclicData`, {
      SamplingRate: 1000,
      ms,
      PDIn: "",
      PDOut: "",
    }],
  ]],
  ["a post before the acknowledge", /was not started/, [
    ...on,
    [`${U}_main/adapter/startCyclicData`, {}],
    [`${P}_main/postCyclicData`, {
      SamplingRate: 1000,
      ms,
      PDIn: "",
      PDOut: "",
    }],
  ]],
  ["a child before startDevices", /before startDevices/, [
    ...on,
    [`${P}_d1/regDevice`, { ...reg, ParentSubinterface: "main" }],
  ]],
  ["a child before main", /before main/, [
    ...on,
    [`${U}/adapter/startDevices`, {}],
    [`${P}_d1/regDevice`, { ...reg, ParentSubinterface: "main" }],
  ]],
  ["status On without startPlug", /without startPlug/, [[`${P}/status`, {
    Value: "On",
  }]]],
  ["regPlug on site", /on site/, [
    [`${P}/regPlug`, { Address: "127.0.0.1", ProductName: "SICON.PLUG" }],
  ]],
  ["acknowledges out of order", /comes before the answer/, [
    ...on,
    [`${U}_main/adapter/startEvents`, {}],
    [`${U}_main/adapter/stopCyclicData`, {}],
    [`${P}_main/stopCyclicData`, { Value: "Ack" }],
  ]],
  ["Active that does not count", /Active is 0, counted 1/, [
    ...on,
    [`${U}_main/adapter/startObservation`, { Indices: [16] }],
    [`${P}_main/startObservation`, { Value: "Ack", Active: 0, Max: 5 }],
  ]],
  ["a Warning as Singleshot", /does not go with/, [
    ...on,
    [`${U}_main/adapter/startEvents`, {}],
    [`${P}_main/startEvents`, { Value: "Ack" }],
    [`${P}_main/postEvent`, {
      ms,
      Code: 6256,
      Mode: "Singleshot",
      Type: "Warning",
    }],
  ]],
  ["Disappears alone", /without having appeared/, [
    ...on,
    [`${U}_main/adapter/startEvents`, {}],
    [`${P}_main/startEvents`, { Value: "Ack" }],
    [`${P}_main/postEvent`, {
      ms,
      Code: 6256,
      Mode: "Disappears",
      Type: "Error",
    }],
  ]],
  ["an answer nobody asked for", /was not asked for/, [
    ...on,
    [`${P}_main/getStatData`, { "16": "41" }],
  ]],
  ["a number that is no error code", /no error code/, [
    ...on,
    [`${U}_main/adapter/getStatData`, { Indices: [16] }],
    [`${P}_main/getStatData`, { "16": 18 }],
  ]],
  ["an unknown key", /unknown key Foo/, [[`${P}/status`, {
    Value: "Off",
    Foo: 1,
  }]]],
  ["lower-case hex", /fits none of the forms/, [
    ...on,
    [`${U}_main/adapter/getStatData`, { Indices: [16] }],
    [`${P}_main/getStatData`, { "16": "4a" }],
  ]],
  ["a topic of four levels turned round", /topic grammar/, [[
    `eMQTT/adapter/${uid.toLowerCase()}/status`,
    {},
  ]]],
  ["anything from a plug that is Off", /though the plug is Off/, [
    ...on,
    [`${U}/adapter/stopPlug`, {}],
    [`${P}/status`, { Value: "Off" }],
    [`${P}_main/disDevice`, {}],
  ]],
  ["segments that do not follow each other", /ms off the segment before/, [
    ...on,
    [`${U}_main/adapter/startReplay`, { Triggers: [], YIndices: [65] }],
    [`${P}_main/startReplay`, { Value: "Ack", Active: 1, Max: 5 }],
    [`${U}_main/adapter/triggerReplay`, { Label: "x" }],
    [`${P}_main/postEvent`, {
      ms,
      Code: 36002,
      Mode: "Singleshot",
      Type: "Notification",
    }],
    ...["0171DE2AD379", "0171DE2AD400"].map((first) =>
      [`${P}_main/postReplay`, {
        SamplingRate: 1000,
        ms: first,
        EventCode: 36002,
        TriggerTimestamp: ms,
        LastSegment: false,
        Label: "x",
        Y1: ["0001"],
      }] as const
    ),
  ]],
];

for (const [name, fault, lines] of faulty) {
  Deno.test(`SiconCheck finds ${name}`, () => {
    const found = check(lines);
    assert.ok(found.some((one) => fault.test(one)), found.join("\n"));
  });
}
