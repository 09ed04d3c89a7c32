/**
 * Generated parts of a page: text between markers that the program's own tables
 * and schemas are written into.
 *
 * @module
 */

/** Marker → the text that stands there, made anew. */
export type Parts = ReadonlyMap<string, () => string>;

/** A Markdown table as `deno fmt` leaves it. */
export function table(rows: readonly (readonly string[])[]): string {
  const cells = rows.map((row) =>
    row.map((cell) => cell.replaceAll("|", "\\|"))
  );
  const widths = (cells[0] ?? []).map((_, column) =>
    Math.max(3, ...cells.map((row) => row[column]?.length ?? 0))
  );
  const line = (row: readonly string[], fill: string) =>
    `| ${widths.map((w, i) => (row[i] ?? "").padEnd(w, fill)).join(" | ")} |`;
  return cells.flatMap((row, i) =>
    i === 0 ? [line(row, " "), line([], "-")] : [line(row, " ")]
  ).join("\n");
}

/** Lines in a fence. */
export function fenced(language: string, text: string): string {
  return `\`\`\`${language}\n${text.trimEnd()}\n\`\`\``;
}

/**
 * A page with its generated parts as the program has them now.
 *
 * @throws {Error} when a marker is missing
 */
export function withParts(text: string, parts: Parts): string {
  let result = text;
  for (const [name, make] of parts) {
    const start = `<!-- table ${name} -->`;
    const end = `<!-- end ${name} -->`;
    const from = result.indexOf(start);
    const to = result.indexOf(end);
    if (from < 0 || to < from) {
      throw new Error(`Cannot write table ${name}: ${start} … ${end} missing`);
    }
    result = result.slice(0, from + start.length) + `\n\n${make()}\n\n` +
      result.slice(to);
  }
  return result;
}
