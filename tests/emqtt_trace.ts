/**
 * `deno task emqtt:trace`: which test proves which requirement of eMQTT. A test
 * proves those whose numbers its name begins with or contains; the names are
 * read from the files, nothing is run. Fails if a requirement that binds the
 * plug and can be tested from outside has no test.
 *
 * @module
 */

/** One row of the table of requirements. */
export interface Requirement {
  readonly id: string;
  /** `N` of the document, `L` of its log, `R` ruled by us. */
  readonly kind: string;
  readonly direction: string;
  readonly text: string;
  /** How it shows from outside; empty or `-` if it does not. */
  readonly blackBox: string;
}

/** The rows of `emqtt-requirements.md`. */
export function requirements(markdown: string): Requirement[] {
  return markdown.split("\n").filter((line) => /^\| E-\d{3} \|/.test(line)).map(
    (line) => {
      const cells = line.replace(/^\| | \|$/g, "").split(" | ");
      const [id = "", , kind = "", direction = "", text = ""] = cells;
      return {
        id,
        kind,
        direction,
        text,
        blackBox: cells.at(-1)?.trim() ?? "",
      };
    },
  );
}

/** Whether a requirement needs a test: it is the plug's, and shows from outside. */
export function needsTest({ kind, direction, blackBox }: Requirement): boolean {
  return /^[NLR]$/.test(kind) && direction !== "A" &&
    blackBox !== "" && blackBox !== "-";
}

/**
 * Names of tests and steps in a file's text: the first argument of `test` and
 * `step`, `name:` of their options, and names in tables of tests, which begin
 * with the number of a requirement.
 */
export function testNames(source: string): string[] {
  const literal = String.raw`(["'\x60])((?:\\.|(?!\1)[^\\])*)\1`;
  const patterns = [
    String.raw`(?:Deno\.test|\.step)\(\s*${literal}`,
    String.raw`\bname:\s*${literal}`,
    String.raw`(?<=[\s(\[{])(["'\x60])(E-\d{3}\b(?:\\.|(?!\1)[^\\])*)\1`,
  ];
  const code = source.replaceAll(/^\s*(?:\/\/|\*|\/\*).*$/gm, "");
  const names = patterns.flatMap((pattern) =>
    [...code.matchAll(new RegExp(pattern, "g"))].map((found) => found[2] ?? "")
  );
  return [...new Set(names)];
}

/** Requirement → tests, as `FILE: NAME`. */
export function trace(
  files: Iterable<readonly [file: string, source: string]>,
): Map<string, string[]> {
  const found = new Map<string, string[]>();
  for (const [file, source] of files) {
    for (const name of testNames(source)) {
      for (const id of new Set(name.match(/\bE-\d{3}\b/g) ?? [])) {
        found.set(id, [...(found.get(id) ?? []), `${file}: ${name}`]);
      }
    }
  }
  return found;
}

/** Every file of tests below a folder, sorted. */
export function testFiles(root: URL, below = "tests/"): [string, string][] {
  return [...Deno.readDirSync(new URL(below, root))]
    .sort((a, b) => a.name < b.name ? -1 : 1)
    .flatMap(({ name, isDirectory }): [string, string][] => {
      const path = `${below}${name}`;
      if (isDirectory) return testFiles(root, `${path}/`);
      return name.endsWith("_test.ts")
        ? [[path, Deno.readTextFileSync(new URL(path, root))]]
        : [];
    });
}

if (import.meta.main) {
  const root = new URL("../", import.meta.url);
  const wanted = requirements(
    Deno.readTextFileSync(
      new URL("tests/fixtures/emqtt/emqtt-requirements.md", root),
    ),
  );
  const found = trace(testFiles(root));
  const lines: string[] = [];
  const gaps: string[] = [];
  for (const row of wanted) {
    const tests = found.get(row.id) ?? [];
    lines.push(`${row.id} ${row.kind} ${row.direction}`);
    lines.push(...tests.map((test) => `    ${test}`));
    if (tests.length > 0) continue;
    if (!needsTest(row)) lines.push("    (not the plug's, or not to be seen)");
    else {
      lines.push("    NO TEST");
      gaps.push(`${row.id}: ${row.text.slice(0, 100)}`);
    }
  }
  const known = new Set(wanted.map(({ id }) => id));
  const strangers = [...found.keys()].filter((id) => !known.has(id));
  lines.push(
    "",
    `${wanted.length} requirements, ${gaps.length} without a test`,
    ...gaps.map((gap) => `    ${gap}`),
    ...strangers.map((id) => `${id} is named by a test but is no requirement`),
    "",
  );
  Deno.stdout.writeSync(new TextEncoder().encode(lines.join("\n")));
  Deno.exit(gaps.length + strangers.length > 0 || wanted.length === 0 ? 1 : 0);
}
