/** Keys such as `__proto__` in anything that is read change no object but the one they stand in. */
import assert from "node:assert/strict";
import { parseHeader, parseRecord } from "../../lib/capture/capture.ts";
import { ConfigError, loadConfig } from "../../lib/config/config.ts";
import { control } from "../../lib/http/control.ts";
import { brokerOf } from "../../lib/sink/emqtt/payload_trigger.ts";
import { commands, isCommand } from "../../lib/sink/emqtt/payload_commands.ts";
import { readPayload } from "../../lib/sink/emqtt/payload.ts";
import { cli } from "../cli/command_line.ts";
import { DEVICE, fakeSteering } from "../http/view.ts";
import { Site } from "../downlink/agent.ts";

/** What every object and function inherits, as it is now. */
function inherited(): unknown[] {
  return [Object, Array, Function, String, Number, Map, Uint8Array].map(
    ({ prototype }) =>
      Reflect.ownKeys(prototype).map((key) => [
        key,
        Object.getOwnPropertyDescriptor(prototype, key)?.value,
      ]),
  );
}

/** Runs work that must leave what objects inherit as it was. */
async function untouched(work: () => unknown): Promise<void> {
  const before = inherited();
  await work();
  assert.deepEqual(inherited(), before);
  assert.equal(Reflect.get({}, "polluted"), undefined);
  assert.equal(Reflect.get(() => {}, "polluted"), undefined);
}

const load = (text: string) =>
  loadConfig("gw.toml", {
    readFile: () => Promise.resolve(text),
    mode: () => Promise.resolve(0o600),
    env: () => undefined,
  });
const SCORPIO = `[sinks.cloud]
type = "scorpio"
broker = "mqtts://broker.example"
project_id = "p"
edge_node_id = "gw1"
`;

for (
  const text of [
    "__proto__ = 1",
    "__proto__.polluted = true",
    "[__proto__]\npolluted = true",
    '["__proto__".polluted]\nx = 1',
    "[[__proto__]]\npolluted = true",
    "constructor.prototype.polluted = true",
    "[constructor.prototype]\npolluted = true",
    "[agent.__proto__]\npolluted = true",
    "[agent]\nconstructor = { prototype = { polluted = true } }",
    "[sinks.__proto__]\npolluted = true",
    `[sinks.__proto__]\n${SCORPIO.slice(14)}`,
    `${SCORPIO}tls.__proto__.verify = false`,
    `${SCORPIO}labels = { __proto__ = "x" }`,
    `${SCORPIO}labels.constructor.prototype.polluted = "x"`,
    "[devices.__proto__]\nignore = true",
    '[devices."326636300039004C".__proto__]\nignore = true',
    "[readings.prototype]\npolluted = 1",
  ]
) {
  Deno.test(`refused: TOML ${JSON.stringify(text.slice(0, 60))}`, () =>
    untouched(() => assert.rejects(load(text), ConfigError)));
}

Deno.test("a sink may be called constructor, and is a sink like others", () =>
  untouched(async () => {
    const { config } = await load(SCORPIO.replace("cloud", "constructor"));
    assert.deepEqual(Object.keys(config.sinks), ["constructor"]);
    assert.equal(config.sinks["constructor"]?.type, "scorpio");
  }));

/** Members that a careless merge would follow. */
const POLLUTING =
  '"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}},"prototype":{"polluted":1},"toString":1';

Deno.test("encode takes no value from keys that objects inherit", () =>
  untouched(async () => {
    for (const as of ["alp", "file:51", "file:61", "file:62", "file:0"]) {
      for (
        const line of [
          `{${POLLUTING}}`,
          `{"actions":[{${POLLUTING}}]}`,
          `{"actions":{"__proto__":[]}}`,
          `{"actions":[{"op":"__proto__"},{"op":"constructor"}]}`,
          `{"file":"constructor",${POLLUTING}}`,
          `{"__proto__":{"interval_s":1,"enabled":true,"file":"energy_config"}}`,
        ]
      ) {
        const { code, out } = await cli(["encode", "--as", as, line]);
        // Nothing that could be written was given by its own name.
        if (!line.startsWith('{"actions"')) {
          assert.equal(code, 1, `${as} ${line}: ${out}`);
        }
      }
    }
    // Which word comes first decides what a decoder looks up.
    for (const as of ["file:__proto__", "file:constructor", "__proto__"]) {
      const { code } = await cli(["decode", "--as", as, "00"]);
      assert.notEqual(code, 0, as);
    }
  }));

