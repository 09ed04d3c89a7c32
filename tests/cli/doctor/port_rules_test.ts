import assert from "node:assert/strict";
import { type Account, namesFrom } from "../../../lib/cli/doctor/account.ts";
import type { Code } from "../../../lib/cli/doctor/codes.ts";
import { isTerminal } from "../../../lib/cli/doctor/port.ts";
import {
  judgeAccess,
  judgeAgentModem,
  judgeDevices,
  judgeHolder,
  judgeModem,
  judgePort,
  type PortFacts,
} from "../../../lib/cli/doctor/port_rules.ts";

const names = namesFrom(
  "root:x:0:0::/root:/bin/sh\npi:x:1000:1000::/home/pi:/bin/sh\ndash7-edge:x:998:997::/:/bin/false\n",
  "root:x:0:\ndialout:x:20:pi\npi:x:1000:\ndash7-edge:x:997:\n",
);
const device = { mode: 0o20660, uid: 0, gid: 20, isTerminal: true };
const byId = "/dev/serial/by-id/usb-IOWAY-if00";
const facts: PortFacts = {
  configured: "/dev/ttyACM0",
  path: "/dev/ttyACM0",
  candidates: [byId],
  device,
  byId: [byId],
  usb: "USB 0483:5740 IOWAY",
  holder: null,
};

Deno.test("judgePort() proposes the name that stays", () => {
  const [unstable, port] = judgePort(facts);
  assert.equal(unstable?.code, "port_unstable");
  assert.equal(unstable?.fix, `Set [serial] port = "${byId}"`);
  assert.equal(port?.found, "USB 0483:5740 IOWAY");
});

Deno.test("judgePort() tells what is there instead", () => {
  const rows: readonly [Partial<PortFacts>, readonly Code[], RegExp][] = [
    [{ configured: byId, path: byId }, ["port"], /USB/],
    [{ configured: "auto" }, ["port"], /USB/],
    // A UART has no name by id.
    [
      { configured: "/dev/ttyAMA0", path: "/dev/ttyAMA0", byId: [], usb: null },
      ["port"],
      /serial device/,
    ],
    [{ device: null }, ["port_absent"], /; there is \/dev\/serial/],
    [
      { device: null, candidates: [] },
      ["port_absent"],
      /and no other serial port/,
    ],
    [
      { configured: "auto", path: null, candidates: [] },
      ["port_absent"],
      /^no USB serial port, and no other/,
    ],
    [
      { configured: "auto", path: null, candidates: ["/dev/a", "/dev/b"] },
      ["port_ambiguous"],
      /\/dev\/a, \/dev\/b/,
    ],
    [
      { device: { ...device, isTerminal: false } },
      ["port_not_serial"],
      /not a serial device/,
    ],
  ];
  for (const [more, codes, found] of rows) {
    const findings = judgePort({ ...facts, ...more });
    assert.deepEqual(findings.map(({ code }) => code), codes);
    assert.match(findings[0]?.found ?? "", found);
  }
});

Deno.test("isTerminal() says what is no serial port, such as /dev/null", async () => {
  const sys = await Deno.makeTempDir();
  try {
    for (const place of ["devices/virtual/mem/null", "devices/x/tty/ttyACM0"]) {
      await Deno.mkdir(`${sys}/${place}`, { recursive: true });
    }
    await Deno.mkdir(`${sys}/dev/char`, { recursive: true });
    await Deno.symlink(
      `${sys}/devices/virtual/mem/null`,
      `${sys}/dev/char/1:3`,
    );
    await Deno.symlink(`${sys}/devices/x/tty/ttyACM0`, `${sys}/dev/char/166:0`);
    assert.equal(await isTerminal(0x103, { sys }), false);
    assert.equal(await isTerminal(0xa600, { sys }), true);
    // A pseudo terminal: the kernel does not list it.
    assert.equal(await isTerminal(0x8800, { sys }), true);
  } finally {
    await Deno.remove(sys, { recursive: true });
  }
});

Deno.test("judgeAccess() gives the command that adds the user to the group", () => {
  const pi: Account = { name: "pi", uid: 1000, gids: [1000], from: "self" };
  const service: Account = {
    name: "dash7-edge",
    uid: 998,
    gids: [997],
    from: "service",
  };
  const rows = [
    [{ ...pi, gids: [1000, 20] }, device, null],
    [
      service,
      device,
      "sudo usermod -aG dialout dash7-edge, then: sudo systemctl restart dash7-edge",
    ],
    // Already a member, but logged in before.
    [
      pi,
      device,
      "pi is in group dialout already, but not yet in this session: log out and in again",
    ],
    [
      { ...pi, name: "anna" },
      device,
      "sudo usermod -aG dialout anna, then log out and in again",
    ],
  ] as const;
  for (const [account, file, fix] of rows) {
    const finding = judgeAccess("/dev/ttyACM0", file, account, names);
    assert.equal(finding.fix, fix);
    assert.equal(finding.status, fix === null ? "ok" : "fail");
  }
  const console = { mode: 0o20600, uid: 0, gid: 0 };
  assert.match(
    judgeAccess("/dev/ttyAMA0", console, service, names).fix ?? "",
    /raspi-config nonint do_serial_cons 1/,
  );
  assert.match(
    judgeAccess("/dev/ttyACM0", console, service, names).fix ?? "",
    /udev/,
  );
});

