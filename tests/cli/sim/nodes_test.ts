import assert from "node:assert/strict";
import type { Action } from "../../../lib/alp/action.ts";
import { decodeCommand } from "../../../lib/alp/alp.ts";
import { meters } from "../../../lib/cli/sim/meters.ts";
import {
  LISTEN_MS,
  Nodes,
  type NodesOptions,
} from "../../../lib/cli/sim/nodes.ts";
import { actionsOf } from "../../../lib/downlink/command.ts";
import { fakeClock } from "../../fakes/clock.ts";

function nodes(options: NodesOptions) {
  const clock = fakeClock();
  const pushed: string[] = [];
  const all = meters({ count: 2, seed: 1 });
  const uid = all.uids[0] ?? "";
  const nodes = new Nodes(all, clock, options, (command) => {
    const [file] = decodeCommand(command).actions;
    if (file?.op === "return_file_data") {
      pushed.push(`${file.fileId} ${file.data.toHex()}`);
    }
  });
  const write = (fileId: number, offset: number, ...bytes: number[]) => {
    const data = Uint8Array.from(bytes);
    const ask = { what: "write" as const, fileId, offset, data };
    const [forward, ...rest] = actionsOf(uid, ask);
    const config = forward?.op === "forward" ? forward.config : null;
    return nodes.air(rest, config);
  };
  return { clock, pushed, nodes, uid, write };
}

const codes = (answers: unknown) =>
  (answers as (readonly Action[])[]).flatMap((answer) =>
    answer.flatMap((action) =>
      action.op === "action_status" ? [action.code] : []
    )
  );

Deno.test("Nodes hear writes only for a while after their own uplink, and return the changed file", async () => {
  const { clock, nodes: all, pushed, write } = nodes({ listen: "contact" });
  assert.equal(write(62, 0, 60, 0, 0, 0), null);
  all.uplink(1);
  assert.equal(write(62, 0, 60, 0, 0, 0), null);
  all.uplink(0);
  await clock.advance(LISTEN_MS);
  assert.deepEqual(write(62, 0, 60, 0, 0, 0), []);
  assert.deepEqual(pushed, []);
  await clock.advance(50);
  assert.deepEqual(pushed, ["62 3c00000001"]);
  // The changed file was an uplink itself.
  assert.deepEqual(write(61, 1, 0), []);
  await clock.advance(LISTEN_MS + 51);
  assert.deepEqual(pushed[1], "61 01000101");
  await clock.advance(LISTEN_MS + 1);
  assert.equal(write(62, 4, 0), null);
});

Deno.test("Nodes refuse, swallow or fail writes when told to, one by one", () => {
  const { nodes: all, uid, write } = nodes({ manner: { refuse: 0xfc } });
  assert.deepEqual(codes(write(62, 4, 0)), [0xfc]);
  all.behave(uid, "swallow");
  assert.equal(write(62, 4, 0), "nothing");
  all.behave(uid, "fail");
  assert.equal(write(62, 4, 0), null);
  all.behave(uid, "accept");
  assert.deepEqual(codes(write(62, 4, 0, 0)), [0xf8]);
  assert.deepEqual(codes(write(63, 0, 0)), [0xff]);
  assert.equal(all.writes.length, 5);
});
