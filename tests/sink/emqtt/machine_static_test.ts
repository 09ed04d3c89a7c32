import assert from "node:assert/strict";
import { A, B, NODE_A, NODE_B, type Perform, Rig, UID } from "./harness.ts";

function rig(more: Record<string, unknown> = {}): Rig {
  const rig = new Rig(more);
  rig.hear(A, NODE_A);
  rig.hear(B, NODE_B);
  return rig.on();
}

const values = (lines: readonly string[]) =>
  lines.map((line) => line.split(" ")[1]);

Deno.test("E-023 E-135 E-136 E-139 E-140 getStatData answers each index in a message of its own, in order", () => {
  assert.deepEqual(
    values(rig().ask(`${A}/getStatData`, { Indices: [24, 16, 9999, 12] })),
    [
      '{"24":"2A2A2A"}',
      '{"16":"4C69517569426974"}',
      '{"9999":17}',
      '{"12":"0000"}',
    ],
  );
});

Deno.test("E-020 E-032 E-041 E-042 E-142 reads: unknown indices 17, write-only 35, lists in any dress", () => {
  const r = rig();
  const ask = (payload: unknown) => values(r.ask(`${A}/getStatData`, payload));
  assert.deepEqual(ask({ Indices: [0, -1, 1.5, 70_000, 2] }), [
    '{"0":17}',
    '{"-1":17}',
    '{"1.5":17}',
    '{"70000":17}',
    '{"2":35}',
  ]);
  assert.deepEqual(ask({ indices: ["12"] }), ['{"12":"0000"}']);
  assert.deepEqual(ask({ Indices: "[12]", More: 1 }), ['{"12":"0000"}']);
  assert.deepEqual(ask({ Indices: [] }), []);
  assert.deepEqual(ask({}), []);
});

Deno.test("E-138 more than 5 indices are all answered, duplicates once", () => {
  const indices = [12, 16, 17, 18, 19, 20, 21, 12];
  assert.equal(rig().ask(`${A}/getStatData`, { Indices: indices }).length, 7);
});

Deno.test("E-141 E-143 reads are answered at once; what was never received is 54", () => {
  const r = new Rig();
  r.hear(A, NODE_A, null);
  r.on();
  assert.deepEqual(
    values(r.ask(`${A}/getStatData`, { Indices: [68, 83, 80] })),
    [
      '{"68":54}',
      '{"83":"00000000"}',
      '{"80":"57"}',
    ],
  );
});

Deno.test("E-233 index 36 of main is answered at any time On", () => {
  const r = rig();
  for (let turn = 0; turn < 5; turn++) {
    r.advance(10_000);
    assert.deepEqual(values(r.ask("main/getStatData", { Indices: [36] })), [
      '{"36":"00"}',
    ]);
  }
});

Deno.test("E-144 E-145 E-147 E-148 writes are done in the order of the text, one answer each", () => {
  const r = rig();
  const done: string[] = [];
  r.perform = ({ step }) => {
    done.push(step.do);
    return null;
  };
  assert.deepEqual(
    values(r.ask(
      `${A}/putStatData`,
      '{"24":"2a2a41","16":"00","9999":"00","105":"0000003c000000780000 0000","105":"0000003C0000007800000000","12":"00"}'
        .replace("0000 0000", "00000000"),
    )),
    [
      '{"24":"2A2A41"}',
      '{"16":35}',
      '{"9999":17}',
      '{"105":"0000003C0000007800000000"}',
      '{"12":35}',
    ],
  );
  assert.deepEqual(done, ["tag", "supervision"]);
  assert.deepEqual(r.ask(`${A}/putStatData`, {}), []);
  assert.deepEqual(r.ask(`${A}/putStatData`, { Foo: "00" }), []);
});

