import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { agentOn } from "../../lib/cli/control.ts";
import { AgentError } from "../../lib/cli/agent_error.ts";
import { AgentProcess, clock, DEVICES, Line, tempDir } from "./harness.ts";
import { type Mosquitto, mosquitto } from "./mosquitto.ts";

/** One sink's account at one moment. */
interface Sample {
  readonly sink: string;
  readonly readings: number;
  readonly delivered: number;
  readonly pending: number;
  readonly rejected: number;
  readonly dropped: number;
}

/** Takes accounts wherever they can be had, and checks each. */
class Sampler {
  readonly #socket: string;
  readonly #database: string;
  readonly #stop = new AbortController();
  readonly #readings = new Map<string, number>();
  /** Samples taken over the socket, and from the database. */
  told = 0;
  stored = 0;
  /** Samples from the database while no agent answered. */
  storedWhileDead = 0;
  /** What some sample has shown, so that nothing was tested in vain. */
  readonly seen = { pending: 0, delivered: 0, dropped: 0 };
  readonly #done: Promise<void>;

  constructor(dir: string) {
    this.#socket = `${dir}/control.sock`;
    this.#database = `${dir}/data/outbox.db`;
    this.#done = this.#run();
    // Whoever ends it is told.
    this.#done.catch(() => {});
  }

  async end(): Promise<void> {
    this.#stop.abort();
    await this.#done;
  }

  /** The sinks' accounts from the agent itself; null when it does not answer. */
  async ask(): Promise<readonly Sample[] | null> {
    try {
      const signal = AbortSignal.timeout(5000);
      const { sinks } = await agentOn(this.#socket, signal).status();
      return sinks.map(({ name, ...account }) => ({ sink: name, ...account }));
    } catch (error) {
      if (error instanceof AgentError) return null;
      throw error;
    }
  }

  async #run(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      const told = await this.ask();
      for (const sample of told ?? []) this.#check(sample);
      const stored = inDatabase(this.#database);
      for (const sample of stored) this.#check(sample);
      if (told !== null) this.told++;
      if (stored.length > 0) {
        this.stored++;
        if (told === null) this.storedWhileDead++;
      }
      await clock.sleep(5);
    }
  }

