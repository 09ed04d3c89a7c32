/**
 * The portable file: a header in shell, the program and the runtime of the
 * target, both compressed. The header (`portable.sh`) tells how it starts.
 *
 * Layout: header padded with line feeds to {@link headerBytes}, gzip of the
 * runtime, gzip of the bundle.
 *
 * @module
 */
import { gzipSync } from "node:zlib";
import { BuildError, sha256 } from "./run.ts";
import { glibcVersion, runtimeFlags, type Target } from "./targets.ts";

/** Room for the header; the parts begin behind it. */
const headerBytes = 12288;

/** What goes into a portable file. */
export interface Contents {
  readonly version: string;
  readonly commit: string;
  /** The program as one JavaScript file. */
  readonly program: Uint8Array<ArrayBuffer>;
  /** Deno for the target. */
  readonly runtime: Uint8Array<ArrayBuffer>;
}

/** Text of the header with its blanks. */
export function headerTemplate(): Promise<string> {
  return Deno.readTextFile(new URL("portable.sh", import.meta.url));
}

/**
 * Makes the portable file of a target; the same contents give the same bytes.
 *
 * @throws {BuildError} when header and blanks do not fit each other
 */
export async function portableFile(
  target: Target,
  { version, commit, program, runtime }: Contents,
  template: string,
): Promise<Uint8Array<ArrayBuffer>> {
  const pack = (bytes: Uint8Array) =>
    gzipSync(bytes, { level: 9, memLevel: 9 });
  const packedRuntime = pack(runtime);
  const packedProgram = pack(program);
  const runtimeAt = headerBytes;
  const programAt = runtimeAt + packedRuntime.length;
  const total = programAt + packedProgram.length;
  const header = new TextEncoder().encode(fill(template, {
    VERSION: version,
    COMMIT: commit,
    TRIPLE: target.triple,
    ARCH: target.arch,
    LOADER: target.loader,
    GLIBC: glibcVersion,
    FLAGS: runtimeFlags.join(" "),
    FILE_BYTES: total,
    RUNTIME_SUM: await sha256(runtime),
    RUNTIME_BYTES: runtime.length,
    // `tail -c +N` counts from 1.
    RUNTIME_AT: runtimeAt + 1,
    RUNTIME_PACKED: packedRuntime.length,
    PROGRAM_SUM: await sha256(program),
    PROGRAM_BYTES: program.length,
    PROGRAM_AT: programAt + 1,
    PROGRAM_PACKED: packedProgram.length,
  }));
  if (header.length > headerBytes) {
    throw new BuildError(
      `Cannot build a portable file: its header is ${header.length} bytes, expected ${headerBytes} or less`,
    );
  }
  const file = new Uint8Array(total).fill(0x0a, 0, headerBytes);
  file.set(header);
  file.set(packedRuntime, runtimeAt);
  file.set(packedProgram, programAt);
  return file;
}

function fill(
  template: string,
  values: Readonly<Record<string, string | number>>,
): string {
  return template.replace(/@([A-Z_]+)@/g, (blank, name: string) => {
    const value = values[name];
    if (value === undefined) {
      throw new BuildError(`Cannot fill ${blank} of the portable header`);
    }
    return String(value);
  });
}
