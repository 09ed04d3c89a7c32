/** The recipes of the manual work: what they show is run as it stands there. */
import assert from "node:assert/strict";
import type { DeviceFile } from "../../lib/files/file.ts";
import type { SinkKind } from "../../lib/sink/sink.ts";
import { fakeBroker } from "../fakes/broker.ts";
import { sinkHost } from "../fakes/host.ts";
import { energyReading } from "../fakes/readings.ts";
import { blocksIn } from "./markdown.ts";
import { root } from "./pages.ts";

/** The module of a recipe that has a head, by the words it begins with. */
function moduleIn(page: string, head: string): string {
  const block = blocksIn(Deno.readTextFileSync(new URL(page, root)))
    .find(({ language, text }) =>
      language === "ts" && text.startsWith(`/**\n * ${head}`)
    );
  return block?.text ?? assert.fail(`${page} shows no module "${head}"`);
}

/**
 * Loads modules as if they stood in a folder of the project, from a directory
 * of their own; gives the last one.
 */
async function load(
  folder: string,
  modules: Readonly<Record<string, string>>,
): Promise<Record<string, unknown>> {
  const dir = await Deno.makeTempDir();
  try {
    let last: Record<string, unknown> = {};
    for (const [name, text] of Object.entries(modules)) {
      const whole = text.replaceAll(
        / from "([^"]+)"/g,
        (_, from: string) => {
          const beside = from.startsWith("./") && from.slice(2) in modules;
          if (beside) return ` from "${from}"`;
          return ` from "${
            from.startsWith(".")
              ? new URL(from, new URL(`${folder}/`, root)).href
              : import.meta.resolve(from)
          }"`;
        },
      );
      await Deno.writeTextFile(`${dir}/${name}`, whole);
      last = await import(`file://${dir}/${name}`);
    }
    return last;
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

Deno.test("docs/adding-a-device-file.md: its file is read and written", async () => {
  const { climateFile } = await load("lib/files", {
    "climate.ts": moduleIn("docs/adding-a-device-file.md", "Climate file."),
  });
  const file = climateFile as DeviceFile;
  const bytes = Uint8Array.fromHex("66083c");
  const value = file.decode(bytes);
  assert.deepEqual(value, { temperature: 2150, humidity: 60 });
  assert.deepEqual(file.encode(value), bytes);
  assert.deepEqual(
    file.measurements(value).map(({ name, value }) => [name, value]),
    [["temperature", 21.5], ["humidity", 60]],
  );
});

Deno.test("docs/adding-a-sink.md: its sink delivers, and says what it would send", async () => {
  const page = "docs/adding-a-sink.md";
  const { plain } = await load("lib/sink/plain", {
    "payload.ts": moduleIn(page, "Topics and JSON of the plain MQTT sink."),
    "plain.ts": moduleIn(page, "The plain MQTT sink:"),
  });
  const kind = plain as SinkKind;
  const broker = await fakeBroker();
  try {
    const host = sinkHost();
    const config = kind.config.parse({
      type: "plain",
      broker: broker.url,
      protocol: "3.1.1",
    });
    const { signal } = new AbortController();
    assert.match(await kind.probe(config, host, signal), /^logged in/);
    await using sink = kind.open(config, host);
    await sink.ready(signal);
    const reading = energyReading();
    assert.deepEqual(await Promise.all(sink.deliver([reading], signal)), [
      "accepted",
    ]);
    const [message] = await broker.received(1);
    const [preview] = sink.preview(reading).messages;
    assert.equal(message?.topic, `dash7/${reading.device}`);
    assert.equal(message?.topic, preview?.topic);
    assert.equal(
      new TextDecoder().decode(message?.payload),
      preview?.payload,
    );
  } finally {
    await broker.close();
  }
});
