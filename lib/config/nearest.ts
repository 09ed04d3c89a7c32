/**
 * ◆ The known word a mistyped one was meant to be.
 *
 * @module
 */

/** The known word nearest to `word`, if one is near enough to be meant. */
export function nearest(
  word: string,
  known: readonly string[],
): string | undefined {
  const plain = fold(word);
  let best: { readonly word: string; readonly distance: number } | undefined;
  for (const candidate of known) {
    const other = fold(candidate);
    const longer = Math.max(plain.length, other.length);
    const distance = editDistance(plain, other);
    // A third of the letters may differ; of one or two letters, none.
    if (distance > longer / 3 || (best && distance >= best.distance)) continue;
    best = { word: candidate, distance };
  }
  return best?.word;
}

/**
 * Insertions, deletions, replacements and swaps of neighbours that lead from
 * one word to the other (optimal string alignment).
 */
export function editDistance(from: string, to: string): number {
  const a = [...from];
  const b = [...to];
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, index) => index);
  a.forEach((letter, i) => {
    const row = [i + 1];
    b.forEach((other, j) => {
      const cost = Math.min(
        (last[j + 1] ?? 0) + 1,
        (row[j] ?? 0) + 1,
        (last[j] ?? 0) + (letter === other ? 0 : 1),
      );
      const swapped = i > 0 && j > 0 && letter === b[j - 1] &&
        a[i - 1] === other;
      row.push(swapped ? Math.min(cost, (beforeLast[j - 1] ?? 0) + 1) : cost);
    });
    beforeLast = last;
    last = row;
  });
  return last[b.length] ?? 0;
}

/** Case and the choice of separator are never what was meant to differ. */
function fold(word: string): string {
  return word.toLowerCase().replaceAll(/[-\s.]/g, "_");
}
