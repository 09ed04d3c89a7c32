/**
 * What is judged of the disk below `data_dir`: may the agent write there, does
 * it stay there, is there room, how long will the card last. Pure; the facts
 * come from `disk.ts`.
 *
 * @module
 */
import { type Account, may, modeText, SEARCH, whom, WRITE } from "./account.ts";
import type { Permissions } from "./account.ts";
import { type Finding, tell } from "./finding.ts";
import { liesIn } from "./host_rules.ts";

const MB = 1_000_000;

/** A mounted file system. */
export interface Mount {
  readonly point: string;
  /** Kind of file system, e.g. `ext4`. */
  readonly fs: string;
  /** What is mounted, e.g. `/dev/mmcblk0p2`. */
  readonly source: string;
  /** Number of its device, `major:minor`. */
  readonly device: string;
  readonly readOnly: boolean;
}

/** What is known of the data directory. */
export interface DirFacts {
  readonly dir: string;
  /** null: it is not there. */
  readonly self: (Permissions & { readonly isDirectory: boolean }) | null;
  /** The nearest directory above that is there. */
  readonly above: Permissions & { readonly path: string };
  /** Name of the owner, for people. */
  readonly owner: string;
  readonly mount: Mount | null;
  /** Where the service may write at all; null: anywhere. */
  readonly writable: readonly string[] | null;
}

/** Where a path is mounted, from `/proc/self/mountinfo` [proc_pid_mountinfo(5)]. */
export function mountOf(mountinfo: string, path: string): Mount | null {
  let best: Mount | null = null;
  for (const line of mountinfo.split("\n")) {
    const [before, after] = line.split(" - ");
    const [, , device, , at, options] = before?.split(" ") ?? [];
    const [fs, source] = after?.split(" ") ?? [];
    if (
      device === undefined || at === undefined || options === undefined ||
      fs === undefined || source === undefined
    ) continue;
    const point = unescaped(at);
    const holds = point === "/" || path === point ||
      path.startsWith(`${point}/`);
    // Of two mounts on one place the later one is seen.
    if (holds && point.length >= (best?.point.length ?? 0)) {
      best = {
        point,
        fs,
        source: unescaped(source),
        device,
        readOnly: options.split(",").includes("ro"),
      };
    }
  }
  return best;
}

/** Spaces and the like are written as octal numbers. */
function unescaped(text: string): string {
  return text.replace(
    /\\([0-7]{3})/g,
    (_, octal: string) => String.fromCharCode(parseInt(octal, 8)),
  );
}

const inMemory: ReadonlySet<string> = new Set(["tmpfs", "ramfs"]);
const onNetwork = /^(nfs|nfs4|cifs|smb3|9p|fuse\.sshfs|ceph|glusterfs)$/;

/** Whether the outbox can be kept in the data directory, and stays there. */
export function judgeDir(
  { dir, self, above, owner, mount, writable }: DirFacts,
  account: Account,
): Finding {
  const what = "data_dir";
  const user = account.name;
  const fs = mount?.fs ?? "unknown file system";
  const device = mount?.source ?? "an unknown device";
  const place = {
    user,
    whom: whom(account),
    dir,
    fs,
    device,
    mount: mount?.point ?? "/",
  };
  if (self !== null && !self.isDirectory) {
    return tell("data_dir_file", what, place);
  }
  if (mount !== null && inMemory.has(fs)) {
    return tell("data_dir_memory", what, place);
  }
  if (onNetwork.test(fs)) return tell("data_dir_network", what, place);
  if (mount?.readOnly) return tell("data_dir_readonly", what, place);
  if (account.from !== "self" && !liesIn(dir, writable)) {
    const allowed = (writable ?? []).join(", ");
    return tell("data_dir_protected", what, { ...place, allowed });
  }
  if (self === null) {
    return may(account, above, WRITE | SEARCH)
      ? tell("data_dir_new", what, place)
      : tell("data_dir_parent", what, { ...place, parent: above.path });
  }
  if (!may(account, self, WRITE | SEARCH)) {
    const mode = modeText(self.mode);
    return tell("data_dir_denied", what, { ...place, owner, mode });
  }
  return tell(fs === "overlay" ? "data_dir_overlay" : "data_dir", what, place);
}

