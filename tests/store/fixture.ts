/**
 * What the store's tests share: readings whose command says which they are,
 * temporary directories, a log that is kept.
 *
 * @module
 */
import type { Clock } from "../../lib/clock.ts";
import type { Fields, Log } from "../../lib/log.ts";
import type { NewReading, Reading } from "../../lib/reading/reading.ts";
import type { Account, Entry, Row } from "../../lib/store/outbox.ts";
import {
  openStore,
  outboxConfig,
  type Store,
  type StoreOptions,
} from "../../lib/store/store.ts";
import { type FakeClock, fakeClock } from "../fakes/clock.ts";

/** The first bytes of every command, to tell an intact one. */
const MARK = 0xa5;

/** A 95-byte command that carries `value`. */
export function commandOf(value: number): Uint8Array {
  const command = new Uint8Array(95).fill(MARK);
  new DataView(command.buffer).setUint32(90, value);
  return command;
}

/** UID of the `n`th device. */
export function uid(n: number): string {
  return n.toString(16).toUpperCase().padStart(16, "0");
}

/** An entry as the agent would hand it over. */
export function entry(
  clock: Clock,
  device: number,
  value: number,
  fileId = 64,
): Entry {
  const command = commandOf(value);
  const reading = { ...meaning(uid(device), fileId, command) };
  return {
    reading: { ...reading, received: clock.instant() },
    command,
    part: 0,
  };
}

function meaning(
  device: string,
  fileId: number,
  command: Uint8Array,
): Omit<NewReading, "received"> {
  return {
    device,
    file: fileId === 64 ? "energy" : "button",
    fileId,
    measurements: [{
      name: "active_energy_1",
      quantity: "active_energy",
      unit: "Wh",
      value: BigInt(valueIn(command)),
    }],
    valid: true,
    link: null,
    data: command.slice(40),
  };
}

function valueIn(command: Uint8Array): number {
  return new DataView(command.buffer, command.byteOffset).getUint32(90);
}

/** Derives the reading again. */
export function restore(row: Row): Reading | null {
  if (row.command.length !== 95 || row.command[0] !== MARK) return null;
  return {
    ...meaning(row.device, row.fileId, row.command),
    received: row.received,
    id: row.id,
  };
}

/** The number that {@link entry} was given. */
export function valueOf(reading: Reading): number {
  return Number(reading.measurements[0]?.value);
}

/** A log that keeps its records as `level message`. */
export interface KeptLog extends Log {
  readonly records: { readonly text: string; readonly fields: Fields }[];
}

/** A {@link KeptLog}. */
export function keptLog(): KeptLog {
  const records: KeptLog["records"] = [];
  const keep = (level: string) => (message: string, fields: Fields = {}) =>
    void records.push({ text: `${level} ${message}`, fields });
  const log: KeptLog = {
    records,
    debug: keep("debug"),
    info: keep("info"),
    warn: keep("warn"),
    error: keep("error"),
    child: () => log,
  };
  return log;
}

/** A temporary data directory with a clock and a log; stores are opened in it one after the other. */
export class Site implements Disposable {
  readonly dir: string = Deno.makeTempDirSync({ prefix: "dash7-store-" });
  readonly clock: FakeClock = fakeClock();
  readonly log: KeptLog = keptLog();
  /** Free bytes on the imagined disk. */
  free = 1e12;

  /** Opens the store; `config` as in TOML. */
  open(
    config: Partial<StoreOptions["config"]> = {},
    options: Partial<StoreOptions> = {},
  ): Store {
    return openStore({
      dir: this.dir,
      config: outboxConfig.parse(config),
      clock: this.clock,
      log: this.log,
      restore,
      freeBytes: () => this.free,
      ...options,
    });
  }

  /** Path of the database. */
  get file(): string {
    return `${this.dir}/outbox.db`;
  }

  [Symbol.dispose](): void {
    Deno.removeSync(this.dir, { recursive: true });
  }
}

/** What must be zero: readings − delivered − pending − rejected − dropped. */
export function imbalance(account: Account): number {
  const { readings, delivered, pending, rejected, dropped } = account;
  return readings - delivered - pending - rejected - dropped;
}

/** Leases and accepts until nothing comes; gives the ids in order. */
export function drain(
  lane: ReturnType<Store["lane"]>,
  batch = 64,
): number[] {
  const ids: number[] = [];
  for (;;) {
    const leased = lane.lease(batch);
    if (leased.length === 0 && lane.account().pending === 0) return ids;
    if (leased.length === 0) continue;
    for (const { id } of leased) {
      ids.push(id);
      lane.settle(id, "accepted");
    }
  }
}
