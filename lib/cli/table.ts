/**
 * ◆ Text in columns on a terminal: what a letter takes there, cutting, filling,
 * wrapping, and tables that fit.
 *
 * @module
 */

/** Letters that take two columns: Chinese, Japanese, Korean, most pictures. */
const WIDE =
  /^[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Emoji_Presentation}\u3000-\u303e\uff01-\uff60\uffe0-\uffe6]/u;

/** Marks that take no column of their own. */
const NO_COLUMN = /^[\p{Mn}\p{Me}\p{Cf}]+$/u;

// deno-lint-ignore no-control-regex
const COLOUR = /\x1b\[[0-9;]*m/g;

const segmenter = new Intl.Segmenter("en", { granularity: "grapheme" });

/** Columns that a text takes; colours take none. */
export function widthOf(text: string): number {
  const bare = text.replaceAll(COLOUR, "");
  // Nearly all text is ASCII.
  if (/^[\x20-\x7e]*$/.test(bare)) return bare.length;
  let width = 0;
  for (const { segment } of segmenter.segment(bare)) {
    width += columnsOf(segment);
  }
  return width;
}

function columnsOf(grapheme: string): number {
  return NO_COLUMN.test(grapheme) ? 0 : WIDE.test(grapheme) ? 2 : 1;
}

/** Fills up with spaces to `width` columns. */
export function pad(text: string, width: number, right = false): string {
  const fill = " ".repeat(Math.max(0, width - widthOf(text)));
  return right ? fill + text : text + fill;
}

/** As much of a text's beginning as `width` columns hold. */
function take(text: string, width: number): string {
  let kept = "";
  let left = width;
  for (const { segment } of segmenter.segment(text)) {
    left -= columnsOf(segment);
    if (left < 0) break;
    kept += segment;
  }
  return kept;
}

/** Cuts a text without colours to at most `width` columns, the last one `…`. */
export function cut(text: string, width: number): string {
  if (widthOf(text) <= width) return text;
  return width < 1 ? "" : `${take(text, width - 1)}…`;
}

/** A space where a line may be broken: not the one between the thousands of a number. */
const BREAK = / (?!(?<=\d )\d{3}(?!\d))/;

/** Breaks a text at spaces into lines of at most `width` columns; a longer word is broken too. */
export function wrap(text: string, width: number): string[] {
  const rows: string[] = [];
  let row = "";
  for (let word of text.split(BREAK)) {
    const joined = row === "" ? word : `${row} ${word}`;
    if (widthOf(joined) <= width) {
      row = joined;
      continue;
    }
    if (row !== "") rows.push(row);
    while (widthOf(word) > width) {
      // One letter at least, or this would not end.
      const piece = take(word, width) || take(word, 2) || word;
      rows.push(piece);
      word = word.slice(piece.length);
    }
    row = word;
  }
  return row === "" && rows.length > 0 ? rows : [...rows, row];
}

/** A column of a {@link table}. */
export interface Column {
  readonly head: string;
  /** Numbers stand to the right. */
  readonly right?: boolean;
  /** Columns that it may be cut down to when the table is too wide; absent: never cut. */
  readonly atLeast?: number;
}

/**
 * Rows in columns, heads first, each line with its end. Wider than `width`, the
 * columns that may be cut are, the widest first.
 *
 * @param width columns of the terminal; Infinity cuts nothing
 */
export function table(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  width = Infinity,
): string {
  const all = [columns.map(({ head }) => head), ...rows];
  const widths = columns.map((_, at) =>
    Math.max(...all.map((row) => widthOf(row[at] ?? "")))
  );
  let over = widths.reduce((sum, own) => sum + own + 2, -2) - width;
  while (over > 0) {
    const widest = columns.reduce((best, { atLeast = Infinity }, at) => {
      const own = widths[at] ?? 0;
      return own > atLeast && own > (widths[best] ?? 0) ? at : best;
    }, -1);
    if (widest < 0) break;
    widths[widest] = (widths[widest] ?? 0) - 1;
    over--;
  }
  return all.map((row) =>
    `${
      columns.map(({ right = false }, at) =>
        pad(cut(row[at] ?? "", widths[at] ?? 0), widths[at] ?? 0, right)
      ).join("  ").trimEnd()
    }\n`
  ).join("");
}
