import assert from "node:assert/strict";
import { jsonlSink } from "../../../lib/sink/jsonl/jsonl.ts";
import { lineOf } from "../../../lib/sink/jsonl/line.ts";
import { openTarget } from "../../../lib/sink/jsonl/target.ts";
import { sinkHost } from "../../fakes/host.ts";
import { buttonReading, energyReading } from "../../fakes/readings.ts";

const never = () => new AbortController().signal;

async function withFile(
  body: (path: string, dir: string) => Promise<void>,
): Promise<void> {
  const dir = await Deno.makeTempDir();
  try {
    await body(`${dir}/readings.jsonl`, dir);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

Deno.test("lineOf() writes a reading with units and every digit", () => {
  const line = lineOf(energyReading(), "Compressor 2");
  assert(line.endsWith("}\n") && !line.slice(0, -1).includes("\n"));
  assert(line.includes(
    '"apparent_energy_1":{"value":9007199254740993,"unit":"VAh"}',
  ));
  const { measurements, ...rest } = JSON.parse(line);
  assert.deepEqual(rest, {
    received_at: "2025-01-01T12:00:00.250Z",
    device: "326636300039004C",
    name: "Compressor 2",
    file: "energy",
    valid: true,
    clock: "synchronised",
    link: {
      rx_level_dbm: -70,
      link_budget_db: 80,
      band: "868",
      channel_index: 0,
      fifo_token: 50,
      seq_nr: 1,
      secured: false,
    },
  });
  assert.deepEqual(measurements.voltage_2, { value: 229, unit: "V" });
});

Deno.test("lineOf() says when clock, link and name are missing", () => {
  const reading = buttonReading(1, { link: null });
  const line = JSON.parse(lineOf({
    ...reading,
    received: { ...reading.received, synced: false },
  }));
  assert.equal(line.clock, "unsynchronised");
  assert.equal(line.link, null);
  assert(!("name" in line));
  assert.deepEqual(line.measurements.mask, { value: true, unit: null });
});

Deno.test("the file target appends, follows rotation and mends a broken last line", () =>
  withFile(async (path) => {
    const bytes = (text: string) => new TextEncoder().encode(text);
    await Deno.writeTextFile(path, "half a li");
    const target = openTarget(path);
    await target.append(bytes("one\n"));
    assert.equal(await Deno.readTextFile(path), "half a li\none\n");
    await Deno.rename(path, `${path}.1`);
    await target.append(bytes("two\n"));
    assert.equal(await Deno.readTextFile(path), "two\n");
    await Deno.remove(path);
    await target.append(bytes("three\n"));
    assert.equal(await Deno.readTextFile(path), "three\n");
    await Deno.truncate(path);
    await target.append(bytes("four\n"));
    assert.equal(await Deno.readTextFile(path), "four\n");
    target.close();
  }));

Deno.test("a batch that was queued before a failure does not overtake it", async () => {
  const written: string[] = [];
  let failures = 1;
  const sink = jsonlSink({
    name: "test",
    append: (bytes) => {
      if (failures-- > 0) return Promise.reject(new Error("no space left"));
      written.push(new TextDecoder().decode(bytes));
      return Promise.resolve();
    },
    close() {},
  }, sinkHost());
  const outcomes = [1, 2].flatMap((id) =>
    sink.deliver([energyReading({ id })], never())
  );
  assert.deepEqual(await Promise.all(outcomes), ["kept", "kept"]);
  assert.deepEqual(written, []);
  assert.deepEqual(sink.state(), {
    up: false,
    detail: "Cannot write to test: no space left",
  });
  assert.deepEqual(
    await Promise.all(sink.deliver([energyReading()], never())),
    ["accepted"],
  );
  assert.equal(sink.state().detail, "Writing to test");
  await sink[Symbol.asyncDispose]();
});
