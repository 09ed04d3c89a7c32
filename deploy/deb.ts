/**
 * `deno task deb`: Debian packages for amd64 and arm64 into `dist/`, around the
 * one-file programs that `deno task compile` left there.
 *
 * ```
 * deno task deb [--arch amd64|arm64|all] [--from portable|compiled] [--binary FILE]
 * ```
 *
 * @module
 */
import { parseArgs } from "node:util";
import project from "../deno.json" with { type: "json" };
import { originOf, root } from "../compile/bundle.ts";
import {
  fileName,
  glibcVersion,
  type Target,
  targets,
} from "../compile/targets.ts";
import { systemConfig } from "../lib/cli/setup/files.ts";

/** Files for other programs, to be taken from the documentation. */
const EXAMPLES = [
  "dash7-edge.monit",
  "dash7-edge.logrotate",
  "grafana/dash7-edge.json",
  "prometheus/dash7-edge.rules.yml",
  "prometheus/prometheus.yml",
];

/** What the runtime needs of a system. */
const DEPENDS = `adduser, libc6 (>= ${glibcVersion}), libgcc-s1`;
const deploy = new URL(".", import.meta.url).pathname;
const dist = `${root}dist`;

/** Builds one package; gives its path. */
async function build(
  arch: string,
  binary: string,
  date: string,
): Promise<string> {
  const { version } = project;
  const tree = await Deno.makeTempDir({ prefix: "dash7-edge-deb-" });
  const put = async (path: string, text: string | Uint8Array, mode = 0o644) => {
    const file = `${tree}/${path}`;
    await Deno.mkdir(file.slice(0, file.lastIndexOf("/")), { recursive: true });
    await (typeof text === "string"
      ? Deno.writeTextFile(file, text)
      : Deno.writeFile(file, text));
    await Deno.chmod(file, mode);
  };
  const own = (name: string) => Deno.readTextFile(`${deploy}/${name}`);
  try {
    const doc = "usr/share/doc/dash7-edge";
    await put("usr/bin/dash7-edge", await Deno.readFile(binary), 0o755);
    await put(
      "lib/systemd/system/dash7-edge.service",
      await own("dash7-edge.service"),
    );
    await put(
      "lib/udev/rules.d/60-dash7-edge.rules",
      await own("60-dash7-edge.rules"),
    );
    await put("etc/dash7-edge/dash7-edge.toml", systemConfig(), 0o640);
    await put(`${doc}/copyright`, await own("debian/copyright"));
    await put(`${doc}/MIGRATION.md`, await own("MIGRATION.md"));
    for (const name of EXAMPLES) {
      await put(`${doc}/examples/${name}`, await own(name));
    }
    await put(
      "usr/share/lintian/overrides/dash7-edge",
      await own("debian/overrides"),
    );
    await put(`${doc}/changelog.gz`, await changelog(version, date));
    await put("DEBIAN/conffiles", "/etc/dash7-edge/dash7-edge.toml\n");
    for (const name of ["preinst", "postinst", "prerm", "postrm"]) {
      await put(`DEBIAN/${name}`, await own(`debian/${name}`), 0o755);
    }
    await put(
      "DEBIAN/md5sums",
      await output("sh", [
        "-c",
        'cd "$1" && find usr lib -type f -print0 | LC_ALL=C sort -z | xargs -0 md5sum',
        "sh",
        tree,
      ]),
    );
    await put(
      "DEBIAN/control",
      control(arch, version, await installedKb(tree)),
    );
    for await (const dir of directories(tree)) await Deno.chmod(dir, 0o755);
    await Deno.chmod(`${tree}/etc/dash7-edge`, 0o750);
    await Deno.mkdir(dist, { recursive: true });
    const deb = `${dist}/dash7-edge_${version}_${arch}.deb`;
    // A portable program is compressed already; every dpkg in the field reads
    // both.
    const how = await isScript(binary) ? ["-Zgzip", "-z1"] : ["-Zxz", "-z6"];
    await output(
      "dpkg-deb",
      ["--root-owner-group", ...how, "--build", tree, deb],
      date,
    );
    return deb;
  } finally {
    await Deno.remove(tree, { recursive: true });
  }
}

