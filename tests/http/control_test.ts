import assert from "node:assert/strict";
import { main } from "../../lib/cli/cli.ts";
import type { DeviceJson } from "../../lib/http/json.ts";
import { Site, until } from "../downlink/agent.ts";

/** Runs one command line; gives its exit code and what it said. */
async function cli(...args: string[]) {
  let out = "";
  let err = "";
  const code = await main(args, {
    out: (text) => void (out += text),
    err: (text) => void (err += text),
    stdin: new ReadableStream(),
    env: () => undefined,
    signal: new AbortController().signal,
    colors: false,
  });
  return { code, out, err };
}

Deno.test("devices lists what the agent knows, with what waits for each", async () => {
  await using site = await Site.open();
  await site.start(`[devices."326636300039004C"]\nname = "Compressor 2"\n`);
  const devices = (...args: string[]) =>
    cli("devices", ...args, "--config", site.config);
  assert.match((await devices()).err, /No device has been heard yet/);
  await site.uplink();
  const configured = await cli(
    "devices",
    "configure",
    "Compressor 2",
    "--interval",
    "300",
    "--button-menu",
    "false",
    "--config",
    site.config,
  );
  assert.equal(configured.code, 0, configured.err);
  assert.match(configured.out, /62\+0=2c010000: queued/);
  assert.match(configured.out, /61\+2=00: queued/);
  const json: DeviceJson = JSON.parse((await devices("--json")).out);
  assert.equal(json.device, site.device);
  assert.equal(json.state, "ok");
  assert.equal(json.queued.length, 2);
  await site.uplink();
  await until(
    "writes",
    () => site.agent.downlinks.queued().length === 0,
  );
});

Deno.test("devices configure --direct waits for the device's word", async () => {
  await using site = await Site.open({ listen: "direct" });
  await site.start();
  await site.uplink();
  const configure = (...args: string[]) =>
    cli("devices", "configure", site.device, ...args, "--config", site.config);
  const done = await configure("--enabled", "false", "--direct");
  assert.equal(done.code, 0, done.err);
  assert.match(done.out, /62\+4=00: confirmed by the device/);
  site.modem.nodes?.behave(site.device, { refuse: 0xfc });
  const refused = await configure("--enabled", "true", "--direct");
  assert.equal(refused.code, 1);
  assert.match(refused.err, /refused by the device with ALP status FC/);
});

Deno.test("devices says plainly when no agent runs, or the device is not known", async () => {
  await using site = await Site.open();
  await site.start();
  const unknown = await cli(
    ..."devices configure 1234 --interval 300 --config".split(" "),
    site.config,
  );
  assert.equal(unknown.code, 1);
  assert.match(unknown.err, /device 1234 is not known/);
  const nothing = await cli(
    ..."devices configure 1234 --config".split(" "),
    site.config,
  );
  assert.equal(nothing.code, 2);
  await site.stop();
  const alone = await cli("devices", "--config", site.config);
  assert.equal(alone.code, 1);
  assert.match(alone.err, /no agent is running/);
});

Deno.test("devices forget takes a device off with what waits for it; heard again it is new", async () => {
  await using site = await Site.open();
  const { devices, downlinks } = await site.start();
  await site.uplink();
  await site.write(0, 60, 0, 0, 0);
  devices.setTag(site.device, "old");
  const { code, err } = await cli(
    "devices",
    "forget",
    site.device,
    "--config",
    site.config,
  );
  assert.equal(code, 0, err);
  assert.equal(site.changes.at(-1)?.gone, true);
  assert.deepEqual(devices.list(), []);
  assert.deepEqual(downlinks.queued(), []);
  await site.uplink();
  assert.equal(devices.get(site.device)?.tag, "***");
  await site.stop();
  await site.start();
  assert.equal(site.agent.devices.get(site.device)?.measurementCounter, 1);
});

Deno.test("devices configure refuses an interval outside of 60 to 86400 s", async () => {
  for (const interval of ["59", "86401", "0", "-1", "x"]) {
    const { code } = await cli(
      "devices",
      "configure",
      "326636300039004C",
      "--interval",
      interval,
    );
    assert.equal(code, 2, interval);
  }
});

Deno.test("The control socket serves what TCP does, and steers", async () => {
  await using site = await Site.open();
  await site.start(`[devices."326636300039004C"]\nname = "Compressor 2"\n`);
  await site.uplink();
  const path = `${site.dir}/data/control.sock`;
  using client = Deno.createHttpClient({ proxy: { transport: "unix", path } });
  const ask = async (method: string, url: string, body?: unknown) => {
    const response = await fetch(`http://agent${url}`, {
      client,
      method,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return { status: response.status, body: await response.json() };
  };
  const status = await ask("GET", "/status");
  assert.equal(status.body.devices?.known, 1, JSON.stringify(status));
  const written = await ask("POST", "/api/devices/Compressor%202/writes", {
    mode: "contact",
    timeout_ms: 1000,
    writes: [{ file_id: 62, offset: 0, data: "2c010000" }],
  });
  assert.deepEqual(written, { status: 200, body: [{ end: "queued" }] });
  const [device] = (await ask("GET", "/api/devices")).body;
  assert.equal(device.name, "Compressor 2");
  assert.equal(device.queued[0].data, "2c010000");
  const queue = await ask("GET", "/api/queue/file");
  assert.equal(queue.status, 200);
  assert.deepEqual((await ask("DELETE", "/api/queue/file")).body, {
    purged: 0,
  });
  assert.equal((await ask("GET", "/api/queue/none")).status, 404);
  assert.deepEqual((await ask("GET", "/api/queue/file/rejected")).body, []);
  assert.deepEqual(
    (await ask("DELETE", `/api/devices/${site.device.toLowerCase()}`)).body,
    { forgotten: site.device },
  );
  assert.deepEqual((await ask("GET", "/api/devices")).body, []);
  const stream = await fetch("http://agent/api/stream?events=status", {
    client,
  });
  const reader = stream.body?.getReader();
  const { value } = await reader?.read() ?? {};
  assert.match(new TextDecoder().decode(value), /^id: .*\nevent: status\ndata/);
  await reader?.cancel();
});
