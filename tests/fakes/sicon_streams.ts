/**
 * The processes of one subinterface as an adapter may expect them: what was
 * started, and whether each post fits it. Pure.
 *
 * @module
 */

/** Any JSON object. */
export type Payload = Readonly<Record<string, unknown>>;

/** Told of each fault, in words. */
export type Blame = (fault: string) => void;

const USER_TRIGGER = 36002;
const MAX_REPLAY_BYTES = 16 * 1024;

interface Segments {
  readonly trigger: unknown;
  readonly code: unknown;
  readonly label: unknown;
  /** When the next segment has to begin. */
  nextMs: number;
}

/** Value of a key, matched exactly first, then in any case. [E-020] */
export function lenient(payload: Payload, key: string): unknown {
  if (key in payload) return payload[key];
  const found = Object.keys(payload).find((other) =>
    other.toLowerCase() === key.toLowerCase()
  );
  return found === undefined ? undefined : payload[found];
}

/** The indices of a request without the zeros that fill it up. [C-19, C-21] */
export function indicesOf(payload: Payload, ...keys: string[]): number[] {
  for (const key of keys) {
    let list = lenient(payload, key);
    if (list === undefined) continue;
    if (typeof list === "string") {
      try {
        list = JSON.parse(list);
      } catch {
        return [];
      }
    }
    return Array.isArray(list) ? list.map(Number).filter((n) => n !== 0) : [];
  }
  return [];
}

const isTrue = (value: unknown) => value === true || value === "true";
const msOf = (value: unknown) => parseInt(String(value), 16);

/** What runs on one subinterface, by the acknowledges seen. */
export class Streams {
  readonly #blame: Blame;
  #cyclic = false;
  #lastCyclicMs = -1;
  #observed: ReadonlySet<string> | null = null;
  #events = false;
  #hadEvents = false;
  readonly #appeared = new Set<number>();
  /** Of those, which may have ended while no events were sent. */
  readonly #stale = new Set<number>();
  /** `CODE MS` of every event posted. */
  readonly #posted = new Set<string>();
  #reported: number | null = null;
  #replayed: number | null = null;
  #segments: Segments | null = null;
  #xCount = 0;
  #xEvents = false;
  #xReports = false;
  /** Labels of user triggers not yet replayed, oldest first. */
  #triggers: string[] = [];
  #userTriggers = 0;

  constructor(blame: Blame) {
    this.#blame = blame;
  }

  /** Whether startEvents was ever acknowledged: the registration is nearly over. [E-121] */
  get hadEvents(): boolean {
    return this.#hadEvents;
  }

  /** Which channels this subinterface holds. */
  holds(kind: "Observation" | "Reporting" | "Replay"): boolean {
    if (kind === "Observation") return this.#observed !== null;
    return (kind === "Reporting" ? this.#reported : this.#replayed) !== null;
  }

  /** The adapter's clock has stepped: times may go back. */
  rebased(): void {
    this.#lastCyclicMs = -1;
  }

  /** A user trigger was sent. */
  triggered(payload: Payload): void {
    const label = lenient(payload, "Label");
    this.#triggers.push(typeof label === "string" ? label : "");
    this.#userTriggers++;
  }

  /** A command took effect: it was acknowledged positively. */
  accepted(command: string, payload: Payload): void {
    switch (command) {
      case "startCyclicData":
        this.#cyclic = true;
        break;
      case "stopCyclicData":
        this.#cyclic = false;
        break;
      case "startObservation":
        // Nothing is said of zeros that fill up: they are indices here. [E-171]
        this.#observed = new Set([
          "0",
          ...indicesOf(payload, "Indices").map(String),
        ]);
        break;
      case "stopObservation":
        this.#observed = null;
        break;
      case "startEvents":
        this.#events = true;
        this.#hadEvents = true;
        break;
      case "stopEvents":
        this.#events = false;
        // What goes and comes again meanwhile is told as new. [E-185]
        for (const code of this.#appeared) this.#stale.add(code);
        break;
      case "startReporting":
        this.#reported = indicesOf(payload, "YIndices", "Indices").length;
        break;
      case "stopReporting":
        this.#reported = null;
        break;
      case "startReplay":
        this.#replayed = indicesOf(payload, "YIndices", "Indices").length;
        this.#segments = null;
        break;
      case "stopReplay":
        this.#replayed = null;
        this.#segments = null;
        break;
      case "setXConfig":
        this.#xCount = indicesOf(payload, "XIndices").length;
        this.#xEvents = isTrue(lenient(payload, "AutomaticReadForEvents"));
        this.#xReports = isTrue(lenient(payload, "AutomaticReadForReporting"));
        break;
    }
  }

  /** Data of the plug; `bits` as announced. */
  posted(
    command: string,
    payload: Payload,
    bytes: number,
    bits: { readonly PDIn: number; readonly PDOut: number },
  ): void {
    switch (command) {
      case "postCyclicData":
        return this.#postedCyclic(payload, bits);
      case "postObservation":
        return this.#postedObservation(payload);
      case "postEvent":
        return this.#postedEvent(payload);
      case "postReport":
        return this.#postedReport(payload);
      case "postReplay":
        return this.#postedReplay(payload, bytes);
    }
  }