function control(arch: string, version: string, kb: number): string {
  return `Package: dash7-edge
Version: ${version}
Architecture: ${arch}
Maintainer: The dash7-edge authors <dash7-edge@users.noreply.github.com>
Installed-Size: ${kb}
Depends: ${DEPENDS}
Section: net
Priority: optional
Description: DASH7 readings from a serial modem to MQTT, none lost
 Reads DASH7 frames from a LiQuiBit IOWAY modem on a serial port, keeps every
 reading on disk before anyone else sees it, and delivers over MQTT. One TOML
 file sets it up: /etc/dash7-edge/dash7-edge.toml.
`;
}

/** Debian's form of the change log: this release only, dated as its commit. */
async function changelog(
  version: string,
  epoch: string,
): Promise<Uint8Array> {
  const date = new Date(Number(epoch) * 1000).toUTCString()
    .replace("GMT", "+0000");
  const text = `dash7-edge (${version}) stable; urgency=medium

  * Release ${version}; what changed for operators is in CHANGELOG.md.

 -- The dash7-edge authors <dash7-edge@users.noreply.github.com>  ${date}
`;
  const zipped = new Blob([text]).stream().pipeThrough(
    new CompressionStream("gzip"),
  );
  return new Uint8Array(await new Response(zipped).arrayBuffer());
}

/** Seconds since 1970 that stand for "now" in a build that can be repeated: those of the commit. */
async function sourceDate(): Promise<string> {
  const { committedAt } = await originOf(root);
  return Deno.env.get("SOURCE_DATE_EPOCH") ??
    String(
      Math.floor((committedAt ? Date.parse(committedAt) : Date.now()) / 1000),
    );
}

async function* directories(top: string): AsyncGenerator<string> {
  yield top;
  for await (const entry of Deno.readDir(top)) {
    if (entry.isDirectory) yield* directories(`${top}/${entry.name}`);
  }
}

async function isScript(file: string): Promise<boolean> {
  using opened = await Deno.open(file);
  const head = new Uint8Array(2);
  await opened.read(head);
  return new TextDecoder().decode(head) === "#!";
}

async function installedKb(top: string): Promise<number> {
  return Number((await output("du", ["-sk", top])).split("\t")[0]);
}

/** Runs a program and gives what it prints. @throws {Error} with its own words when it fails */
async function output(
  command: string,
  args: string[],
  date = "0",
): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(command, {
    args,
    env: { SOURCE_DATE_EPOCH: date },
  }).output().catch((cause) => {
    throw new Error(`Cannot run ${command}: ${cause.message}`, { cause });
  });
  const decoder = new TextDecoder();
  if (!success) throw new Error(`${command}: ${decoder.decode(stderr).trim()}`);
  return decoder.decode(stdout);
}

/** The program to pack: what `dist/` has for that machine. */
async function binaryFor(target: Target, from: string): Promise<string> {
  const kind = from === "portable" ? "portable" : "compiled";
  const file = `${dist}/${fileName(project.version, target, kind)}`;
  const found = await Deno.stat(file).then((info) => info.isFile, () => false);
  if (found) return file;
  throw new Error(
    `Cannot find ${file}: make it with deno task compile${
      kind === "portable" ? " --portable" : ""
    }, or name a program with --binary`,
  );
}

function say(text: string): void {
  Deno.stderr.writeSync(new TextEncoder().encode(`${text}\n`));
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    args: Deno.args,
    options: {
      arch: { type: "string", default: "all" },
      from: { type: "string", default: "portable" },
      binary: { type: "string" },
    },
  });
  const chosen = targets.filter(({ debian }) =>
    values.arch === "all" || values.arch === debian
  );
  if (chosen.length === 0) {
    throw new Error(`Unknown architecture ${values.arch}`);
  }
  if (!["portable", "compiled"].includes(values.from)) {
    throw new Error(
      `Unknown source ${values.from}; there are portable, compiled`,
    );
  }
  if (values.binary !== undefined && chosen.length > 1) {
    throw new Error("A program is for one architecture: name it with --arch");
  }
  const date = await sourceDate();
  for (const target of chosen) {
    const binary = values.binary ?? await binaryFor(target, values.from);
    const deb = await build(target.debian, binary, date);
    const { size } = await Deno.stat(deb);
    say(`Wrote ${deb}, ${(size / 1e6).toFixed(1)} MB`);
  }
  return 0;
}

try {
  Deno.exit(await main());
} catch (error) {
  say(error instanceof Error ? error.message : String(error));
  Deno.exit(1);
}
