/**
 * The gateways that releases are compiled for, and the flags they share.
 *
 * @module
 */

/** One kind of machine. */
export interface Target {
  /** What `deno compile --target` calls it. */
  readonly triple: string;
  /** What files are named after. */
  readonly arch: "x86_64" | "aarch64";
}

/** 64-bit Linux with glibc; serial ports are reached through libc. */
export const targets: readonly Target[] = [
  { triple: "x86_64-unknown-linux-gnu", arch: "x86_64" },
  { triple: "aarch64-unknown-linux-gnu", arch: "aarch64" },
];

/**
 * Arguments of `deno compile` for a target. Devices below `/dev` can be opened
 * with all permissions only, so the binary has them all and never asks.
 *
 * @param output file to write
 */
export function compileArguments(
  target: Target,
  output: string,
): readonly string[] {
  return [
    "compile",
    "--allow-all",
    "--no-prompt",
    "--target",
    target.triple,
    "--output",
    output,
    "main.ts",
  ];
}