Deno.test("eMQTT: payloads and topics with inherited names are read as what they are", () =>
  untouched(() => {
    const encoder = new TextEncoder();
    for (const [name, row] of Object.entries(commands)) {
      assert.ok(isCommand(name));
      for (const direction of ["toPlug", "toAdapter"] as const) {
        const read = readPayload(
          name,
          direction,
          encoder.encode(`{${POLLUTING}}`),
        );
        assert.ok(read !== null && row !== undefined);
        assert.equal(read.values.size, 0, name);
        const inherits = readPayload(
          name,
          direction,
          encoder.encode(
            '{"__proto__":{"Value":"On","Indices":[1],"Action":"Abort"}}',
          ),
        );
        assert.equal(inherits?.values.size, 0, name);
      }
    }
    for (const name of ["__proto__", "constructor", "toString", "prototype"]) {
      assert.ok(!isCommand(name));
    }
    assert.deepEqual(brokerOf('{"__proto__":{"MQTT_HOST":"evil"}}'), {
      refusal: "MQTT_HOST is missing",
    });
    assert.ok("refusal" in brokerOf(`{${POLLUTING}}`));
  }));

Deno.test("control socket: bodies with such keys write nothing", () =>
  untouched(async () => {
    const good =
      '"mode":"contact","timeout_ms":1000,"writes":[{"file_id":62,"offset":0,"data":"00"}]';
    const ask = async (body: string) => {
      const done: unknown[] = [];
      const path = `/api/devices/${DEVICE}/writes`;
      const reply = await control(
        { steering: fakeSteering(done), deviceOf: (text) => text },
        path,
        "",
        {
          entrance: "control",
          method: "POST",
          target: path,
          headers: {},
          hosts: 1,
          wantsHost: true,
          body: () => Promise.resolve(body),
        },
      );
      return { status: reply?.status, done };
    };
    for (
      const body of [
        `{${POLLUTING}}`,
        `{"__proto__":{${good}}}`,
        `{${good},"constructor":1}`,
        `{${good.replace('"data":"00"', '"__proto__":{"data":"00"}')}}`,
        `{${good.replace('"contact"', '"constructor"')}}`,
        `[{${POLLUTING}}]`,
      ]
    ) {
      const { status, done } = await ask(body);
      assert.equal(status, 400, body);
      assert.deepEqual(done, [], body);
    }
    assert.equal((await ask(`{${good}}`)).status, 200);
  }));

Deno.test("no sink and no device is found under a name that objects inherit", () =>
  untouched(async () => {
    await using site = await Site.open();
    await site.start();
    for (const name of ["__proto__", "constructor", "toString"]) {
      for (
        const verb of [
          ["queue", "peek", name],
          ["queue", "purge", name, "--yes"],
          ["devices", "forget", name],
        ]
      ) {
        const { code, out } = await cli([...verb, "--config", site.config]);
        assert.notEqual(code, 0, `${verb.join(" ")}: ${out}`);
      }
    }
    await site.stop();
  }));

Deno.test("captures: records with such keys are records or refused", () =>
  untouched(() => {
    for (
      const line of [
        `{${POLLUTING}}`,
        `{"dash7_edge_capture":1,${POLLUTING}}`,
        `{"t":1,"rx":"00",${POLLUTING}}`,
        '{"__proto__":{"t":1,"rx":"00"}}',
      ]
    ) {
      for (
        const parse of [parseHeader, (text: string) => parseRecord(text, 2)]
      ) {
        try {
          parse(line);
        } catch (error) {
          assert.ok(error instanceof Error && error.name === "CaptureError");
        }
      }
    }
  }));
