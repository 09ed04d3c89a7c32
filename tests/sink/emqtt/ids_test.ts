import assert from "node:assert/strict";
import {
  allocateId,
  computeId,
  IO_LINK_PORT,
  SUBINTERFACE_ID,
} from "../../../lib/sink/emqtt/ids.ts";
import { openRegister } from "../../../lib/sink/emqtt/register.ts";
import { chooseUid } from "../../../lib/sink/emqtt/uid.ts";
import { silentLog } from "../../../lib/log.ts";

Deno.test("E-109 M-03 M-04 mapping §2: ids of the vector, and those after a collision", () => {
  const rows = [
    ["C84C49532000000F", "duxzb53xcz", "duicd34oyb"],
    ["326636300039004C", "d4feggqvsg", "d3zudltpk2"],
    ["0000000000000001", "dnbbezr3uq", "dsg2gz37x7"],
    ["FFFFFFFFFFFFFFFF", "dlbapqrzde", "dw4rjxk3ct"],
  ] as const;
  for (const [device, id, second] of rows) {
    assert.equal(computeId(device), id);
    assert.equal(computeId(device, 1), second);
    assert.equal(allocateId(device, new Map([[id, "another"]])), second);
    assert.equal(allocateId(device, new Map([["other", device]])), "other");
  }
  assert.equal(computeId("1"), "dnbbezr3uq");
});

Deno.test("E-105 E-107 M-07 of 100 000 UIDs none gives a bad or a double id", () => {
  const seen = new Set<string>();
  for (let at = 0; at < 100_000; at++) {
    const id = computeId(
      `C84C4953${at.toString(16).toUpperCase().padStart(8, "0")}`,
    );
    assert(SUBINTERFACE_ID.test(id) && !IO_LINK_PORT.test(id));
    seen.add(id);
  }
  assert.equal(seen.size, 100_000);
});

async function withDir(body: (dir: string) => void): Promise<void> {
  const dir = await Deno.makeTempDir();
  try {
    body(dir);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

Deno.test("E-094 E-109 M-05 M-08 ids are kept for ever, also those of the operator's choice", () =>
  withDir((dir) => {
    const first = openRegister(
      dir,
      "s",
      { "0000000000000001": "press1" },
      silentLog,
    );
    assert.deepEqual(first.ids(["0000000000000001", "C84C49532000000F"]), [
      "press1",
      "duxzb53xcz",
    ]);
    first.setLock("mqtt://b:1");
    first.setLock(null);
    const again = openRegister(
      dir,
      "s",
      { "C84C49532000000F": "mine" },
      silentLog,
    );
    assert.deepEqual(again.ids(["C84C49532000000F", "0000000000000001"]), [
      "duxzb53xcz",
      "press1",
    ]);
    // An alias that ever belonged to another is not given again.
    const third = openRegister(
      dir,
      "s",
      { "FFFFFFFFFFFFFFFF": "press1" },
      silentLog,
    );
    assert.deepEqual(third.ids(["FFFFFFFFFFFFFFFF"]), ["dlbapqrzde"]);
  }));

Deno.test("E-002 E-090 M-06 the register survives a restart; a damaged one is set aside, ids come out the same", () =>
  withDir((dir) => {
    const first = openRegister(dir, "s", {}, silentLog);
    first.setUid("00301133E40F");
    first.setLock("mqtt://b:1883");
    const [id] = first.ids(["326636300039004C"]);
    const second = openRegister(dir, "s", {}, silentLog);
    assert.deepEqual([second.uid(), second.lock()], [
      "00301133E40F",
      "mqtt://b:1883",
    ]);
    Deno.writeTextFileSync(`${dir}/emqtt-s.json`, "{");
    const third = openRegister(dir, "s", {}, silentLog);
    assert.equal(third.uid(), null);
    assert.deepEqual(third.ids(["326636300039004C"]), [id]);
    assert.equal(Deno.readTextFileSync(`${dir}/emqtt-s.json.damaged`), "{");
  }));

Deno.test("E-001 the UID is the MAC of the first physical interface", () => {
  const random = () => 0.5;
  const mac = (name: string, last: string, physical: boolean) => ({
    name,
    mac: `00:30:11:33:e4:${last}`,
    physical,
  });
  assert.equal(
    chooseUid([
      { name: "lo", mac: "00:00:00:00:00:00", physical: false },
      mac("docker0", "01", false),
      mac("wlan0", "02", true),
      mac("eth1", "10", true),
      mac("eth0", "0f", true),
    ], random),
    "00301133E40F",
  );
  assert.equal(chooseUid([mac("eth0", "aa", false)], random), "00301133E4AA");
  assert.equal(chooseUid([], random), "828080808080");
});
