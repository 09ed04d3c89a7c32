import assert from "node:assert/strict";
import project from "../../deno.json" with { type: "json" };
import { runtimeFlags } from "../../compile/targets.ts";
import { clock, until } from "./harness.ts";
import {
  buildPortable,
  decodeAllVectors,
  emptyDir,
  nobody,
  run,
} from "./portable.ts";

/** The file, built once, alone in a directory, and a place where it has unpacked. */
interface Built {
  readonly dir: string;
  readonly file: string;
  /** With the parts unpacked already. */
  readonly env: Readonly<Record<string, string>>;
}

let built: Promise<Built> | undefined;

async function make(): Promise<Built> {
  const out = await emptyDir();
  const dir = await emptyDir();
  addEventListener("unload", () => {
    for (const path of [out, dir]) Deno.removeSync(path, { recursive: true });
  });
  const made = await buildPortable(Deno.build.arch, out);
  const file = `${dir}/dash7-edge`;
  await Deno.copyFile(made, file);
  const env = { DASH7_EDGE_CACHE: `${dir}/cache` };
  const { code, err } = await run(file, ["--version"], { cwd: dir, env });
  assert.equal(code, 0, err);
  return { dir, file, env };
}

const file = () => built ??= make();

const configText = (dir: string) => `
[agent]
data_dir = "${dir}/data"
[serial]
port = "${dir}/absent"
[http]
listen = ""
[sinks.lines]
type = "jsonl"
path = "${dir}/readings.jsonl"
`;

Deno.test("portable file is small enough and starts with nothing but itself", async () => {
  const { file: path, dir } = await file();
  assert.ok(Deno.statSync(path).size <= 45e6);
  const cwd = await emptyDir();
  const own = `/var/tmp/dash7-edge-${nobody.uid ?? Deno.uid()}`;
  const before = await Deno.lstat(own).catch(() => null);
  try {
    // No HOME, no PATH, nothing: as `env -i` starts it.
    const { code, out, err } = await run(path, ["--version"], { cwd });
    assert.deepEqual([code, out, err], [0, `${project.version}\n`, ""]);
    assert.deepEqual([...Deno.readDirSync(cwd)], []);
    assert.ok(dir !== cwd);
  } finally {
    await Deno.remove(cwd, { recursive: true });
    if (before === null) {
      await Deno.remove(own, { recursive: true }).catch(() => {});
    }
  }
});

Deno.test("portable file answers as the source does", async () => {
  const { file: path, dir, env } = await file();
  const place = { cwd: dir, env };
  for (
    const args of [["schema"], ["init", "--help"], ["completions", "bash"]]
  ) {
    const { stdout } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "--allow-all", main, ...args],
      clearEnv: true,
      env: { DENO_DIR: denoDir(), NO_COLOR: "1" },
    }).output();
    const { code, out } = await run(path, args, place);
    assert.equal(code, 0);
    const footer = /\n+Version \S+, commit \S+\n$/;
    assert.equal(
      out.replace(footer, "").trimEnd(),
      new TextDecoder().decode(stdout).trimEnd(),
    );
  }
  const wrong = await run(path, ["frobnicate"], place);
  assert.equal(wrong.code, 2);
  assert.match(wrong.err, /frobnicate/);
  const help = await run(path, ["--help"], place);
  assert.match(help.out, /Version \S+, commit ([0-9a-f]{40}(-dirty)?|unknown)/);
});

const main = new URL("../../main.ts", import.meta.url).pathname;

function denoDir(): string {
  return Deno.env.get("DENO_DIR") ?? `${Deno.env.get("HOME")}/.cache/deno`;
}

Deno.test("portable file checks a configuration", async () => {
  const { file: path, dir, env } = await file();
  await Deno.writeTextFile(`${dir}/good.toml`, configText(dir));
  await Deno.writeTextFile(`${dir}/bad.toml`, "[serial]\nbaut = 9600\n");
  const good = await run(path, ["check", "--config", "good.toml"], {
    cwd: dir,
    env,
  });
  assert.equal(good.code, 0, good.err);
  const bad = await run(path, ["check", "--config", "bad.toml"], {
    cwd: dir,
    env,
  });
  assert.equal(bad.code, 78);
  assert.match(bad.err + bad.out, /baut/);
});

Deno.test("portable file decodes every vector", async () => {
  const { file: path, dir, env } = await file();
  assert.ok(await decodeAllVectors(path, { cwd: dir, env }) > 100);
});

Deno.test("portable file shows the whole path in its demo", async () => {
  const { file: path, dir, env } = await file();
  const { code, out, err } = await run(path, [
    "demo",
    "--duration",
    "4",
    "--interval",
    "1",
    "--json",
  ], { cwd: dir, env: { ...env, TMPDIR: dir } });
  assert.equal(code, 0, err);
  assert.match(out, /DBIRTH/);
  assert.match(out, /DDATA/);
});