  #check(sample: Sample): void {
    const { sink, readings, delivered, pending, rejected, dropped } = sample;
    const shown = JSON.stringify(sample);
    assert.equal(readings, delivered + pending + rejected + dropped, shown);
    for (const count of [readings, delivered, pending, rejected, dropped]) {
      assert.ok(count >= 0, shown);
    }
    // What was once counted as committed is never lost, whoever is killed.
    assert.ok(readings >= (this.#readings.get(sink) ?? 0), shown);
    this.#readings.set(sink, readings);
    this.seen.pending = Math.max(this.seen.pending, pending);
    this.seen.delivered = Math.max(this.seen.delivered, delivered);
    this.seen.dropped = Math.max(this.seen.dropped, dropped);
  }
}

/** Accounts as they stand on disk at this instant, each part from its own table. */
function inDatabase(path: string): readonly Sample[] {
  let db: DatabaseSync;
  try {
    db = new DatabaseSync(path, { readOnly: true });
  } catch {
    // Not there yet.
    return [];
  }
  try {
    // One transaction is one instant.
    db.exec("BEGIN");
    const tables = db.prepare(
      "SELECT count(*) AS n FROM sqlite_schema WHERE name = 'settled'",
    ).get();
    if (tables?.n !== 1) return [];
    return db.prepare(
      `SELECT name, start_id, cursor, delivered, rejected, dropped,
        (SELECT count(*) FROM reading WHERE id > start_id) AS readings,
        (SELECT count(*) FROM reading WHERE id > cursor) AS behind,
        (SELECT coalesce(sum(last_id - first_id + 1), 0) FROM ahead WHERE sink = name) AS ahead
       FROM sink`,
    ).all().map((row) => {
      const drops: Record<string, number> = JSON.parse(String(row.dropped));
      return {
        sink: String(row.name),
        readings: Number(row.readings),
        delivered: Number(row.delivered),
        pending: Number(row.behind) - Number(row.ahead),
        rejected: Number(row.rejected),
        dropped: Object.values(drops).reduce((sum, n) => sum + n, 0),
      };
    });
  } finally {
    db.close();
  }
}

function configOf(dir: string, port: string, brokerPort: number): string {
  const scorpio = (name: string, mqttPort: number) =>
    `[sinks.${name}]
type = "scorpio"
broker = "mqtt://127.0.0.1:${mqttPort}"
project_id = "p"
edge_node_id = "${name}"
`;
  return `[agent]
data_dir = "${dir}/data"
[serial]
port = "${port}"
silence_ms = 300
[http]
listen = ""
socket = "${dir}/control.sock"
[sinks.file]
type = "jsonl"
path = "${dir}/readings.jsonl"
${scorpio("cloud", brokerPort)}${scorpio("nowhere", 1)}`;
}

Deno.test("readings = delivered + pending + rejected + dropped for every sink, at every instant of outages, kills and purges", async () => {
  await using dir = await tempDir();
  let broker: Mosquitto = await mosquitto();
  const { ports } = broker;
  const [brokerPort = 0] = ports;
  await using line = await Line.open(`${dir.path}/modem`);
  const config = configOf(dir.path, line.path, brokerPort);
  const start = () =>
    AgentProcess.start({ dir: dir.path, port: line.path, brokerPort, config });
  const control = agentOn(
    `${dir.path}/control.sock`,
    new AbortController().signal,
  );
  const sampler = new Sampler(dir.path);
  const stop = new AbortController();
  const pushing = line.pushing(DEVICES, 100, stop.signal);
  let purged = 0;
  const purge = async (sink: string) => {
    // The modem may have answered before the control socket is there.
    for (let tries = 0; await sampler.ask() === null; tries++) {
      assert.ok(tries < 500, "no agent answers");
      await clock.sleep(20);
    }
    purged += (await control.purge(sink)).purged;
  };
  let agent = start();
  try {
    await agent.logged("Modem identified");
    const outages: readonly (() => Promise<void>)[] = [
      // Frozen: connections stay, nothing is acknowledged.
      async () => {
        broker.signal("SIGSTOP");
        await clock.sleep(1500);
        await purge("cloud");
        await clock.sleep(500);
        broker.signal("SIGCONT");
      },
      // Stopped as a service is, and purged meanwhile.
      async () => {
        await broker[Symbol.asyncDispose]();
        await clock.sleep(1500);
        await purge("cloud");
        await purge("nowhere");
        await clock.sleep(500);
        broker = await mosquitto({ ports });
      },
      // Killed.
      async () => {
        await broker.kill();
        await clock.sleep(1000);
        broker = await mosquitto({ ports });
      },
      // Nothing at all: deliveries only.
      () => clock.sleep(1000),
    ];
    for (const outage of outages) {
      await outage();
      await clock.sleep(500 + Math.random() * 500);
      const { signal } = await agent.end("SIGKILL");
      assert.equal(signal, "SIGKILL");
      await clock.sleep(100);
      agent = start();
      await agent.logged("Modem identified");
      await purge("nowhere");
    }
    stop.abort();
    await pushing;
    let last: readonly Sample[] = [];
    const settled = async () => {
      last = await sampler.ask() ?? last;
      return last.length === 3 &&
        last.every(({ sink, pending }) => sink === "nowhere" || pending === 0);
    };
    for (let tries = 0; !(await settled()); tries++) {
      assert.ok(tries < 300, `not drained: ${JSON.stringify(last)}`);
      await clock.sleep(50);
    }
    await purge("nowhere");
    assert.equal((await agent.end("SIGTERM")).code, 0);
    await sampler.end();

    const committed = agent.committed().length;
    const onDisk = inDatabase(`${dir.path}/data/outbox.db`);
    assert.equal(onDisk.length, 3);
    for (const { sink, readings, pending, dropped, delivered } of onDisk) {
      assert.equal(readings, committed);
      assert.equal(pending, 0);
      if (sink === "file") {
        assert.deepEqual([delivered, dropped], [committed, 0]);
      }
      if (sink === "nowhere") assert.equal(dropped, committed);
    }
    // Every purge was told as it was counted.
    const dropped = onDisk.reduce((sum, one) => sum + one.dropped, 0);
    assert.equal(dropped, purged);
    const lines = Deno.readTextFileSync(`${dir.path}/readings.jsonl`)
      .trimEnd().split("\n").length;
    assert.ok(lines >= committed, `${lines} lines`);
    const { told, stored, storedWhileDead, seen } = sampler;
    const shown = JSON.stringify({ told, stored, storedWhileDead, seen });
    assert.ok(told > 100 && stored > 100 && storedWhileDead > 4, shown);
    assert.ok(seen.pending > 50 && seen.delivered > 500, shown);
    assert.ok(seen.dropped > 50, shown);
  } finally {
    stop.abort();
    await pushing;
    await agent[Symbol.asyncDispose]();
    await broker[Symbol.asyncDispose]();
    await sampler.end();
  }
});
