import assert from "node:assert/strict";
import { install, type InstallOptions } from "../../lib/cli/install.ts";
import { uninstall } from "../../lib/cli/uninstall.ts";
import { upgrade, type UpgradeOptions } from "../../lib/cli/upgrade.ts";
import type { Io } from "../../lib/cli/io.ts";
import type { Facts } from "../../lib/cli/setup/machine.ts";
import {
  isUntouched,
  places,
  sha256,
  systemConfig,
} from "../../lib/cli/setup/files.ts";
import { madeFor } from "../../lib/cli/setup/preflight.ts";
import { askSettings } from "../../lib/cli/setup/questions.ts";
import { loadConfig } from "../../lib/config/config.ts";
import { type FakeMachine, fakeMachine } from "../fakes/machine.ts";
import { cli, fixture, tempDir } from "./command_line.ts";

/** Streams in memory. */
function memoryIo(stdin = "") {
  const said = { out: "", err: "" };
  const io: Io = {
    out: (text) => said.out += text,
    err: (text) => said.err += text,
    stdin: new Blob([stdin]).stream(),
    env: () => undefined,
    signal: new AbortController().signal,
    colors: false,
  };
  return { io, said };
}

/** The head of an ELF executable for ARM64, and something that tells versions apart. */
function program(version: string, machine = 183): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(200);
  bytes.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
  bytes[18] = machine;
  bytes.set(new TextEncoder().encode(version), 64);
  return bytes;
}

/** A gateway, a program to install on it, and what is said. */
async function gateway() {
  const machine = await fakeMachine();
  const dir = await tempDir();
  const file = `${dir.path}/dash7-edge-new`;
  await Deno.writeFile(file, program("one"));
  return {
    machine,
    file,
    dir: dir.path,
    async install(more: Partial<InstallOptions> = {}) {
      const { io, said } = memoryIo();
      const code = await install(
        { ask: false, overwrite: false, dryRun: false, program: file, ...more },
        machine,
        io,
      );
      return { code, ...said };
    },
    async uninstall(purge = false, dryRun = false) {
      const { io, said } = memoryIo();
      const code = await uninstall({ purge, dryRun }, machine, io);
      return { code, ...said };
    },
    async upgrade(more: Partial<UpgradeOptions> = {}) {
      const { io, said } = memoryIo();
      const running = upgrade(
        { file, watch: 60, dryRun: false, ...more },
        machine,
        io,
      );
      let ended = false;
      const end = () => ended = true;
      running.then(end, end);
      // Files are real: their turns come between those of the clock.
      while (!ended) {
        await new Promise<void>((resolve) => setImmediate(resolve));
        await machine.clock.advance(500);
      }
      return { code: await running, ...said };
    },
    async [Symbol.asyncDispose]() {
      await machine[Symbol.asyncDispose]();
      await dir[Symbol.asyncDispose]();
    },
  };
}

const modeOf = async (machine: FakeMachine, path: string) =>
  (((await Deno.stat(machine.at(path))).mode ?? 0) & 0o777).toString(8);

Deno.test("install makes a gateway: files, modes, owners, service, check", async () => {
  await using at = await gateway();
  const { machine } = at;
  const { code, out } = await at.install();
  assert.equal(code, 0);
  assert.deepEqual(
    await Deno.readFile(machine.at(places.binary)),
    program("one"),
  );
  const modes = [
    [places.binary, "755"],
    [places.unit, "644"],
    [places.rule, "644"],
    [places.configDir, "750"],
    [places.config, "640"],
    [places.state, "700"],
  ] as const;
  for (const [path, mode] of modes) {
    assert.equal(await modeOf(machine, path), mode, path);
  }
  assert.deepEqual([...machine.owners], [
    [places.configDir, "root:dash7-edge"],
    [places.config, "root:dash7-edge"],
    [places.state, "dash7-edge:dash7-edge"],
  ]);
  const unit = await machine.text(places.unit) ?? "";
  assert.match(unit, /^ExecStart=\/usr\/local\/bin\/dash7-edge run /m);
  assert.ok(await isUntouched(unit));
  const ran = machine.commands.join("\n");
  assert.match(ran, /^useradd --prefix \S+ --system .* dash7-edge$/m);
  assert.match(
    ran,
    /daemon-reload\n(.*\n)*systemctl enable dash7-edge\n(.*\n)*systemctl restart dash7-edge\n.*check .*--connect$/,
  );
  // Every step is told.
  assert.match(out, /^done {7}write \/etc\/systemd\/system\/dash7-edge/m);
  assert.match(out, /^done {7}add user: useradd/m);
  // What was written is a good configuration that a shell's `check` agrees with.
  const { config } = await loadConfig(machine.at(places.config), {
    env: () => undefined,
  });
  assert.equal(config.agent.data_dir, places.state);
  assert.equal(config.http.socket, "/run/dash7-edge/control.sock");
});