Deno.test("E-035 E-043 E-044 E-046 values that are refused change nothing", () => {
  const r = rig();
  let performed = 0;
  r.perform = () => {
    performed++;
    return null;
  };
  const rows: readonly (readonly [string, string, number])[] = [
    ["24", "2A2", 48],
    ["24", "ZZ", 48],
    ["24", "FF", 48],
    ["24", "00", 48],
    ["24", "41".repeat(33), 51],
    ["97", "0000003B", 50],
    ["97", "00015181", 49],
    ["97", "0000003C00", 51],
    ["97", "00003C", 52],
    ["98", "02", 48],
    ["96", "0000003C02", 48],
    ["96", "0000000001", 50],
    ["100", "02", 48],
    ["99", "01010102", 48],
    ["105", "0000003C0000003C00000000", 65],
    ["105", "0000003C0000007800000050", 65],
    ["105", "0000003C", 52],
    ["2", "", 52],
    ["2", "0102", 51],
    ["2", "05", 53],
    ["68", "00", 35],
  ];
  for (const [index, hex, code] of rows) {
    assert.deepEqual(
      values(r.ask(`${A}/putStatData`, { [index]: hex })),
      [`{"${index}":${code}}`],
      `${index}=${hex}`,
    );
  }
  assert.equal(performed, 0);
  assert.deepEqual(values(r.ask(`${A}/putStatData`, { "24": 41 })), [
    '{"24":48}',
  ]);
});

Deno.test("E-149 E-034 M-23 writes of settings become writes of just that field, little-endian", () => {
  const r = rig();
  const writes: unknown[] = [];
  r.perform = ({ step, device }) => {
    assert(step.do === "writeFile");
    writes.push([
      device,
      step.write.fileId,
      step.write.offset,
      ...step.write.data,
    ]);
    return null;
  };
  const rows: readonly (readonly [string, string, readonly number[]])[] = [
    ["96", "0000012C00", [62, 0, 0x2c, 1, 0, 0, 0]],
    ["97", "00000258", [62, 0, 0x58, 2, 0, 0]],
    ["98", "01", [62, 4, 1]],
    ["99", "01000101", [61, 0, 1, 0, 1, 1]],
    ["100", "00", [61, 0, 0]],
    ["101", "01", [61, 1, 1]],
    ["102", "00", [61, 2, 0]],
    ["103", "01", [61, 3, 1]],
  ];
  for (const [index, hex, write] of rows) {
    assert.deepEqual(values(r.ask(`${A}/putStatData`, { [index]: hex })), [
      `{"${index}":"${hex}"}`,
    ]);
    assert.deepEqual(writes.pop(), [NODE_A, ...write]);
  }
});

Deno.test("E-047 E-150 the radio's refusals are answered with their codes, an offline node with 54 at once", () => {
  const r = rig();
  for (const code of [998, 54, 17, 35, 51, 53, 999]) {
    r.perform = () => code;
    assert.deepEqual(values(r.ask(`${A}/putStatData`, { "98": "01" })), [
      `{"98":${code}}`,
    ]);
  }
  r.device(A, NODE_A, { offline: r.receipt() });
  r.perform = () => assert.fail("nothing may be queued");
  assert.deepEqual(values(r.ask(`${A}/putStatData`, { "98": "01" })), [
    '{"98":54}',
  ]);
  assert.deepEqual(values(r.ask(`${A}/putStatData`, { "2": "82" })), [
    '{"2":54}',
  ]);
});

/** Steps that end when the test says so. */
function pending(r: Rig): number[] {
  const waiting: number[] = [];
  const perform: Perform = ({ write, step }) => {
    if (step.do !== "writeFile") return null;
    waiting.push(write);
    return "later";
  };
  r.perform = perform;
  return waiting;
}

Deno.test("E-149 E-151 a write that waits for the radio blocks neither reads nor others", () => {
  const r = rig();
  const waiting = pending(r);
  assert.deepEqual(r.ask(`${A}/putStatData`, '{"98":"01","24":"41"}'), []);
  assert.equal(r.ask(`${A}/getStatData`, { Indices: [12] }).length, 1);
  assert.equal(r.ask(`${B}/putStatData`, { "24": "42" }).length, 1);
  assert.equal(r.ask(`${A}/startEvents`).length, 1);
  r.advance(3000);
  const [write = 0] = waiting;
  r.take();
  r.feed({ type: "ended", write, error: null });
  assert.deepEqual(values(r.lines()), ['{"98":"01"}', '{"24":"41"}']);
});

