/**
 * Every input that was worth keeping, run again: each finding is a test of what
 * put it right.
 *
 * @module
 */
import assert from "node:assert/strict";
import { corpusOf } from "./corpus.ts";
import { verdict } from "./engine.ts";
import { type Target, textOf } from "./target.ts";
import { targets } from "./targets/all.ts";

/** All that is kept for a target may have so many bytes. */
const MOST_BYTES = 16_384;

for (const target of targets) {
  Deno.test(`${target.name} keeps its promises for the corpus`, async (t) => {
    const corpus = corpusOf(target.name);
    const bytes = corpus.values().reduce((sum, { length }) => sum + length, 0);
    assert.ok(bytes <= MOST_BYTES, `${bytes} bytes: keep less`);
    try {
      for (const [name, input] of corpus) await check(target, name, input);
      await t.step("and for its seeds", async () => {
        for (const seed of target.seeds) await check(target, "a seed", seed);
      });
    } finally {
      await target.close?.();
    }
  });
}

async function check(
  target: Target,
  name: string,
  input: Uint8Array,
): Promise<void> {
  const error = await verdict(target, input);
  if (error === null) return;
  const shown = target.text ? textOf(input) : input.toHex();
  assert.fail(
    `${name}: ${error instanceof Error ? error.stack : error}\ninput: ${shown}`,
  );
}
