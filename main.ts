import { main } from "./lib/cli/cli.ts";
import { processIo } from "./lib/cli/io.ts";

const stop = new AbortController();
const onSignal = (): void => {
  // The second signal is from someone who will not wait.
  if (stop.signal.aborted) Deno.exit(1);
  stop.abort();
};
for (const name of ["SIGINT", "SIGTERM"] as const) {
  Deno.addSignalListener(name, onSignal);
}
Deno.exit(await main(Deno.args, processIo(stop.signal)));
