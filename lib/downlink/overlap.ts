/**
 * Which bytes of a file two writes share, and what is left of the older one.
 * Pure.
 *
 * @module
 */
import type { FieldWrite } from "./downlink.ts";
import type { Ask } from "./events.ts";

/** The first byte behind a write. */
export function endOf({ offset, data }: FieldWrite): number {
  return offset + data.length;
}

/** Whether two writes share a byte. */
export function overlaps(a: FieldWrite, b: FieldWrite): boolean {
  return a.fileId === b.fileId && a.offset < endOf(b) && b.offset < endOf(a);
}

/** What of `old` lies before and behind `newer`. */
export function remains(old: FieldWrite, newer: FieldWrite): Ask[] {
  const piece = (from: number, to: number): Ask[] =>
    from >= to ? [] : [{
      what: "write",
      fileId: old.fileId,
      offset: from,
      data: old.data.slice(from - old.offset, to - old.offset),
    }];
  return [
    ...piece(old.offset, newer.offset),
    ...piece(endOf(newer), endOf(old)),
  ];
}
