/**
 * As whom the agent runs, and what that user may do with a file. `doctor` is
 * often run by another user (root, as a rule) than the agent, and what counts
 * is what the agent may do. Pure.
 *
 * @module
 */

/** A user with its groups. */
export interface Account {
  readonly name: string;
  readonly uid: number;
  /** Every group it is in, the first one its own. */
  readonly gids: readonly number[];
  /** How it is known that the agent runs as this user. */
  readonly from: "agent" | "service" | "self";
}

/** What of a file decides who may use it. */
export interface Permissions {
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
}

/** Names of users and groups by their numbers, and members of groups. */
export interface Names {
  readonly users: ReadonlyMap<
    number,
    { readonly name: string; readonly gid: number }
  >;
  readonly groups: ReadonlyMap<
    number,
    { readonly name: string; readonly members: readonly string[] }
  >;
}

/** Reads `/etc/passwd` and `/etc/group` [passwd(5), group(5)]. */
export function namesFrom(passwd: string, group: string): Names {
  const rows = (text: string) =>
    text.split("\n").filter((line) => line.includes(":"))
      .map((line) => line.split(":"));
  return {
    users: new Map(
      rows(passwd).map(([name = "", , uid, gid]) => [
        Number(uid),
        { name, gid: Number(gid) },
      ]),
    ),
    groups: new Map(
      rows(group).map(([name = "", , gid, members = ""]) => [
        Number(gid),
        { name, members: members.split(",").filter((one) => one !== "") },
      ]),
    ),
  };
}

/** Name of a user, or its number. */
export function userName(names: Names, uid: number): string {
  return names.users.get(uid)?.name ?? String(uid);
}

/** Name of a group, or its number. */
export function groupName(names: Names, gid: number): string {
  return names.groups.get(gid)?.name ?? String(gid);
}

/** The account of a user by name, with groups that its service adds; null for one that is not there. */
export function accountOf(
  names: Names,
  name: string,
  added: readonly string[],
): Account | null {
  for (const [uid, user] of names.users) {
    if (user.name !== name) continue;
    const gids = [...names.groups].filter(([, group]) =>
      group.members.includes(name) || added.includes(group.name)
    ).map(([gid]) => gid);
    return { name, uid, gids: [user.gid, ...gids], from: "service" };
  }
  return null;
}

/** The account of a process, from its `/proc/PID/status` [proc(5)]; null when that says nothing. */
export function accountIn(
  names: Names,
  status: string,
  from: Account["from"],
): Account | null {
  const numbers = (key: string) =>
    new RegExp(`^${key}:\\s*(.*)$`, "m").exec(status)?.[1]?.trim()
      .split(/\s+/).filter((text) => text !== "").map(Number) ?? [];
  const [, uid] = numbers("Uid");
  const [, gid] = numbers("Gid");
  if (uid === undefined || gid === undefined) return null;
  return {
    name: userName(names, uid),
    uid,
    gids: [gid, ...numbers("Groups")],
    from,
  };
}

/** The account in a sentence: whose permissions they are. */
export function whom({ name, from }: Account): string {
  return from === "self" ? `this user (${name})` : `the agent's user (${name})`;
}

/** Permission bits. */
export const READ = 4;
export const WRITE = 2;
export const SEARCH = 1;

/** Whether a user may do all of `wanted` with a file; the kernel takes the first class that fits. */
export function may(
  account: Account,
  { mode, uid, gid }: Permissions,
  wanted: number,
): boolean {
  if (account.uid === 0) return true;
  const shift = uid === account.uid ? 6 : account.gids.includes(gid) ? 3 : 0;
  return ((mode >> shift) & wanted) === wanted;
}

/** Permission bits as people write them, e.g. `0660`. */
export function modeText(mode: number): string {
  return (mode & 0o7777).toString(8).padStart(4, "0");
}
