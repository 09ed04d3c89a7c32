/**
 * Numbers, times and sizes in the sentences of problems. Pure.
 *
 * @module
 */

/** `1 reading`, `12 000 readings`. */
export function several(count: number, one: string, many = `${one}s`): string {
  const apart = String(count).replace(/\B(?=(\d{3})+$)/g, " ");
  return `${apart} ${count === 1 ? one : many}`;
}

/** A span in its largest unit: `40 s`, `12 min`, `5 h`, `3 days`. */
export function span(seconds: number): string {
  const s = Math.max(0, seconds);
  if (s < 90) return `${Math.round(s)} s`;
  if (s < 5400) return `${Math.round(s / 60)} min`;
  if (s < 172_800) return `${Math.round(s / 3600)} h`;
  return `${Math.round(s / 86_400)} days`;
}

/** `12 MB`; decimal, as the configuration counts. */
export function megabytes(bytes: number): string {
  const mb = bytes / 1_000_000;
  return `${mb < 10 ? Math.round(mb * 10) / 10 : Math.round(mb)} MB`;
}

/** A percentage of a share of 1. */
export function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}

/** A device as people know it. */
export function called(device: string, name: string | null): string {
  return name === null ? device : `${name} (${device})`;
}

/** A sentence without the full stop, so that another word may follow it. */
export function bare(sentence: string): string {
  return sentence.replace(/[.\s]+$/, "");
}

/** Words as a sentence: upper case in front, one full stop behind. */
export function sentence(words: string): string {
  return `${words.charAt(0).toUpperCase()}${bare(words.slice(1))}.`;
}
