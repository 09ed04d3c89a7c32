import { fakeBroker } from "../fakes/broker.ts";
import { sinkHost } from "../fakes/host.ts";
import { jsonlConfig, jsonlSink } from "../../lib/sink/jsonl/jsonl.ts";
import { openTarget } from "../../lib/sink/jsonl/target.ts";
import { openSink, sinkConfig } from "../../lib/sink/kinds.ts";
import { type Platform, sinkContract } from "./contract.ts";

const idOf = (text: string): number[] => {
  const match =
    /"(?:Énergie apparente\/Phase 1|apparent_energy_1)"[^}]*"value":(\d+)/
      .exec(text);
  return match?.[1] === undefined ? [] : [Number(match[1])];
};

sinkContract("scorpio", async (): Promise<Platform> => {
  let held: PromiseWithResolvers<void> | null = null;
  let refused = false;
  const broker = await fakeBroker({
    mayLogIn: () => !refused,
    beforeAck: () => held?.promise,
  });
  const sink = openSink(
    sinkConfig.parse({
      type: "scorpio",
      broker: broker.url,
      protocol: "3.1.1",
      project_id: "p",
      edge_node_id: "gw1",
    }),
    sinkHost({ clock: hasty() }),
  );
  const down = async () => {
    while (sink.state().up) await turn();
  };
  return {
    sink,
    arrived: () =>
      Promise.resolve(
        broker.messages.filter(({ topic }) => topic.includes("/DDATA/"))
          .flatMap(({ payload }) => idOf(new TextDecoder().decode(payload))),
      ),
    hold: () => held = Promise.withResolvers<void>(),
    // The births and the first reading: nothing is published before them.
    reached: async () => void await broker.received(2),
    resume: () => {
      held?.resolve();
      held = null;
    },
    async fail() {
      refused = true;
      broker.cut();
      await down();
    },
    heal: () => {
      refused = false;
      return Promise.resolve();
    },
    async [Symbol.asyncDispose]() {
      held?.resolve();
      await sink[Symbol.asyncDispose]();
      await broker.close();
    },
  };
});

sinkContract("jsonl", async (): Promise<Platform> => {
  const dir = await Deno.makeTempDir();
  const { path } = jsonlConfig.parse({ type: "jsonl", path: `${dir}/out` });
  const target = openTarget(path);
  let held: PromiseWithResolvers<void> | null = null;
  const reached = Promise.withResolvers<void>();
  const sink = jsonlSink({
    ...target,
    append: async (bytes) => {
      reached.resolve();
      await held?.promise;
      await target.append(bytes);
    },
  }, sinkHost());
  return {
    sink,
    arrived: async () =>
      (await Deno.readTextFile(path)).split("\n").flatMap(idOf),
    hold: () => held = Promise.withResolvers<void>(),
    reached: () => reached.promise,
    resume: () => {
      held?.resolve();
      held = null;
    },
    // The file is rotated away and a directory has taken its name.
    async fail() {
      try {
        await Deno.rename(path, `${path}.1`);
      } catch (error) {
        if (!(error instanceof Deno.errors.NotFound)) throw error;
      }
      await Deno.mkdir(path);
    },
    async heal() {
      await Deno.remove(path);
      await Deno.rename(`${path}.1`, path);
    },
    async [Symbol.asyncDispose]() {
      held?.resolve();
      await sink[Symbol.asyncDispose]();
      await Deno.remove(dir, { recursive: true });
    },
  };
});

// Live only: no reading is sent, the device model is followed. [mapping M-36]
sinkContract("emqtt", async (): Promise<Platform> => {
  let refused = false;
  const broker = await fakeBroker({ mayLogIn: () => !refused });
  const dir = await Deno.makeTempDir();
  const sink = openSink(
    sinkConfig.parse({
      type: "emqtt",
      registration: "onCloud",
      broker: broker.url,
      username: "plug",
      password: "p",
      uid: "00301133E40F",
      vendor_id: 200_999,
    }),
    sinkHost({ clock: hasty(), dataDir: dir }),
  );
  await broker.received(2);
  return {
    sink,
    arrived: () => Promise.resolve([]),
    hold: () => {},
    reached: () => Promise.resolve(),
    resume: () => {},
    async fail() {
      refused = true;
      broker.cut();
      while (sink.state().up) await turn();
    },
    heal: () => {
      refused = false;
      return Promise.resolve();
    },
    async [Symbol.asyncDispose]() {
      await sink[Symbol.asyncDispose]();
      await broker.close();
      await Deno.remove(dir, { recursive: true });
    },
  };
}, { live: true });

/** The machine's clock with its shortest back-off cut short, so that it costs no time. */
function hasty() {
  const { clock } = sinkHost();
  return {
    ...clock,
    after: (delayMs: number, fire: () => void) =>
      clock.after(delayMs === 1000 ? 5 : delayMs, fire),
  };
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
