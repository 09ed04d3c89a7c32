/** How much the sink takes at a time: what queues up behind the wire no live reading can pass. */
import assert from "node:assert/strict";
import { scorpio } from "../../../lib/sink/scorpio/scorpio.ts";
import { settleMicrotasks } from "../../fakes/clock.ts";
import { fakeConnect } from "../../fakes/connection.ts";
import { sinkHost } from "../../fakes/host.ts";

const config = scorpio.config.parse({
  type: "scorpio",
  broker: "mqtt://broker.example",
  project_id: "p",
  edge_node_id: "gw1",
});

for (const [receiveMaximum, window] of [[20, 40], [1, 2], [65_535, 512]]) {
  Deno.test(`scorpio takes ${window} readings at a time where the broker takes ${receiveMaximum}`, async () => {
    const { connect } = fakeConnect();
    const host = sinkHost({
      connect: async (options) => ({
        ...await connect(options),
        receiveMaximum: receiveMaximum ?? 0,
      }),
    });
    await using sink = scorpio.open(config, host);
    await settleMicrotasks();
    assert.equal(sink.window(), window);
  });
}
