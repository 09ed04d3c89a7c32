/**
 * Since when things are as they are. Pure: time comes as an argument.
 *
 * @module
 */

/** Values by name, each with the moment it came to be. */
export class Since {
  readonly #values = new Map<
    string,
    { readonly value: string | boolean; readonly sinceMs: number }
  >();

  /** Notes a value as of now, and says since when it holds. */
  note(name: string, value: string | boolean, nowMs: number): number {
    const known = this.#values.get(name);
    if (known?.value === value) return known.sinceMs;
    this.#values.set(name, { value, sinceMs: nowMs });
    return nowMs;
  }

  /** The value noted last. */
  get(name: string): string | boolean | undefined {
    return this.#values.get(name)?.value;
  }
}
