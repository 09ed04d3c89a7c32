/**
 * No regular expression of the program takes long over a hostile text: each is
 * tried on texts made of its own characters, longer and longer.
 */
import assert from "node:assert/strict";

const root = new URL("../../", import.meta.url);

/** A literal: behind something that no number or name ends. */
const LITERAL =
  /(?:^|[=(,:!&|?;{}[]|=>|\breturn)\s*\/(?![*/])((?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\[\n])+)\/([dgimsuvy]*)/gm;

interface Found {
  readonly path: string;
  readonly source: string;
  readonly flags: string;
}

function* literals(under: string): Generator<Found> {
  for (const { name, isDirectory } of Deno.readDirSync(new URL(under, root))) {
    const path = `${under}/${name}`;
    if (isDirectory) yield* literals(path);
    else if (/\.(ts|js)$/.test(name)) {
      const text = Deno.readTextFileSync(new URL(path, root))
        .replaceAll(/^\s*\/?\*.*$/gm, "").replaceAll(/^\s*\/\/.*$/gm, "");
      for (const [, source = "", flags = ""] of text.matchAll(LITERAL)) {
        // Without repetition a match takes as many steps as it has characters.
        if (/[*+]|\{\d*,/.test(source)) yield { path, source, flags };
      }
    }
  }
}

/** Pieces to build texts of: characters the expression speaks of, and common ones. */
function piecesOf(source: string): readonly string[] {
  const own = [...source.replaceAll(/\\[a-zA-Z]/g, "")]
    .filter((char) => !/[\\()[\]{}*+?|^$]/.test(char));
  const words = source.match(/[A-Za-z:/.@-]{2,}/g) ?? [];
  return [...new Set([...own, ...words, " ", "a", "0", "\t", "-", "ab", "/a"])]
    .slice(0, 24);
}

/** Longest time that one text may take, ms; a machine under load takes some as well. */
const LIMIT_MS = 400;

function slowest({ source, flags }: Found): string | null {
  let pattern: RegExp;
  try {
    pattern = new RegExp(source, flags.replaceAll(/[gy]/g, ""));
  } catch (error) {
    // A path in a text that looks like one.
    if (error instanceof SyntaxError) return null;
    throw error;
  }
  for (const piece of piecesOf(source)) {
    // An exponential one shows at 27 and would not end at 3000.
    for (const length of [20, 25, 27, 300, 3000]) {
      for (const end of ["", "\0"]) {
        const text = piece.repeat(length / piece.length) + end;
        const startMs = performance.now();
        pattern.test(text);
        const tookMs = performance.now() - startMs;
        if (tookMs > LIMIT_MS) {
          return `${JSON.stringify(piece)} × ${length}: ${
            tookMs.toFixed(0)
          } ms`;
        }
      }
    }
  }
  return null;
}

Deno.test("the walk finds expressions, and the trial finds slow ones", () => {
  assert.ok([...literals("lib")].length > 80);
  const bad = { path: "", source: "^(a+)+$", flags: "" };
  assert.match(slowest(bad) ?? "", /^"a" × (25|27)/);
});

Deno.test("every regular expression is quick on long hostile texts", () => {
  const slow: string[] = [];
  for (const found of literals("lib")) {
    const why = slowest(found);
    if (why !== null) slow.push(`${found.path}: /${found.source}/: ${why}`);
  }
  assert.deepEqual(slow, []);
});
