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
