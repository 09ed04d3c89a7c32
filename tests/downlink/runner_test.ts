import assert from "node:assert/strict";
import type { Action } from "../../lib/alp/action.ts";
import { decodeCommand, encodeCommand } from "../../lib/alp/alp.ts";
import {
  actionsOf,
  itemOf,
  itemText,
  type RequestEnd,
  sentOf,
} from "../../lib/downlink/command.ts";
import {
  type DownlinkHost,
  DownlinkRunner,
} from "../../lib/downlink/runner.ts";
import { silentLog } from "../../lib/log.ts";
import { fakeClock, settleMicrotasks } from "../fakes/clock.ts";
import { DEVICE, memoryKeep } from "../fakes/devices.ts";

const WRITE = { fileId: 62, offset: 0, data: Uint8Array.of(0x2c, 1, 0, 0) };

const status = (code: number): Action => ({
  op: "action_status",
  actionIndex: 0,
  code,
  name: "",
});

/** A runner whose modem is the test. */
function runner(some: Partial<DownlinkHost> = {}) {
  const clock = fakeClock();
  const sent: (readonly Action[])[] = [];
  const answers: ((end: RequestEnd) => void)[] = [];
  const ended: string[] = [];
  const downlinks = new DownlinkRunner({
    clock,
    log: silentLog,
    keep: memoryKeep(),
    request: (actions) => {
      sent.push(actions);
      return new Promise((resolve) => answers.push(resolve));
    },
    ready: () => true,
    online: () => true,
    onAnswer: () => {},
    onWaiting: () => {},
    onEnded: (_device, ask, end, mode) =>
      void ended.push(`${mode} ${ask.what} ${end.end}`),
    ...some,
  });
  return { clock, sent, answers, ended, downlinks };
}

Deno.test("M-23 a write is one Write File Data, forwarded to the UID with security and response wanted", () => {
  const actions = actionsOf(DEVICE, { what: "write", ...WRITE });
  const bytes = encodeCommand([
    { op: "request_tag", respondWhenCompleted: true, tagId: 7 },
    ...actions,
  ]);
  // Tag; forward with answer to D7ASP: any, no dormant time, UID with AES-CTR,
  // access class 01; write with answer to file 62, offset 0, 4 bytes.
  assert.equal(
    bytes.toHex(),
    "b407" + "72d7" + "0200" + "2101" + DEVICE.toLowerCase() + "443e0004" +
      "2c010000",
  );
  assert.equal(decodeCommand(bytes).error, null);
  const [forward] = actionsOf("1234", { what: "write", ...WRITE });
  assert.match(encodeCommand(forward ? [forward] : []).toHex(), /31011234$/);
});

Deno.test("M-26 sentOf() takes an ALP error for a refusal, an end without one for arrival", () => {
  const no = (reason: "refused" | "timeout" | "rebooted" | "closed" | "busy") =>
    ({ ok: false, reason, actions: [] }) as const;
  const rows: [RequestEnd, string][] = [
    [{ ok: true, actions: [] }, "confirmed"],
    [{ ok: true, actions: [status(0)] }, "confirmed"],
    [{ ok: true, actions: [status(1), status(0xfc)] }, "refused"],
    [{ ...no("refused"), actions: [status(0xff)] }, "refused"],
    [{ ...no("timeout"), actions: [status(0)] }, "confirmed"],
    [no("refused"), "silent"],
    [no("timeout"), "silent"],
    [no("closed"), "unsent"],
    [no("busy"), "unsent"],
    [no("rebooted"), "unsent"],
  ];
  for (const [answer, end] of rows) assert.equal(sentOf(answer).end, end);
});

Deno.test("itemOf() reads what itemText() wrote, and nothing else", () => {
  const item = {
    id: 7,
    device: DEVICE,
    ask: { what: "write" as const, ...WRITE },
    tries: 2,
    queuedWallMs: 5,
  };
  assert.deepEqual(itemOf("7", itemText(item)), item);
  const read = { ...item, ask: { what: "read" as const, fileIds: [52] } };
  assert.deepEqual(itemOf("7", itemText(read)), read);
  for (const text of ["", "{", "7", "null", "{}", '{"device":"x","tries":1}']) {
    assert.equal(itemOf("7", text), null, text);
  }
  assert.equal(itemOf("x", itemText(item)), null);
});

Deno.test("E-147 a write that cannot be made durable is refused, and nothing waits", async () => {
  const { downlinks, sent } = runner({
    keep: {
      ...memoryKeep(),
      flush() {
        throw new Error("disk full");
      },
    },
  });
  assert.deepEqual(await downlinks.write(DEVICE, WRITE, "contact", 1000), {
    end: "refused",
    status: null,
  });
  downlinks.heard(DEVICE, [], true);
  assert.deepEqual([downlinks.queued(), sent], [[], []]);
});

Deno.test("M-24 nothing goes out while the modem is not ready", async () => {
  let ready = false;
  const { downlinks, sent } = runner({ ready: () => ready });
  await downlinks.write(DEVICE, WRITE, "contact", 1000);
  downlinks.heard(DEVICE, [], true);
  assert.equal(sent.length, 0);
  ready = true;
  downlinks.heard(DEVICE, [], false);
  assert.equal(sent.length, 0);
  downlinks.heard(DEVICE, [], true);
  assert.equal(sent.length, 1);
});

Deno.test("M-26 a direct write ends by its file, too; E-150 a modem that is away is offline", async () => {
  const { downlinks, answers, ended, clock } = runner();
  const first = downlinks.write(DEVICE, WRITE, "direct", 1000);
  const data = Uint8Array.of(0x2c, 1, 0, 0, 1);
  const received = clock.instant();
  downlinks.heard(DEVICE, [{
    device: DEVICE,
    file: "energy_config",
    fileId: 62,
    measurements: [],
    valid: true,
    link: null,
    received,
    data,
  }], true);
  assert.deepEqual(await first, { end: "confirmed" });
  const second = downlinks.write(DEVICE, WRITE, "direct", 1000);
  answers[1]?.({ ok: false, reason: "closed", actions: [] });
  assert.deepEqual(await second, { end: "offline" });
  assert.deepEqual(ended, ["direct write confirmed"]);
  assert.equal(clock.armed(), 0);
});

Deno.test("A direct write voids what waits for the same bytes", async () => {
  const { downlinks } = runner();
  await downlinks.write(
    DEVICE,
    { ...WRITE, data: Uint8Array.of(1, 1, 1, 1, 1) },
    "contact",
    1,
  );
  void downlinks.write(DEVICE, WRITE, "direct", 1000);
  await settleMicrotasks();
  assert.deepEqual(
    downlinks.queued().map(({ offset, data }) => `${offset}=${data.toHex()}`),
    ["4=01"],
  );
  downlinks[Symbol.dispose]();
});
