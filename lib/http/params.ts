/**
 * ◆ Parameters of a request: the part of a target behind `?`. Each fault says
 * what was found and what would do.
 *
 * @module
 */

/** A parameter that cannot be taken. */
export class ParamError extends Error {
  override readonly name = "ParamError";
}

/** Reads parameters by name; an empty one counts as not given. */
export class Params {
  readonly #values = new Map<string, string>();

  /**
   * @param query behind the `?`
   * @param known names that mean something here
   * @throws {ParamError} for a name that is unknown or comes twice
   */
  constructor(query: string, known: readonly string[]) {
    for (const [name, value] of new URLSearchParams(query)) {
      if (!known.includes(name)) {
        throw new ParamError(
          `${quoted(name)} is no parameter here, ${
            known.length === 0 ? "there are none" : `known: ${known.join(", ")}`
          }`,
        );
      }
      if (this.#values.has(name)) {
        throw new ParamError(`${name} is there twice, once would do`);
      }
      this.#values.set(name, value);
    }
  }

  text(name: string): string | undefined {
    return this.#values.get(name) || undefined;
  }

  /** A whole number. @throws {ParamError} */
  count(name: string, least: number, most: number): number | undefined {
    const text = this.text(name);
    if (text === undefined) return undefined;
    const value = /^\d{1,15}$/.test(text) ? Number(text) : NaN;
    if (value >= least && value <= most) return value;
    throw new ParamError(
      `${name} is ${
        quoted(text)
      }, wanted a whole number from ${least} to ${most}`,
    );
  }

  /** A moment, milliseconds since 1970. @throws {ParamError} */
  moment(name: string): number | undefined {
    const text = this.text(name);
    if (text === undefined) return undefined;
    // A `+` of a time zone that was not encoded arrives as a blank.
    const value = /^-?\d{1,15}$/.test(text)
      ? Number(text)
      : ISO_8601.test(text)
      ? Date.parse(text.replace(" ", "+"))
      : NaN;
    if (Number.isFinite(value) && Math.abs(value) <= LAST_MS) return value;
    throw new ParamError(
      `${name} is ${
        quoted(text)
      }, wanted a time such as 2026-03-01T12:00:00Z, or milliseconds since 1970`,
    );
  }

  /** Some of a list of words, separated by commas. @throws {ParamError} */
  words<W extends string>(
    name: string,
    known: readonly W[],
  ): readonly W[] | undefined {
    const text = this.text(name);
    return text?.split(",").map((word) => {
      const found = known.find((one) => one === word);
      if (found !== undefined) return found;
      throw new ParamError(
        `${name} holds ${quoted(word)}, wanted some of: ${known.join(", ")}`,
      );
    });
  }

  /** A device by UID or name. @throws {ParamError} */
  device(
    name: string,
    deviceOf: (text: string) => string | null,
  ): string | undefined {
    const text = this.text(name);
    if (text === undefined) return undefined;
    const device = deviceOf(text);
    if (device !== null) return device;
    throw new ParamError(
      `${name} is ${
        quoted(text)
      }, wanted a UID of 16 hex digits or the name of a device in the configuration`,
    );
  }

  /** A value that must be there. @throws {ParamError} */
  needed<T>(name: string, value: T | undefined): T {
    if (value !== undefined) return value;
    throw new ParamError(`${name} is missing`);
  }
}

/** A text as a message shows it: short, and nothing that a terminal would obey. */
export function quoted(text: string): string {
  const short = text.length > 40 ? `${text.slice(0, 40)}…` : text;
  return JSON.stringify(short).replace(
    /[\x7f-\x9f\u2028\u2029]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** Date, optionally with time and zone. */
const ISO_8601 =
  /^\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:Z|[+ -]\d\d:?\d\d)?)?$/;

/** Last moment that a date can hold. [ECMAScript §21.4.1.1] */
const LAST_MS = 8.64e15;
