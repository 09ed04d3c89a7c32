/**
 * ◆ Numbers, times and sizes as verbs say them to people. Thousands stand apart
 * by a space, which neither English nor French reads as something else.
 *
 * @module
 */

/** `1 234 567`. */
export function count(value: number): string {
  const [whole = "", part] = String(value).split(".");
  const apart = whole.replace(/\B(?=(\d{3})+$)/g, " ");
  return part === undefined ? apart : `${apart}.${part}`;
}

/** `1 reading`, `12 000 readings`. */
export function several(value: number, one: string, many = `${one}s`): string {
  return `${count(value)} ${value === 1 ? one : many}`;
}

/** A span in its two largest units: `4 s`, `1 min 20 s`, `3 h`, `2 days 4 h`. */
export function span(seconds: number): string {
  const s = Math.max(0, Math.round(seconds));
  if (s < 60) return `${s} s`;
  if (s < 3600) return two(Math.floor(s / 60), "min", s % 60, "s");
  if (s < 172_800) {
    const minutes = Math.round(s / 60);
    return two(Math.floor(minutes / 60), "h", minutes % 60, "min");
  }
  const hours = Math.round(s / 3600);
  const days = Math.floor(hours / 24);
  return days < 14
    ? two(days, "days", hours % 24, "h")
    : `${count(Math.round(hours / 24))} days`;
}

function two(large: number, unit: string, small: number, part: string): string {
  return small === 0 ? `${large} ${unit}` : `${large} ${unit} ${small} ${part}`;
}

/** How long ago, in one unit, for tables: `12 s`, `5 min`, `3 h`, `40 days`. */
export function ago(seconds: number): string {
  const s = Math.max(0, Math.round(seconds));
  if (s < 120) return `${s} s`;
  if (s < 7200) return `${Math.round(s / 60)} min`;
  return s < 172_800
    ? `${Math.round(s / 3600)} h`
    : `${count(Math.round(s / 86_400))} days`;
}

/** `512 B`, `1.4 kB`, `256 MB`, by thousands. */
export function bytes(value: number): string {
  let rest = value;
  let unit = "B";
  for (const larger of ["kB", "MB", "GB", "TB"]) {
    if (rest < 999.5) break;
    rest /= 1000;
    unit = larger;
  }
  const shown = rest < 9.95 && unit !== "B" ? rest.toFixed(1) : rest.toFixed(0);
  return `${shown.replace(/\.0$/, "")} ${unit}`;
}

/** A rate: `0.4`, `12`, `5 300`; below one in a hundred seconds, `0`. */
export function rate(perSecond: number): string {
  return perSecond < 9.95
    ? perSecond.toFixed(perSecond < 0.0995 ? 2 : 1).replace(/\.?0+$/, "")
    : count(Math.round(perSecond));
}

/** A moment of the agent, ISO 8601, as people read it in the time zone of this machine. */
export function moment(iso: string): string {
  const at = new Date(iso);
  if (Number.isNaN(at.getTime())) return iso;
  const pad = (value: number) => String(value).padStart(2, "0");
  return `${at.getFullYear()}-${pad(at.getMonth() + 1)}-${pad(at.getDate())} ${
    pad(at.getHours())
  }:${pad(at.getMinutes())}:${pad(at.getSeconds())}`;
}

/**
 * Text from elsewhere (a device's tag, a name) that may go to a terminal:
 * control characters, ends of lines and marks that turn the direction of
 * writing are shown as `�`, so that nobody can move the cursor or hide words.
 */
export function printable(text: string): string {
  return text.replace(
    // deno-lint-ignore no-control-regex
    /[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]/g,
    "�",
  );
}

/** A number in at most five letters: `950`, `12k`, `1.2M`. */
export function short(value: number): string {
  let rest = value;
  let unit = "";
  for (const larger of ["k", "M", "G"]) {
    if (rest < 999.5) break;
    rest /= 1000;
    unit = larger;
  }
  return unit === ""
    ? String(Math.round(rest))
    : `${rest < 9.95 ? rest.toFixed(1) : Math.round(rest)}${unit}`;
}

/** A word as a shell takes it. */
export function quoted(word: string): string {
  return /^[\w.:@%+=/-]+$/.test(word)
    ? word
    : `'${word.replaceAll("'", "'\\''")}'`;
}
