/**
 * The Deno that a file carries: where it is had from, and how it is known that
 * it is the right one.
 *
 * @module
 */
import { BuildError, runProgram, sha256 } from "./run.ts";
import { denoVersion, type Target, targets } from "./targets.ts";

/** What can be told of an executable without starting it. */
export interface Inspected {
  /** `e_machine` of a 64-bit little-endian ELF file; null: it is something else. */
  readonly machine: number | null;
  /** Versions by which Deno names itself in it. */
  readonly versions: readonly string[];
}

/** Reads machine and versions from an executable's bytes. */
export function inspect(bytes: Uint8Array): Inspected {
  const elf = bytes.length >= 20 && bytes[0] === 0x7f && bytes[1] === 0x45 &&
    bytes[2] === 0x4c && bytes[3] === 0x46 && bytes[4] === 2 && bytes[5] === 1;
  return {
    machine: elf ? (bytes[18] ?? 0) | (bytes[19] ?? 0) << 8 : null,
    versions: denoVersions(bytes),
  };
}

/** The user agent `Deno/1.2.3` is compiled in; `…-Deno/1.2.3` is another's. */
function denoVersions(bytes: Uint8Array): string[] {
  const marker = new TextEncoder().encode("Deno/");
  const view = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
  const buffer = new DataView(view.buffer, view.byteOffset, view.length);
  const found = new Set<string>();
  for (let at = view.indexOf(0x44); at >= 0; at = view.indexOf(0x44, at + 1)) {
    if (!marker.every((byte, i) => view[at + i] === byte)) continue;
    if (at > 0 && buffer.getUint8(at - 1) === 0x2d) continue;
    const text = String.fromCharCode(...view.subarray(at + 5, at + 25));
    const version = /^\d+\.\d+\.\d+/.exec(text)?.[0];
    if (version !== undefined) found.add(version);
  }
  return [...found];
}

/**
 * Says why an executable cannot be the runtime of a target, or null when it can.
 *
 * @param name what to call the executable
 */
export function refusal(
  target: Target,
  { machine, versions }: Inspected,
  name: string,
): string | null {
  const cannot = `Cannot use ${name} for ${target.triple}`;
  if (machine === null) return `${cannot}: it is not a 64-bit ELF executable`;
  if (machine !== target.machine) {
    const known = targets.find((other) => other.machine === machine);
    return `${cannot}: it is for ${
      known?.triple ?? `ELF machine ${machine}`
    }, expected ELF machine ${target.machine}`;
  }
  if (!versions.includes(denoVersion)) {
    return `${cannot}: it is Deno ${
      versions.join(", ") || "of no known version"
    }, expected ${denoVersion}`;
  }
  return null;
}

/**
 * Takes the Deno of a target from its npm package, through Deno's own npm
 * client, which holds the archive against the integrity of the table.
 *
 * @throws {BuildError} when it cannot be had or is not what the table says
 */
export async function npmRuntime(
  target: Target,
): Promise<Uint8Array<ArrayBuffer>> {
  const { name, cpu, integrity, sha256: expected } = target.runtime;
  const directory = await Deno.makeTempDir({ prefix: "dash7-edge-runtime-" });
  try {
    const put = (file: string, value: unknown) =>
      Deno.writeTextFile(`${directory}/${file}`, JSON.stringify(value));
    await put("package.json", { dependencies: { [name]: denoVersion } });
    await put("deno.lock", {
      version: "5",
      specifiers: { [`npm:${name}@${denoVersion}`]: denoVersion },
      npm: {
        [`${name}@${denoVersion}`]: { integrity, os: ["linux"], cpu: [cpu] },
      },
      workspace: {
        packageJson: { dependencies: [`npm:${name}@${denoVersion}`] },
      },
    });
    const { success, err } = await runProgram(Deno.execPath(), [
      "install",
      "--quiet",
      "--frozen",
      "--os",
      "linux",
      "--arch",
      cpu,
    ], { cwd: directory });
    if (!success) {
      throw new BuildError(
        `Cannot get ${name}@${denoVersion} from the npm registry:\n${err}`,
      );
    }
    const bytes = await Deno.readFile(
      `${directory}/node_modules/${name}/deno`,
    );
    // What Deno had in its cache already, it does not check again.
    const found = await sha256(bytes);
    if (found !== expected) {
      throw new BuildError(
        `Cannot use ${name}@${denoVersion}: SHA-256 of its executable is ${found}, expected ${expected}`,
      );
    }
    const reason = refusal(target, inspect(bytes), name);
    if (reason !== null) throw new BuildError(reason);
    return bytes;
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}
