/**
 * The corpus: inputs that are worth keeping, one file each, below
 * `tests/fixtures/fuzz/TARGET/`. Findings stay there as tests.
 *
 * @module
 */

const ROOT = new URL("../fixtures/fuzz/", import.meta.url);
/** More is not kept of what a run finds, bytes. */
const MOST_BYTES = 4096;

/** Inputs kept for a target, by name of the file. */
export function corpusOf(target: string): ReadonlyMap<string, Uint8Array> {
  const dir = new URL(`${target}/`, ROOT);
  const found = new Map<string, Uint8Array>();
  let entries: Deno.DirEntry[];
  try {
    entries = [...Deno.readDirSync(dir)];
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return found;
    throw error;
  }
  for (const { name } of entries.toSorted((a, b) => a.name < b.name ? -1 : 1)) {
    found.set(name, Deno.readFileSync(new URL(name, dir)));
  }
  return found;
}

/** Keeps an input; gives the path of its file. */
export function keep(
  target: string,
  name: string,
  input: Uint8Array,
): string {
  const dir = new URL(`${target}/`, ROOT);
  Deno.mkdirSync(dir, { recursive: true });
  Deno.writeFileSync(new URL(name, dir), input);
  return `tests/fixtures/fuzz/${target}/${name}`;
}

/** Keeps the smallest of what a run found, as far as there is room. */
export function keepSome(
  target: string,
  inputs: readonly Uint8Array[],
): number {
  let room = MOST_BYTES;
  for (const input of corpusOf(target).values()) room -= input.length;
  let kept = 0;
  for (const input of inputs) {
    if (input.length > room) break;
    room -= input.length;
    keep(target, `reached-${String(kept).padStart(3, "0")}`, input);
    kept++;
  }
  return kept;
}
