import assert from "node:assert/strict";
import { LINK_GRACE_MS, LinkWatch } from "../../lib/modem/link.ts";
import { fakeClock } from "../fakes/clock.ts";

const ready = { portUp: true, identified: true, silent: false };
const rebooting = { ...ready, identified: false };
const unplugged = { portUp: false, identified: false, silent: false };

function watch() {
  const clock = fakeClock();
  const told: boolean[] = [];
  return {
    clock,
    told,
    link: new LinkWatch(clock, (up) => void told.push(up)),
  };
}

Deno.test("LinkWatch tells a lost port and a silent modem at once, each once", () => {
  const { told, link } = watch();
  for (const facts of [ready, ready, unplugged, unplugged, rebooting, ready]) {
    link.look(facts);
  }
  link.look({ ...ready, silent: true });
  assert.deepEqual(told, [true, false, true, false]);
});

Deno.test("LinkWatch gives a modem that reboots, or is not there at the start, a while", async () => {
  const { clock, told, link } = watch();
  link.look(unplugged);
  await clock.advance(LINK_GRACE_MS - 1);
  link.look(unplugged);
  assert.deepEqual(told, []);
  await clock.advance(1);
  assert.deepEqual(told, [false]);
  link.look(ready);
  link.look(rebooting);
  link.look(ready);
  await clock.advance(LINK_GRACE_MS);
  assert.deepEqual(told, [false, true]);
});

Deno.test("LinkWatch says nothing after its end", async () => {
  const { clock, told, link } = watch();
  link.look(unplugged);
  link.end();
  await clock.advance(LINK_GRACE_MS);
  assert.deepEqual(told, []);
  assert.equal(clock.armed(), 0);
});
