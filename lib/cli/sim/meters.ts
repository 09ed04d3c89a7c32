/**
 * Devices with three-phase energy meters, as plausible as a demonstration
 * needs: energies that grow with the power drawn, voltages and currents that
 * wobble, a link that fades, a button that is pressed now and then. Pure:
 * equal seeds and times give equal bytes.
 *
 * @module
 */
import { encodeCommand } from "../../alp/alp.ts";
import type { Action } from "../../alp/action.ts";
import { D7ASP } from "../../alp/d7asp.ts";
import type { D7aspStatus } from "../../alp/d7asp.ts";
import { buttonConfigFile, buttonFile } from "../../files/button.ts";
import { energyConfigFile, energyFile } from "../../files/energy.ts";

/** Energy of the last device: more than a double can count one by one, as a test of every sink. */
const BEYOND_DOUBLE = 9_007_199_254_740_993n;
/** One push in so many is a button's. */
const BUTTON_EVERY = 24;
/** What a device transmits with, dBm. */
const EIRP_DBM = 14;
const HOUR_MS = 3_600_000;

/** Simulated devices. */
export interface Meters {
  /** 16 upper-case hex digits each; every fourth begins with zeros. */
  readonly uids: readonly string[];
  /**
   * The ALP command a device pushes now: its energy file, or sometimes its
   * button file (never first).
   *
   * @param nowMs milliseconds on any clock that does not go back
   * @throws {RangeError} without a device of that index
   */
  nextPush(deviceIndex: number, nowMs: number): Uint8Array;
  /**
   * What a device answers when one of its files is read over the air, as the
   * actions of an ALP command; null if the file is not one of its own.
   */
  answerRead(deviceIndex: number, fileId: number, nowMs: number):
    | readonly Action[]
    | null;
  /**
   * Writes into a configuration file of a device.
   *
   * @returns the ALP status: 0, file missing or beyond its end
   */
  write(
    deviceIndex: number,
    fileId: number,
    offset: number,
    data: Uint8Array,
  ): number;
  /** The ALP command a device pushes after a write: the file that it changed. */
  pushFile(deviceIndex: number, fileId: number): Uint8Array;
  /** The actions with which a device answers that an action failed, or not. */
  answerStatus(deviceIndex: number, code: number): readonly Action[];
}

/** ALP status codes of a device. [serial §4.3] */
const FILE_MISSING = 0xff;
const WRITE_OVERFLOW = 0xf8;

/** Which devices to simulate. */
export interface MetersOptions {
  readonly count: number;
  /** Any integer. */
  readonly seed: number;
  /** What the devices say their interval is, s. @default 600 */
  readonly intervalS?: number;
}

interface Meter {
  readonly uid: string;
  /** Wh at the beginning, by phase. */
  readonly base: readonly bigint[];
  /** Wh since then. */
  readonly used: number[];
  /** Usual current, A. */
  readonly load: readonly number[];
  readonly powerFactor: number;
  current: number[];
  voltage: number[];
  lastMs: number | null;
  rxLevel: number;
  dialog: number;
  pressed: boolean;
  /** Its configuration files, by number. */
  readonly files: ReadonlyMap<number, Uint8Array>;
}

/** Makes devices; the same seed makes the same ones. */
export function meters(options: MetersOptions): Meters {
  const random = generator(options.seed);
  const all = Array.from(
    { length: options.count },
    (_, i) =>
      newMeter(
        i,
        i === options.count - 1,
        options.intervalS ?? 600,
        random,
      ),
  );
  const at = (index: number): Meter => {
    const meter = all[index];
    if (meter === undefined) {
      throw new RangeError(
        `Cannot simulate device ${index}: expected 0 to ${all.length - 1}`,
      );
    }
    return meter;
  };
  return {
    uids: all.map(({ uid }) => uid),
    nextPush(index, nowMs) {
      const meter = at(index);
      const first = meter.lastMs === null;
      if (!first && (meter.pressed || random() < 1 / BUTTON_EVERY)) {
        meter.pressed = !meter.pressed;
        return encodeCommand([
          fileAction(buttonFile.id, buttonData(meter)),
          statusAction(meter, random),
        ]);
      }
      measure(meter, nowMs, random);
      return encodeCommand([
        fileAction(energyFile.id, energyData(meter)),
        statusAction(meter, random),
      ]);
    },
    answerRead(index, fileId, nowMs) {
      const meter = at(index);
      if (fileId === energyFile.id) measure(meter, nowMs, random);
      const data = fileId === energyFile.id
        ? energyData(meter)
        : fileId === buttonFile.id
        ? buttonData(meter)
        : meter.files.get(fileId) ?? null;
      if (data === null) return null;
      return [fileAction(fileId, data), statusAction(meter, random)];
    },
    write(index, fileId, offset, data) {
      const file = at(index).files.get(fileId);
      if (file === undefined) return FILE_MISSING;
      if (offset + data.length > file.length) return WRITE_OVERFLOW;
      file.set(data, offset);
      return 0;
    },
    pushFile(index, fileId) {
      const meter = at(index);
      const file = meter.files.get(fileId) ?? new Uint8Array();
      return encodeCommand([
        fileAction(fileId, file.slice()),
        statusAction(meter, random),
      ]);
    },
    answerStatus(index, code) {
      return [
        { op: "action_status", actionIndex: 0, code, name: "" },
        statusAction(at(index), random),
      ];
    },
  };
}