/** What is known of the room on the disk. */
export interface SpaceFacts {
  readonly freeBytes: number;
  /** Files that can still be made; null where there is no such limit. */
  readonly filesFree: number | null;
  /** Size of the outbox as it is. */
  readonly outboxBytes: number;
  readonly maxMb: number;
  readonly minFreeMb: number;
}

/** Whether the outbox can grow to its limit without the disk getting full. */
export function judgeSpace(facts: SpaceFacts): Finding {
  const { maxMb, minFreeMb: min } = facts;
  if (facts.filesFree === 0) return tell("inodes_none", "space");
  const free = Math.floor(facts.freeBytes / MB);
  if (free < min) return tell("space_low", "space", { free, min });
  // What the outbox takes already is not taken a second time.
  const taken = Math.ceil(facts.outboxBytes / MB);
  const wanted = Math.max(0, Math.ceil(maxMb - taken));
  if (free - wanted >= min) return tell("space", "space", { free, wanted });
  const fits = Math.max(1, free + taken - Math.ceil(min));
  return tell("space_tight", "space", {
    free,
    wanted,
    min: Math.max(0, free - wanted),
    fits,
  });
}

/** What is known of the disk's life. */
export interface WearFacts {
  /** `SD card`, `eMMC` or `disk`. */
  readonly kind: "SD card" | "eMMC" | "disk";
  readonly bytes: number | null;
  /** Use of its life in tenths, from the eMMC itself; null where it does not say. */
  readonly lifeTenths: number | null;
  /** Bytes written a day, and how that is known; null while unknown. */
  readonly writing: {
    readonly bytesPerDay: number;
    readonly source: "measured" | "estimated";
  } | null;
}

/**
 * How often a medium can be written over in small synchronous pieces, as the
 * outbox does. A consumer card takes some 500 to 1000 full writes, of which a
 * write of 4 kB that must be on the card at once uses up several times its
 * size; solid-state disks gather such writes better.
 */
const REWRITES = { "SD card": 100, "eMMC": 300, "disk": 500 } as const;
/** Shorter than this is worth a word, years. */
const SHORT_LIFE_YEARS = 5;
/** Longer than this nobody can tell, years. */
const LONG_LIFE_YEARS = 50;

/** How long the disk lasts at the present rate, and what it says itself. */
export function judgeWear(facts: WearFacts): readonly Finding[] {
  const findings: Finding[] = [];
  const { kind, bytes, lifeTenths, writing } = facts;
  if (lifeTenths !== null) {
    const percent = lifeTenths <= 1
      ? "less than 10 %"
      : `${(lifeTenths - 1) * 10} to ${lifeTenths * 10} %`;
    // [JESD84-B51 7.4.37] 0x0A: 90 to 100 % used, 0x0B: more than its estimate.
    const code = lifeTenths > 10
      ? "emmc_spent"
      : lifeTenths > 8
      ? "emmc_worn"
      : "emmc";
    findings.push(tell(code, "eMMC", { percent }));
  }
  if (writing === null) {
    findings.push(tell("wear_unknown", "wear", {
      reason: "an agent has to run for ten minutes before its writing is known",
    }));
  } else if (bytes === null) {
    findings.push(tell("wear_unknown", "wear", {
      reason: "the size of the disk is not known",
    }));
  } else {
    const years = bytes * REWRITES[kind] /
      (Math.max(1, writing.bytesPerDay) * 365);
    findings.push(
      tell(years < SHORT_LIFE_YEARS ? "wear_fast" : "wear", "wear", {
        mb: amount(writing.bytesPerDay / MB),
        source: writing.source === "measured" ? "" : " (estimated)",
        disk: kind === "disk" ? "a disk" : `an ${kind}`,
        gb: amount(bytes / 1e9),
        years: years > LONG_LIFE_YEARS
          ? `more than ${LONG_LIFE_YEARS}`
          : `about ${amount(years)}`,
      }),
    );
  }
  return findings;
}

/** Two digits that count. */
function amount(value: number): string {
  return value >= 10 ? String(Math.round(value)) : value.toFixed(1);
}

/** Use of an eMMC's life in tenths, from `life_time`: `0x01 0x02`, the worse of both kinds of cells. */
export function lifeTenthsIn(text: string): number | null {
  const parts = text.trim().split(/\s+/).map((part) => parseInt(part, 16))
    .filter((part) => part >= 1 && part <= 0x0b);
  return parts.length === 0 ? null : Math.max(...parts);
}
