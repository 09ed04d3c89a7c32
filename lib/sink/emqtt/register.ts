/**
 * What an ePlug never forgets, in a file of its own: its UID, the broker it is
 * locked to, and which SubinterfaceID belongs to which node. Written durably
 * before it is used. [E-002, E-090, M-05]
 *
 * @module
 */
import { join } from "node:path";
import * as z from "zod";
import type { Log } from "../../log.ts";
import { allocateId } from "./ids.ts";

const layout = z.object({
  uid: z.string().regex(/^[0-9A-F]{12}$/).nullable(),
  lock: z.string().nullable(),
  ids: z.record(z.string(), z.string()),
});

type Content = z.infer<typeof layout>;

/** The register of one sink. */
export interface Register {
  /** UID chosen in an earlier run; null: none yet. */
  uid(): string | null;
  /** @throws {Error} when it cannot be written */
  setUid(uid: string): void;
  lock(): string | null;
  /** @throws {Error} when it cannot be written */
  setLock(lock: string | null): void;
  /**
   * Ids of nodes, allocated where they have none; durable when this returns.
   *
   * @throws {Error} when it cannot be written
   */
  ids(devices: readonly string[]): readonly string[];
}

/**
 * Opens the register of a sink. One that cannot be read is set aside: ids are
 * computed again and come out the same. [M-06]
 *
 * @param aliases ids of the operator's choice, by device [M-08]
 */
export function openRegister(
  dir: string,
  name: string,
  aliases: Readonly<Record<string, string>>,
  log: Log,
): Register {
  const path = join(dir, `emqtt-${name}.json`);
  let content = load(path, log);
  const used = new Map(
    Object.entries(content.ids).map(([device, id]) => [id, device]),
  );
  const save = (part: Partial<Content>) => {
    const next = { ...content, ...part };
    writeDurably(dir, path, `${JSON.stringify(next, null, 1)}\n`);
    content = next;
  };
  return {
    uid: () => content.uid,
    setUid: (uid) => save({ uid }),
    lock: () => content.lock,
    setLock: (lock) => save({ lock }),
    ids(devices) {
      const ids = { ...content.ids };
      const fresh = new Map(used);
      const all = devices.map((device) => {
        const known = ids[device];
        if (known !== undefined) return known;
        const id = allocateId(device, fresh, aliases[device]);
        fresh.set(id, device);
        return ids[device] = id;
      });
      if (fresh.size > used.size) {
        save({ ids });
        for (const [id, device] of fresh) used.set(id, device);
      }
      return all;
    },
  };
}

/** The broker a sink is locked to; null when none is known. Changes nothing. */
export function lockIn(dir: string, name: string): string | null {
  try {
    const text = Deno.readTextFileSync(join(dir, `emqtt-${name}.json`));
    return layout.parse(JSON.parse(text)).lock;
  } catch {
    // Not there yet, damaged, or of another user: the running sink tells.
    return null;
  }
}

function load(path: string, log: Log): Content {
  const empty: Content = { uid: null, lock: null, ids: {} };
  let text: string;
  try {
    text = Deno.readTextFileSync(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    return empty;
  }
  try {
    return layout.parse(JSON.parse(text));
  } catch (error) {
    log.error("Register of the ePlug is damaged, set aside", {
      path: `${path}.damaged`,
      error,
    });
    Deno.renameSync(path, `${path}.damaged`);
    return empty;
  }
}

/** Temporary file, fsync, rename, fsync of the directory. */
function writeDurably(dir: string, path: string, text: string): void {
  Deno.mkdirSync(dir, { recursive: true, mode: 0o700 });
  const temporary = `${path}.new`;
  {
    using file = Deno.openSync(temporary, {
      write: true,
      create: true,
      truncate: true,
      mode: 0o600,
    });
    const bytes = new TextEncoder().encode(text);
    for (let at = 0; at < bytes.length;) {
      at += file.writeSync(bytes.subarray(at));
    }
    file.syncSync();
  }
  Deno.renameSync(temporary, path);
  using directory = Deno.openSync(dir, { read: true });
  directory.syncSync();
}
