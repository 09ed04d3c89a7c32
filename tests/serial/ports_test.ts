import assert from "node:assert/strict";
import { openPty } from "../../lib/cli/sim/pty.ts";
import { openPort } from "../../lib/serial/open.ts";
import { lockOwnersOf } from "../../lib/serial/holder.ts";
import { listPorts, resolvePort } from "../../lib/serial/ports.ts";
import { SerialError } from "../../lib/serial/serial.ts";
import type { SystemRoots } from "../../lib/serial/system.ts";

/** A system of our own: files (or links, as `-> target`) by their path. */
async function system(
  files: Readonly<Record<string, string>>,
): Promise<{ base: string; roots: SystemRoots } & AsyncDisposable> {
  const base = await Deno.realPath(await Deno.makeTempDir());
  for (const [path, content] of Object.entries(files)) {
    const full = `${base}/${path}`;
    await Deno.mkdir(full.slice(0, full.lastIndexOf("/")), { recursive: true });
    if (content.startsWith("-> ")) {
      await Deno.symlink(content.slice(3).replace("BASE", base), full);
    } else await Deno.writeTextFile(full, content);
  }
  return {
    base,
    roots: {
      dev: `${base}/dev`,
      sys: `${base}/sys`,
      proc: `${base}/proc`,
    },
    [Symbol.asyncDispose]: () => Deno.remove(base, { recursive: true }),
  };
}

const USB = "sys/devices/usb1/1-1";
const MODEM = {
  "dev/ttyACM0": "",
  "dev/serial/by-id/usb-IOWAY_0042-if00": "-> ../../ttyACM0",
  [`${USB}/idVendor`]: "0483\n",
  [`${USB}/idProduct`]: "5740\n",
  [`${USB}/manufacturer`]: "LiQuiBit\n",
  [`${USB}/product`]: "IOWAY\n",
  [`${USB}/1-1:1.0/bInterfaceNumber`]: "00\n",
  "sys/class/tty/ttyACM0/device": "-> ../../../devices/usb1/1-1/1-1:1.0",
};

Deno.test("listPorts() tells by-id names, USB identity and holder", async () => {
  await using machine = await system({
    ...MODEM,
    "proc/locks": "",
    "proc/self/comm": "not a pid\n",
    "proc/417/comm": "minicom\n",
    "proc/417/fd/0": "-> /nowhere",
    "proc/417/fd/3": "-> BASE/dev/ttyACM0",
  });
  const { base, roots } = machine;
  assert.deepEqual(await listPorts(roots), [{
    path: `${base}/dev/ttyACM0`,
    byId: [`${base}/dev/serial/by-id/usb-IOWAY_0042-if00`],
    usb: {
      vendorId: "0483",
      productId: "5740",
      manufacturer: "LiQuiBit",
      product: "IOWAY",
      serial: null,
    },
    holder: { pid: 417, command: "minicom" },
  }]);
});

Deno.test("listPorts() leaves out what has no hardware behind it", async () => {
  await using machine = await system({
    "dev/tty1": "",
    "dev/ttyAMA0": "",
    "sys/class/tty/ttyAMA0/type": "32\n",
    "dev/ttyS0": "",
    "sys/class/tty/ttyS0/type": "4\n",
    "dev/ttyS1": "",
    "sys/class/tty/ttyS1/type": "0\n",
    "dev/ttyS2": "",
    "dev/ttyUSB10": "",
    "dev/ttyUSB2": "",
    "dev/serial/by-id/usb-gone-if00": "-> ../../ttyUSB7",
  });
  const { base, roots } = machine;
  assert.deepEqual(
    (await listPorts(roots)).map(({ path }) => path.slice(base.length)),
    ["/dev/ttyAMA0", "/dev/ttyS0", "/dev/ttyUSB2", "/dev/ttyUSB10"],
  );
});

Deno.test("listPorts() is empty where there is nothing at all", async () => {
  await using machine = await system({});
  assert.deepEqual(await listPorts(machine.roots), []);
});

Deno.test("resolvePort() takes a name as it is", async () => {
  assert.equal(await resolvePort("/dev/ttyX"), "/dev/ttyX");
});

Deno.test("resolvePort() gives auto the only by-id name, whatever else is there", async () => {
  await using machine = await system({ ...MODEM, "dev/ttyUSB0": "" });
  assert.equal(
    await resolvePort("auto", machine.roots),
    `${machine.base}/dev/serial/by-id/usb-IOWAY_0042-if00`,
  );
});

Deno.test("resolvePort() counts devices, not names", async () => {
  await using machine = await system({
    ...MODEM,
    "dev/serial/by-id/usb-second-name": "-> ../../ttyACM0",
  });
  assert.equal(
    await resolvePort("auto", machine.roots),
    `${machine.base}/dev/serial/by-id/usb-IOWAY_0042-if00`,
  );
});

Deno.test("resolvePort() gives auto the only ttyACM or ttyUSB without by-id names", async () => {
  await using machine = await system({ "dev/ttyUSB3": "", "dev/ttyS0": "" });
  assert.equal(
    await resolvePort("auto", machine.roots),
    `${machine.base}/dev/ttyUSB3`,
  );
});

Deno.test("resolvePort() says that there is none", async () => {
  await using machine = await system({ "dev/ttyS0": "" });
  await assert.rejects(
    resolvePort("auto", machine.roots),
    (error) => error instanceof SerialError && error.fault === "absent",
  );
});

Deno.test("resolvePort() lists several and says what to set", async () => {
  await using machine = await system({ "dev/ttyUSB0": "", "dev/ttyACM1": "" });
  await assert.rejects(
    resolvePort("auto", machine.roots),
    (error) =>
      error instanceof SerialError && error.fault === "ambiguous" &&
      error.message.includes(`${machine.base}/dev/ttyACM1`) &&
      error.message.includes(`${machine.base}/dev/ttyUSB0`) &&
      error.message.includes("[serial] port"),
  );
});

Deno.test("openPort() looks for auto anew at each open", async () => {
  await using machine = await system({
    "dev/serial/by-id/none": "-> /nowhere",
  });
  const open = openPort({ port: "auto", baud: 9600 }, machine.roots);
  await assert.rejects(open(), { fault: "absent" });
  const link = `${machine.base}/dev/serial/by-id/usb-modem`;
  await using pty = await openPty({ link });
  await using port = await open();
  assert.equal(port.name, link);
  assert.equal(pty.baud(), 9600);
});

Deno.test("lockOwnersOf() names all that have a lock: an inode may be used again while somebody has the old one", async () => {
  await using machine = await system({ "dev/pts7": "", "proc/locks": "" });
  const { base, roots } = machine;
  const { dev, ino } = await Deno.stat(`${base}/dev/pts7`);
  const hex = (n: number) => n.toString(16).padStart(2, "0");
  const key = `${hex((dev >> 8) & 0xfff)}:${
    hex((dev & 0xff) | ((dev >> 12) & 0xfff00))
  }:${ino}`;
  await Deno.writeTextFile(
    `${base}/proc/locks`,
    `1: FLOCK  ADVISORY  WRITE 77 ${key} 0 EOF
2: POSIX  ADVISORY  WRITE 78 ${key} 0 EOF
3: FLOCK  ADVISORY  WRITE 79 00:05:1 0 EOF
4: FLOCK  ADVISORY  WRITE 80 ${key} 0 EOF
`,
  );
  assert.deepEqual(await lockOwnersOf(`${base}/dev/pts7`, roots), [77, 80]);
});
