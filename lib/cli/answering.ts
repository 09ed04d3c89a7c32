/**
 * Finds the agent that answers, and says in plain words why none does.
 *
 * @module
 */
import { AgentError } from "./agent_error.ts";
import { type Place, SERVICE_SOCKET } from "./socket.ts";
import { quoted } from "./words.ts";

/**
 * The first of the places that somebody answers on.
 *
 * @throws {AgentError} when there is none
 */
export async function answering(
  places: readonly Place[],
  verb: string,
): Promise<string> {
  const tried: string[] = [];
  for (const { path, from } of places) {
    try {
      (await Deno.connect({ path, transport: "unix" })).close();
      return path;
    } catch (error) {
      if (error instanceof Deno.errors.PermissionDenied) {
        throw new AgentError(await othersSocket(path, verb));
      }
      tried.push(`${path} (from ${from}): ${await reasonOf(path, error)}`);
    }
  }
  const service = places.some(({ from, path }) =>
    path === SERVICE_SOCKET || from.startsWith("/etc/")
  );
  const file = places.find(({ from }) => from.includes("/"))?.from;
  const start = service
    ? "sudo systemctl start dash7-edge"
    : file === undefined
    ? "dash7-edge run"
    : `dash7-edge run --config ${file}`;
  const other = service || !await isSocket(SERVICE_SOCKET)
    ? ""
    : `\nAnother agent has ${SERVICE_SOCKET}; to ask it: dash7-edge ${verb} --socket ${SERVICE_SOCKET}`;
  throw new AgentError(
    `no agent is running\n${
      tried.map((line) => `  ${line}\n`).join("")
    }Start it: ${start}${other}`,
  );
}

async function reasonOf(path: string, error: unknown): Promise<string> {
  if (error instanceof Deno.errors.NotFound) return "no such socket";
  if (error instanceof Deno.errors.ConnectionRefused) {
    return await isSocket(path)
      ? "left from an agent that has ended"
      : "not a socket";
  }
  return error instanceof Error ? error.message : String(error);
}

async function isSocket(path: string): Promise<boolean> {
  return await Deno.stat(path).then(
    ({ isSocket }) => isSocket === true,
    () => false,
  );
}

/** The socket is open to its owner only: who that is, and how to ask as them. */
export async function othersSocket(
  path: string,
  verb: string,
): Promise<string> {
  const directory = path.replace(/\/[^/]*$/, "") || "/";
  const { uid } = await Deno.stat(path)
    .catch(() => Deno.stat(directory))
    .catch(() => ({ uid: null }));
  const owner = uid === null ? null : await userOf(uid);
  const sudo = owner === null || owner === "root"
    ? "sudo"
    : `sudo -u ${quoted(owner)}`;
  return `the agent's control socket ${path} belongs to ${
    owner === null ? "another user" : `the user ${owner}`
  }\nAsk as that user: ${sudo} dash7-edge ${verb}`;
}

async function userOf(uid: number): Promise<string> {
  const text = await Deno.readTextFile("/etc/passwd").catch(() => "");
  for (const line of text.split("\n")) {
    const [name, , id] = line.split(":");
    if (name !== undefined && id === String(uid)) return name;
  }
  return `#${uid}`;
}
