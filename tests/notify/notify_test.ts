import assert from "node:assert/strict";
import { silentLog } from "../../lib/log.ts";
import { noticeText, openNotifier } from "../../lib/notify/notify.ts";
import { sendDatagram } from "../../lib/serial/libc.ts";
import { memoryLog } from "../fakes/log.ts";
import { fakeSystemd } from "../fakes/systemd.ts";
import { tempDir } from "../cli/command_line.ts";

/** A notifier in an environment of its own. */
const notifier = (env: Record<string, string>, log = silentLog) =>
  openNotifier({ env: (name) => env[name], pid: 42, send: sendDatagram, log });

Deno.test("noticeText() gives one assignment a line", () => {
  assert.equal(
    noticeText({ state: "ready", status: "a", alive: true }),
    "READY=1\nSTATUS=a\nWATCHDOG=1",
  );
  assert.equal(noticeText({ state: "stopping" }), "STOPPING=1");
  assert.equal(noticeText({ alive: false }), "");
  // What a broker or a device says must not become an assignment.
  assert.equal(
    noticeText({ status: "down\nREADY=1\r\x00MAINPID=1" }),
    "STATUS=down READY=1 MAINPID=1",
  );
  assert.ok(noticeText({ status: "x".repeat(5000) }).length < 500);
});

for (const kind of ["path", "abstract name"]) {
  Deno.test(`openNotifier() reaches a socket by ${kind}`, async () => {
    await using dir = await tempDir();
    const address = kind === "path"
      ? `${dir.path}/notify`
      : `@dash7-edge-test-${crypto.randomUUID()}`;
    await using systemd = fakeSystemd(address);
    const told = notifier({ NOTIFY_SOCKET: address });
    told?.tell({ state: "ready", status: "Énergie" });
    told?.tell({ alive: true });
    await systemd.until(() => systemd.notices.length === 2);
    assert.deepEqual(systemd.notices, [
      ["READY=1", "STATUS=Énergie"],
      ["WATCHDOG=1"],
    ]);
  });
}

Deno.test("openNotifier() gives none where nobody listens", () => {
  assert.equal(notifier({}), null);
  assert.equal(notifier({ NOTIFY_SOCKET: "" }), null);
  const log = memoryLog();
  assert.equal(notifier({ NOTIFY_SOCKET: "vsock:2:9" }, log), null);
  assert.equal(log.about("cannot be told").length, 1);
});

Deno.test("openNotifier() tells a socket that is gone once and goes on", () => {
  const log = memoryLog();
  for (const address of ["/nowhere/notify", `/${"x".repeat(200)}`]) {
    const told = notifier({ NOTIFY_SOCKET: address }, log);
    told?.tell({ alive: true });
    told?.tell({ alive: true });
  }
  assert.equal(log.about("did not take").length, 2);
});

Deno.test("openNotifier() takes the watchdog's limit if it is meant for this process", () => {
  const limit = (env: Record<string, string>) =>
    notifier({ NOTIFY_SOCKET: "@x", ...env })?.watchdogMs;
  assert.equal(limit({}), null);
  assert.equal(limit({ WATCHDOG_USEC: "30000000" }), 30_000);
  assert.equal(
    limit({ WATCHDOG_USEC: "30000000", WATCHDOG_PID: "42" }),
    30_000,
  );
  assert.equal(limit({ WATCHDOG_USEC: "30000000", WATCHDOG_PID: "43" }), null);
  for (const WATCHDOG_USEC of ["0", "-1", "x", ""]) {
    assert.equal(limit({ WATCHDOG_USEC }), null);
  }
});
