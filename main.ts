// First of all: what is loaded after it reads the environment.
import "./lib/cli/environment.ts";
import { main } from "./lib/cli/cli.ts";
import { processIo } from "./lib/cli/io.ts";
import { ignoreUsr1 } from "./lib/serial/libc.ts";

const stop = new AbortController();
const onSignal = (): void => {
  // The second signal is from someone who will not wait.
  if (stop.signal.aborted) Deno.exit(1);
  stop.abort();
};
for (const name of ["SIGINT", "SIGTERM"] as const) {
  Deno.addSignalListener(name, onSignal);
}
// At USR1 the runtime would open a debugger on 127.0.0.1, through which every
// local account could run code as this process. A listener alone comes beside
// that; but it makes the runtime leave the signal's handler as it is from now on.
Deno.addSignalListener("SIGUSR1", () => {});
ignoreUsr1();
Deno.exit(await main(Deno.args, processIo(stop.signal)));