Deno.test("install a second time changes nothing", async () => {
  await using at = await gateway();
  await at.install();
  // Files belong to whoever runs this test; only real ownership is asked for.
  const before = await at.machine.tree();
  at.machine.commands.length = 0;
  const { code, out } = await at.install();
  assert.equal(code, 0);
  assert.deepEqual(await at.machine.tree(), before);
  assert.match(out, /^unchanged {2}write \/usr\/local\/bin\/dash7-edge/m);
  assert.match(out, /^unchanged {2}add user/m);
  assert.match(out, /^unchanged {2}enable/m);
});

Deno.test("install --dry-run changes nothing, and says what it would do", async () => {
  await using at = await gateway();
  const before = await at.machine.tree();
  const { code, out } = await at.install({ dryRun: true });
  assert.equal(code, 0);
  assert.deepEqual(await at.machine.tree(), before);
  assert.deepEqual(at.machine.commands, []);
  assert.equal(at.machine.owners.size, 0);
  assert.match(out, /^would {6}write \/etc\/udev\/rules.d\/60-dash7-edge/m);
  assert.doesNotMatch(out, /^done/m);
});

Deno.test("install refuses what cannot work, and leaves nothing", async () => {
  const rows: [Partial<Facts>, RegExp][] = [
    [{ uid: 1000 }, /needs root: sudo dash7-edge install/],
    [{ arch: "32-bit" }, /32-bit system.*64-bit Raspberry Pi OS/],
    [{ arch: "unknown" }, /no glibc/],
    [{ arch: "x86_64" }, /is for aarch64, this machine is x86_64/],
    [{ pageBytes: 16384 }, /pages of 16384 bytes.*kernel8\.img/],
    [{ glibc: "2.19" }, /glibc 2\.19, the program needs 2\.27/],
    [{ glibc: "2.4" }, /glibc 2\.4, the program needs/],
    [{ freeBytes: 50e6 }, /No space: 50 MB are free/],
  ];
  for (const [odd, wanted] of rows) {
    await using at = await gateway();
    at.machine.odd = odd;
    const before = await at.machine.tree();
    await assert.rejects(at.install(), wanted);
    assert.deepEqual(await at.machine.tree(), before);
    assert.deepEqual(at.machine.commands, []);
  }
});

Deno.test("install takes everything back when a step fails", async () => {
  const failing: [RegExp, RegExp][] = [
    [/^useradd/, /add user.*boom/],
    [/--version$/, /GLIBC|needs glibc 2\.99/],
    [/daemon-reload/, /reload units.*boom/],
    [/^systemctl enable/, /enable.*boom/],
  ];
  for (const [which, wanted] of failing) {
    await using at = await gateway();
    const before = await at.machine.tree();
    at.machine.program = (command) =>
      which.test(command.join(" "))
        ? {
          code: 1,
          text: which.source.includes("version")
            ? "libc.so.6: version `GLIBC_2.99' not found (required by x)"
            : "boom",
        }
        : null;
    await assert.rejects(at.install(), wanted);
    // Empty parents may stay; nothing of ours does.
    const left = (await at.machine.tree()).filter((row) =>
      !before.includes(row) && row.includes("dash7")
    );
    assert.deepEqual(left, []);
    assert.equal(
      await at.machine.text("/etc/passwd"),
      "root:x:0:0:root:/root:/bin/sh\n",
    );
  }
});

Deno.test("install takes a file back that it could not finish", async () => {
  await using at = await gateway();
  // A directory is in the way of the rule.
  await Deno.mkdir(at.machine.at("/etc/udev"), { recursive: true });
  await Deno.writeTextFile(at.machine.at("/etc/udev/rules.d"), "in the way");
  await assert.rejects(at.install(), /Cannot write \/etc\/udev\/rules\.d/);
  assert.equal(await at.machine.text(places.binary), null);
  assert.equal(await at.machine.text(places.config), null);
});

