/**
 * What is judged of the machine: processor, memory, power, clock, service.
 * Pure; the facts come from `host.ts`.
 *
 * @module
 */
import { type Finding, tell } from "./finding.ts";

/** What is known of the running system. */
export interface SystemFacts {
  readonly arch: string;
  readonly kernel: string;
  readonly glibc: string;
  readonly pageBytes: number;
}

/** The agent needs this much at most under load, with as much again for the system. */
const MEMORY_SPARE_MB = 150;
/** A Raspberry Pi slows down from here on, °C. */
const HOT_C = 80;
/** Nobody has run this program before this day. */
const FIRST_DAY_MS = Date.UTC(2026, 0, 1);
/** Times of files may be a little ahead after a clock was put right. */
const AHEAD_MS = 86_400_000;
/** Restarts of the service that no longer are chance. */
const MANY_RESTARTS = 3;

/** Architecture, kernel and page size. */
export function judgeSystem(facts: SystemFacts): readonly Finding[] {
  const { arch, kernel, glibc, pageBytes: page } = facts;
  const found = [tell("system", "system", { arch, kernel, glibc, page })];
  if (page !== 4096) found.push(tell("page_size", "page size", { page }));
  return found;
}

/** Free memory, from `/proc/meminfo`; nothing when that does not say. */
export function judgeMemory(meminfo: string): readonly Finding[] {
  const mb = (key: string) => {
    const kb = new RegExp(`^${key}:\\s+(\\d+) kB`, "m").exec(meminfo)?.[1];
    return kb === undefined ? null : Math.round(Number(kb) / 1024);
  };
  const free = mb("MemAvailable");
  const total = mb("MemTotal");
  if (free === null || total === null) return [];
  const code = free < MEMORY_SPARE_MB ? "memory_low" : "memory";
  return [tell(code, "memory", { free, total })];
}

/** The hottest of the machine's sensors; nothing without one. */
export function judgeTemperature(
  milliCelsius: readonly number[],
): readonly Finding[] {
  const plausible = milliCelsius.filter((value) =>
    value > -40_000 && value < 150_000
  );
  if (plausible.length === 0) return [];
  const celsius = Math.round(Math.max(...plausible) / 1000);
  const code = celsius >= HOT_C ? "temperature_high" : "temperature";
  return [tell(code, "temperature", { celsius })];
}

/** What a Raspberry Pi says about its supply. */
export interface PowerFacts {
  /** Bits of the firmware: 0 under-voltage now, 16 since the start; null when not told. */
  readonly throttled: number | null;
  /** Alarm of the sensor `rpi_volt`; null without one. */
  readonly alarm: boolean | null;
}

/** Under-voltage; nothing on machines that do not measure it. */
export function judgePower(
  { throttled, alarm }: PowerFacts,
): readonly Finding[] {
  if (throttled === null && alarm === null) return [];
  if (alarm || ((throttled ?? 0) & 1) !== 0) {
    return [tell("undervoltage", "power", { when: "now" })];
  }
  if (((throttled ?? 0) & 0x1_0000) !== 0) {
    return [tell("undervoltage", "power", { when: "since the start" })];
  }
  return [tell("power", "power")];
}

/** What is known of the wall clock. */
export interface ClockFacts {
  readonly nowMs: number;
  readonly synced: boolean;
  /** Files that were written here, and when. */
  readonly written: readonly { readonly name: string; readonly atMs: number }[];
}

/** Why a time cannot be right; null when nothing speaks against it. */
export function clockEvidence({ nowMs, written }: ClockFacts): string | null {
  if (nowMs < FIRST_DAY_MS) return "this program is younger";
  const ahead = written.find(({ atMs }) => atMs > nowMs + AHEAD_MS);
  return ahead === undefined
    ? null
    : `${ahead.name} was written on ${dayText(ahead.atMs)}`;
}

/** The wall clock: plausible, synchronised. */
export function judgeClock(facts: ClockFacts): Finding {
  const now = timeText(facts.nowMs);
  const evidence = clockEvidence(facts);
  if (evidence !== null) return tell("clock_wrong", "clock", { now, evidence });
  const code = facts.synced ? "clock" : "clock_unsynchronised";
  return tell(code, "clock", { now });
}

/** What systemd says about the service; null values where it said nothing. */
export type ServiceFacts = Readonly<Record<string, string>>;

/** The lines of `systemctl show`. */
export function serviceFrom(text: string): ServiceFacts {
  return Object.fromEntries(
    text.split("\n").filter((line) => line.includes("=")).map((line) => {
      const at = line.indexOf("=");
      return [line.slice(0, at), line.slice(at + 1)];
    }),
  );
}

/** The service; null facts: no systemd here. */
export function judgeService(facts: ServiceFacts | null): Finding {
  const what = "service";
  const loaded = facts?.["LoadState"];
  if (facts === null || loaded === undefined || loaded === "not-found") {
    return tell("service_none", what);
  }
  const active = facts["ActiveState"] ?? "unknown";
  const result = facts["Result"] ?? "success";
  const state = loaded === "masked"
    ? "masked"
    : `${active} (${facts["SubState"] ?? ""})${
      result === "success" ? "" : `, last end: ${result}`
    }`;
  const user = facts["User"] || "root";
  if (active !== "active") return tell("service_down", what, { state });
  const restarts = Number(facts["NRestarts"] ?? 0);
  if (restarts >= MANY_RESTARTS) {
    return tell("service_restarts", what, { state, restarts });
  }
  return facts["UnitFileState"] === "disabled"
    ? tell("service_disabled", what, { state })
    : tell("service", what, { state, user });
}

/**
 * The only directories that the service may write to, where its unit says so
 * [systemd.exec(5), ProtectSystem=strict]; null where it may write anywhere.
 */
export function serviceDirectories(
  facts: ServiceFacts | null,
): readonly string[] | null {
  if (facts?.["LoadState"] !== "loaded") return null;
  if (facts["ProtectSystem"] !== "strict") return null;
  const words = (key: string) =>
    (facts[key] ?? "").split(" ").filter((word) => word !== "");
  return [
    ...words("StateDirectory").map((name) =>
      `/var/lib/${name.split(":")[0] ?? ""}`
    ),
    // A minus says that it may be missing.
    ...words("ReadWritePaths").map((path) => path.replace(/^[-+]+/, "")),
  ];
}

/** Whether a path lies in one of these directories; anywhere will do for null. */
export function liesIn(
  path: string,
  directories: readonly string[] | null,
): boolean {
  return directories === null ||
    directories.some((dir) => path === dir || path.startsWith(`${dir}/`));
}

/** `2026-11-21 09:30 UTC`. */
export function timeText(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 16).replace("T", " ")} UTC`;
}

/** `2026-11-21`. */
export function dayText(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10);
}
