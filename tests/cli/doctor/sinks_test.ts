import assert from "node:assert/strict";
import type { Account } from "../../../lib/cli/doctor/account.ts";
import { judgeFile, judgeTold } from "../../../lib/cli/doctor/sinks.ts";

const account: Account = {
  name: "dash7-edge",
  uid: 998,
  gids: [997],
  from: "service",
};

Deno.test("judgeFile() asks what the agent's user may do", () => {
  const place = { path: "/srv/out/readings.jsonl", sink: "copy" };
  const mine = { mode: 0o600, uid: 998, gid: 997 };
  const roots = { mode: 0o755, uid: 0, gid: 0 };
  const rows = [
    [mine, roots, "file"],
    [roots, roots, "file_denied"],
    [null, { ...mine, mode: 0o700 }, "file"],
    [null, roots, "file_denied"],
    [null, null, "file_no_directory"],
  ] as const;
  for (const [self, directory, code] of rows) {
    assert.equal(judgeFile(place, self, directory, account).code, code);
  }
  assert.match(
    judgeFile(place, null, null, account).fix ?? "",
    /^sudo install -d -o dash7-edge \/srv\/out,/,
  );
});

Deno.test("judgeTold() passes on what the running agent says of a sink", () => {
  const told = {
    name: "cloud",
    type: "any",
    up: true,
    detail: "Connected",
    since: "2026-11-21T00:00:00.000Z",
    readings: 10,
    delivered: 8,
    pending: 2,
    rejected: 0,
    dropped: 0,
    dropped_by: {},
    oldest_pending_at: null,
    last_delivered_at: null,
    rate_per_s: 0,
    drained_in_s: null,
  };
  const codes = (more: Partial<typeof told>) =>
    judgeTold({ ...told, ...more }).map(({ code }) => code);
  assert.deepEqual(codes({}), ["sink_up"]);
  assert.deepEqual(codes({ up: false }), ["sink_down"]);
  const fix = (detail: string) =>
    judgeTold({ ...told, up: false, detail })[0]?.fix ?? "";
  assert.doesNotMatch(fix("Cannot reach broker b:1883"), /client_id/);
  assert.match(
    fix("Connection to broker b:1883 ended: the broker closed the connection"),
    /another client has the same client_id/,
  );
  assert.deepEqual(codes({ rejected: 3 }), ["sink_up", "sink_rejects"]);
});
