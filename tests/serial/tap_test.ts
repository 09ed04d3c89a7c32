/**
 * Listening in on a port changes nothing for who uses it.
 *
 * @module
 */
import assert from "node:assert/strict";
import { SerialError } from "../../lib/serial/serial.ts";
import { tapped } from "../../lib/serial/tap.ts";
import { fakePort } from "../fakes/port.ts";

const NOW = { wallMs: 1, monoMs: 2, bootId: "b", synced: true };

function ear() {
  const heard: string[] = [];
  return {
    heard,
    opened: (port: string) => heard.push(`opened ${port}`),
    refused: (reason: string) => heard.push(`refused ${reason}`),
    read: (bytes: Uint8Array) => {
      heard.push(`read ${bytes.toHex()}`);
      return NOW;
    },
    wrote: (bytes: Uint8Array) => heard.push(`wrote ${bytes.toHex()}`),
    lost: (reason: string) => heard.push(`lost ${reason}`),
    closed: () => heard.push("closed"),
  };
}

Deno.test("tapped() tells every chunk and end once, in order", async () => {
  const tap = ear();
  const line = fakePort("/dev/tty");
  const port = await tapped(() => Promise.resolve(line), tap)();
  assert.equal(port.name, "/dev/tty");
  assert.equal(port.unread, undefined);
  line.arrive(Uint8Array.of(1, 2));
  assert.equal(port.readAt, null);
  assert.deepEqual(await port.read(), Uint8Array.of(1, 2));
  assert.deepEqual(port.readAt, NOW);
  await port.write(Uint8Array.of(3));
  assert.deepEqual(line.written, [Uint8Array.of(3)]);
  await port[Symbol.asyncDispose]();
  await port[Symbol.asyncDispose]();
  assert.equal(await port.read(), null);
  assert.equal(line.disposed, true);
  assert.deepEqual(tap.heard, [
    "opened /dev/tty",
    "read 0102",
    "wrote 03",
    "closed",
  ]);
});

Deno.test("tapped() tells a loss, and not its closing as well", async () => {
  const tap = ear();
  const line = { ...fakePort("p"), unread: () => 7 };
  const port = await tapped(() => Promise.resolve(line), tap)();
  assert.equal(port.unread?.(), 7);
  line.pull();
  await assert.rejects(port.read(), SerialError);
  await assert.rejects(port.read(), SerialError);
  await port[Symbol.asyncDispose]();
  assert.deepEqual(tap.heard, ["opened p", "lost p is gone"]);
});

Deno.test("tapped() tells a reason not to open once in a row", async () => {
  const tap = ear();
  let reason = "absent";
  const open = tapped(
    () =>
      reason === "" ? Promise.resolve(fakePort("p")) : Promise.reject(
        new SerialError(reason, "absent"),
      ),
    tap,
  );
  for (reason of ["absent", "absent", "busy", "", "busy"]) {
    await open().catch(() => {});
  }
  assert.deepEqual(tap.heard, [
    "refused absent",
    "refused busy",
    "opened p",
    "refused busy",
  ]);
});
