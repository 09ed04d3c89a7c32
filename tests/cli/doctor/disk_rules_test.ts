import assert from "node:assert/strict";
import type { Account } from "../../../lib/cli/doctor/account.ts";
import type { Code } from "../../../lib/cli/doctor/codes.ts";
import {
  type DirFacts,
  judgeDir,
  judgeSpace,
  judgeWear,
  lifeTenthsIn,
  mountOf,
  type WearFacts,
} from "../../../lib/cli/doctor/disk_rules.ts";

const account: Account = {
  name: "dash7-edge",
  uid: 998,
  gids: [997],
  from: "service",
};

const mountinfo = `22 27 0:21 / /proc rw,relatime - proc proc rw
27 1 179:2 / / rw,noatime shared:1 - ext4 /dev/mmcblk0p2 rw
30 27 0:40 / /tmp rw,nosuid - tmpfs tmpfs rw
31 27 179:3 / /mnt/my\\040data rw - ext4 /dev/mmcblk0p3 rw
32 27 0:41 / /ro ro - squashfs /dev/loop0 ro
`;

Deno.test("mountOf() finds the mount a path is on", () => {
  const rows = [
    ["/var/lib/dash7-edge", "/", "179:2", "ext4", false],
    ["/tmp/data", "/tmp", "0:40", "tmpfs", false],
    ["/tmpfiles", "/", "179:2", "ext4", false],
    ["/mnt/my data/x", "/mnt/my data", "179:3", "ext4", false],
    ["/ro", "/ro", "0:41", "squashfs", true],
  ] as const;
  for (const [path, point, device, fs, readOnly] of rows) {
    const mount = mountOf(mountinfo, path);
    assert.deepEqual(
      [mount?.point, mount?.device, mount?.fs, mount?.readOnly],
      [point, device, fs, readOnly],
      path,
    );
  }
  assert.equal(mountOf("", "/"), null);
});

Deno.test("judgeDir() says whether readings can stay there", () => {
  const root = { mode: 0o755, uid: 0, gid: 0 };
  const mine = { mode: 0o700, uid: 998, gid: 997, isDirectory: true };
  const mount = mountOf(mountinfo, "/var");
  const good: DirFacts = {
    dir: "/var/lib/dash7-edge",
    self: mine,
    above: { ...root, path: "/var/lib" },
    owner: "owner dash7-edge",
    mount,
    writable: null,
  };
  const on = (fs: string) => ({ ...good, mount: mount && { ...mount, fs } });
  const rows: readonly [DirFacts, Code][] = [
    [good, "data_dir"],
    [{ ...good, mount: null }, "data_dir"],
    [{ ...good, self: { ...mine, isDirectory: false } }, "data_dir_file"],
    [{ ...good, self: { ...mine, uid: 0 } }, "data_dir_denied"],
    [{ ...good, self: null }, "data_dir_parent"],
    [
      { ...good, self: null, above: { ...mine, path: "/srv" } },
      "data_dir_new",
    ],
    [on("tmpfs"), "data_dir_memory"],
    [on("nfs4"), "data_dir_network"],
    [on("overlay"), "data_dir_overlay"],
    [
      { ...good, mount: mount && { ...mount, readOnly: true } },
      "data_dir_readonly",
    ],
  ];
  for (const [facts, code] of rows) {
    assert.equal(judgeDir(facts, account).code, code);
  }
  const shut = { ...good, writable: ["/var/lib/other"] };
  assert.equal(judgeDir(shut, account).code, "data_dir_protected");
  assert.equal(judgeDir(shut, { ...account, from: "self" }).code, "data_dir");
  assert.equal(
    judgeDir({ ...good, self: { ...mine, uid: 0 } }, account).fix,
    "sudo chown -R dash7-edge /var/lib/dash7-edge",
  );
});

Deno.test("judgeSpace() leaves min_free_mb beside a full outbox", () => {
  const space = (
    freeMb: number,
    { outboxMb = 0, filesFree = 100 as number | null } = {},
  ) =>
    judgeSpace({
      freeBytes: freeMb * 1e6,
      filesFree,
      outboxBytes: outboxMb * 1e6,
      maxMb: 256,
      minFreeMb: 100,
    });
  assert.equal(space(356).code, "space");
  assert.equal(space(355).code, "space_tight");
  assert.match(space(300).fix ?? "", /max_mb to 200$/);
  // What the outbox has taken already counts.
  assert.equal(space(200, { outboxMb: 200 }).code, "space");
  assert.equal(space(99).code, "space_low");
  assert.equal(space(5000, { filesFree: 0 }).code, "inodes_none");
  assert.equal(space(5000, { filesFree: null }).code, "space");
});

Deno.test("judgeWear() weighs what is written against what the medium takes", () => {
  const card: WearFacts = {
    kind: "SD card",
    bytes: 16e9,
    lifeTenths: null,
    writing: { bytesPerDay: 100e6, source: "measured" },
  };
  const rows: readonly [Partial<WearFacts>, readonly Code[], RegExp][] = [
    [
      {},
      ["wear"],
      /^100 MB .* an SD card of 16 GB would last about 44 years$/,
    ],
    [
      { writing: { bytesPerDay: 2e9, source: "estimated" } },
      ["wear_fast"],
      /^2000 MB written a day \(estimated\); .* about 2\.2 years$/,
    ],
    [
      { kind: "disk", bytes: 500e9 },
      ["wear"],
      /a disk of .* would last more than 50 years$/,
    ],
    [{ writing: null }, ["wear_unknown"], /ten minutes/],
    [{ bytes: null }, ["wear_unknown"], /size/],
    [{ lifeTenths: 1 }, ["emmc", "wear"], /less than 10 %/],
    [{ lifeTenths: 9 }, ["emmc_worn", "wear"], /80 to 90 %/],
    [{ lifeTenths: 11 }, ["emmc_spent", "wear"], /used up/],
  ];
  for (const [more, codes, found] of rows) {
    const findings = judgeWear({ ...card, ...more });
    assert.deepEqual(findings.map(({ code }) => code), codes);
    assert.match(findings[0]?.found ?? "", found);
  }
});

Deno.test("lifeTenthsIn() takes the worse of both kinds of cells", () => {
  assert.equal(lifeTenthsIn("0x01 0x03\n"), 3);
  assert.equal(lifeTenthsIn("0x00 0x00\n"), null);
  assert.equal(lifeTenthsIn(""), null);
});
