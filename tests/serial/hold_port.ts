/**
 * A process of its own that holds the port named by its argument until its
 * input ends; it says so with one line.
 */
import { openTty } from "../../lib/serial/tty.ts";

const [path = ""] = Deno.args;
await using _port = await openTty(path, { baud: 115_200 });
await Deno.stdout.write(new TextEncoder().encode("held\n"));
await Deno.stdin.read(new Uint8Array(1));
