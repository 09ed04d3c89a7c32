import assert from "node:assert/strict";
import { Bench, nobody } from "./portable_bench.ts";

Deno.test("portable file runs the program in its own process, with arguments, stdin and exit code", async () => {
  await using bench = await Bench.make();
  const { pid, code, out, err } = await bench.start(
    ["3", "a b", "--config"],
    {},
    "input\n",
  );
  assert.equal(err, "");
  assert.equal(code, 3);
  const lines = out.split("\n");
  assert.equal(lines[0], `pid ${pid}`);
  assert.equal(lines[1], `file ${bench.file}`);
  assert.deepEqual(lines.slice(4), [
    "the program",
    "input",
    "arguments 3 a b --config",
    "",
  ]);
  const ended = await bench.start(["wait"]);
  assert.equal(ended.code, 7);
});

Deno.test("portable file unpacks once and repairs what has been cut short", async () => {
  await using bench = await Bench.make();
  await bench.start();
  const names = bench.names();
  assert.equal(names.length, 2);
  const inodes = () =>
    names.map((name) => Deno.statSync(`${bench.dir}/${name}`).ino);
  const before = inodes();
  await bench.start();
  assert.deepEqual(inodes(), before);
  const program = names.find((name) => name.endsWith(".js")) ?? "";
  Deno.truncateSync(`${bench.dir}/${program}`, 3);
  const { code, out } = await bench.start();
  assert.equal(code, 0);
  assert.match(out, /^the program$/m);
  assert.deepEqual(bench.names(), names);
});

Deno.test("portable file may be started many times at once", async () => {
  await using bench = await Bench.make();
  const ends = await Promise.all(
    Array.from({ length: 8 }, () => bench.start()),
  );
  for (const { code, err } of ends) assert.deepEqual([code, err], [0, ""]);
  assert.equal(bench.names().length, 2);
});

Deno.test("portable file clears away what a killed start has left", async () => {
  await using bench = await Bench.make();
  await bench.start();
  const [name = ""] = bench.names().filter((name) => name.endsWith(".js"));
  const dir = `${bench.dir}/${name}`.replace(/\/[^/]+$/, "");
  // No process has number 0, and this one is alive.
  await Deno.writeTextFile(`${dir}/.new.0`, "half");
  await Deno.writeTextFile(`${dir}/.new.${Deno.pid}`, "half");
  await Deno.remove(`${bench.dir}/${name}`);
  await bench.start();
  const left = bench.names().filter((name) => name.includes(".new."));
  assert.equal(left.length, 1);
  assert.ok(left[0]?.endsWith(`.new.${Deno.pid}`));
});

Deno.test("portable file that is not whole says so and leaves nothing", async () => {
  await using bench = await Bench.make();
  const whole = await Deno.readFile(bench.file);
  await Deno.writeFile(bench.file, whole.slice(0, -20));
  const short = await bench.start();
  assert.equal(short.code, 1);
  assert.match(
    short.err,
    /^dash7-edge: Cannot unpack: \S+ has \d+ bytes, expected \d+; copy it again\n$/,
  );
  const damaged = whole.slice();
  damaged.fill(0x55, 12300, 12400);
  await Deno.writeFile(bench.file, damaged);
  const wrong = await bench.start();
  assert.equal(wrong.code, 1);
  assert.match(
    wrong.err,
    /^dash7-edge: Cannot unpack: \S+ is damaged; copy it again\n$/,
  );
  assert.deepEqual(bench.names(), []);
});

Deno.test("portable file says where there is no space and no permission", async () => {
  await using bench = await Bench.make();
  const env = await bench.shadow("df", "echo Avail; echo 2048");
  const full = await bench.start([], env);
  assert.equal(full.code, 1);
  assert.match(full.err, /cache: no space: 8 MB needed, 2 MB free\nMake room/);
  await Deno.chmod(`${bench.dir}/cache`, 0o555);
  const locked = await bench.start();
  assert.equal(locked.code, 1);
  assert.match(locked.err, /cache: no permission to write\nMake room/);
  assert.deepEqual(bench.names(), []);
});

