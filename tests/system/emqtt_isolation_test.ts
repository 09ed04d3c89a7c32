import assert from "node:assert/strict";
import {
  AgentProcess,
  clock,
  DEVICES,
  Line,
  Subscriber,
  tempDir,
} from "./harness.ts";
import { mosquitto } from "./mosquitto.ts";
import { PASSWORD, UID } from "./emqtt_rig.ts";

/** A SICON broker that does harm, each in its way. */
const brokers: Readonly<
  Record<string, () => Promise<AsyncDisposable & { port: number }>>
> = {
  dead: () => {
    const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const { port } = listener.addr;
    listener.close();
    return Promise.resolve({
      port,
      [Symbol.asyncDispose]: () => Promise.resolve(),
    });
  },
  hostile: () =>
    Promise.resolve(server(async (connection) => {
      const noise = crypto.getRandomValues(new Uint8Array(32_768));
      await connection.write(Uint8Array.of(0x20, 2, 0, 0));
      for (let n = 0; n < 32; n++) await connection.write(noise);
      connection.close();
    })),
  slow: () =>
    Promise.resolve(server(async (connection) => {
      const buffer = new Uint8Array(1);
      while (await connection.read(buffer) !== null) await clock.sleep(200);
      connection.close();
    })),
};

function server(serve: (connection: Deno.TcpConn) => Promise<void>) {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const jobs = new Set<Promise<void>>();
  const open = new Set<Deno.TcpConn>();
  const accept = (async () => {
    for await (const connection of listener) {
      open.add(connection);
      jobs.add(
        serve(connection).catch(() => {/* the plug went away */}).finally(() =>
          open.delete(connection)
        ),
      );
    }
  })();
  return {
    port: (listener.addr as Deno.NetAddr).port,
    async [Symbol.asyncDispose]() {
      listener.close();
      for (const connection of open) {
        try {
          connection.close();
        } catch {
          // It is closed already.
        }
      }
      await accept;
      await Promise.all(jobs);
    },
  };
}

for (const [kind, open] of Object.entries(brokers)) {
  Deno.test(`E-085 the SCorp-io path is untouched by a ${kind} SICON broker`, async () => {
    await using sicon = await open();
    await using cloud = await mosquitto();
    const port = cloud.ports[0] ?? 0;
    await using dir = await tempDir();
    await using watch = await Subscriber.connect(port);
    await using line = await Line.open(`${dir.path}/modem`);
    await using agent = AgentProcess.start({
      dir: dir.path,
      port: line.path,
      brokerPort: port,
      more: `[sinks.sicon]
type = "emqtt"
registration = "onCloud"
broker = "mqtt://127.0.0.1:${sicon.port}"
username = "plug"
password = "${PASSWORD}"
uid = "${UID}"
vendor_id = 200999
`,
    });
    await agent.logged("Modem identified");
    const stop = new AbortController();
    const pushing = line.pushing(DEVICES, 50, stop.signal);
    await clock.sleep(5_000);
    stop.abort();
    await pushing;
    await watch.all(line.sent, 3);
    assert.ok(line.sent.length > 200, `${line.sent.length} sent`);
  });
}
