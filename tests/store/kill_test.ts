import assert from "node:assert/strict";
import { StoreError } from "../../lib/store/database.ts";
import { drain, imbalance, Site } from "./fixture.ts";

/** A process that appends to the site's store. */
function startAppender(site: Site): Deno.ChildProcess {
  const script = new URL("appender.ts", import.meta.url).pathname;
  return new Deno.Command(Deno.execPath(), {
    args: ["run", "--allow-all", "--no-check", "--quiet", script, site.dir],
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
}

/** Reads lines until `enough` says so, kills, and gives all lines that were printed. */
async function linesUntilKilled(
  child: Deno.ChildProcess,
  enough: (count: number) => boolean,
): Promise<string[]> {
  let text = "";
  let killed = false;
  for await (const chunk of child.stdout.pipeThrough(new TextDecoderStream())) {
    text += chunk;
    if (killed || !enough(text.split("\n").length - 1)) continue;
    killed = true;
    child.kill("SIGKILL");
  }
  await child.status;
  return text.split("\n").slice(0, -1);
}

Deno.test("kill -9 at any moment loses nothing that was committed", async () => {
  using site = new Site();
  let before = 0;
  for (const lines of [3, 57, 411]) {
    const child = startAppender(site);
    const printed = await linesUntilKilled(child, (count) => count >= lines);
    const last = Number(printed.at(-1));
    assert.ok(last > before);
    using store = site.open();
    const account = store.lane("cloud").account();
    assert.equal(imbalance(account), 0);
    assert.ok(account.readings >= last, `${account.readings} < ${last}`);
    before = account.readings;
    assert.equal(store.recent({ limit: 1 })[0]?.id, before);
    const pending = store.peek("cloud", 1e6);
    assert.equal(pending.length, account.pending);
  }
  using store = site.open();
  const lane = store.lane("cloud");
  const { pending } = lane.account();
  assert.equal(drain(lane).length, pending);
  assert.deepEqual(lane.account().droppedBy, {});
  assert.deepEqual(site.log.records, []);
});

Deno.test("A second process is refused and told who holds the store", async () => {
  using site = new Site();
  const child = startAppender(site);
  let refusal: unknown;
  await linesUntilKilled(child, (count) => {
    if (count === 0) return false;
    try {
      site.open().close();
    } catch (error) {
      refusal = error;
    }
    return true;
  });
  assert.ok(refusal instanceof StoreError);
  assert.equal(refusal.fault, "locked");
  assert.match(refusal.message, new RegExp(`process ${child.pid} holds it$`));
  site.open().close();
});
