import assert from "node:assert/strict";
import type { Code } from "../../../lib/cli/doctor/codes.ts";
import {
  judgeClock,
  judgeMemory,
  judgePower,
  judgeService,
  judgeSystem,
  judgeTemperature,
  liesIn,
  serviceDirectories,
  serviceFrom,
} from "../../../lib/cli/doctor/host_rules.ts";

const codesOf = (findings: readonly { code: Code }[]) =>
  findings.map(({ code }) => code);

Deno.test("judgeSystem() tells a kernel with large pages", () => {
  const facts = { arch: "aarch64", kernel: "6.12", glibc: "2.36" };
  assert.deepEqual(codesOf(judgeSystem({ ...facts, pageBytes: 4096 })), [
    "system",
  ]);
  const [, page] = judgeSystem({ ...facts, pageBytes: 16384 });
  assert.equal(page?.code, "page_size");
  assert.match(page?.found ?? "", /16384/);
  assert.match(page?.fix ?? "", /kernel=kernel8\.img/);
});

Deno.test("judgeMemory() reads what is available, not what is free", () => {
  const meminfo = (free: number) =>
    `MemTotal:        948304 kB\nMemFree:           20000 kB\nMemAvailable:   ${free} kB\n`;
  assert.deepEqual(codesOf(judgeMemory(meminfo(600_000))), ["memory"]);
  assert.deepEqual(codesOf(judgeMemory(meminfo(90_000))), ["memory_low"]);
  assert.deepEqual(judgeMemory(""), []);
});

Deno.test("judgeTemperature() takes the hottest sensor that can be right", () => {
  const rows: readonly [readonly number[], Code | undefined][] = [
    [[45_000, 52_300], "temperature"],
    [[45_000, 83_000], "temperature_high"],
    [[45_000, 999_000], "temperature"],
    [[], undefined],
  ];
  for (const [sensors, code] of rows) {
    assert.equal(judgeTemperature(sensors)[0]?.code, code);
  }
});

Deno.test("judgePower() knows under-voltage now and before", () => {
  const rows = [
    [{ throttled: null, alarm: null }, undefined],
    [{ throttled: 0, alarm: null }, "no under-voltage seen"],
    [{ throttled: null, alarm: false }, "no under-voltage seen"],
    [{ throttled: 0x50005, alarm: null }, "under-voltage now: "],
    [{ throttled: null, alarm: true }, "under-voltage now: "],
    [{ throttled: 0x50000, alarm: false }, "under-voltage since the start: "],
  ] as const;
  for (const [facts, found] of rows) {
    const [finding] = judgePower(facts);
    assert.equal(finding?.found.slice(0, found?.length), found);
  }
});

Deno.test("judgeClock() tells a clock that cannot be right from one that is not set", () => {
  const now = Date.UTC(2027, 2, 1);
  const rows: readonly [Parameters<typeof judgeClock>[0], Code][] = [
    [{ nowMs: now, synced: true, written: [] }, "clock"],
    [{ nowMs: now, synced: false, written: [] }, "clock_unsynchronised"],
    [{ nowMs: 60_000, synced: false, written: [] }, "clock_wrong"],
    [
      {
        nowMs: now,
        synced: true,
        written: [{ name: "outbox.db", atMs: now + 5 * 86_400_000 }],
      },
      "clock_wrong",
    ],
    [
      {
        nowMs: now,
        synced: true,
        written: [{ name: "outbox.db", atMs: now + 3_600_000 }],
      },
      "clock",
    ],
  ];
  for (const [facts, code] of rows) assert.equal(judgeClock(facts).code, code);
  assert.match(
    judgeClock({ nowMs: 60_000, synced: false, written: [] }).found,
    /^1970-01-01 00:01 UTC, which cannot be: this program is younger$/,
  );
});

Deno.test("serviceDirectories() knows where the unit lets the service write", () => {
  const unit = `LoadState=loaded
ProtectSystem=strict
StateDirectory=dash7-edge
ReadWritePaths=/srv/out -/mnt/x
`;
  const directories = serviceDirectories(serviceFrom(unit));
  assert.deepEqual(directories, ["/var/lib/dash7-edge", "/srv/out", "/mnt/x"]);
  assert.equal(
    serviceDirectories(serviceFrom(unit.replace("strict", "full"))),
    null,
  );
  assert.equal(serviceDirectories(null), null);
  const rows = [
    ["/srv/out/readings.jsonl", true],
    ["/srv/out", true],
    ["/srv/outer/x", false],
    ["/var/lib/dash7-edge/x", true],
    ["/home/pi/x", false],
  ] as const;
  for (const [path, lies] of rows) {
    assert.equal(liesIn(path, directories), lies, path);
  }
  assert.equal(liesIn("/home/pi/x", null), true);
});

Deno.test("judgeService() reads what systemctl shows", () => {
  const shown = (more: string) =>
    serviceFrom(
      `LoadState=loaded\nActiveState=active\nSubState=running\nResult=success\nNRestarts=0\nUser=dash7-edge\nUnitFileState=enabled\n${more}`,
    );
  const rows: readonly [ReturnType<typeof serviceFrom> | null, Code, RegExp][] =
    [
      [null, "service_none", /not installed/],
      [serviceFrom("LoadState=not-found\n"), "service_none", /not installed/],
      [shown(""), "service", /^active \(running\), .* as dash7-edge$/],
      [shown("UnitFileState=disabled\n"), "service_disabled", /active/],
      [
        shown("ActiveState=failed\nSubState=failed\nResult=exit-code\n"),
        "service_down",
        /^failed \(failed\), last end: exit-code$/,
      ],
      [shown("NRestarts=12\n"), "service_restarts", /12 times/],
      [
        shown("LoadState=masked\nActiveState=inactive\n"),
        "service_down",
        /masked/,
      ],
    ];
  for (const [facts, code, found] of rows) {
    const finding = judgeService(facts);
    assert.equal(finding.code, code);
    assert.match(finding.found, found);
  }
});
