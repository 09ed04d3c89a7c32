/**
 * Every error a person can cause at the command line, with what is said: the
 * rows are in `fixtures/cli-errors.txt`, what needs a scene of its own is here.
 *
 * @module
 */
import assert from "node:assert/strict";
import { verbNames } from "../../lib/cli/cli.ts";
import { fakeClock } from "../fakes/clock.ts";
import {
  deviceJson,
  FakeAgent,
  sinkJson,
  statusJson,
} from "../fakes/control.ts";
import {
  type Around,
  cli,
  fixture,
  MAIN,
  tempDir,
  TERMINAL,
} from "./command_line.ts";

/** A command line, how it ends and what stands on stderr. */
interface Row {
  readonly line: string;
  readonly code: number;
  readonly said: string;
}

const rows: readonly Row[] = Deno.readTextFileSync(fixture("cli-errors.txt"))
  .split(/^(?=\[\d+\] dash7-edge )/m).slice(1)
  .map((text) => {
    const [first = "", ...rest] = text.trimEnd().split("\n");
    const [, code, line = ""] = /^\[(\d+)\] dash7-edge (.*)$/.exec(first) ?? [];
    const said = rest.map((row) => row.replace(/^ {4}/, "")).join("\n");
    return { line, code: Number(code), said };
  });

/** Directory and agent that the rows are about. */
class Scene implements AsyncDisposable {
  private constructor(
    readonly dir: string,
    readonly agent: FakeAgent,
    readonly stack: AsyncDisposableStack,
  ) {}

  static async open(): Promise<Scene> {
    const stack = new AsyncDisposableStack();
    const { path } = stack.use(await tempDir());
    const write = (name: string, text: string) =>
      Deno.writeTextFile(`${path}/${name}`, text, { mode: 0o600 });
    await write("words", "x\n");
    await write("bad.toml", "[agent\n");
    await write("faulty.toml", "[serial]\nprt = 1\n");
    await write("good.toml", `[agent]\ndata_dir = "${path}"\n`);
    const agent = stack.use(
      await FakeAgent.open({
        status: statusJson({
          sinks: [sinkJson({ pending: 3 }), sinkJson({ name: "sicon" })],
        }),
        devices: [deviceJson({ name: "Compressor 2" })],
      }),
    );
    return new Scene(path, agent, stack);
  }

  /** Runs a line with the places filled in; its stderr with them taken out again. */
  async run(args: readonly string[], around: Around = {}) {
    const { dir, agent: { socket } } = this;
    const { code, out, err } = await cli(
      args.map((word) =>
        word.replace("{dir}", dir).replace("{socket}", socket)
      ),
      around,
    );
    const lines = err.replaceAll(dir, "{dir}").replaceAll(socket, "{socket}")
      .split("\n");
    assert.equal(lines.pop(), "", "the last line has its end");
    return { code, out, lines };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stack.disposeAsync();
  }
}

