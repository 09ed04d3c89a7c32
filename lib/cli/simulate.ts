/**
 * `simulate`: a virtual modem on a pseudo terminal, with meters that push.
 *
 * @module
 */
import { object } from "@optique/core/constructs";
import { message } from "@optique/core/message";
import { map, optional, withDefault } from "@optique/core/modifiers";
import { command, option } from "@optique/core/primitives";
import { choice, integer, string } from "@optique/core/valueparser";
import { kernelClock, systemClock } from "../clock.ts";
import { clockSynchronised } from "../serial/libc.ts";
import { aborted, type Action, type ExitCode, type Io } from "./io.ts";
import { meters } from "./sim/meters.ts";
import type { Manner } from "./sim/nodes.ts";
import { openPty } from "./sim/pty.ts";
import { runModem } from "./sim/run.ts";
import { duration } from "./values.ts";

/** Seed of the simulated meters: the same devices every time. */
export const SEED = 7;

/** Option `--devices`, shared with `demo`. */
export const devicesOption = withDefault(
  option("--devices", integer({ metavar: "N", min: 1, max: 1000 }), {
    description: message`how many meters; default 3`,
  }),
  3,
);

/** ALP status of a device that refuses: insufficient permissions. */
const REFUSED = 0xfc;

const MANNERS = {
  accept: "accept",
  refuse: { refuse: REFUSED },
  swallow: "swallow",
  fail: "fail",
} as const satisfies Record<string, Manner>;

/** Grammar of `simulate`. */
export const simulateCommand = command(
  "simulate",
  map(
    object({
      devices: devicesOption,
      interval: withDefault(
        option("--interval", duration(), {
          description:
            message`time between two pushes of one meter; default 10s`,
        }),
        10_000,
      ),
      listen: withDefault(
        option("--listen", choice(["contact", "direct"]), {
          description:
            message`when the meters hear writes: just after an uplink of their own, or always`,
        }),
        "contact" as const,
      ),
      writes: withDefault(
        option("--writes", choice(["accept", "refuse", "swallow", "fail"]), {
          description:
            message`what the meters do with writes: take them, refuse them, let them vanish, not acknowledge them`,
        }),
        "accept" as const,
      ),
      link: optional(
        option("--link", string({ metavar: "PATH" }), {
          description: message`name to link to the pseudo terminal`,
        }),
      ),
    }),
    (args): Action => (io) => simulate(args, io),
  ),
  { description: message`Run a virtual modem on a pseudo terminal.` },
);

async function simulate(
  { devices, interval, link, listen, writes }: {
    readonly devices: number;
    readonly interval: number;
    readonly listen: "contact" | "direct";
    readonly writes: keyof typeof MANNERS;
    readonly link: string | undefined;
  },
  io: Io,
): Promise<ExitCode> {
  const clock = systemClock(kernelClock(clockSynchronised));
  const line = await openPty(link === undefined ? {} : { link });
  const all = meters({
    count: devices,
    seed: SEED,
    intervalS: Math.max(1, Math.round(interval / 1000)),
  });
  await using _modem = runModem(line, {
    clock,
    devices: {
      meters: all,
      intervalMs: interval,
      listen,
      manner: MANNERS[writes],
    },
  });
  io.out(`${link ?? line.path}\n`);
  io.err(
    `Virtual modem on ${line.path}${
      link === undefined ? "" : ` (${link})`
    }, ${devices} meter${devices === 1 ? "" : "s"}: ${
      all.uids.slice(0, 8).join(", ")
    }${devices > 8 ? ", …" : ""}. Ctrl-C ends it.\n`,
  );
  await aborted(io.signal);
  return 0;
}
