/**
 * What is asserted of growth: costs that stay, grow in a straight line, or fail
 * the bench. Pure.
 *
 * @module
 */
import type { Growth } from "./quantity.ts";

/** Cost per reading may be so much more at the largest size than at the smallest: others share the machine. */
const TOLERANCE = 1.5;
/** Of the growth with devices: a ratio of 2.3 per reading over 5000 devices. */
const EXPONENT = 1.1;
/** Memory that a device may take, and by how much two looks at one heap differ. */
const DEVICE_MB = 0.01;
const HEAP_NOISE_MB = 20;

/** Sizes and what each costs: time and CPU in µs, memory in MB. */
export type Points = Growth["points"];
type Check = Growth["checks"][number];

/** That the largest size costs at most so much more per reading than the cheapest of the smaller. */
export function flat(says: string, points: Points, column: number): Check {
  const costs = points.map(({ values }) => values[column] ?? NaN);
  const last = costs.at(-1) ?? NaN;
  const ratio = last / Math.min(...costs.slice(0, -1));
  return {
    says: `${says}: at most × ${TOLERANCE} from the cheapest to the largest`,
    measured: `× ${ratio.toFixed(2)}`,
    holds: ratio <= TOLERANCE,
  };
}

/** That a reading of every device costs no more than so many times one device's: 1 is linear. */
export function linear(says: string, points: Points, column: number): Check {
  const [first] = points;
  const last = points.at(-1);
  if (!first || !last) throw new Error("No sizes");
  const ratio = (last.values[column] ?? NaN) / (first.values[column] ?? NaN);
  const exponent = 1 + Math.log(ratio) / Math.log(last.size / first.size);
  return {
    says: `${says}: exponent at most ${EXPONENT}, 1 is linear`,
    measured: `${exponent.toFixed(2)} (per reading × ${ratio.toFixed(2)})`,
    holds: exponent <= EXPONENT,
  };
}

/** That no number of devices takes more memory than a straight line allows. */
export function memoryLinear(points: Points): Check {
  const memory = ({ values }: Points[number]) => values[2] ?? NaN;
  const [first] = points;
  if (!first) throw new Error("No sizes");
  const over = points.map((point) =>
    memory(point) - memory(first) - HEAP_NOISE_MB - point.size * DEVICE_MB
  );
  const most = points.map((point) => memory(point) - memory(first));
  return {
    says: `memory grows by at most ${
      DEVICE_MB * 1000
    } kB per device, and ${HEAP_NOISE_MB} MB for what a collection leaves to chance`,
    measured: `${Math.max(...most).toFixed(0)} MB more with ${
      points.at(-1)?.size
    } devices than with ${first.size}`,
    holds: over.every((mb) => mb <= 0),
  };
}