Deno.test("judgeHolder() knows who usually is in the way", () => {
  const rows = [
    ["ModemManager", /systemctl disable --now ModemManager/],
    ["agetty", /systemctl disable --now serial-getty@ttyACM0/],
    ["python3", /monit unmonitor gateway.*kill 7/],
    ["deno", /Another agent/],
    ["minicom", /^End that program, or: sudo kill 7$/],
  ] as const;
  for (const [command, fix] of rows) {
    const finding = judgeHolder("/dev/ttyACM0", { pid: 7, command }, 9);
    assert.equal(finding?.code, "port_busy");
    assert.match(finding?.fix ?? "", fix);
  }
  assert.equal(judgeHolder("/dev/ttyACM0", null, 9), null);
  assert.equal(
    judgeHolder("/dev/ttyACM0", { pid: 9, command: "deno" }, 9)?.code,
    "port_held_by_agent",
  );
});

Deno.test("judgeModem() tells silence, noise and a stranger apart", () => {
  const firmware = {
    d7apMajor: 1,
    d7apMinor: 1,
    filesystemMajor: 0,
    filesystemMinor: 0,
    applicationName: "gatewa",
    gitSha1: "a8fe586",
  };
  const waitedS = 6;
  const rows: readonly [Parameters<typeof judgeModem>[0], Code, RegExp][] = [
    [
      { end: "identified", identity: { uid: "43373134003E0041", firmware } },
      "modem",
      /UID 43373134003E0041, firmware gatewa a8fe586$/,
    ],
    [
      { end: "unidentified", waitedS, frames: 0, discardedBytes: 0 },
      "modem_silent",
      /6 s/,
    ],
    [
      { end: "unidentified", waitedS, frames: 0, discardedBytes: 31 },
      "modem_garbled",
      /^31 bytes/,
    ],
    [
      { end: "unidentified", waitedS, frames: 2, discardedBytes: 31 },
      "modem_mute",
      /frames come \(2 /,
    ],
    [
      {
        end: "unopened",
        reason: "Cannot open /dev/x: permission denied (EACCES): ask root",
      },
      "port_unusable",
      /^Cannot open \/dev\/x: permission denied \(EACCES\)$/,
    ],
  ];
  for (const [trial, code, found] of rows) {
    const finding = judgeModem(trial, 115_200);
    assert.equal(finding.code, code);
    assert.match(finding.found, found);
  }
});

Deno.test("judgeAgentModem() takes the running agent's word", () => {
  const nowMs = Date.UTC(2026, 10, 21, 12);
  const modem = { uid: "43373134003E0041", firmware: "gatewa a8fe586" };
  const at = (agoS: number) => new Date(nowMs - agoS * 1000).toISOString();
  const good = {
    up: true,
    phase: "ready",
    detail: "Modem identified",
    modem,
    last_frame_at: at(12),
  };
  const rows: readonly [Partial<typeof good>, Code, RegExp][] = [
    [{}, "modem_heard", /last frame 12 s ago$/],
    [{ phase: "identifying", detail: "Waiting" }, "modem_down", /Waiting$/],
    [{ up: false, detail: "no such device" }, "modem_down", /no such device$/],
  ];
  for (const [more, code, found] of rows) {
    const finding = judgeAgentModem({ ...good, ...more }, nowMs);
    assert.equal(finding.code, code);
    assert.match(finding.found, found);
  }
  assert.match(
    judgeAgentModem({ ...good, last_frame_at: null }, nowMs).found,
    /no frame from it yet$/,
  );
});

Deno.test("judgeDevices() counts those that are missing", () => {
  const rows = [
    [{ known: 0, silent: 0, offline: 0 }, "devices_none"],
    [{ known: 5, silent: 0, offline: 0 }, "devices"],
    [{ known: 5, silent: 1, offline: 2 }, "devices_silent"],
  ] as const;
  for (const [devices, code] of rows) {
    assert.equal(judgeDevices(devices).code, code);
  }
  assert.match(
    judgeDevices({ known: 5, silent: 1, offline: 2 }).found,
    /^3 of 5 /,
  );
});
