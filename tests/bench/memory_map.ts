/**
 * Where a process's resident memory goes, from `/proc/PID/smaps`.
 *
 * @module
 */

/** Resident memory by what it is for, bytes. */
export interface MemoryKinds {
  /** Pages of the runtime's executable as they are in its file: the kernel can drop them and read them again. */
  readonly program: number;
  /** Other mapped files: libraries, V8's cache of compiled code, the index of the write-ahead log. */
  readonly files: number;
  /** The JavaScript heap. */
  readonly heap: number;
  /** Machine code that V8 made. */
  readonly code: number;
  /** What `malloc` manages: the runtime's own data, V8's parser, SQLite with its cache of pages. */
  readonly malloc: number;
  /** The rest without a file: stacks of threads, the runtime's tables. */
  readonly other: number;
  /** Of all this what was touched since the marks were cleared. */
  readonly touched: number;
}

/** V8 takes its heap in pieces of so much, at multiples of it. */
const V8_PAGE = 0x4_0000n;
/** glibc gives each arena of a thread so much address space, at a multiple of it [malloc/arena.c, HEAP_MAX_SIZE]. */
const ARENA = 0x400_0000n;

interface Mapping {
  readonly start: bigint;
  readonly end: bigint;
  readonly access: string;
  readonly path: string;
  resident: number;
  anonymous: number;
  referenced: number;
}

/** Splits the resident memory of a process. */
export function memoryKinds(pid: number): MemoryKinds {
  return kindsOf(
    Deno.readTextFileSync(`/proc/${pid}/smaps`),
    Deno.readLinkSync(`/proc/${pid}/exe`),
  );
}

/** Forgets which pages a process has touched. */
export function clearTouched(pid: number): void {
  Deno.writeTextFileSync(`/proc/${pid}/clear_refs`, "1");
}

/** Splits what a text of `smaps` tells. Pure. */
export function kindsOf(smaps: string, executable: string): MemoryKinds {
  const sum = {
    ...{ program: 0, files: 0, heap: 0, code: 0, malloc: 0, other: 0 },
    touched: 0,
  };
  const mappings = mappingsOf(smaps);
  for (const [n, mapping] of mappings.entries()) {
    const { resident, anonymous, referenced } = mapping;
    sum.touched += referenced;
    const kind = kindOf(mapping, mappings[n + 1], executable);
    sum[kind] += kind === "program" || kind === "files"
      ? resident - anonymous
      : resident;
    // Pages of a file that were written to are the process's own.
    if (kind === "program" || kind === "files") sum.other += anonymous;
  }
  return sum;
}

function kindOf(
  { start, end, access, path }: Mapping,
  next: Mapping | undefined,
  executable: string,
): Exclude<keyof MemoryKinds, "touched"> {
  if (path === executable) return "program";
  if (path === "[heap]") return "malloc";
  if (path.startsWith("/")) return "files";
  if (path !== "") return "other";
  if (access.includes("x")) return "code";
  const arena = start % ARENA === 0n && next !== undefined &&
    next.start === end && next.end === start + ARENA &&
    next.access.startsWith("---");
  if (arena) return "malloc";
  return start % V8_PAGE === 0n ? "heap" : "other";
}

function mappingsOf(smaps: string): readonly Mapping[] {
  const mappings: Mapping[] = [];
  for (const line of smaps.split("\n")) {
    const head = /^([0-9a-f]+)-([0-9a-f]+) (\S+) \S+ \S+ \d+\s*(.*)$/.exec(
      line,
    );
    if (head !== null) {
      const [, start = "", end = "", access = "", path = ""] = head;
      mappings.push({
        start: BigInt(`0x${start}`),
        end: BigInt(`0x${end}`),
        access,
        path,
        resident: 0,
        anonymous: 0,
        referenced: 0,
      });
      continue;
    }
    const [, name, kb] = /^(Rss|Anonymous|Referenced):\s+(\d+) kB/.exec(line) ??
      [];
    const mapping = mappings.at(-1);
    if (mapping === undefined || name === undefined) continue;
    const bytes = Number(kb) * 1024;
    if (name === "Rss") mapping.resident = bytes;
    else if (name === "Anonymous") mapping.anonymous = bytes;
    else mapping.referenced = bytes;
  }
  return mappings;
}
