import assert from "node:assert/strict";
import { openPty } from "../../lib/cli/sim/pty.ts";
import { SerialError } from "../../lib/serial/serial.ts";
import type { BytePort, SerialFault } from "../../lib/serial/serial.ts";
import { openTty } from "../../lib/serial/tty.ts";
import { holdPort } from "./holding.ts";

const LINE = { baud: 115_200 };

/** The next `length` bytes, however they are cut into reads. */
async function readExactly(
  port: BytePort,
  length: number,
): Promise<Uint8Array> {
  const bytes = new Uint8Array(length);
  let filled = 0;
  while (filled < length) {
    const chunk = await port.read();
    assert.ok(chunk !== null, `port closed after ${filled} bytes`);
    bytes.set(chunk, filled);
    filled += chunk.length;
  }
  return bytes;
}

/** Bytes that show a loss or a swap anywhere. */
function pattern(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => (i * 31 + (i >> 8) * 7) & 0xff);
}

function openDescriptors(): number {
  return [...Deno.readDirSync("/proc/self/fd")].length;
}

async function faultOf(work: Promise<unknown>): Promise<SerialError> {
  try {
    await work;
  } catch (error) {
    assert.ok(error instanceof SerialError, String(error));
    return error;
  }
  assert.fail("no error");
}

Deno.test("openTty() carries every byte value both ways", async () => {
  await using pty = await openPty();
  await using tty = await openTty(pty.path, LINE);
  const all = Uint8Array.from({ length: 256 }, (_, i) => i);
  await pty.write(all);
  assert.deepEqual(await readExactly(tty, 256), all);
  await tty.write(all);
  assert.deepEqual(await readExactly(pty, 256), all);
});

Deno.test("unread() counts what has come and was not read", async () => {
  await using pty = await openPty();
  await using tty = await openTty(pty.path, LINE);
  assert.equal(tty.unread?.(), 0);
  await pty.write(Uint8Array.of(1, 2, 3));
  // The kernel carries them over in its own time.
  while (tty.unread?.() !== 3) {
    await new Promise<void>((resolve) => setImmediate(resolve));
  }
  await readExactly(tty, 3);
  assert.equal(tty.unread?.(), 0);
  await tty[Symbol.asyncDispose]();
  assert.equal(tty.unread?.(), 0);
});

Deno.test("openTty() keeps the bytes that came before it", async () => {
  await using pty = await openPty();
  await pty.write(Uint8Array.of(0xc0, 0, 1));
  await using tty = await openTty(pty.path, LINE);
  assert.deepEqual(await readExactly(tty, 3), Uint8Array.of(0xc0, 0, 1));
});

Deno.test("read() gives chunks in order and memory of their own", async () => {
  await using pty = await openPty();
  await using tty = await openTty(pty.path, LINE);
  const chunks: Uint8Array[] = [];
  for (let i = 0; i < 5; i++) {
    await pty.write(Uint8Array.of(i));
    chunks.push(await readExactly(tty, 1));
  }
  assert.deepEqual(chunks.map((chunk) => chunk[0]), [0, 1, 2, 3, 4]);
});

Deno.test("read() refuses a second read at the same time", async () => {
  await using pty = await openPty();
  await using tty = await openTty(pty.path, LINE);
  const first = tty.read();
  await assert.rejects(tty.read(), /already under way/);
  await pty.write(Uint8Array.of(7));
  assert.deepEqual(await first, Uint8Array.of(7));
});

for (const direction of ["to the device", "from the device"]) {
  Deno.test(`write() survives short writes: 1 MB ${direction}`, async () => {
    await using pty = await openPty();
    await using tty = await openTty(pty.path, LINE);
    const [from, to] = direction === "to the device" ? [tty, pty] : [pty, tty];
    const sent = pattern(1_000_000);
    const written = from.write(sent);
    assert.deepEqual(await readExactly(to, sent.length), sent);
    await written;
  });
}

Deno.test("write() keeps writes apart and in order", async () => {
  await using pty = await openPty();
  await using tty = await openTty(pty.path, LINE);
  const parts = [1, 2, 3].map((value) => new Uint8Array(60_000).fill(value));
  const written = Promise.all(parts.map((part) => tty.write(part)));
  const got = await readExactly(pty, 180_000);
  await written;
  assert.deepEqual(got, Uint8Array.from(parts.flatMap((part) => [...part])));
});

Deno.test("dispose ends a pending read with null, twice is once, and frees everything", async () => {
  await using pty = await openPty();
  const before = openDescriptors();
  for (let i = 0; i < 20; i++) {
    const tty = await openTty(pty.path, LINE);
    const reading = tty.read();
    await Promise.all([
      tty[Symbol.asyncDispose](),
      tty[Symbol.asyncDispose](),
    ]);
    assert.equal(await reading, null);
    assert.equal(await tty.read(), null);
    assert.equal((await faultOf(tty.write(Uint8Array.of(1)))).fault, "lost");
  }
  // Other tests of this process open and close theirs meanwhile.
  assert.ok(openDescriptors() < before + 10);
});

