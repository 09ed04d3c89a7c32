/**
 * What the tests of the documentation look at in a Markdown text: prose, code
 * blocks, links and anchors.
 *
 * @module
 */

/** A fenced block. */
export interface Block {
  /** Word behind the fence, as `toml`. */
  readonly language: string;
  readonly text: string;
}

const FENCE = /^( *)```(\w*)\n([\s\S]*?)^\1```$/gm;

/** Every fenced block, its indentation taken off. */
export function blocksIn(text: string): readonly Block[] {
  return [...text.matchAll(FENCE)].map((
    [, indent = "", language = "", body = ""],
  ) => ({
    language,
    text: body.replaceAll(new RegExp(`^${indent}`, "gm"), ""),
  }));
}

/** The text without its fenced blocks. */
export function proseOf(text: string): string {
  return text.replaceAll(FENCE, "");
}

/** What stands between backquotes in prose. */
export function codeIn(text: string): readonly string[] {
  return [...proseOf(text).matchAll(/`([^`]+)`/g)]
    .map(([, code = ""]) => code.replaceAll(/\s+/g, " "));
}

/** Targets of links and pictures in prose. */
export function linksIn(text: string): readonly string[] {
  const prose = proseOf(text).replaceAll(/`[^`]+`/g, "``");
  return [...prose.matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, target = ""]) => target);
}

/** Anchors that headings make, as GitHub names them. */
export function anchorsIn(text: string): ReadonlySet<string> {
  const anchors = new Set<string>();
  for (const [, title = ""] of proseOf(text).matchAll(/^#+ (.+)$/gm)) {
    const plain = title.replaceAll(/\[([^\]]*)\]\([^)]*\)/g, "$1")
      .toLowerCase().replaceAll(/[^\p{L}\p{N}\s_-]/gu, "")
      .replaceAll(/\s/g, "-");
    let name = plain;
    for (let n = 1; anchors.has(name); n++) name = `${plain}-${n}`;
    anchors.add(name);
  }
  return anchors;
}

/** Command lines of `dash7-edge` in shell and console blocks: the words behind it. */
export function commandLinesIn(text: string): readonly (readonly string[])[] {
  return blocksIn(text)
    .filter(({ language }) => language === "sh" || language === "console")
    .flatMap(({ language, text }) => {
      const lines = text.replaceAll("\\\n", " ").split("\n");
      return language === "sh"
        ? lines
        : lines.filter((line) => line.startsWith("$ "));
    })
    .flatMap((line) => {
      const [code = ""] = line.split(/\s#\s/);
      return [...code.matchAll(COMMAND)]
        .map(([, words = ""]) =>
          [...words.matchAll(WORD)].map(([, double, single, bare]) =>
            double ?? single ?? bare ?? ""
          )
        )
        .filter(([verb = ""]) => /^[a-z-]/.test(verb));
    });
}

const WORDS = `(?: +(?:"[^"]*"|'[^']*'|[^\\s|;&<>)"']+))*`;
/** The program, in whatever place or form, but not as the name of a service, file or package. */
const COMMAND = new RegExp(
  `(?:(?<!-u |/etc/|enable |start |restart |stop |disable )\\bdash7-edge(?:-[\\w.-]+-portable)?|deno task start)(?![\\w./-])(${WORDS})`,
  "g",
);
const WORD = / +(?:"([^"]*)"|'([^']*)'|([^\s|;&<>)"']+))/g;
