/**
 * ◆ The help as the parser writes it, made to read well: usage lines broken
 * between options and not within them.
 *
 * @module
 */
import { widthOf } from "./table.ts";

/** In front of a usage line that is not the first. */
const INDENT = "       ";

// deno-lint-ignore no-control-regex
const COLOUR = /\x1b\[[0-9;]*m/g;

/** Help of `completions`; the parser's own is about more than its users need. */
export const completionsHelp = `\
Usage: dash7-edge completions bash|zsh|fish

Write a script that completes verbs and options in a shell.

  bash  in ~/.bashrc: eval "$(dash7-edge completions bash)"
  zsh   in ~/.zshrc: eval "$(dash7-edge completions zsh)"
  fish  in ~/.config/fish/config.fish: dash7-edge completions fish | source
`;

/** Whether a command line asks how `completions` is used, or shows that nobody knows. */
export function wantsCompletionsHelp(args: readonly string[]): boolean {
  const [first, second, ...more] = args;
  return first === "completions"
    ? second === undefined || (second === "--help" && more.length === 0)
    : first === "help" && second === "completions" && more.length === 0;
}

/** A help page with its usage set anew, at most `width` columns wide. */
export function tidyHelp(page: string, width: number): string {
  const lines = page.split("\n").map((line) => line.trimEnd());
  const first = lines.findIndex((line) => bare(line).startsWith("Usage: "));
  if (first < 0) return lines.join("\n");
  const after = lines.indexOf("", first);
  const end = after < 0 ? lines.length : after;
  const usages: string[] = [];
  for (const line of lines.slice(first, end).map(bare)) {
    const text = line.replace(/^(Usage: | {7})/, "");
    const last = usages.pop();
    if (last === undefined) usages.push(text);
    else if (text.startsWith("dash7-edge ")) usages.push(last, text);
    else usages.push(last + (last.endsWith("[") ? "" : " ") + text);
  }
  const rows = usages.flatMap((usage, at) =>
    usageRows(usage, width - INDENT.length)
      .map((row, part) => (at + part === 0 ? "Usage: " : INDENT) + row)
  );
  return [...lines.slice(0, first), ...rows, ...lines.slice(end)].join("\n")
    .trimEnd();
}

/** One usage line, broken where an option, an argument or a word ends. */
function usageRows(usage: string, width: number): string[] {
  const words = usage.match(/\[[^\]]*\]|\S+/g) ?? [];
  const rows: string[] = [];
  let row = "";
  for (const word of words) {
    const joined = row === "" ? word : `${row} ${word}`;
    if (widthOf(joined) <= width) row = joined;
    else {
      rows.push(row);
      row = `    ${word}`;
    }
  }
  return [...rows, row];
}

function bare(line: string): string {
  return line.replaceAll(COLOUR, "");
}
