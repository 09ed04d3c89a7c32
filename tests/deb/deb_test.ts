import assert from "node:assert/strict";
import project from "../../deno.json" with { type: "json" };
import { systemConfig } from "../../lib/cli/setup/files.ts";
import { fakeSystemd } from "../fakes/systemd.ts";
import { type Debian, freshDebian, must, run } from "./debian.ts";

const dist = new URL("../../dist/", import.meta.url).pathname;
const deb = (arch: string) =>
  `${dist}dash7-edge_${project.version}_${arch}.deb`;
const native = Deno.build.arch === "x86_64" ? "amd64" : "arm64";

/** What a package holds: mode, owner, path. */
async function contents(file: string): Promise<string[]> {
  return (await must("dpkg-deb", "-c", file)).trim().split("\n").map((line) => {
    const [mode, owner, , , , path] = line.split(/\s+/);
    return `${mode} ${owner} ${path}`;
  });
}

/** Owner, group, mode of a file in the Debian. */
async function stat(debian: Debian, path: string): Promise<string> {
  return (await debian.must("stat", "-c", "%U:%G %a", path)).trim();
}

const there = async (debian: Debian, path: string) =>
  (await debian.run("test", "-e", path)).code === 0;

/** The same package as another version. */
async function asVersion(file: string, version: string): Promise<string> {
  const dir = await Deno.makeTempDir({ prefix: "dash7-edge-deb-" });
  try {
    await must("dpkg-deb", "-R", file, `${dir}/tree`);
    const control = `${dir}/tree/DEBIAN/control`;
    const text = await Deno.readTextFile(control);
    await Deno.writeTextFile(
      control,
      text.replace(/^Version: .*$/m, `Version: ${version}`),
    );
    // A new default that the administrator's file must survive.
    await Deno.writeTextFile(
      `${dir}/tree/etc/dash7-edge/dash7-edge.toml`,
      `${systemConfig()}# of a newer release\n`,
    );
    const made = await Deno.makeTempFile({ suffix: ".deb" });
    await must(
      "dpkg-deb",
      "--root-owner-group",
      "-Zgzip",
      "-z1",
      "-b",
      `${dir}/tree`,
      made,
    );
    return made;
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

/** Installs a package by hand: what it needs is there. */
async function install(debian: Debian, file: string): Promise<void> {
  await Deno.copyFile(file, `${debian.root}/tmp/package.deb`);
  await debian.must("dpkg", "-i", "--force-confold", "/tmp/package.deb");
  await Deno.remove(`${debian.root}/tmp/package.deb`);
}

/** Starts the service as its unit does, up to READY, and ends it. */
async function startByHand(debian: Debian): Promise<void> {
  await using systemd = fakeSystemd(`${debian.root}/tmp/notify`);
  await debian.must("chmod", "666", "/tmp/notify");
  const child = new Deno.Command("chroot", {
    args: [
      debian.root,
      "setpriv",
      "--reuid=dash7-edge",
      "--regid=dash7-edge",
      "--init-groups",
      "env",
      "-i",
      "PATH=/usr/bin:/bin",
      "NOTIFY_SOCKET=/tmp/notify",
      "STATE_DIRECTORY=/var/lib/dash7-edge",
      "dash7-edge",
      "run",
      "--config",
      "/etc/dash7-edge/dash7-edge.toml",
    ],
    stdin: "null",
    stdout: "null",
    stderr: "piped",
  }).spawn();
  const ended = child.output();
  const early = ended.then(({ stderr }) => {
    throw new Error(new TextDecoder().decode(stderr));
  });
  early.catch(() => {});
  await Promise.race([
    systemd.until(() => systemd.lines().includes("READY=1")),
    early,
  ]);
  child.kill("SIGTERM");
  assert.equal((await ended).code, 0);
  await Deno.remove(`${debian.root}/tmp/notify`);
  assert.match(
    await stat(debian, "/var/lib/dash7-edge/outbox.db"),
    /^dash7-edge:dash7-edge /,
  );
}

Deno.test("the packages hold the same files, owners and modes for both machines", async () => {
  const [amd64, arm64] = await Promise.all([
    contents(deb("amd64")),
    contents(deb("arm64")),
  ]);
  assert.deepEqual(amd64, arm64);
  for (const row of amd64) assert.match(row, /^\S+ root\/root /);
  for (
    const row of [
      "-rwxr-xr-x root/root ./usr/bin/dash7-edge",
      "-rw-r--r-- root/root ./lib/systemd/system/dash7-edge.service",
      "-rw-r--r-- root/root ./lib/udev/rules.d/60-dash7-edge.rules",
      "-rw-r----- root/root ./etc/dash7-edge/dash7-edge.toml",
      "drwxr-x--- root/root ./etc/dash7-edge/",
    ]
  ) assert.ok(amd64.includes(row), row);
});

Deno.test("lintian finds no errors in the packages", async () => {
  const { text } = await run(
    "lintian",
    "--allow-root",
    deb("amd64"),
    deb("arm64"),
  );
  assert.deepEqual(text.split("\n").filter((line) => /^E:/.test(line)), []);
});

Deno.test("the package installs, starts, upgrades, goes and leaves nothing", async () => {
  await using debian = await freshDebian();
  const config = "/etc/dash7-edge/dash7-edge.toml";
  await install(debian, deb(native));
  assert.match(await debian.must("dash7-edge", "--version"), /\d+\.\d+\.\d+/);
  const files = [
    ["/usr/bin/dash7-edge", "root:root 755"],
    ["/etc/dash7-edge", "root:dash7-edge 750"],
    [config, "root:dash7-edge 640"],
    ["/var/lib/dash7-edge", "dash7-edge:dash7-edge 700"],
    ["/lib/systemd/system/dash7-edge.service", "root:root 644"],
    ["/lib/udev/rules.d/60-dash7-edge.rules", "root:root 644"],
  ] as const;
  for (const [path, wanted] of files) {
    assert.equal(await stat(debian, path), wanted, path);
  }
  assert.match(await debian.must("id", "-Gn", "dash7-edge"), /\bdialout\b/);
  assert.match(
    await debian.must("getent", "passwd", "dash7-edge"),
    /:\/usr\/sbin\/nologin$/m,
  );
  const wanted =
    "/etc/systemd/system/multi-user.target.wants/dash7-edge.service";
  assert.equal(
    (await debian.must("readlink", wanted)).trim(),
    "/lib/systemd/system/dash7-edge.service",
  );
  await debian.must("dash7-edge", "check", "--config", config);
  await startByHand(debian);

  // The administrator's configuration and the readings survive an upgrade.
  await Deno.writeTextFile(
    `${debian.root}${config}`,
    `${systemConfig()}# mine\n`,
  );
  const newer = await asVersion(deb(native), `${project.version}+next`);
  await install(debian, newer);
  await Deno.remove(newer);
  assert.match(await debian.must("cat", config), /# mine\n$/);
  assert.equal(await stat(debian, config), "root:dash7-edge 640");
  assert.ok(await there(debian, "/var/lib/dash7-edge/outbox.db"));
  assert.match(
    await debian.must("dpkg-query", "-W", "dash7-edge"),
    /\+next/,
  );
  await startByHand(debian);

  await debian.must("dpkg", "-r", "dash7-edge");
  for (
    const path of [
      "/usr/bin/dash7-edge",
      "/lib/udev/rules.d/60-dash7-edge.rules",
    ]
  ) {
    assert.ok(!await there(debian, path), path);
  }
  assert.match(await debian.must("cat", config), /# mine\n$/);
  assert.ok(await there(debian, "/var/lib/dash7-edge/outbox.db"));

  await debian.must("dpkg", "-P", "dash7-edge");
  assert.equal((await debian.run("getent", "passwd", "dash7-edge")).code, 2);
  assert.equal((await debian.run("getent", "group", "dash7-edge")).code, 2);
  const left = await debian.must(
    "sh",
    "-c",
    "find / -xdev -path /proc -prune -o -name '*dash7*' -print",
  );
  assert.equal(left.trim(), "");
});