Deno.test("E-021 E-083 the end of a write of an earlier session is not told", () => {
  const r = rig();
  const [...waiting] = [pending(r)];
  r.ask(`${A}/putStatData`, { "98": "01" });
  r.send("stopPlug");
  r.take();
  r.feed({ type: "ended", write: waiting[0]?.[0] ?? 0, error: null });
  assert.deepEqual(r.topics(), []);
});

Deno.test("E-045 E-152 E-153 SystemCommands of a node", () => {
  const r = rig();
  const steps: string[] = [];
  r.perform = ({ step }) => {
    steps.push(
      step.do === "writeFile"
        ? `${step.write.fileId}=${[...step.write.data]}`
        : step.do === "readFiles"
        ? `read ${step.fileIds}`
        : step.do,
    );
    return null;
  };
  const ask = (hex: string) => {
    steps.length = 0;
    const [answer] = values(r.ask(`${A}/putStatData`, { "2": hex }));
    return [answer, ...steps];
  };
  for (const hex of ["01", "05", "80", "83", "A1", "00", "FF"]) {
    assert.deepEqual(ask(hex), ['{"2":53}'], hex);
  }
  const defaults = ["tag", "supervision", "resetCounters"];
  assert.deepEqual(ask("81"), ['{"2":"81"}', ...defaults]);
  assert.deepEqual(ask("82"), [
    '{"2":"82"}',
    "62=88,2,0,0,1",
    "61=1,1,1,1",
    ...defaults,
  ]);
  assert.deepEqual(ask("a0"), ['{"2":"A0"}', "read 52,61,62"]);
});

Deno.test("E-153 SystemCommands of main", () => {
  const r = rig();
  const steps: string[] = [];
  r.perform = ({ step, device }) => {
    assert.equal(device, null);
    steps.push(step.do);
    return null;
  };
  for (const hex of ["05", "83", "A0", "7F"]) {
    assert.deepEqual(values(r.ask("main/putStatData", { "2": hex })), [
      '{"2":53}',
    ]);
  }
  r.feed({ type: "disconnected" });
  r.connect();
  r.send("startPlug");
  const reconnects = () =>
    values(r.ask("main/getStatData", { Indices: [72] }))[0];
  assert.equal(reconnects(), '{"72":"0001"}');
  assert.deepEqual(values(r.ask("main/putStatData", { "2": "81" })), [
    '{"2":"81"}',
  ]);
  assert.deepEqual(steps, ["tag", "supervision", "resetCounters"]);
  assert.equal(reconnects(), '{"72":"0000"}');
});

Deno.test("E-015 E-016 E-024 E-025 E-026 E-027 E-029 E-101 what is not for the plug has no effect", () => {
  const r = rig();
  const raw = (topic: string, payload: string | Uint8Array = "{}") => {
    r.sendRaw(topic, payload);
    assert.deepEqual(r.topics(), [], topic);
  };
  raw(`eMQTT/${UID}/adapter/fooBar`);
  raw(`eMQTT/${UID}_main/adapter/getStatData/x`, '{"Indices":[16]}');
  raw(`eMQTT/${UID}_main/adapter/startPlug`);
  raw(`eMQTT/${UID}/adapter/getStatData`, '{"Indices":[16]}');
  raw(`eMQTT/${UID}/other/startPlug`);
  raw(`eMQTT/${UID}/adapter/StartPlug`);
  raw(`eMQTT/${UID}_Main/adapter/getStatData`, '{"Indices":[16]}');
  raw(`eMQTT/${UID.toLowerCase()}/adapter/startPlug`);
  raw("eMQTT/00301133E400/adapter/startPlug");
  raw("EMQTT/00301133E40F/adapter/startPlug");
  raw(`eMQTT/adapter/${UID}_main/getStatData`, '{"Indices":[16]}');
  raw(`eMQTT/${UID}_main/adapter/regDevice`, "");
  raw(`eMQTT/${UID}/adapter/startPlug`, "");
  raw(`eMQTT/${UID}_main/adapter/startEvents`, new Uint8Array());
  assert.equal(r.ask("startPlug")[0], 'status {"Value":"On"}');
});

Deno.test("E-012 retained commands are ignored and logged", () => {
  const r = rig();
  r.send("main/putStatData", { "2": "82" }, true);
  assert.deepEqual(r.topics(), []);
  const last = r.effects.at(-1);
  assert(last?.type === "report" && last.level === "warn");
  assert.equal(r.ask("main/putStatData", { "2": "82" }).length, 1);
});

