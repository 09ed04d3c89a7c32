/**
 * JSON laid out for reading without touching a digit of it: payloads hold
 * 64-bit numbers that a parser would round.
 *
 * @module
 */

/**
 * The same JSON over several lines; what is no JSON stays as it is.
 *
 * @param {string} text
 * @returns {string}
 */
export function pretty(text) {
  try {
    JSON.parse(text);
  } catch {
    // Some payloads are no JSON at all.
    return text;
  }
  let depth = 0;
  let laid = "";
  const line = () => `\n${"  ".repeat(depth)}`;
  for (
    const [piece] of text.matchAll(
      /"(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s"{}[\],:]+/g,
    )
  ) {
    if (piece === "{" || piece === "[") {
      depth++;
      laid += piece + line();
    } else if (piece === "}" || piece === "]") {
      depth--;
      const before = laid.trimEnd();
      laid = /[{[]$/.test(before) ? before + piece : before + line() + piece;
    } else if (piece === ",") laid += piece + line();
    else laid += piece === ":" ? ": " : piece;
  }
  return laid;
}
