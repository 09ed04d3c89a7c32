/**
 * Values that several verbs take as options.
 *
 * @module
 */
import { message } from "@optique/core/message";
import type { ValueParser } from "@optique/core/valueparser";

const units: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
};

/** A duration such as `500ms`, `10s`, `2m`; its value is in milliseconds. */
export function duration(): ValueParser<"sync", number> {
  return {
    mode: "sync",
    metavar: "DURATION",
    placeholder: 1000,
    parse(input) {
      const [, number, unit = "s"] =
        /^(\d+(?:\.\d+)?)(ms|s|m|h)?$/.exec(input) ??
          [];
      const ms = Number(number) * (units[unit] ?? NaN);
      return Number.isFinite(ms) && ms > 0 ? { success: true, value: ms } : {
        success: false,
        error:
          message`Expected a duration such as ${"500ms"}, ${"10s"} or ${"2m"}, but got ${input}.`,
      };
    },
    format: (value) => `${value}ms`,
  };
}

/** Some of `known`, separated by commas, each once. */
export function listOf<const T extends string>(
  known: readonly [T, ...T[]],
): ValueParser<"sync", readonly T[]> {
  return {
    mode: "sync",
    metavar: "LIST",
    placeholder: [known[0]],
    parse(input) {
      const values: T[] = [];
      for (const piece of input.split(",")) {
        const found = known.find((value) => value === piece.trim());
        if (found === undefined) {
          return {
            success: false,
            error: message`Expected some of ${
              known.join(",")
            }, separated by commas, but got ${input}.`,
          };
        }
        if (!values.includes(found)) values.push(found);
      }
      return { success: true, value: values };
    },
    format: (values) => values.join(","),
  };
}
