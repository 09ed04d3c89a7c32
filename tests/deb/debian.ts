/**
 * A fresh Debian in a directory, made by debootstrap from the archive that this
 * machine's apt uses.
 *
 * @module
 */

/** How a program ended. */
export interface Ran {
  readonly code: number;
  readonly text: string;
}

/** Runs a program to its end. */
export async function run(...command: string[]): Promise<Ran> {
  const [program = "", ...args] = command;
  const { code, stdout, stderr } = await new Deno.Command(program, {
    args,
    stdin: "null",
    env: { LC_ALL: "C", DEBIAN_FRONTEND: "noninteractive" },
  }).output();
  const decoder = new TextDecoder();
  return { code, text: decoder.decode(stdout) + decoder.decode(stderr) };
}

/** {@link run}, whose failure is an error with what was said. */
export async function must(...command: string[]): Promise<string> {
  const { code, text } = await run(...command);
  if (code !== 0) throw new Error(`${command.join(" ")}: ${code}\n${text}`);
  return text;
}

/** A Debian without a kernel. */
export interface Debian extends AsyncDisposable {
  readonly root: string;
  /** Runs a program in it. */
  run(...command: string[]): Promise<Ran>;
  must(...command: string[]): Promise<string>;
}

/** Makes a Debian of this machine's release. */
export async function freshDebian(): Promise<Debian> {
  const archive = (await must(
    "apt-get",
    "indextargets",
    "--format",
    "$(REPO_URI) $(RELEASE)",
    "Created-By: Packages",
  )).split("\n").find((line) => / [a-z]+$/.test(line))?.split(" ");
  const [uri = "", release = ""] = archive ?? [];
  if (uri === "") throw new Error("apt of this machine has no archive");
  const root = await Deno.makeTempDir({ prefix: "dash7-edge-debian-" });
  // It is the "/" of users who are not root.
  await Deno.chmod(root, 0o755);
  await must(
    "debootstrap",
    "--variant=minbase",
    "--include=adduser",
    release,
    root,
    uri,
  );
  await must("mount", "-t", "proc", "proc", `${root}/proc`);
  return {
    root,
    run: (...command) => run("chroot", root, ...command),
    must: (...command) => must("chroot", root, ...command),
    async [Symbol.asyncDispose]() {
      await must("umount", `${root}/proc`);
      await Deno.remove(root, { recursive: true });
    },
  };
}
