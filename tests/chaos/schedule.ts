/**
 * What happens when, from a seed: rounds of faults, each in a world of its own.
 * The schedule is the same for the same seed, the timing of the machine is not.
 * Pure.
 *
 * @module
 */
import { ACTS, PHASES, type Point, POINTS, type Trap } from "./points.ts";
import { randomOf } from "./random.ts";

/** Faults by the kind of round they belong to. */
export const FAULTS = {
  kill: ["kill_at_point", "kill_at_random"],
  scene: ["kill_in_scene"],
  broker: [
    "broker_killed",
    "broker_restarted",
    "broker_frozen",
    "broker_frozen_agent_killed",
    "broker_loses_state",
    "broker_refuses_login",
    "broker_revokes_rights",
  ],
  wire: [
    "wire_slow",
    "wire_cut_mid_packet",
    "wire_cut",
    "wire_withholds_acks",
    "wire_withholds_acks_agent_killed",
    "wire_doubles_acks",
    "wire_acks_out_of_order",
    "wire_malformed",
  ],
  tls: ["tls_expired", "tls_wrong_name", "tls_foreign", "tls_rotated"],
  name: ["name_gone"],
  disk: ["disk_full", "disk_read_only", "disk_refuses_write"],
  damage: ["damage_database", "damage_wal"],
  clock: ["clock_first_set", "clock_stepped"],
  line: [
    "line_unplugged_mid_frame",
    "line_silent",
    "line_garbage",
    "modem_rebooted",
    "modem_rebooted_mid_request",
    "counter_gap",
  ],
  memory: ["memory_limit"],
} as const;

/** Kinds of rounds. */
export type Kind = keyof typeof FAULTS;
/** All faults. */
export type FaultName = typeof FAULTS[Kind][number];

/** All kinds, in the order they are written above. */
export const KINDS: readonly Kind[] = Object.keys(FAULTS) as Kind[];

/** One fault. */
export interface Step {
  readonly fault: FaultName;
  /** How long it lasts, or when it strikes; milliseconds. */
  readonly ms: number;
  /** What else the fault decides by: a number from 0 up to but not including 1. */
  readonly draw: number;
  /** For faults at a commit point. */
  readonly trap?: Trap;
}

/** Faults in one world. */
export interface Round {
  readonly number: number;
  readonly kind: Kind;
  /** Of this round alone. */
  readonly seed: number;
  readonly steps: readonly Step[];
}

const steady = POINTS.filter(({ scene }) => scene === "steady");
const staged = POINTS.filter(({ scene }) => scene !== "steady");

/** Rounds without end: each kind comes once before any comes again. */
export function* schedule(seed: number): Generator<Round, never> {
  const random = randomOf(seed);
  // Numbered points come in turn, so that a run of some length passes all; and
  // in another order with each seed, so that short runs pass others.
  const traps = {
    kill: cycle(random.shuffled(steady)),
    scene: cycle(random.shuffled(staged)),
  };
  for (let number = 1;;) {
    for (const kind of random.shuffled(KINDS)) {
      const own = random.whole(0, 2 ** 31);
      yield { number: number++, kind, seed: own, steps: stepsOf(kind, own) };
    }
  }

  function stepsOf(kind: Kind, own: number): Step[] {
    const draw = randomOf(own);
    const step = (fault: FaultName, trap?: Trap): Step => ({
      fault,
      ms: draw.whole(300, 3000),
      draw: draw.next(),
      ...(trap === undefined ? {} : { trap }),
    });
    const trapOf = (next: Generator<Trap>): Trap => {
      const trap = next.next().value as Trap;
      return { ...trap, hit: trap.hit === 0 ? draw.whole(1, 6) : trap.hit };
    };
    if (kind === "kill") {
      return Array.from(
        { length: 10 },
        (_, n) =>
          n % 5 === 4
            ? step("kill_at_random")
            : step("kill_at_point", trapOf(traps.kill)),
      );
    }
    if (kind === "scene") {
      return Array.from(
        { length: 5 },
        () => step("kill_in_scene", trapOf(traps.scene)),
      );
    }
    const faults: readonly FaultName[] = FAULTS[kind];
    // Each handshake that fails lengthens the back-off: two of them are a round.
    const most = kind === "tls" ? 2 : faults.length;
    return draw.shuffled(faults).slice(0, most).map((fault) => {
      if (fault !== "disk_refuses_write") return step(fault);
      const point = draw.pick(["begin", "reading", "sink", "commit"]);
      const act = draw.pick(ACTS.filter((one) => one !== "kill"));
      const hit = draw.whole(5, 60);
      return step(fault, { point, phase: "before", act, hit });
    });
  }
}

/** The points in turn, before and after; those that are passed rarely strike the first time. */
function* cycle(points: readonly Point[]): Generator<Trap, never> {
  const often = ["begin", "reading", "commit", "publish", "sink"];
  for (;;) {
    for (const { name } of points) {
      for (const phase of PHASES) {
        yield {
          point: name,
          phase,
          act: "kill",
          hit: often.includes(name) ? 0 : 1,
        };
      }
    }
  }
}
