import assert from "node:assert/strict";
import {
  accountIn,
  accountOf,
  may,
  modeText,
  namesFrom,
  READ,
  SEARCH,
  WRITE,
} from "../../../lib/cli/doctor/account.ts";

const names = namesFrom(
  `root:x:0:0:root:/root:/bin/bash
dash7-edge:x:998:997::/var/lib/dash7-edge:/usr/sbin/nologin
pi:x:1000:1000:,,,:/home/pi:/bin/bash
`,
  `root:x:0:
dialout:x:20:pi
dash7-edge:x:997:
pi:x:1000:
`,
);

Deno.test("accountOf() knows own group, memberships and what the service adds", () => {
  assert.deepEqual(accountOf(names, "pi", []), {
    name: "pi",
    uid: 1000,
    gids: [1000, 20],
    from: "service",
  });
  assert.deepEqual(accountOf(names, "dash7-edge", ["dialout"])?.gids, [
    997,
    20,
  ]);
  assert.equal(accountOf(names, "nobody", []), null);
});

Deno.test("accountIn() reads the effective numbers of a process", () => {
  const status = `Name:\tdeno
Uid:\t0\t998\t998\t998
Gid:\t0\t997\t997\t997
Groups:\t20 997 \n`;
  assert.deepEqual(accountIn(names, status, "agent"), {
    name: "dash7-edge",
    uid: 998,
    gids: [997, 20, 997],
    from: "agent",
  });
  assert.equal(accountIn(names, "", "agent"), null);
});

Deno.test("may() takes the first class that fits, as the kernel does", () => {
  const pi = accountOf(names, "pi", []) ?? assert.fail();
  const service = accountOf(names, "dash7-edge", []) ?? assert.fail();
  const root = { ...pi, uid: 0 };
  const tty = { mode: 0o20660, uid: 0, gid: 20 };
  const rows = [
    [pi, tty, READ | WRITE, true],
    [service, tty, READ | WRITE, false],
    [root, { ...tty, mode: 0 }, READ | WRITE, true],
    // The owner has no more than the owner's bits, whatever others may.
    [pi, { mode: 0o077, uid: 1000, gid: 0 }, READ, false],
    [pi, { mode: 0o700, uid: 1000, gid: 0 }, WRITE | SEARCH, true],
    [service, { mode: 0o755, uid: 0, gid: 0 }, WRITE, false],
    [service, { mode: 0o640, uid: 0, gid: 997 }, READ, true],
  ] as const;
  for (const [account, file, wanted, allowed] of rows) {
    assert.equal(
      may(account, file, wanted),
      allowed,
      `${account.name} ${modeText(file.mode)}`,
    );
  }
});

Deno.test("modeText() writes four octal digits", () => {
  assert.equal(modeText(0o20660), "0660");
  assert.equal(modeText(0o101777), "1777");
});
