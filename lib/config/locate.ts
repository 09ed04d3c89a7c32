/**
 * ◆ Where every key and value of a TOML document stands, so that a fault can
 * name line and column. Reads only text the TOML library has accepted, and is
 * therefore lenient: it looks for structure, not for faults. [TOML 1.0, 1.1]
 *
 * @module
 */
import { unquoteKey } from "./toml.ts";

/** A place in a text; both count from 1, columns in UTF-16 units. */
export interface Place {
  readonly line: number;
  readonly column: number;
}

/** Steps from the root: keys of tables, indexes of lists. */
export type Path = readonly (string | number)[];

/** Both places of one entry; for a `[table]` the value is its bracket. */
export interface Entry {
  readonly key: Place;
  readonly value: Place;
}

/** Map key of a path. */
export function pathKey(path: Path): string {
  return JSON.stringify(path);
}

/** Places of all keys, list elements and tables of a document. */
export class Places {
  readonly #entries: ReadonlyMap<string, Entry>;

  constructor(entries: ReadonlyMap<string, Entry>) {
    this.#entries = entries;
  }

  /** Every path, as {@link pathKey} writes it. */
  paths(): string[] {
    return [...this.#entries.keys()];
  }

  /** True when the document holds this path. */
  has(path: Path): boolean {
    return this.#entries.has(pathKey(path));
  }

  /** Place of a value or key; of the nearest table around it when absent. */
  of(path: Path, part: "key" | "value" = "value"): Place {
    for (let length = path.length; length > 0; length--) {
      const entry = this.#entries.get(pathKey(path.slice(0, length)));
      if (entry !== undefined) {
        return length === path.length ? entry[part] : entry.value;
      }
    }
    return { line: 1, column: 1 };
  }
}

/** Finds the places of everything in `text`, which must be valid TOML. */
export function locate(text: string): Places {
  return new Scanner(text).document();
}

interface Segment {
  readonly name: string;
  readonly at: number;
}

class Scanner {
  readonly #text: string;
  readonly #entries = new Map<string, Entry>();
  readonly #lineStarts: number[];
  /** Number of elements seen of each `[[list of tables]]`. */
  readonly #elements = new Map<string, number>();
  #at = 0;

  constructor(text: string) {
    this.#text = text;
    this.#lineStarts = [0];
    for (
      let at = text.indexOf("\n");
      at !== -1;
      at = text.indexOf("\n", at + 1)
    ) {
      this.#lineStarts.push(at + 1);
    }
  }

  document(): Places {
    if (this.#text.startsWith("\ufeff")) this.#at = 1;
    let table: Path = [];
    for (this.#skip(); this.#at < this.#text.length; this.#skip()) {
      if (this.#peek() === "[") table = this.#header();
      else this.#pair(table);
    }
    return new Places(this.#entries);
  }

  #header(): Path {
    const bracket = this.#at;
    const list = this.#text[this.#at + 1] === "[";
    this.#at += list ? 2 : 1;
    const segments = this.#key("]");
    this.#at += list ? 2 : 1;
    let path: Path = [];
    segments.forEach(({ name, at }, index) => {
      path = [...path, name];
      const last = index === segments.length - 1;
      const entry = { key: this.#place(at), value: this.#place(bracket) };
      // The own header of a table is a better place than one of a table in it.
      if (last && !list) this.#entries.set(pathKey(path), entry);
      else this.#record(path, entry);
      const key = pathKey(path);
      const elements = this.#elements.get(key);
      if (last && list) {
        this.#elements.set(key, (elements ?? 0) + 1);
        path = [...path, elements ?? 0];
        this.#record(path, entry);
      } else if (elements !== undefined) path = [...path, elements - 1];
    });
    return path;
  }

  #pair(table: Path): void {
    const segments = this.#key("=");
    this.#at++;
    this.#skip();
    let path = table;
    segments.forEach(({ name, at }, index) => {
      path = [...path, name];
      const key = this.#place(at);
      const last = index === segments.length - 1;
      this.#record(path, { key, value: last ? this.#place(this.#at) : key });
    });
    this.#value(path);
  }

  #key(end: "=" | "]"): Segment[] {
    const segments: Segment[] = [];
    while (this.#at < this.#text.length) {
      this.#skip();
      const start = this.#at;
      const quote = this.#peek();
      if (quote === '"' || quote === "'") {
        this.#string();
        const literal = this.#text.slice(start, this.#at);
        segments.push({ name: unquoteKey(literal), at: start });
      } else {
        while (/[A-Za-z0-9_-]/.test(this.#peek())) this.#at++;
        segments.push({ name: this.#text.slice(start, this.#at), at: start });
      }
      this.#skip();
      if (this.#peek() === end) break;
      this.#at++; // the dot
    }
    return segments;
  }

  #value(path: Path): void {
    const first = this.#peek();
    if (first === "[") this.#list(path);
    else if (first === "{") this.#inline(path);
    else if (first === '"' || first === "'") this.#string();
    else while (!/^([,\]}#\r\n]|$)/.test(this.#peek())) this.#at++;
  }

  #list(path: Path): void {
    this.#at++;
    for (let index = 0;; index++) {
      this.#skip();
      if (this.#closed("]")) return;
      const place = this.#place(this.#at);
      this.#record([...path, index], { key: place, value: place });
      this.#value([...path, index]);
      this.#skip();
      if (this.#peek() === ",") this.#at++;
    }
  }

  #inline(path: Path): void {
    this.#at++;
    for (;;) {
      this.#skip();
      if (this.#closed("}")) return;
      this.#pair(path);
      this.#skip();
      if (this.#peek() === ",") this.#at++;
    }
  }

  #closed(bracket: string): boolean {
    if (this.#at < this.#text.length && this.#peek() !== bracket) return false;
    this.#at++;
    return true;
  }

  #string(): void {
    const quote = this.#peek();
    const long = this.#text.startsWith(quote.repeat(3), this.#at);
    const end = long ? quote.repeat(3) : quote;
    this.#at += end.length;
    while (
      this.#at < this.#text.length && !this.#text.startsWith(end, this.#at)
    ) {
      this.#at += quote === '"' && this.#peek() === "\\" ? 2 : 1;
    }
    this.#at += end.length;
    // A long string may end in up to two quotes of its own.
    for (let own = 0; long && own < 2 && this.#peek() === quote; own++) {
      this.#at++;
    }
  }

  #skip(): void {
    while (/^[ \t\r\n#]/.test(this.#peek())) {
      if (this.#peek() === "#") {
        const newline = this.#text.indexOf("\n", this.#at);
        this.#at = newline === -1 ? this.#text.length : newline;
      } else this.#at++;
    }
  }

  #peek(): string {
    return this.#text[this.#at] ?? "";
  }

  #record(path: Path, entry: Entry): void {
    const key = pathKey(path);
    if (!this.#entries.has(key)) this.#entries.set(key, entry);
  }

  #place(at: number): Place {
    let low = 0;
    let high = this.#lineStarts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.#lineStarts[middle] ?? 0) <= at) low = middle;
      else high = middle - 1;
    }
    return { line: low + 1, column: at - (this.#lineStarts[low] ?? 0) + 1 };
  }
}
