/**
 * The verbs against a real agent, its store and its socket; the modem is
 * virtual and the broker cannot be reached.
 *
 * @module
 */
import assert from "node:assert/strict";
import type {
  ExplainJson,
  ReadingJson,
  StatusJson,
} from "../../lib/http/json.ts";
import { Site, until } from "../downlink/agent.ts";
import { cli } from "./command_line.ts";

/** An agent with a sink that takes all and one that takes nothing. */
async function started(): Promise<Site> {
  const site = await Site.open();
  await site.start(`[sinks.cloud]
type = "scorpio"
broker = "mqtt://127.0.0.1:1"
project_id = "p"
edge_node_id = "g"
[devices."${site.device}"]
name = "Compresseur n°2"
`);
  return site;
}

const ask = (site: Site, ...args: string[]) =>
  cli([...args, "--config", site.config]);

Deno.test("status, queue and explain tell of a real agent", async () => {
  await using site = await started();
  await site.uplink();
  const pending = () =>
    site.agent.sinks.find(({ name }) => name === "cloud")?.lane.account()
      .pending;
  await until("a reading that waits", () => pending() === 1);

  const page = await ask(site, "status");
  assert.equal(page.code, 0, page.err);
  assert.match(page.out, /^cloud +down/m);
  assert.match(page.out, /^file +up/m);
  const status: StatusJson = JSON.parse(
    (await ask(site, "status", "--json")).out,
  );
  for (const sink of status.sinks) {
    const { delivered, pending, rejected, dropped } = sink;
    assert.equal(sink.readings, delivered + pending + rejected + dropped);
  }

  const stats = await ask(site, "queue", "stats");
  assert.match(stats.out, /^cloud +1 {2}= +0 {2}\+ +1 {2}\+ +0 {2}\+ +0$/m);
  const peek = await ask(site, "queue", "peek", "cloud");
  assert.match(peek.out, /Compresseur n°2 +energy +yes/);
  const exported = await ask(site, "queue", "export", "cloud");
  assert.equal(exported.err, "1 reading exported\n");
  const reading: ReadingJson = JSON.parse(exported.out);
  assert.equal(reading.device, site.device);

  const last = await ask(site, "explain", "--last", "Compresseur n°2");
  assert.equal(last.code, 0, last.err);
  assert.ok(last.out.startsWith(`Reading ${reading.id}\n`));
  const explained: ExplainJson = JSON.parse(
    (await ask(site, "explain", String(reading.id), "--json")).out,
  );
  assert.deepEqual(explained.reading, reading);
  assert.deepEqual(await ask(site, "explain", "999"), {
    code: 1,
    out: "",
    err: "dash7-edge: there is no reading 999, or it is gone from the log\n",
  });
});

Deno.test("queue purge drops what waits for one sink of a real agent, and the account still adds up", async () => {
  await using site = await started();
  const account = () =>
    site.agent.sinks.find(({ name }) => name === "cloud")?.lane.account() ??
      assert.fail("no sink cloud");
  await site.uplink();
  await until("a reading that waits", () => account().pending === 1);
  const asked = await ask(site, "queue", "purge", "cloud");
  assert.equal(asked.code, 2);
  assert.match(asked.err, /^dash7-edge: 1 reading would be dropped/);
  assert.deepEqual(await ask(site, "queue", "purge", "cloud", "--yes"), {
    code: 0,
    out: "1 reading for cloud dropped\n",
    err: "",
  });
  const { readings, delivered, pending, rejected, dropped } = account();
  assert.deepEqual(
    [readings, delivered, pending, rejected, dropped],
    [1, 0, 0, 0, 1],
  );
  const other = await ask(site, "queue", "stats");
  assert.match(other.out, /^file +1 {2}= +1 /m);
});
