import assert from "node:assert/strict";
import fc from "fast-check";
import { locate, type Path, pathKey } from "../../lib/config/locate.ts";
import { editDistance, nearest } from "../../lib/config/nearest.ts";
import {
  isTable,
  parseToml,
  SyntaxFault,
  tomlKey,
  tomlValue,
} from "../../lib/config/toml.ts";

/** Every path of a parsed document. */
function pathsOf(value: unknown, path: Path = []): string[] {
  const own = path.length === 0 ? [] : [pathKey(path)];
  const below = Array.isArray(value)
    ? value.flatMap((inner, index) => pathsOf(inner, [...path, index]))
    : isTable(value)
    ? Object.entries(value).flatMap(([key, inner]) =>
      pathsOf(inner, [...path, key])
    )
    : [];
  return [...own, ...below];
}

const word = fc.constantFrom(
  "a",
  "b",
  "c-1",
  "_",
  "0",
  "a b",
  "é",
  "",
  "x.y",
  'q"',
  "__proto__",
);
const key = word.chain((name) =>
  fc.constantFrom(
    tomlKey(name),
    tomlValue(name),
    ...(name.includes("'") ? [] : [`'${name}'`]),
  )
);
const dotted = fc.array(key, { minLength: 1, maxLength: 3 })
  .chain((keys) => fc.constantFrom(".", " . ").map((dot) => keys.join(dot)));
const gap = fc.constantFrom("", " ", "\n", ' # note ] } = "\n', "\r\n\t");
const text = fc.constantFrom(
  '""',
  "''",
  '"a # b"',
  "'c:\\'",
  '"\\" ] = \\\\"',
  '"""\nx = 1\n[y]\n\\"""""',
  "'''a''b'''''",
  '""""""',
  '"$' + '{V}"',
);
const scalar = fc.oneof(
  text,
  fc.constantFrom(
    "1",
    "-1.5e3",
    "true",
    "inf",
    "0xFF",
    "1979-05-27 07:32:00Z",
    "07:32:00",
  ),
);
const { value } = fc.letrec<{ value: string }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    scalar,
    fc.array(fc.tuple(gap, tie("value"), gap), { maxLength: 3 })
      .map((items) => `[${items.map((item) => item.join("")).join(",")}]`),
    fc.array(fc.tuple(dotted, tie("value")), { maxLength: 3 })
      .map((pairs) =>
        `{ ${pairs.map(([k, v]) => `${k} = ${v}`).join(" , ")} }`
      ),
  ),
}));
const line = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.tuple(dotted, value).map(([k, v]) => `${k} = ${v} # end`),
  },
  { weight: 2, arbitrary: dotted.map((k) => ` [ ${k} ]`) },
  { weight: 1, arbitrary: dotted.map((k) => `[[${k}]] # list`) },
  { weight: 1, arbitrary: fc.constantFrom("", "# [x] = 1", "\t") },
);
const document = fc.tuple(
  fc.constantFrom("\n", "\r\n"),
  fc.array(line, { maxLength: 6 }),
)
  .map(([newline, lines]) => lines.join(newline));

Deno.test("locate() finds the paths the TOML library finds, no more, no fewer", () => {
  let read = 0;
  fc.assert(
    fc.property(document, (toml) => {
      let parsed: unknown;
      try {
        parsed = parseToml(toml);
      } catch (error) {
        if (error instanceof SyntaxFault) return;
        throw error;
      }
      read++;
      assert.deepEqual(locate(toml).paths().sort(), pathsOf(parsed).sort());
    }),
    { numRuns: 1500 },
  );
  assert.ok(read > 300, `only ${read} documents were TOML`);
});

Deno.test("locate() points at the value, whatever stands before it", () => {
  fc.assert(
    fc.property(fc.array(gap, { maxLength: 4 }), text, (gaps, literal) => {
      const toml = `${gaps.join("\n")}\n[t]\nk = [ 1,${
        gaps.join("")
      }${literal} ]`;
      const { line, column } = locate(toml).of(["t", "k", 1]);
      const rest = toml.split("\n").slice(line - 1).join("\n").slice(
        column - 1,
      );
      assert.ok(rest.startsWith(literal), rest);
    }),
  );
});

const SAMPLE = `# head
[a.b]          # line 2
c = 1
"d e".f = { g = "x", h.i = [1, 2] }
[a]
j = """
"""
[[l]]
[[l]]
  m = 1
  [l.n]
  o = 2
`;

const places: readonly (readonly [Path, "key" | "value", number, number])[] = [
  [["a"], "key", 5, 2],
  [["a"], "value", 5, 1],
  [["a", "b"], "key", 2, 4],
  [["a", "b", "c"], "key", 3, 1],
  [["a", "b", "c"], "value", 3, 5],
  [["a", "b", "d e"], "value", 4, 1],
  [["a", "b", "d e", "f", "g"], "value", 4, 17],
  [["a", "b", "d e", "f", "h", "i", 1], "value", 4, 32],
  [["a", "b", "gone"], "key", 2, 1],
  [["a", "j"], "value", 6, 5],
  [["l", 0], "value", 8, 1],
  [["l", 1, "m"], "value", 10, 7],
  [["l", 1, "n", "o"], "key", 12, 3],
  [["gone", "far"], "value", 1, 1],
];

for (const [path, part, line, column] of places) {
  Deno.test(`locate() places the ${part} of ${pathKey(path)}`, () => {
    assert.deepEqual(locate(SAMPLE).of(path, part), { line, column });
  });
}

Deno.test("nearest() takes the word that was meant, or none", () => {
  const known = ["port", "baud", "silence_ms", "client_id"];
  assert.equal(nearest("prot", known), "port");
  assert.equal(nearest("clientId", known), "client_id");
  assert.equal(nearest("CLIENT-ID", known), "client_id");
  assert.equal(nearest("silence", known), "silence_ms");
  assert.equal(nearest("speed", known), undefined);
  assert.equal(nearest("", known), undefined);
});

Deno.test("editDistance() is a distance", () => {
  const short = fc.string({
    unit: fc.constantFrom("a", "b", "c"),
    maxLength: 6,
  });
  fc.assert(fc.property(short, short, (a, b) => {
    assert.equal(editDistance(a, b), editDistance(b, a));
    assert.equal(editDistance(a, b) === 0, a === b);
    assert.ok(editDistance(a, b) <= Math.max(a.length, b.length));
  }));
});
