/**
 * ◆ A tar archive of a few small files, as every tar reads it, and nothing
 * else. [POSIX.1-2017 pax, ustar interchange format]
 *
 * @module
 */

/** One file of an archive. */
export interface TarFile {
  /** At most 100 bytes of ASCII, folders with `/`. */
  readonly name: string;
  readonly bytes: Uint8Array;
  /** Milliseconds since 1970. */
  readonly modifiedMs: number;
}

const BLOCK = 512;
const MAX_NAME = 100;

/**
 * The archive's bytes.
 *
 * @throws {RangeError} for a name that does not fit
 */
export function tarOf(files: readonly TarFile[]): Uint8Array<ArrayBuffer> {
  const sizeOf = ({ bytes }: TarFile) =>
    BLOCK + Math.ceil(bytes.length / BLOCK) * BLOCK;
  const total = files.reduce((sum, file) => sum + sizeOf(file), 0);
  // Two empty blocks are the end.
  const archive = new Uint8Array(total + 2 * BLOCK);
  let at = 0;
  for (const file of files) {
    archive.set(headerOf(file), at);
    archive.set(file.bytes, at + BLOCK);
    at += sizeOf(file);
  }
  return archive;
}

function headerOf({ name, bytes, modifiedMs }: TarFile): Uint8Array {
  if (name === "" || name.length > MAX_NAME || /[^\x20-\x7e]/.test(name)) {
    throw new RangeError(`Cannot archive under the name ${name}`);
  }
  const header = new Uint8Array(BLOCK);
  const put = (at: number, text: string) =>
    header.set(new TextEncoder().encode(text), at);
  const octal = (value: number, digits: number) =>
    Math.floor(value).toString(8).padStart(digits, "0");
  put(0, name);
  put(100, `${octal(0o600, 7)}\0`);
  put(108, `${octal(0, 7)}\0`);
  put(116, `${octal(0, 7)}\0`);
  put(124, `${octal(bytes.length, 11)}\0`);
  put(136, `${octal(Math.max(0, modifiedMs / 1000), 11)}\0`);
  // The checksum counts as blanks while it is made.
  put(148, " ".repeat(8));
  put(156, "0");
  put(257, "ustar\0");
  put(263, "00");
  const sum = header.reduce((total, byte) => total + byte, 0);
  put(148, `${octal(sum, 6)}\0 `);
  return header;
}
