/**
 * Starts another process that holds a port.
 */

/** A process that holds a port. */
export interface Holding extends AsyncDisposable {
  readonly pid: number;
  /** Kills it without a chance to tidy up. */
  kill(): Promise<void>;
}

/** Resolves once the port is held. */
export async function holdPort(path: string): Promise<Holding> {
  const script = new URL("hold_port.ts", import.meta.url).pathname;
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "--allow-all", "--no-check", script, path],
    stdin: "piped",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const reader = child.stdout.getReader();
  const first = await reader.read();
  if (first.done) throw new Error(`Cannot hold ${path}: the process ended`);
  let ended = false;
  const end = async () => {
    if (ended) return;
    ended = true;
    await child.stdin.close().catch(() => {});
    await reader.cancel();
    await child.status;
  };
  return {
    pid: child.pid,
    async kill() {
      child.kill("SIGKILL");
      await end();
    },
    [Symbol.asyncDispose]: end,
  };
}
