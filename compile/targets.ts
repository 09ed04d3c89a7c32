/**
 * The gateways that releases are made for, what each needs, and the flags that
 * all of them share.
 *
 * @module
 */

/** One kind of machine: 64-bit Linux with glibc, since serial ports are reached through libc. */
export interface Target {
  /** What `deno compile --target` calls it. */
  readonly triple: string;
  /** What files are named after, and what `uname -m` says there. */
  readonly arch: "x86_64" | "aarch64";
  /** What Debian calls it. */
  readonly debian: "amd64" | "arm64";
  /** `e_machine` of its executables [ELF gABI, ELF header]. */
  readonly machine: number;
  /** The program that loads its executables; a system without it cannot run them. */
  readonly loader: string;
  /** Deno for this machine, as published on npm. */
  readonly runtime: {
    readonly name: string;
    /** As `npm install --cpu` calls the machine. */
    readonly cpu: "x64" | "arm64";
    /** Of the published archive, as the registry states it. */
    readonly integrity: string;
    /** SHA-256 of the executable in it. */
    readonly sha256: string;
  };
}

/** Version of Deno that everything here is made with and for. */
export const denoVersion = "2.9.5";

/** Oldest glibc that the runtime of every target starts with. */
export const glibcVersion = "2.27";

/** Every target. Integrity and hash change with {@link denoVersion}. */
export const targets: readonly Target[] = [
  {
    triple: "x86_64-unknown-linux-gnu",
    arch: "x86_64",
    debian: "amd64",
    machine: 62,
    loader: "/lib64/ld-linux-x86-64.so.2",
    runtime: {
      name: "@deno/linux-x64-glibc",
      cpu: "x64",
      integrity:
        "sha512-TDqcnoLe3jlgqYEQm7H7MK6q0JOth+o8iSZzknRODnVkJfPiNnjVn1M1Zc6vnp+ipkyb6Av1/CUlHgHtlq59Gw==",
      sha256:
        "dc480c462c8c3582524f3e75c160613d0a975e1f66b5465995d58bae236da7d3",
    },
  },
  {
    triple: "aarch64-unknown-linux-gnu",
    arch: "aarch64",
    debian: "arm64",
    machine: 183,
    loader: "/lib/ld-linux-aarch64.so.1",
    runtime: {
      name: "@deno/linux-arm64-glibc",
      cpu: "arm64",
      integrity:
        "sha512-IuYjsz9PGl7CJcNXMuN27KNDB8Q40brK3SG3l+TXMDVW61ZKwcn0fQHBHnXFiiygEwI8by/fKnASEluhZB1atw==",
      sha256:
        "e1a70c5eb03b0ebaf761077029ef86b9ba22d50e2b54ca45ce5437457f701b63",
    },
  },
];

/**
 * How the program runs, compiled or portable. Devices below `/dev` can be
 * opened with all permissions only, so it has them all and never asks. The
 * flags of V8 take 8 MB off the resident memory of an idle agent; the young
 * generation holds what one burst of frames leaves behind; with `gc` an agent
 * gives back once what only its start needed. Text never becomes
 * code: `eval` and `new Function` throw, in dependencies as well.
 */
export const runtimeFlags: readonly string[] = [
  "--allow-all",
  "--no-prompt",
  "--no-config",
  "--no-lock",
  "--no-remote",
  "--no-npm",
  "--cached-only",
  "--v8-flags=--optimize-for-size,--max-semi-space-size=1,--expose-gc,--disallow-code-generation-from-strings",
];

/** The targets that `wanted` names: `all`, a triple, or a machine as `uname -m` or Debian has it. */
export function targetsNamed(wanted: string): readonly Target[] {
  return targets.filter(({ triple, arch, debian }) =>
    ["all", triple, arch, debian].includes(wanted)
  );
}

/** Name of the file for a target. */
export function fileName(
  version: string,
  target: Target,
  kind: "compiled" | "portable",
): string {
  const name = `dash7-edge-${version}-linux-${target.arch}`;
  return kind === "portable" ? `${name}-portable` : name;
}

/**
 * Arguments of `deno compile` for a target.
 *
 * @param bundle the program as one file
 * @param output file to write
 */
export function compileArguments(
  target: Target,
  bundle: string,
  output: string,
): readonly string[] {
  return [
    "compile",
    ...runtimeFlags,
    // Without it the name of the output is part of the result.
    "--app-name",
    "dash7-edge",
    "--target",
    target.triple,
    "--output",
    output,
    bundle,
  ];
}