Deno.test("install does not overwrite what was edited by hand, unless told to", async () => {
  await using at = await gateway();
  await at.install();
  const edited = (await at.machine.text(places.unit) ?? "") + "Nice=5\n";
  await Deno.writeTextFile(at.machine.at(places.unit), edited);
  await assert.rejects(
    at.install(),
    /dash7-edge\.service was edited by hand.*drop-in.*--overwrite/,
  );
  assert.equal(await at.machine.text(places.unit), edited);
  assert.equal((await at.install({ overwrite: true })).code, 0);
  assert.equal(await at.machine.text(`${places.unit}.edited`), edited);
  assert.ok(await isUntouched(await at.machine.text(places.unit) ?? ""));
});

Deno.test("install leaves a configuration that is there, and takes an old gateway's over", async () => {
  await using at = await gateway();
  const pioway = fixture("pioway-config.ini");
  await at.install({ fromPioway: pioway });
  const config = await at.machine.text(places.config) ?? "";
  assert.match(config, /^broker = "mqtts:\/\/broker\.energy\.example:8884"$/m);
  assert.match(config, /^data_dir = "\/var\/lib\/dash7-edge"$/m);
  assert.match(config, /^socket = "\/run\/dash7-edge\/control\.sock"$/m);
  // Its password stands in a file of its own, and nowhere else.
  const ini = await Deno.readTextFile(pioway);
  const password = /^password\s*[=:]\s*(.*)$/m.exec(ini)?.[1] ?? "";
  assert.equal(await at.machine.text(places.password), `${password}\n`);
  assert.ok(!config.includes(password));
  assert.match(config, /^password_file = "password"$/m);
  assert.equal(await modeOf(at.machine, places.password), "640");
  const { config: settings, warnings } = await loadConfig(
    at.machine.at(places.config),
    { env: () => undefined },
  );
  const cloud = settings.sinks["cloud"];
  assert.equal(cloud?.type === "scorpio" ? cloud.password : "", password);
  assert.deepEqual(warnings, []);
  await Deno.writeTextFile(at.machine.at(places.config), "# mine\n");
  const again = await at.install({ fromPioway: pioway });
  assert.equal(await at.machine.text(places.config), "# mine\n");
  assert.match(again.err, /is there already and is left as it is/);
  await using other = await gateway();
  await assert.rejects(
    other.install({ fromPioway: "/nowhere.ini" }),
    /Cannot take over \/nowhere\.ini: no such file/,
  );
  assert.equal(await other.machine.text(places.binary), null);
});

Deno.test("install does not start a configuration that is refused", async () => {
  await using at = await gateway();
  at.machine.program = (command) =>
    command.includes("check") ? { code: 78, text: "bad.toml:1:1: no\n" } : null;
  const { code, err } = await at.install();
  assert.equal(code, 78);
  assert.match(err, /bad\.toml:1:1: no\n.*installed and not started/);
  assert.equal(at.machine.running, false);
});

Deno.test("install says when the service does not become ready", async () => {
  await using at = await gateway();
  at.machine.program = (command) =>
    command.includes("restart") ? { code: 1, text: "timed out\n" } : null;
  const { code, err } = await at.install();
  assert.equal(code, 1);
  assert.match(err, /does not become ready: journalctl -u dash7-edge/);
});

Deno.test("install and its like leave a packaged dash7-edge to apt", async () => {
  await using at = await gateway();
  await Deno.mkdir(at.machine.at("/var/lib/dpkg/info"), { recursive: true });
  await Deno.writeTextFile(at.machine.at(places.package), "");
  for (const verb of [at.install, at.uninstall, at.upgrade]) {
    await assert.rejects(verb(), /package dash7-edge is installed.*apt/);
  }
});

