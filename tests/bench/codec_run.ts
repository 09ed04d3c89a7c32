/**
 * The codec's figure as a process of its own, so that it can be run with the
 * flags of a built file and from another checkout; prints frames a second.
 *
 * @module
 */
import { benchCodec } from "./codec_bench.ts";

const rate = benchCodec(Number(Deno.args[0] ?? 3));
await Deno.stdout.write(new TextEncoder().encode(`${rate}\n`));
