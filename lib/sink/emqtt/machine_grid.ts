/**
 * ◆ Periods and lists as commands give them: grids that do not drift, and lists
 * of indices padded with 0.
 *
 * @module
 */
import type { Grid } from "./machine_state.ts";

/** When the next slot of a grid is due, on the clock that never steps. */
export function due(grid: Grid): number {
  return grid.startMs + (grid.slot + 1) * grid.periodMs;
}

/** The grid at its latest slot; null before the next one is due. Missed slots are skipped. [E-164] */
export function advance(grid: Grid, monoMs: number): Grid | null {
  const slot = Math.floor((monoMs - grid.startMs) / grid.periodMs);
  return slot > grid.slot ? { ...grid, slot } : null;
}

/** The moment of a grid's slot. */
export function slotMs(grid: Grid): number {
  return grid.startMs + grid.slot * grid.periodMs;
}

/** A period from a request: 0 or unusable is the default, too small the minimum. [E-160, E-161] */
export function periodOf(
  requested: number | undefined,
  defaultMs: number,
  minMs: number,
): number {
  if (requested === undefined || requested <= 0) return defaultMs;
  return Math.max(minMs, Math.round(requested));
}

/**
 * Indices of a list padded with 0; null when it breaks the rules: an entry that
 * is no number, 0 before another index, more than `most` entries. [C-22]
 */
export function paddedIndices(
  list: readonly (number | null)[] | undefined,
  most: number,
): readonly number[] | null {
  if (list === undefined || list.length === 0) return null;
  const indices: number[] = [];
  let ended = false;
  for (const entry of list) {
    if (entry === null || (ended && entry !== 0)) return null;
    if (entry === 0) ended = true;
    else indices.push(entry);
  }
  return indices.length > most ? null : indices;
}
