/**
 * Texts by key that must survive a restart, such as the state of a device or a
 * write that waits for it. Held in memory; written with the next commit, or
 * within 10 ms by themselves.
 *
 * @module
 */
import type { Database } from "./database.ts";

/** The texts of one area. */
export interface Kept {
  entries(): Iterable<readonly [string, string]>;
  /**
   * Sets a text, or removes it. It is durable after the next commit;
   * `Store.flush` makes one and throws when it cannot.
   */
  put(key: string, text: string | null): void;
}

/** All areas, over table `kept`. */
export class KeptTexts {
  readonly #db: Database;
  readonly #areas = new Map<string, Map<string, string>>();
  /** Keys that wait for {@link save}, by area. */
  readonly #unsaved = new Map<string, Set<string>>();
  readonly #changed: () => void;

  /** @param changed called when something waits for {@link save} */
  constructor(db: Database, changed: () => void) {
    this.#db = db;
    this.#changed = changed;
  }

  /** Reads the table. */
  load(): void {
    this.#areas.clear();
    for (const row of this.#db.sql("SELECT * FROM kept").all()) {
      const { area, key, text } = row;
      if (
        typeof area === "string" && typeof key === "string" &&
        typeof text === "string"
      ) this.#texts(area).set(key, text);
    }
  }

  area(area: string): Kept {
    const texts = this.#texts(area);
    return {
      entries: () => texts.entries(),
      put: (key, text) => {
        if ((texts.get(key) ?? null) === text) return;
        if (text === null) texts.delete(key);
        else texts.set(key, text);
        this.#wait(area, key);
        this.#changed();
      },
    };
  }

  /** Whether something waits for {@link save}. */
  get dirty(): boolean {
    return this.#unsaved.size > 0;
  }

  /** Writes what waits; inside a transaction. */
  save(): void {
    for (const [area, keys] of this.#unsaved) {
      const texts = this.#texts(area);
      for (const key of keys) {
        const text = texts.get(key);
        if (text === undefined) {
          this.#db.sql("DELETE FROM kept WHERE area = ? AND key = ?")
            .run(area, key);
        } else {
          this.#db.sql("INSERT OR REPLACE INTO kept VALUES (?, ?, ?)")
            .run(area, key, text);
        }
      }
    }
  }

  /** What waited is committed. */
  saved(): void {
    this.#unsaved.clear();
  }

  /** Lets everything be written again: the database has lost it. */
  touchAll(): void {
    for (const [area, texts] of this.#areas) {
      for (const key of texts.keys()) this.#wait(area, key);
    }
  }

  #texts(area: string): Map<string, string> {
    let texts = this.#areas.get(area);
    if (texts === undefined) this.#areas.set(area, texts = new Map());
    return texts;
  }

  #wait(area: string, key: string): void {
    let keys = this.#unsaved.get(area);
    if (keys === undefined) this.#unsaved.set(area, keys = new Set());
    keys.add(key);
  }
}
