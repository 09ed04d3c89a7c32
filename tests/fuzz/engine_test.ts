/**
 * The fuzzer itself, with faults that were put in for it to find.
 *
 * @module
 */
import assert from "node:assert/strict";
import { Deframer } from "../../lib/frame/deframer.ts";
import { Counts } from "./coverage.ts";
import { fuzz, type Plan } from "./engine.ts";
import { mutated } from "./mutate.ts";
import { Random } from "./random.ts";
import { bytesOf, type Target, textOf } from "./target.ts";
import { deframer } from "./targets/deframer.ts";

function toy(run: Target["run"], more: Partial<Target> = {}): Target {
  return {
    name: "toy",
    inputs: 0,
    maxBytes: 60,
    boundMs: 200,
    sources: /engine_test\.ts/,
    seeds: [bytesOf("aaaa")],
    words: [],
    text: true,
    run,
    ...more,
  };
}

const plan: Plan = { seed: 6, inputs: 60_000, counts: null, corpus: [] };

/** Five bytes in a row, one comparison behind the other. */
function behindDoors(input: Uint8Array): void {
  if ((input[0] ?? 0) >> 4 !== 0xd) return;
  if ((input[1] ?? 0) >> 4 !== 0x3) return;
  if ((input[2] ?? 0) >> 4 !== 0xe) return;
  if ((input[3] ?? 0) >> 4 !== 0x9) return;
  if ((input[4] ?? 0) >> 4 !== 0xb) return;
  throw new Error("all doors are open");
}

Deno.test("fuzz() finds behind five doors what it would not find blind", async () => {
  await using counts = await Counts.begin();
  const guided = await fuzz(toy(behindDoors), { ...plan, counts });
  const blind = await fuzz(toy(behindDoors), plan);
  assert.equal(blind.finding, null);
  assert.equal(blind.reached, null);
  assert.match(String(guided.finding?.error), /all doors are open/);
  assert.equal(guided.finding?.input.length, 5);
});

Deno.test("fuzz() makes a finding small, and tells it from other errors", async () => {
  const { finding, inputs } = await fuzz(
    toy((input) => {
      const text = textOf(input);
      if (text.includes("(") && text.includes(")")) throw new Error("pair");
      if (text.length === 0) throw new Error("empty");
    }, { words: ["(", ")"].map(bytesOf) }),
    plan,
  );
  assert.match(String(finding?.error), /pair/);
  assert.equal(finding?.input.length, 2);
  assert.equal(finding?.number, inputs);
});

Deno.test("fuzz() tells an input that takes too long", async () => {
  const { finding } = await fuzz(
    toy((input) => {
      if (!input.includes(0x7a)) return;
      let hash = 1;
      for (let n = 0; n < 30_000_000; n++) hash = Math.imul(hash, 31) + n;
      if (hash === 0.5) throw new Error("no whole number");
    }, { boundMs: 5, words: [bytesOf("z")] }),
    plan,
  );
  assert.match(String(finding?.error), /^Error: took \d+ ms for 1 bytes/);
});

Deno.test("fuzz() tells what is thrown where nobody can catch it", async () => {
  const { finding } = await fuzz(
    toy(async (input) => {
      if (!input.includes(0x7a)) return;
      queueMicrotask(() => {
        throw new Error("from nowhere");
      });
      await new Promise((resolve) => setTimeout(resolve, 0));
    }, { words: [bytesOf("z")] }),
    plan,
  );
  assert.match(String(finding?.error), /from nowhere/);
});

Deno.test("fuzz() makes the same inputs for the same seed", async () => {
  const inputsOf = async (seed: number) => {
    const made: string[] = [];
    const target = toy((input) => void made.push(input.toHex()));
    await fuzz(target, { ...plan, seed, inputs: 500 });
    return made;
  };
  assert.deepEqual(await inputsOf(1), await inputsOf(1));
  assert.notDeepEqual(await inputsOf(1), await inputsOf(2));
});

Deno.test("mutated() keeps to the length, now and then goes far beyond it", () => {
  const random = new Random(1, "");
  const pool = [bytesOf("abcdefgh")];
  let longest = 0;
  let beyond = 0;
  for (let n = 0; n < 20_000; n++) {
    const { length } = mutated(random, { words: [], maxBytes: 100 }, pool);
    longest = Math.max(longest, length);
    if (length > 100) beyond++;
  }
  assert.ok(longest > 10_000 && longest <= 70_000, `${longest}`);
  assert.ok(beyond < 500, `${beyond}`);
});

Deno.test("The target of the deframer sees that a bad checksum is not told", async () => {
  const { push } = Deframer.prototype;
  // A fault put in: nobody is told of a bad checksum.
  Deframer.prototype.push = function (chunk) {
    return push.call(this, chunk).filter(({ kind }) => kind !== "bad_checksum");
  };
  try {
    const { finding } = await fuzz(deframer, plan);
    assert.match(String(finding?.error), /the specification/);
    assert.ok((finding?.input.length ?? 99) <= 40);
  } finally {
    Deframer.prototype.push = push;
  }
});
