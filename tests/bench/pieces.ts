/**
 * The work of the bench in pieces, each done once in every round: a row with
 * one program, or one size of a scale. A piece that fails, hangs or has no time
 * left is told, and the next one begins.
 *
 * @module
 */
import { broker, giveUpBeds } from "./bed.ts";
import type { Scale } from "./growth.ts";
import type { Row } from "./quantity.ts";
import type { Subject } from "./subject.ts";
import type { Tally } from "./tally.ts";

/** Something measured once in every round. */
export interface Piece {
  readonly name: string;
  readonly subject: Subject;
  /** What is said of it while it is measured. */
  readonly told: string;
  readonly limitS: number;
  readonly needsBroker: boolean;
  /** Measures and keeps; `port` is a broker's, `busy` what others use. */
  work(port: number, busy: number): Promise<void>;
}

/** Every piece in the order of the tables; programs take turns. */
export function piecesOf(
  rows: readonly Row[],
  scales: readonly Scale[],
  { subjects, quick, tally }: {
    readonly subjects: readonly Subject[];
    readonly quick: boolean;
    readonly tally: Tally;
  },
): readonly Piece[] {
  // Growth is measured of what gateways run, where it is among the programs.
  const grown = subjects.find(({ file }) => file !== null) ?? subjects[0];
  return [
    ...rows.flatMap((row) =>
      subjects.filter((subject) => row.fits?.(subject) ?? true).map((
        subject,
      ): Piece => ({
        name: row.name,
        subject,
        told: `${row.name}, ${subject.label}`,
        limitS: row.limitS,
        needsBroker: row.needsBroker,
        async work(port, busy) {
          const values = await row.measure(port, {
            subject,
            quick,
            course: (points) =>
              tally.course(`${row.name} ${subject.label}`, points),
          });
          tally.add(row, subject.label, values, busy);
        },
      }))
    ),
    ...scales.flatMap((scale) =>
      grown === undefined
        ? []
        : (quick ? scale.quickSizes : scale.sizes).map((size): Piece => ({
          name: scale.name,
          subject: grown,
          told: `${size} ${scale.what}, ${grown.label}`,
          limitS: scale.limitS,
          needsBroker: true,
          async work(port, busy) {
            const cost = await scale.measure(size, port, grown, quick);
            tally.addCost(scale, grown.label, size, cost, busy);
          },
        }))
    ),
  ];
}

/** How rounds are gone through. */
export interface Rounds {
  readonly runs: number;
  /** Time left, ms: nothing is begun that would take longer. */
  readonly leftMs: () => number;
  readonly tally: Tally;
  /** Share of the cores that others use. */
  readonly busy: () => Promise<number>;
  readonly progress: (text: string) => void;
  /** Called after each piece. */
  readonly keep: () => Promise<void>;
}

/** Goes through all pieces once a round. */
export async function goThrough(
  pieces: readonly Piece[],
  { runs, leftMs, tally, busy, progress, keep }: Rounds,
): Promise<void> {
  const tookMs = new Map<Piece, number>();
  for (let run = 0; run < runs; run++) {
    for (const piece of pieces) {
      const { name, subject, told } = piece;
      const head = `round ${run + 1} of ${runs}: ${told}`;
      const startMs = performance.now();
      if (leftMs() <= (tookMs.get(piece) ?? 0)) {
        progress(`${head}: left out, the time is over`);
        if (run === 0) tally.fail(name, subject.label, "no time was left");
        continue;
      }
      try {
        const share = await busy();
        const once = (port: number) => limited(piece, port, share);
        await (piece.needsBroker ? withBroker(once) : once(0));
      } catch (error) {
        const [reason = ""] = String(error).split("\n");
        progress(`${head}: ${error}`);
        tally.fail(name, subject.label, `${told}: ${reason}`.slice(0, 300));
      }
      const ms = performance.now() - startMs;
      tookMs.set(piece, ms);
      progress(`${head}: ${(ms / 1000).toFixed(0)} s`);
      await keep();
    }
  }
}

/** Gives a piece up that takes too long; what it had started is ended. */
async function limited(
  { limitS, work }: Piece,
  port: number,
  busy: number,
): Promise<void> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => late.reject(new Error(`given up after ${limitS} s`)),
    limitS * 1000,
  );
  const working = work(port, busy);
  try {
    await Promise.race([working, late.promise]);
  } catch (error) {
    // What it still waits for fails now; that is not told a second time.
    working.catch(() => {});
    await giveUpBeds();
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

/** Lends a broker of its own for each piece of work. */
async function withBroker<T>(work: (port: number) => Promise<T>): Promise<T> {
  await using running = await broker();
  if (running === null) throw new Error("mosquitto is not installed");
  return await work(running.ports[0] ?? 0);
}