  #postedCyclic(
    payload: Payload,
    bits: { readonly PDIn: number; readonly PDOut: number },
  ): void {
    if (!this.#cyclic) this.#blame("was not started");
    for (const channel of ["PDIn", "PDOut"] as const) {
      const wanted = 2 * Math.ceil(bits[channel] / 8);
      const length = String(payload[channel]).length;
      if (length !== wanted) {
        this.#blame(`${channel} has ${length} digits, announced are ${wanted}`);
      }
    }
    const ms = msOf(payload["ms"]);
    if (ms <= this.#lastCyclicMs) this.#blame("ms does not grow");
    this.#lastCyclicMs = ms;
  }

  #postedObservation(payload: Payload): void {
    if (this.#observed === null) return this.#blame("was not started");
    for (const key of Object.keys(payload)) {
      if (key !== "ms" && !this.#observed.has(key)) {
        this.#blame(`index ${key} was not asked for`);
      }
    }
  }

  #xValues(payload: Payload, on: boolean): void {
    const wanted = on ? this.#xCount : 0;
    const values = payload["XValues"];
    const count = Array.isArray(values) ? values.length : 0;
    if (count !== wanted || (wanted === 0 && "XValues" in payload)) {
      this.#blame(`has ${count} XValues, expected ${wanted}`);
    }
  }

  #postedEvent(payload: Payload): void {
    const code = Number(payload["Code"]);
    const { Mode: mode, Type: type } = payload;
    if (code === USER_TRIGGER) {
      if (this.#userTriggers-- <= 0) this.#blame("36002 without a trigger");
      if (type !== "Notification") this.#blame("36002 is a Notification");
    } else if (!this.#events) this.#blame("was not started");
    if (
      type !== undefined &&
      (type === "Notification") !== (mode === "Singleshot")
    ) this.#blame(`Type ${type} does not go with Mode ${mode}`);
    if (mode === "Appears") {
      if (this.#appeared.has(code) && !this.#stale.has(code)) {
        this.#blame(`${code} appears again`);
      }
      this.#stale.delete(code);
      this.#appeared.add(code);
    }
    if (mode === "Disappears" && !this.#appeared.delete(code)) {
      this.#blame(`${code} disappears without having appeared`);
    }
    this.#posted.add(`${code} ${payload["ms"]}`);
    this.#xValues(payload, this.#xEvents);
  }

  #postedReport(payload: Payload): void {
    if (this.#reported === null) return this.#blame("was not started");
    const values = payload["YValues"];
    const count = Array.isArray(values) ? values.length : 0;
    if (count !== this.#reported) {
      this.#blame(`has ${count} YValues, expected ${this.#reported}`);
    }
    this.#xValues(payload, this.#xReports);
  }

  #postedReplay(payload: Payload, bytes: number): void {
    if (this.#replayed === null) return this.#blame("was not started");
    if (bytes > MAX_REPLAY_BYTES) this.#blame(`has ${bytes} bytes`);
    const { TriggerTimestamp: trigger, EventCode: code, Label: label } =
      payload;
    const lists = Object.keys(payload).filter((key) => /^Y\d+$/.test(key));
    const wanted = Array.from(
      { length: this.#replayed },
      (_, n) => `Y${n + 1}`,
    );
    if (
      wanted.some((key) => !lists.includes(key)) ||
      lists.length !== wanted.length
    ) {
      this.#blame(`has ${lists.join(" ")}, expected ${wanted.length} lists`);
    }
    const lengths = new Set(
      lists.map((key) => (payload[key] as unknown[]).length),
    );
    if (lengths.size > 1) this.#blame("Y arrays differ in length");
    const samples = [...lengths][0] ?? 0;
    if (samples === 0) this.#blame("has no sample");
    if (typeof payload["LastSegment"] !== "boolean") {
      this.#blame("does not say whether it is the last segment");
    }
    if (
      (this.#events || code === USER_TRIGGER) &&
      !this.#posted.has(`${code} ${trigger}`)
    ) this.#blame("no event was posted at its TriggerTimestamp");
    if ((code === USER_TRIGGER) !== (label !== undefined)) {
      this.#blame(`Label ${label} with EventCode ${code}`);
    }
    const before = this.#segments;
    const ms = msOf(payload["ms"]);
    if (before !== null) {
      if (
        before.trigger !== trigger || before.code !== code ||
        before.label !== label
      ) this.#blame("differs from the segment before");
      if (before.nextMs !== ms) {
        this.#blame(`begins ${ms - before.nextMs} ms off the segment before`);
      }
    } else if (
      code === USER_TRIGGER && !this.#triggers.includes(String(label))
    ) {
      this.#blame(`Label ${label} was not sent`);
    }
    this.#segments = payload["LastSegment"] === true ? null : {
      trigger,
      code,
      label,
      nextMs: ms + samples * Number(payload["SamplingRate"]),
    };
  }
}
