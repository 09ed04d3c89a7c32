import assert from "node:assert/strict";
import plugin, { layers, refusal } from "./layers.ts";

const lint = (file: string, code: string) =>
  Deno.lint.runPlugin(plugin, `/project/${file}`, code).map((d) => d.message);

Deno.test("layers refuse an import that points right", () => {
  const rows: [string, string, boolean][] = [
    ["lib/frame/frame.ts", "../alp/alp.ts", true],
    ["lib/frame/frame.ts", "../bytes/bytes.ts", false],
    ["lib/alp/alp.ts", "../frame/frame.ts", true],
    ["lib/files/energy.ts", "../sink/sink.ts", true],
    ["lib/sink/scorpio/payload.ts", "../../alp/alp.ts", true],
    ["lib/sink/scorpio/payload.ts", "../../files/files.ts", true],
    ["lib/sink/scorpio/scorpio.ts", "../../mqtt/mqttjs.ts", true],
    ["lib/sink/scorpio/scorpio.ts", "../../mqtt/mqtt.ts", false],
    ["lib/modem/modem.ts", "../serial/tty.ts", true],
    ["lib/modem/modem.ts", "../serial/serial.ts", false],
    ["lib/modem/session.ts", "../files/energy.ts", true],
    ["lib/modem/session.ts", "../files/system.ts", false],
    ["lib/agent.ts", "./cli/run.ts", true],
    ["lib/agent.ts", "./store/store.ts", false],
    ["lib/clock.ts", "./log.ts", true],
    ["lib/reading/reading.ts", "../clock.ts", true],
    ["lib/cli/demo.ts", "../agent.ts", false],
    ["lib/notify/watch.ts", "../clock.ts", false],
    ["lib/notify/notify.ts", "../serial/libc.ts", true],
    ["lib/cli/setup/files.ts", "../../../deploy/dash7-edge.service", false],
    ["lib/agent.ts", "../deploy/dash7-edge.service", true],
    ["lib/nowhere/x.ts", "../log.ts", true],
  ];
  for (const [file, specifier, refused] of rows) {
    assert.equal(
      refusal(file, specifier, false) !== null,
      refused,
      `${file} imports ${specifier}`,
    );
  }
});

Deno.test("layers let a sink have the outbox's types and nothing more", () => {
  const file = "lib/sink/runner.ts";
  assert.equal(refusal(file, "../store/outbox.ts", true), null);
  assert.match(refusal(file, "../store/outbox.ts", false) ?? "", /only types/);
});

Deno.test("layers let each package enter in its own file only", () => {
  assert.equal(refusal("lib/mqtt/mqttjs.ts", "mqtt", false), null);
  assert.match(refusal("lib/sink/runner.ts", "mqtt", false) ?? "", /mqttjs/);
  assert.match(refusal("lib/alp/alp.ts", "left-pad", false) ?? "", /no row/);
  assert.match(refusal("lib/alp/alp.ts", "node:fs", false) ?? "", /pure/);
});

Deno.test("the plugin reports imports, dlopen and impure calls where they stand", () => {
  assert.deepEqual(
    lint("lib/frame/frame.ts", `import { a } from "../alp/alp.ts";`),
    ["frame may not import alp/alp.ts"],
  );
  assert.deepEqual(
    lint("lib/frame/frame.ts", `export * from "../store/store.ts";`),
    ["frame may not import store/store.ts"],
  );
  assert.equal(lint("lib/serial/tty.ts", "Deno.dlopen('x', {});").length, 1);
  assert.equal(lint("lib/serial/libc.ts", "Deno.dlopen('x', {});").length, 0);
  assert.equal(lint("lib/alp/alp.ts", "const t = Date.now();").length, 1);
  assert.equal(lint("lib/alp/alp.ts", "setTimeout(f, 1);").length, 1);
  assert.equal(lint("lib/agent.ts", "const t = Date.now();").length, 0);
  assert.equal(lint("lib/agent.ts", "await import('./x.ts');").length, 1);
});

Deno.test("every folder and file of lib/ has its row", () => {
  const root = new URL("../../lib/", import.meta.url);
  const missing = [...Deno.readDirSync(root)].map((entry) => entry.name)
    .filter((name) => !(name in layers));
  assert.deepEqual(missing, []);
});
