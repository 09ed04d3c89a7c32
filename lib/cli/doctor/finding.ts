/**
 * One line of `doctor`: what was looked at, what was found, and what would put
 * it right.
 *
 * @module
 */
import { type Code, codes, type Status } from "./codes.ts";

/** What one check found. */
export interface Finding {
  readonly status: Status;
  /** Stable word; its meaning is in `codes.ts`. */
  readonly code: Code;
  /** What was looked at, e.g. `DNS` or `/dev/ttyACM0`. */
  readonly what: string;
  /** What was found there, one sentence or less. */
  readonly found: string;
  /** What to do about it; null when there is nothing to do. */
  readonly fix: string | null;
}

/** Values for the gaps in the texts of a code. */
export type Values = Readonly<Record<string, string | number>>;

/**
 * The finding of a code, its texts filled in.
 *
 * @param status another status than the code's own, where circumstances make it better or worse
 * @throws {RangeError} when a text has a gap without a value
 */
export function tell(
  code: Code,
  what: string,
  values: Values = {},
  status: Status = codes[code].status,
): Finding {
  const { found, fix } = codes[code];
  return {
    status,
    code,
    what,
    found: filled(found, values),
    fix: fix === null ? null : filled(fix, values),
  };
}

function filled(text: string, values: Values): string {
  return text.replace(/\{(\w+)\}/g, (_, name: string) => {
    const value = values[name];
    if (value === undefined) {
      throw new RangeError(`Cannot fill "${text}": no value for ${name}`);
    }
    return String(value);
  });
}
