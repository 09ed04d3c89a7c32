/**
 * Numbers, times and sizes as people of the language write them.
 *
 * @module
 */
import { language, locale } from "./language.js";

/** @type {Map<string, Intl.NumberFormat>} */
const formats = new Map();

/**
 * @param {Intl.NumberFormatOptions} options
 * @returns {Intl.NumberFormat}
 */
function format(options) {
  const key = locale() + JSON.stringify(options);
  let made = formats.get(key);
  if (made === undefined) {
    made = new Intl.NumberFormat(locale(), options);
    formats.set(key, made);
  }
  return made;
}

/**
 * @param {number | bigint} value
 * @param {number} [digits] most digits behind the point
 * @param {number} [least] least digits behind the point
 * @returns {string}
 */
export function number(value, digits = 0, least = 0) {
  return format({
    maximumFractionDigits: digits,
    minimumFractionDigits: least,
  }).format(value);
}

/**
 * @param {number} share 0 to 1
 * @returns {string}
 */
export function percent(share) {
  const maximumFractionDigits = share > 0 && share < 0.01 ? 2 : 0;
  return format({ style: "percent", maximumFractionDigits }).format(share);
}

/**
 * A size in the unit that suits it.
 *
 * @param {number} value bytes
 * @returns {string}
 */
export function bytes(value) {
  const byte = language() === "fr" ? "o" : "B";
  const units = [byte, `k${byte}`, `M${byte}`, `G${byte}`, `T${byte}`];
  let size = value;
  let at = 0;
  while (size >= 1000 && at < units.length - 1) {
    size /= 1000;
    at++;
  }
  return `${number(size, size < 10 && at > 0 ? 1 : 0)}\u202f${units[at]}`;
}

const STEPS = /** @type {const} */ ([
  ["day", 86_400],
  ["hour", 3600],
  ["minute", 60],
  ["second", 1],
]);

/**
 * A span of time, at most two units of it: `3 hr 20 min`.
 *
 * @param {number} seconds
 * @returns {string}
 */
export function duration(seconds) {
  const whole = Math.max(0, Math.round(seconds));
  const at = STEPS.findIndex(([, size]) => whole >= size);
  const [unit, size] = STEPS[at] ?? ["second", 1];
  const big = Math.floor(whole / size);
  const text = span(big, unit);
  const next = STEPS[at + 1];
  if (at < 0 || next === undefined || big >= 10) return text;
  const small = Math.floor((whole - big * size) / next[1]);
  return small === 0 ? text : `${text} ${span(small, next[0])}`;
}

/**
 * @param {number} value
 * @param {string} unit
 */
function span(value, unit) {
  return format({ style: "unit", unit, unitDisplay: "short" }).format(value);
}

/** @type {Map<string, Intl.RelativeTimeFormat>} */
const relatives = new Map();

/**
 * How long ago: `12 sec. ago`, `il y a 12 s`.
 *
 * @param {number} seconds
 * @returns {string}
 */
export function ago(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  const [unit, size] = STEPS.find(([, size]) => whole >= size) ?? ["second", 1];
  let relative = relatives.get(locale());
  if (relative === undefined) {
    relative = new Intl.RelativeTimeFormat(locale(), { style: "short" });
    relatives.set(locale(), relative);
  }
  return relative.format(-Math.floor(whole / size), unit);
}

/** @type {Map<string, Intl.DateTimeFormat>} */
const clocks = new Map();

/**
 * @param {string} name
 * @param {Intl.DateTimeFormatOptions} options
 */
function clock(name, options) {
  const key = name + locale();
  let made = clocks.get(key);
  if (made === undefined) {
    made = new Intl.DateTimeFormat(locale(), options);
    clocks.set(key, made);
  }
  return made;
}

/**
 * Day and time to the second, in the time zone of the one who looks.
 *
 * @param {string | number} at ISO 8601, or ms since 1970
 * @returns {string}
 */
export function moment(at) {
  return clock("moment", { dateStyle: "medium", timeStyle: "medium" })
    .format(new Date(at));
}

/**
 * The time alone for today, with the day for other days.
 *
 * @param {string | number} at ISO 8601, or ms since 1970
 * @param {number} nowMs
 * @returns {string}
 */
export function shortMoment(at, nowMs) {
  const date = new Date(at);
  const today = date.toDateString() === new Date(nowMs).toDateString();
  return today
    ? clock("time", { timeStyle: "medium" }).format(date)
    : clock("short", { dateStyle: "medium", timeStyle: "short" }).format(date);
}

/**
 * The time of day with milliseconds, for lines of the live view.
 *
 * @param {string} at ISO 8601
 * @returns {string}
 */
export function fineTime(at) {
  return clock("fine", {
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
    fractionalSecondDigits: 3,
    hourCycle: "h23",
  }).format(new Date(at));
}

/** Ten thousand Wh and more read better in kWh. */
const KILO_FROM = 10_000n;

/**
 * A measured value with its unit as electricians write it: Wh or kWh, A, V.
 * Counters keep all their digits.
 *
 * @param {number | boolean | string} value counters as decimal strings
 * @param {string | null} unit
 * @returns {string}
 */
export function measured(value, unit) {
  if (typeof value === "boolean") return String(value);
  if (unit === "Wh" || unit === "VAh") return energy(value, unit);
  if (unit === "mA") return `${number(Number(value) / 1000, 3, 3)}\u202fA`;
  const text = typeof value === "number" ? number(value, 3) : value;
  return unit === null ? text : `${text}\u202f${unit}`;
}

/**
 * @param {number | string} value
 * @param {string} unit
 */
function energy(value, unit) {
  if (!/^-?\d+$/.test(String(value))) return `${value}\u202f${unit}`;
  const whole = BigInt(value);
  const size = whole < 0n ? -whole : whole;
  if (size < KILO_FROM) return `${number(whole)}\u202f${unit}`;
  return `${thousandth(whole)}\u202fk${unit}`;
}

/**
 * A thousandth of a whole number with all its digits.
 *
 * @param {bigint} whole
 */
function thousandth(whole) {
  // Decimal strings are formatted exactly; a double would lose digits.
  const digits = String(whole < 0n ? -whole : whole).padStart(4, "0");
  const text = `${whole < 0n ? "-" : ""}${digits.slice(0, -3)}.${
    digits.slice(-3)
  }`;
  return format({ minimumFractionDigits: 3 })
    .format(/** @type {any} */ (text));
}

/**
 * A value for a column whose head names the unit: kWh, kVAh, A or V.
 *
 * @param {number | boolean | string} value
 * @param {string | null} unit
 * @returns {string}
 */
export function inLargeUnit(value, unit) {
  if ((unit === "Wh" || unit === "VAh") && /^-?\d+$/.test(String(value))) {
    return thousandth(BigInt(value));
  }
  if (unit === "mA") return number(Number(value) / 1000, 3, 3);
  return typeof value === "number" ? number(value, 3) : String(value);
}
