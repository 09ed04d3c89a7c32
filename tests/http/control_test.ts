import assert from "node:assert/strict";
import { main } from "../../lib/cli/cli.ts";
import type { DeviceJson } from "../../lib/http/control.ts";
import { serveControl } from "../../lib/http/control.ts";
import { silentLog } from "../../lib/log.ts";
import { model } from "../fakes/devices.ts";
import { noDownlinks } from "../fakes/host.ts";
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
  assert.match((await devices()).err, /No device was heard yet/);
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
  const { out } = await devices();
  assert.match(out, /^DEVICE +NAME +LAST HEARD +LINK +STATE +INTERVAL +QUEUED/);
  assert.match(
    out,
    /326636300039004C +Compressor 2 .* dB +ok .*62\+0=2c010000 .*61\+2=00/,
  );
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
  assert.match(alone.err, /no agent is running with this configuration/);
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

Deno.test("serveControl() makes a socket for its owner only, in place of one left behind, and removes it", async () => {
  const dir = await Deno.makeTempDir();
  const path = `${dir}/deep/control.sock`;
  const { registry, hears } = model();
  hears([]);
  const open = () =>
    serveControl({
      path,
      log: silentLog,
      devices: registry,
      downlinks: noDownlinks,
      deviceName: () => undefined,
      forget: () => {},
    });
  await Deno.mkdir(`${dir}/deep`);
  // What a killed agent leaves behind.
  Deno.listen({ path, transport: "unix" }).close();
  const control = await open();
  assert.equal((Deno.statSync(path).mode ?? 0) & 0o777, 0o600);
  // A second agent does without, and takes nothing away.
  await (await open())[Symbol.asyncDispose]();
  {
    using client = Deno.createHttpClient({
      proxy: { transport: "unix", path },
    });
    const ask = async (url: string, init: RequestInit = {}) => {
      const response = await fetch(`http://agent${url}`, { client, ...init });
      await response.json();
      return response.status;
    };
    assert.equal(await ask("/devices"), 200);
    assert.equal(await ask("/devices", { method: "POST" }), 405);
    assert.equal(await ask("/"), 404);
    assert.equal(await ask("/devices/x/writes", { method: "POST" }), 404);
  }
  await control[Symbol.asyncDispose]();
  assert.throws(() => Deno.statSync(path), Deno.errors.NotFound);
  await Deno.remove(dir, { recursive: true });
});

Deno.test("The control socket refuses bodies that are no writes", async () => {
  await using site = await Site.open();
  await site.start();
  await site.uplink();
  using client = Deno.createHttpClient({
    proxy: { transport: "unix", path: `${site.dir}/data/control.sock` },
  });
  const post = async (body: string) => {
    const response = await fetch(`http://agent/devices/${site.device}/writes`, {
      client,
      method: "POST",
      body,
    });
    await response.json();
    return response.status;
  };
  const good = { fileId: 62, offset: 0, data: "2c010000" };
  const body = (...writes: unknown[]) =>
    JSON.stringify({ mode: "contact", timeoutMs: 1000, writes });
  assert.equal(await post(body(good)), 200);
  for (
    const bad of [
      "",
      "{",
      "[]",
      body(),
      body({ ...good, fileId: 14 }),
      body({ ...good, offset: 5 }),
      body({ ...good, offset: 0.5 }),
      body({ ...good, data: "2c0" }),
      body({ ...good, data: "zz" }),
      body({ ...good, more: 1 }),
    ]
  ) assert.equal(await post(bad), 400, bad);
  assert.equal(await post(" ".repeat(5000)), 413);
  assert.equal(site.agent.downlinks.queued().length, 1);
});