/** Words of a line; quotes keep spaces. */
function wordsOf(line: string): string[] {
  return (line.match(/"[^"]*"|\S+/g) ?? [])
    .map((word) => word.replaceAll('"', ""));
}

for (const { line, code, said } of rows) {
  Deno.test(`${line} ends with ${code} and says why`, async () => {
    await using scene = await Scene.open();
    const args = wordsOf(line);
    const ended = await scene.run(args);
    assert.equal(ended.lines.join("\n"), said);
    assert.equal(ended.code, code);
    // What went wrong is no data.
    if (args[0] !== "encode") assert.equal(ended.out, "");
  });
}

Deno.test("the table has a row for each verb that people can use wrongly", () => {
  const seen = new Set(rows.flatMap(({ line }) => {
    const [first = "", second = ""] = wordsOf(line);
    return [first, `${first} ${second}`];
  }));
  // Without an agent all verbs that ask one end alike, see below.
  const alike = ["queue stats"];
  // Which changes the machine, is tested in tests/cli/install_test.ts.
  const elsewhere = ["uninstall"];
  for (const verb of verbNames) {
    if (![...alike, ...elsewhere].includes(verb)) {
      assert.ok(seen.has(verb), verb);
    }
  }
});

const ASKING = [
  ["status"],
  ["devices"],
  ["devices", "configure", "1", "--enabled", "true"],
  ["devices", "forget", "1"],
  ["queue", "stats"],
  ["queue", "peek", "cloud"],
  ["queue", "export", "cloud"],
  ["queue", "purge", "cloud"],
  ["explain", "1"],
] as const;
for (const args of ASKING) {
  Deno.test(`${args.join(" ")} says plainly that no agent runs`, async () => {
    await using scene = await Scene.open();
    const ended = await scene.run([...args, "--config", "{dir}/good.toml"]);
    assert.deepEqual(ended, {
      code: 1,
      out: "",
      lines: [
        "dash7-edge: no agent is running",
        "  {dir}/control.sock (from {dir}/good.toml): no such socket",
        "Start it: dash7-edge run --config {dir}/good.toml",
      ],
    });
  });
}

Deno.test("a socket that a killed agent left is told apart", async () => {
  await using scene = await Scene.open();
  const path = `${scene.dir}/control.sock`;
  const listener = Deno.listen({ path, transport: "unix" });
  await Deno.rename(path, `${path}.kept`);
  listener.close();
  await Deno.rename(`${path}.kept`, path);
  const { code, lines } = await scene.run(["status", "--socket", path]);
  assert.equal(code, 1);
  assert.equal(
    lines[1],
    "  {dir}/control.sock (from --socket): left from an agent that has ended",
  );
});

Deno.test("a file that is no socket is not taken for one that was left", async () => {
  await using scene = await Scene.open();
  const path = `${scene.dir}/control.sock`;
  await Deno.writeTextFile(path, "");
  const { code, lines } = await scene.run(["status", "--socket", path]);
  assert.equal(code, 1);
  assert.equal(lines[1], "  {dir}/control.sock (from --socket): not a socket");
});

for (const verb of ["status", "devices", "queue stats"]) {
  Deno.test(`${verb} alone looks for the service's sockets`, async () => {
    await using scene = await Scene.open();
    const { code, lines } = await scene.run(verb.split(" "), {
      env: { RUNTIME_DIRECTORY: scene.dir },
    });
    assert.equal(code, 1);
    assert.deepEqual(lines, [
      "dash7-edge: no agent is running",
      "  {dir}/control.sock (from $RUNTIME_DIRECTORY): no such socket",
      "  /run/dash7-edge/control.sock (from the service's default): no such socket",
      "Start it: sudo systemctl start dash7-edge",
    ]);
  });
}

Deno.test("an agent that does not answer in time is waited for no longer", async () => {
  await using scene = await Scene.open();
  const answer = Promise.withResolvers<Response>();
  const asked = Promise.withResolvers<void>();
  scene.agent.before = () => {
    asked.resolve();
    return answer.promise;
  };
  const clock = fakeClock();
  const done = scene.run(["status", "--socket", "{socket}"], { clock });
  await asked.promise;
  await clock.advance(10_000);
  assert.deepEqual(await done, {
    code: 1,
    out: "",
    lines: [
      "dash7-edge: the agent on {socket} has not answered within 10 s: it is busy or stuck; its log says more (journalctl -u dash7-edge)",
    ],
  });
  answer.resolve(new Response());
});

Deno.test("an agent of another version, and one that refuses, are told as such", async () => {
  await using scene = await Scene.open();
  scene.agent.before = () =>
    Promise.resolve(new Response("Not found", { status: 404 }));
  const line = ["status", "--socket", "{socket}"];
  assert.deepEqual((await scene.run(line)).lines, [
    "dash7-edge: what answers on {socket} is no agent of this version (status 404): restart it after an upgrade",
  ]);
  scene.agent.before = () =>
    Promise.resolve(
      Response.json({ error: "the outbox is closed" }, { status: 503 }),
    );
  assert.deepEqual((await scene.run(line)).lines, [
    "dash7-edge: the agent refuses: the outbox is closed",
  ]);
});

Deno.test("Ctrl-C while the agent is asked ends without a word", async () => {
  await using scene = await Scene.open();
  const stop = new AbortController();
  const answer = Promise.withResolvers<Response>();
  scene.agent.before = () => {
    stop.abort();
    return answer.promise;
  };
  assert.deepEqual(
    await scene.run(["status", "--socket", "{socket}"], {
      signal: stop.signal,
    }),
    { code: 1, out: "", lines: [] },
  );
  answer.resolve(new Response());
});

Deno.test("no sinks: queue verbs say that none is configured", async () => {
  await using scene = await Scene.open();
  scene.agent.state.status = statusJson({ sinks: [] });
  const { lines } = await scene.run(
    ["queue", "peek", "cloud", "--socket", "{socket}"],
    { terminal: TERMINAL },
  );
  assert.deepEqual(lines, [
    "dash7-edge: there is no sink cloud. None is configured",
  ]);
});

Deno.test("a reader that is gone is no error", async () => {
  const { code, stdout, stderr } = await new Deno.Command("bash", {
    args: [
      "-c",
      'set -o pipefail; "$0" run --allow-all --no-prompt "$1" schema | head -c 1',
      Deno.execPath(),
      MAIN,
    ],
  }).output();
  assert.equal(new TextDecoder().decode(stderr), "");
  assert.equal(new TextDecoder().decode(stdout), "{");
  assert.equal(code, 0);
});