Deno.test("portable file is one process that ends as it is told", async () => {
  const { file: path, dir, env } = await file();
  await Deno.writeTextFile(`${dir}/run.toml`, configText(dir));
  for (const [signal, code] of [["SIGTERM", 0], ["SIGKILL", 137]] as const) {
    const child = new Deno.Command(path, {
      args: ["run", "--config", "run.toml"],
      cwd: dir,
      clearEnv: true,
      env: { ...env },
      stdin: "null",
      stderr: "piped",
      ...nobody,
    }).spawn();
    let log = "";
    const reading = (async () => {
      const text = child.stderr.pipeThrough(new TextDecoderStream());
      for await (const piece of text) log += piece;
    })();
    await until("the agent starts", () => log.includes("Agent starts"));
    const name = Deno.readTextFileSync(`/proc/${child.pid}/comm`).trim();
    assert.equal(name, "dash7-edge");
    child.kill(signal);
    const status = await child.status;
    await reading;
    assert.equal(status.code, code, log);
    assert.equal(status.signal, signal === "SIGKILL" ? "SIGKILL" : null);
    assert.equal(log.includes("Agent stopped"), signal === "SIGTERM");
  }
});

Deno.test("portable file unpacks twice at once", async () => {
  const { file: path, dir } = await file();
  const env = { DASH7_EDGE_CACHE: `${dir}/twice` };
  const ends = await Promise.all(
    [1, 2].map(() => run(path, ["--version"], { cwd: dir, env })),
  );
  for (const { code, out, err } of ends) {
    assert.deepEqual([code, out, err], [0, `${project.version}\n`, ""]);
  }
});

Deno.test("portable file runs from a read-only place, and says when it cannot unpack", async () => {
  const { file: path, dir, env } = await file();
  const locked = `${dir}/locked`;
  await new Deno.Command("cp", { args: ["-a", `${dir}/cache`, locked] })
    .output();
  await new Deno.Command("chmod", { args: ["-R", "a-w", locked] }).output();
  const there = await run(path, ["--version"], {
    cwd: dir,
    env: { ...env, DASH7_EDGE_CACHE: locked },
  });
  assert.deepEqual([there.code, there.err], [0, ""]);
  await new Deno.Command("chmod", { args: ["-R", "u+w", locked] }).output();
  const empty = `${dir}/empty`;
  await Deno.mkdir(empty, { mode: 0o555 });
  await Deno.chmod(empty, 0o555);
  const { code, err } = await run(path, ["--version"], {
    cwd: dir,
    env: { ...env, DASH7_EDGE_CACHE: empty },
  });
  assert.equal(code, 1);
  assert.match(err, /empty: no permission to write/);
  assert.deepEqual([...Deno.readDirSync(empty)], []);
});

Deno.test("portable file says that the disk is full, and when nothing may be executed", async () => {
  const { file: path, dir } = await file();
  const disk = `${dir}/disk`;
  await Deno.mkdir(disk);
  const mounts = [
    ["size=20m", /disk: no space: \d+ MB needed, \d+ MB free\nMake room/],
    ["noexec", /disk: nothing may be executed there/],
  ] as const;
  for (const [options, message] of mounts) {
    // In a mount namespace of its own, seen by nobody else.
    const { code, stderr } = await new Deno.Command("unshare", {
      args: [
        ...(Deno.uid() === 0 ? ["-m"] : ["-rm"]),
        "sh",
        "-c",
        `mount -t tmpfs -o ${options},mode=777 none "$1" && DASH7_EDGE_CACHE=$1 exec "$2" --version`,
        "sh",
        disk,
        path,
      ],
    }).output();
    assert.equal(code, 1);
    assert.match(new TextDecoder().decode(stderr), message);
  }
});

Deno.test("portable file starts as fast as its parts run by hand", async () => {
  const { file: path, dir, env } = await file();
  const parts: Record<string, string> = {};
  for (const { name } of Deno.readDirSync(`${dir}/cache`)) {
    if (name.endsWith(".code")) parts["code"] = `${dir}/cache/${name}`;
    else {
      for (const part of Deno.readDirSync(`${dir}/cache/${name}`)) {
        parts[part.name] = `${dir}/cache/${name}/${part.name}`;
      }
    }
  }
  const {
    code = "",
    "dash7-edge": runtime = "",
    "dash7-edge.js": program = "",
  } = parts;
  const direct = ["run", ...runtimeFlags, program, "--version"];
  const took = async (work: () => Promise<unknown>) => {
    const startMs = clock.monoMs();
    await work();
    return clock.monoMs() - startMs;
  };
  // The best of several: what else the machine does is not the file's doing.
  let portableMs = Infinity;
  let directMs = Infinity;
  for (let round = 0; round < 8; round++) {
    directMs = Math.min(
      directMs,
      await took(() =>
        run(runtime, direct, { cwd: dir, env: { DENO_DIR: code } })
      ),
    );
    portableMs = Math.min(
      portableMs,
      await took(() => run(path, ["--version"], { cwd: dir, env })),
    );
  }
  assert.ok(
    portableMs - directMs <= 50,
    `${portableMs.toFixed()} ms, by hand ${directMs.toFixed()} ms`,
  );
});
