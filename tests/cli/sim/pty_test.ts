import assert from "node:assert/strict";
import { openPty } from "../../../lib/cli/sim/pty.ts";
import { openTty } from "../../../lib/serial/tty.ts";

async function folder(): Promise<{ path: string } & AsyncDisposable> {
  const path = await Deno.makeTempDir();
  return {
    path,
    [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }),
  };
}

Deno.test("openPty() gives a line that outlives its agents and never echoes", async () => {
  await using pty = await openPty();
  for (const byte of [1, 2, 3]) {
    await using tty = await openTty(pty.path, { baud: 115_200 });
    await pty.write(Uint8Array.of(byte, 10));
    assert.deepEqual(await tty.read(), Uint8Array.of(byte, 10));
    await tty.write(Uint8Array.of(byte, 13));
    assert.deepEqual(await pty.read(), Uint8Array.of(byte, 13));
  }
});

Deno.test("offer() drops when no one reads, and goes on when someone does", async () => {
  await using pty = await openPty();
  const offers = Array.from(
    { length: 2000 },
    () => pty.offer(new Uint8Array(100)),
  );
  assert.equal(offers[0], true);
  assert.equal(offers.at(-1), false);
  await using tty = await openTty(pty.path, { baud: 115_200 });
  // Once the old bytes have been read there is room again.
  while (!pty.offer(Uint8Array.of(42))) await tty.read();
  let last: number | undefined;
  while (last !== 42) last = (await tty.read())?.at(-1);
});

Deno.test("openPty() replaces a link that was left behind and removes its own", async () => {
  await using temporary = await folder();
  const link = `${temporary.path}/modem`;
  await Deno.symlink("/dev/pts/9999", link);
  const pty = await openPty({ link });
  assert.equal(await Deno.readLink(link), pty.path);
  await pty[Symbol.asyncDispose]();
  assert.deepEqual([...Deno.readDirSync(temporary.path)], []);
});

Deno.test("openPty() leaves a link that another has put in its place", async () => {
  await using temporary = await folder();
  const link = `${temporary.path}/modem`;
  const first = await openPty({ link });
  await using second = await openPty({ link });
  await first[Symbol.asyncDispose]();
  assert.equal(await Deno.readLink(link), second.path);
});

Deno.test("openPty() refuses to link over a file", async () => {
  await using temporary = await folder();
  const link = `${temporary.path}/modem`;
  await Deno.writeTextFile(link, "precious");
  await assert.rejects(openPty({ link }), /Cannot link/);
  assert.equal(await Deno.readTextFile(link), "precious");
});