Deno.test("E-018 E-019 payloads that are no object: Nak where a value is needed, defaults where not, else silence", () => {
  const r = rig();
  const acks: Record<string, string> = {
    setXConfig: "Nak",
    startObservation: "Nak",
    startReporting: "Nak",
    startReplay: "Nak",
    startCyclicData: "Ack",
    stopCyclicData: "Ack",
    startEvents: "Ack",
    stopReporting: "Ack",
  };
  for (
    const payload of ['{"Indices":[16', "[]", "7", '"x"', "null", "\u201c"]
  ) {
    for (const [command, value] of Object.entries(acks)) {
      const [answer] = r.ask(`${A}/${command}`, payload);
      assert(answer?.includes(`"${value}"`), `${command} ${payload}`);
    }
    for (
      const command of [
        "getStatData",
        "putStatData",
        "triggerReplay",
        "regDevice",
      ]
    ) {
      assert.deepEqual(r.ask(`${A}/${command}`, payload), [], command);
    }
    assert.deepEqual(r.ask("startPlug", payload), []);
    assert.deepEqual(r.ask("blink", payload), ['blink {"Value":"Nak"}']);
  }
});

Deno.test("E-019 64 KiB of anything on each topic leaves the plug as it is", () => {
  const r = rig();
  const noise = Uint8Array.from(
    { length: 65_536 },
    (_, at) => (at * 31) & 0xff,
  );
  const deep = new TextEncoder().encode("[".repeat(65_536));
  for (const bytes of [noise, deep]) {
    for (const command of ["getStatData", "putStatData", "setXConfig"]) {
      r.sendRaw(`eMQTT/${UID}_${A}/adapter/${command}`, bytes);
    }
  }
  assert.equal(r.ask(`${A}/getStatData`, { Indices: [12] }).length, 1);
});

Deno.test("E-049 E-050 E-053 every command with an acknowledge has exactly one, byte for byte", () => {
  const r = rig();
  const ack = '{"Value":"Ack"}';
  const counted = (active: number, max: number) =>
    `{"Value":"Ack","Active":${active},"Max":${max}}`;
  const rows: readonly (readonly [string, unknown, string])[] = [
    ["blink", { Value: "On" }, ack],
    ["dateUpdate", { ms: "0171DE2AD379" }, ack],
    [`${A}/setXConfig`, { XIndices: [83] }, ack],
    [`${A}/startCyclicData`, {}, ack],
    [`${A}/stopCyclicData`, {}, ack],
    [`${A}/startObservation`, { Indices: [74] }, counted(1, 32)],
    [`${A}/stopObservation`, {}, counted(0, 32)],
    [`${A}/startEvents`, {}, ack],
    [`${A}/stopEvents`, {}, ack],
    [`${A}/startReporting`, { Type: "Time", YIndices: [74] }, counted(1, 256)],
    [`${A}/stopReporting`, {}, counted(0, 256)],
    [`${A}/startReplay`, { YIndices: [74] }, counted(1, 32)],
    [`${A}/stopReplay`, {}, counted(0, 32)],
  ];
  for (const [place, payload, expected] of rows) {
    const answers = r.ask(place, payload).filter((line) =>
      line.startsWith(`${place} `)
    );
    assert.deepEqual(answers, [`${place} ${expected}`]);
  }
});

Deno.test("E-056 E-138 E-232 pipelined commands are done and acknowledged in order", () => {
  const r = rig();
  r.send(`${A}/setXConfig`, { XIndices: [83], AutomaticReadForEvents: true });
  r.send(`${A}/startEvents`);
  r.send(`${A}/stopReporting`);
  r.send(`${A}/startReporting`, { Type: "Event", Code: 6208, Indices: [64] });
  r.send(`${A}/getStatData`, { Indices: [12] });
  r.send(`${B}/getStatData`, { Indices: [12] });
  assert.deepEqual(r.topics(), [
    `${A}/setXConfig`,
    `${A}/startEvents`,
    `${A}/stopReporting`,
    `${A}/startReporting`,
    `${A}/getStatData`,
    `${B}/getStatData`,
  ]);
});