Deno.test("dispose ends a write that no one takes", async () => {
  await using pty = await openPty();
  const tty = await openTty(pty.path, LINE);
  const writing = faultOf(tty.write(pattern(1_000_000)));
  // Once this end has seen bytes, the write is waiting for room.
  await pty.read();
  await tty[Symbol.asyncDispose]();
  assert.equal((await writing).fault, "lost");
});

Deno.test("a device that goes away is lost, for reads and writes", async () => {
  const pty = await openPty();
  await using tty = await openTty(pty.path, LINE);
  const reading = faultOf(tty.read());
  await pty[Symbol.asyncDispose]();
  const error = await reading;
  assert.equal(error.fault, "lost");
  assert.match(error.message, /^Cannot read from \/dev\/pts\/\d+: .*gone/);
  assert.equal((await faultOf(tty.read())).fault, "lost");
  assert.equal((await faultOf(tty.write(Uint8Array.of(1)))).fault, "lost");
});

Deno.test("a device plugged in again is found under the same name", async () => {
  const folder = await Deno.makeTempDir();
  const link = `${folder}/usb-modem`;
  try {
    for (const round of [1, 2, 3]) {
      const pty = await openPty({ link });
      await using tty = await openTty(link, LINE);
      assert.equal(tty.name, link);
      await pty.write(Uint8Array.of(round));
      assert.deepEqual(await tty.read(), Uint8Array.of(round));
      const reading = faultOf(tty.read());
      await pty[Symbol.asyncDispose]();
      assert.equal((await reading).fault, "lost");
      assert.equal((await faultOf(openTty(link, LINE))).fault, "absent");
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("openTty() refuses a port that this process holds, until it is closed", async () => {
  await using pty = await openPty();
  const first = await openTty(pty.path, LINE);
  const error = await faultOf(openTty(pty.path, LINE));
  assert.equal(error.fault, "busy");
  assert.match(error.message, new RegExp(`this process.*pid ${Deno.pid}\\)`));
  // The refusal must not take the holder's lock or mark away.
  assert.equal((await faultOf(openTty(pty.path, LINE))).fault, "busy");
  await first[Symbol.asyncDispose]();
  await using _second = await openTty(pty.path, LINE);
});

Deno.test("openTty() names the process that holds the port", async () => {
  await using pty = await openPty();
  await using holding = await holdPort(pty.path);
  const error = await faultOf(openTty(pty.path, LINE));
  assert.equal(error.fault, "busy");
  assert.match(
    error.message,
    new RegExp(`held by \\S+ \\(pid ${holding.pid}\\)`),
  );
  assert.equal(error.holder?.pid, holding.pid);
  assert.doesNotMatch(error.finding, /stop that program/);
});

Deno.test("openTty() takes a port whose holder was killed", async () => {
  await using pty = await openPty();
  const holding = await holdPort(pty.path);
  await holding.kill();
  // A pseudo terminal keeps the mark of exclusive use, unlike a real device.
  await pty.freeIfAbandoned();
  await using tty = await openTty(pty.path, LINE);
  await pty.write(Uint8Array.of(9));
  assert.deepEqual(await tty.read(), Uint8Array.of(9));
});

/** Opens enough for a leak to stand out. */
const TRIES = 100;

const refusals: readonly (readonly [string, string, SerialFault])[] = [
  ["a name that is not there", "/dev/no-such-modem", "absent"],
  ["a name below a file", "/dev/null/modem", "absent"],
  ["a directory", "/dev", "not_serial"],
  ["another kind of device", "/dev/null", "not_serial"],
  ["a regular file", new URL(import.meta.url).pathname, "not_serial"],
];
for (const [what, path, fault] of refusals) {
  Deno.test(`openTty() refuses ${what} as ${fault} and leaks nothing`, async () => {
    const before = openDescriptors();
    for (let i = 0; i < TRIES; i++) {
      const error = await faultOf(openTty(path, LINE));
      assert.equal(error.fault, fault);
      assert.notEqual(error.errno, null);
      assert.ok(error.message.startsWith(`Cannot open ${path}: `));
    }
    // Other tests of this process open and close theirs meanwhile.
    assert.ok(openDescriptors() < before + TRIES / 2);
  });
}

for (const baud of [50, 9600, 57_600, 115_200, 250_000, 4_000_000]) {
  Deno.test(`openTty() sets ${baud} baud`, async () => {
    await using pty = await openPty();
    await using _tty = await openTty(pty.path, { baud });
    assert.equal(pty.baud(), baud);
  });
}