function newMeter(
  index: number,
  last: boolean,
  intervalS: number,
  random: () => number,
): Meter {
  const number = (0x0039_004c + index * 0x0001_0003) >>> 0;
  const vendor = index % 4 === 1 ? "00000000" : "32663630";
  const first = 1_000_000 + Math.floor(random() * 9_000_000);
  return {
    uid: `${vendor}${number.toString(16).padStart(8, "0").toUpperCase()}`,
    base: [0, 1, 2].map((phase) =>
      last
        ? BEYOND_DOUBLE + 2n * BigInt(phase)
        : BigInt(first + Math.floor(random() * 500_000))
    ),
    used: [0, 0, 0],
    load: [0, 0, 0].map(() => 1 + random() * 15),
    powerFactor: 0.85 + random() * 0.13,
    current: [0, 0, 0],
    voltage: [230, 230, 230],
    lastMs: null,
    rxLevel: 55 + Math.floor(random() * 40),
    dialog: Math.floor(random() * 256),
    pressed: false,
    files: new Map([
      [
        energyConfigFile.id,
        energyConfigFile.encode({ interval: intervalS, enabled: true }),
      ],
      [
        buttonConfigFile.id,
        buttonConfigFile.encode({
          transmitMask_0: true,
          transmitMask_1: true,
          buttonControlMenu: true,
          enabled: true,
        }),
      ],
    ]),
  };
}

/** Reads the meter: what was drawn since the last time, and what is drawn now. */
function measure(meter: Meter, nowMs: number, random: () => number): void {
  const hours = Math.max(0, nowMs - (meter.lastMs ?? nowMs)) / HOUR_MS;
  meter.lastMs = nowMs;
  meter.load.forEach((load, phase) => {
    const current = load * (0.9 + 0.2 * random());
    const voltage = 230 + Math.round((random() - 0.5) * 8);
    meter.current[phase] = current;
    meter.voltage[phase] = voltage;
    meter.used[phase] = (meter.used[phase] ?? 0) +
      current * voltage * meter.powerFactor * hours;
  });
}

function energyData(meter: Meter): Uint8Array {
  const realEnergy = meter.base.map((base, phase) =>
    base + BigInt(Math.floor(meter.used[phase] ?? 0))
  );
  const perMille = BigInt(Math.round(1000 / meter.powerFactor));
  return energyFile.encode({
    apparentEnergy: realEnergy.map((energy) => energy * perMille / 1000n),
    realEnergy,
    current: meter.current.map((amperes) => Math.round(amperes * 1000)),
    voltage: [...meter.voltage],
    receivedSignalStrength: null,
    measurementValid: true,
  });
}

function buttonData(meter: Meter): Uint8Array {
  return buttonFile.encode({
    buttonId: 0,
    mask: meter.pressed,
    buttonsState: meter.pressed ? 1 : 0,
  });
}

function fileAction(fileId: number, data: Uint8Array): Action {
  return {
    op: "return_file_data",
    group: false,
    resp: false,
    fileId,
    offset: 0,
    length: data.length,
    data,
  };
}

/** How the modem heard the device; each push is a dialog of its own. */
function statusAction(meter: Meter, random: () => number): Action {
  const step = Math.floor(random() * 5) - 2;
  meter.rxLevel = Math.min(110, Math.max(45, meter.rxLevel + step));
  meter.dialog = (meter.dialog + 1) & 0xff;
  const status: D7aspStatus = {
    channelHeader: { band: "868", class: "lo_rate", coding: "fec_pn9" },
    channelIndex: 0,
    rxLevel: meter.rxLevel,
    linkBudget: meter.rxLevel + EIRP_DBM,
    targetRxLevel: 80,
    nls: false,
    missed: false,
    retry: false,
    unicast: false,
    fifoToken: meter.dialog,
    seqNr: 0,
    responseTo: { exp: 5, mant: 9, value: 9216 },
    addressee: {
      idType: "uid",
      nlsMethod: "none",
      accessClass: 1,
      id: meter.uid,
    },
  };
  return {
    op: "interface_status",
    interfaceId: D7ASP,
    raw: new Uint8Array(),
    status,
  };
}

/** Numbers from 0 up to 1, fixed by the seed [mulberry32]. */
function generator(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b_79f5) >>> 0;
    let mixed = state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