Deno.test("portable file says when writing fails half-way", async () => {
  await using bench = await Bench.make();
  const env = await bench.shadow(
    "gzip",
    'head -c 10; echo "gzip: stdout: No space left on device" >&2; exit 1',
  );
  const { code, err } = await bench.start([], env);
  assert.equal(code, 1);
  assert.match(err, /cache: gzip: stdout: No space left on device\nMake room/);
  assert.deepEqual(bench.names(), []);
});

Deno.test("portable file says which system it cannot run on", async () => {
  await using bench = await Bench.make();
  const machines = [
    ["armv7l", /this machine is armv7l, dash7-edge needs a 64-bit system/],
    [
      Deno.build.arch === "x86_64" ? "aarch64" : "x86_64",
      /this file is for \S+, this machine is \S+; take dash7-edge-1\.2\.3-linux-/,
    ],
  ] as const;
  for (const [machine, message] of machines) {
    const env = await bench.shadow("uname", `echo ${machine}`);
    const { code, err } = await bench.start([], env);
    assert.equal(code, 1);
    assert.match(err, message);
  }
  assert.deepEqual(bench.names(), []);
  await using bits32 = await Bench.make({
    header: (text) => text.replace("@LOADER@", "/lib/ld-none.so"),
  });
  const { code, err } = await bits32.start();
  assert.equal(code, 1);
  assert.match(err, /ld-none.so is missing, so this is a 32-bit system/);
});

Deno.test("portable file says why the runtime does not start", async () => {
  const refusals = [
    [
      "/lib/libc.so.6: version `GLIBC_2.27' not found",
      /glibc is too old, 2\.27 or newer is needed; this system has glibc /,
    ],
    ["sh: Permission denied", /cache: nothing may be executed there/],
    ["Cannot allocate memory", /not enough memory for the runtime/],
    ["something else", /Cannot run here \(page size \d+, .*\): something else/],
  ] as const;
  for (const [text, message] of refusals) {
    await using bench = await Bench.make({
      runtime: `#!/bin/sh\ncat >&2 <<'END'\n${text}\nEND\nexit 1\n`,
    });
    const { code, err } = await bench.start();
    assert.equal(code, 1);
    assert.match(err, message);
    assert.deepEqual(bench.names(), []);
  }
});

Deno.test("portable file finds a place by itself", async () => {
  await using bench = await Bench.make();
  await bench.directory("var/tmp");
  const none = await bench.startPlain();
  assert.match(none.out, /^program \S+\/var\/tmp\/dash7-edge-\d+\//m);
  const home = await bench.directory("home");
  // What is unpacked already is used, compiled code is kept there, too.
  const used = await bench.startPlain({ HOME: home });
  assert.match(used.out, /^program \S+\/var\/tmp\//m);
  assert.match(used.out, /^code \S+\/home\/\.cache\/dash7-edge\//m);
  await Deno.remove(`${bench.dir}/var/tmp`, { recursive: true });
  const own = await bench.startPlain({ HOME: home });
  assert.match(own.out, /^program \S+\/home\/\.cache\/dash7-edge\//m);
  const cache = await bench.directory("service");
  await Deno.remove(home, { recursive: true });
  const service = await bench.startPlain({ CACHE_DIRECTORY: cache });
  assert.match(service.out, /^program \S+\/service\/portable\//m);
  const mode = Deno.statSync(`${cache}/portable`).mode ?? 0;
  assert.equal(mode & 0o777, 0o700);
});

Deno.test("portable file trusts nothing that another user has put before it", async () => {
  await using bench = await Bench.make();
  await bench.directory("var/tmp");
  const uid = nobody.uid ?? Deno.uid();
  await bench.startPlain();
  // Whoever came first could let the name point anywhere.
  await Deno.rename(`${bench.dir}/var/tmp`, `${bench.dir}/evil`);
  await bench.directory("var/tmp");
  await bench.directory("tmp");
  await Deno.symlink(
    `${bench.dir}/evil/dash7-edge-${uid}`,
    `${bench.dir}/var/tmp/dash7-edge-${uid}`,
  );
  const { code, out } = await bench.startPlain();
  assert.equal(code, 0);
  assert.match(out, /^program \S+[0-9a-f]\/tmp\/dash7-edge-\d+\//m);
});