Deno.test("askSettings() makes a configuration of the answers, and keeps the password aside", async () => {
  const answers = '/dev/ttyAMA0\nmqtts://b.example\ngw\np"w${X}\n\nproj\n\n';
  const { io, said } = memoryIo(answers);
  const settings = await askSettings(io, "hall-2", () => Promise.resolve([]));
  assert.equal(settings.password, 'p"w${X}');
  assert.doesNotMatch(settings.config, /p"w/);
  assert.match(settings.config, /^password_file = "password"$/m);
  assert.match(settings.config, /^edge_node_id = "hall-2"$/m);
  assert.match(settings.config, /^port = "\/dev\/ttyAMA0"$/m);
  assert.equal(said.out, "");
});

Deno.test("askSettings() asks again what is refused, and takes nothing for an answer", async () => {
  const answers = "\nhttp://b\n\np\ng\n\nmqtt://b\n\np\ng\n";
  const { io, said } = memoryIo(answers.replace("\n\nmqtt", "\nmqtt"));
  const settings = await askSettings(io, "h", () => Promise.resolve([]));
  assert.match(said.err, /broker: found.*\nOnce more/);
  assert.match(settings.config, /^broker = "mqtt:\/\/b"$/m);
  const none = await askSettings(
    memoryIo("\n\n").io,
    "h",
    () => Promise.resolve([]),
  );
  assert.match(none.config, /^type = "jsonl"$/m);
  await assert.rejects(
    askSettings(memoryIo("").io, "h", () => Promise.resolve([])),
    /nothing has been changed/,
  );
});

Deno.test("uninstall removes the program and keeps readings; --purge removes all", async () => {
  await using at = await gateway();
  const before = await at.machine.tree();
  await at.install();
  await Deno.writeTextFile(at.machine.at(`${places.state}/outbox.db`), "rows");
  const installed = await at.machine.tree();
  const dry = await at.uninstall(true, true);
  assert.match(dry.out, /^would {6}remove \/var\/lib\/dash7-edge$/m);
  assert.deepEqual(await at.machine.tree(), installed);
  const { code, err } = await at.uninstall();
  assert.equal(code, 0);
  assert.match(err, /readings.*stay/);
  assert.equal(await at.machine.text(places.unit), null);
  assert.equal(await at.machine.text(places.binary), null);
  assert.equal(await at.machine.text(`${places.state}/outbox.db`), "rows");
  assert.ok(await at.machine.text(places.config));
  await at.uninstall(true);
  const left = (await at.machine.tree()).filter((row) =>
    !before.includes(row) && row.includes("dash7-edge")
  );
  assert.deepEqual(left, []);
  assert.equal((await at.uninstall(true)).code, 0);
});

/** An installed gateway whose service runs, with a new version beside its checksum. */
async function upgradable() {
  const at = await gateway();
  await at.install();
  const two = program("two");
  await Deno.writeFile(at.file, two);
  await Deno.writeTextFile(
    `${at.file}.sha256`,
    `${await sha256(two)}  dash7-edge-new\n`,
  );
  return { ...at, two };
}

Deno.test("upgrade puts the new program in place, keeps the old one, and watches it", async () => {
  await using at = await upgradable();
  const startMs = at.machine.clock.monoMs();
  const { code, out } = await at.upgrade();
  assert.equal(code, 0);
  assert.deepEqual(
    await Deno.readFile(at.machine.at(places.binary)),
    at.two,
  );
  assert.deepEqual(
    await Deno.readFile(at.machine.at(places.previous)),
    program("one"),
  );
  assert.equal(await modeOf(at.machine, places.binary), "755");
  assert.ok(at.machine.clock.monoMs() - startMs >= 60_000);
  assert.match(out, /verified .*SHA-256/);
});

Deno.test("upgrade removes what versions before the previous one have unpacked", async () => {
  await using at = await upgradable();
  const sums = ["a", "b", "c"].map((letter) => letter.repeat(64));
  const portable = (sum: string) =>
    new TextEncoder().encode(`#!/bin/sh\narch=aarch64\nruntime_sum=${sum}\n`);
  for (const name of [...sums, `${sums[2]}.code`, "other"]) {
    await Deno.mkdir(at.machine.at(`${places.shared}/${name}`), {
      recursive: true,
    });
  }
  await Deno.writeFile(at.machine.at(places.binary), portable(sums[0] ?? ""));
  const next = portable(sums[1] ?? "");
  await Deno.writeFile(at.file, next);
  await Deno.writeTextFile(`${at.file}.sha256`, await sha256(next));
  assert.equal((await at.upgrade()).code, 0);
  const left = [...Deno.readDirSync(at.machine.at(places.shared))];
  assert.deepEqual(
    left.map(({ name }) => name).sort(),
    [sums[0], sums[1], "other"],
  );
});

Deno.test("upgrade takes SHA256SUMS as well, and refuses a wrong or absent checksum", async () => {
  await using at = await upgradable();
  await Deno.remove(`${at.file}.sha256`);
  await assert.rejects(at.upgrade(), /no checksum of it in/);
  const sums = `${at.dir}/SHA256SUMS`;
  await Deno.writeTextFile(sums, `${"0".repeat(64)}  other\n`);
  await assert.rejects(at.upgrade(), /no checksum of it in/);
  await Deno.writeTextFile(sums, `${"0".repeat(64)} *dash7-edge-new\n`);
  await assert.rejects(at.upgrade(), /is damaged: its SHA-256/);
  assert.deepEqual(
    await Deno.readFile(at.machine.at(places.binary)),
    program("one"),
  );
  await Deno.writeTextFile(sums, `${await sha256(at.two)}  dash7-edge-new\n`);
  assert.equal((await at.upgrade()).code, 0);
});

/** Something happens 20 s after the first restart. */
function later(machine: FakeMachine, happen: () => void): void {
  machine.program = (command) => {
    if (command.includes("restart")) {
      machine.program = () => null;
      machine.clock.after(20_000, happen);
    }
    return null;
  };
}

Deno.test("upgrade rolls back what does not become ready, dies, or starts over", async () => {
  const troubles: [(at: FakeMachine) => void, RegExp][] = [
    [(machine) => {
      let first = true;
      machine.program = (command) => {
        if (!command.includes("restart") || !first) return null;
        first = false;
        return { code: 1, text: "Job failed" };
      };
    }, /does not become ready: Job failed/],
    [
      (machine) => later(machine, () => machine.running = false),
      /The new version is inactive/,
    ],
    [
      (machine) =>
        later(
          machine,
          () =>
            machine.program = (command) =>
              command.includes("show")
                ? {
                  code: 0,
                  text: "MainPID=9\nNRestarts=1\nActiveState=active\n",
                }
                : null,
        ),
      /ended and was started again/,
    ],
  ];
  for (const [make, wanted] of troubles) {
    await using at = await upgradable();
    make(at.machine);
    const { code, err } = await at.upgrade();
    assert.equal(code, 1);
    assert.match(err, wanted);
    assert.match(err, /The version before runs again/);
    assert.deepEqual(
      await Deno.readFile(at.machine.at(places.binary)),
      program("one"),
    );
    assert.match(at.machine.commands.at(-1) ?? "", /restart/);
  }
});

Deno.test("upgrade changes nothing for a program that does not run here", async () => {
  await using at = await upgradable();
  const before = await at.machine.tree();
  at.machine.program = (command) =>
    command.includes("--version")
      ? { code: 1, text: "version `GLIBC_2.99' not found" }
      : null;
  await assert.rejects(at.upgrade(), /needs glibc 2\.99.*nothing has been/);
  at.machine.program = () => null;
  at.machine.odd = { arch: "x86_64" };
  await assert.rejects(at.upgrade(), /is for aarch64, this machine is x86_64/);
  at.machine.odd = { uid: 1000 };
  await assert.rejects(at.upgrade(), /needs root/);
  at.machine.odd = {};
  assert.equal((await at.upgrade({ dryRun: true })).code, 0);
  await assert.rejects(at.upgrade({ file: "/nowhere" }), /no such file/);
  assert.deepEqual(await at.machine.tree(), before);
});

Deno.test("upgrade of a stopped service starts nothing", async () => {
  await using at = await upgradable();
  at.machine.running = false;
  const { code, out } = await at.upgrade();
  assert.equal(code, 0);
  assert.match(out, /does not run and is not started/);
  assert.equal(at.machine.running, false);
});

Deno.test("madeFor() reads ELF heads and heads of portable files", () => {
  assert.equal(madeFor("x", program("", 62)), "x86_64");
  assert.equal(madeFor("x", program("", 183)), "aarch64");
  const old = program("");
  old[4] = 1;
  assert.equal(madeFor("x", old), "32-bit");
  const head = new TextEncoder().encode("#!/bin/sh\narch=aarch64\n");
  assert.equal(madeFor("x", head), "aarch64");
  assert.equal(madeFor("d-linux-x86_64-portable", new Uint8Array()), "x86_64");
  assert.equal(madeFor("x", new Uint8Array()), null);
});

Deno.test("install from source says how to come by a program", async () => {
  const { code, err } = await cli(["install", "--dry-run", "--defaults"]);
  assert.equal(code, 1);
  assert.match(err, /runs from source: .*deno task compile/);
});

Deno.test("systemConfig() is what init writes, with the service's directories", async () => {
  const template = await Deno.readTextFile(
    new URL("../../deploy/dash7-edge.toml", import.meta.url),
  );
  const changed = systemConfig().split("\n").filter((line) =>
    !template.split("\n").includes(line)
  );
  assert.deepEqual(changed, [
    `data_dir = "${places.state}"`,
    'socket = "/run/dash7-edge/control.sock"',
  ]);
});
