/**
 * Tells when the link to the modem is lost and when it is there again. Lost is
 * a port that went away or a modem that is silent; one that has yet to say who
 * it is, at the start or after a reboot, is given a while.
 *
 * @module
 */
import type { Clock } from "../clock.ts";

/** How long a modem may take to identify itself before its link counts as lost, ms. */
export const LINK_GRACE_MS = 5000;

/** What is known of the link at a moment. */
export interface LinkFacts {
  readonly portUp: boolean;
  readonly identified: boolean;
  /** It does not answer pings. */
  readonly silent: boolean;
}

/** Watches one modem's link; begins with neither up nor lost told. */
export class LinkWatch {
  readonly #clock: Clock;
  readonly #tell: (up: boolean) => void;
  #told: boolean | null = null;
  #grace: (() => void) | null = null;

  constructor(clock: Clock, tell: (up: boolean) => void) {
    this.#clock = clock;
    this.#tell = tell;
  }

  look({ portUp, identified, silent }: LinkFacts): void {
    if (portUp && identified && !silent) this.#say(true);
    else if (this.#told === true && (!portUp || silent)) this.#say(false);
    else if (this.#told !== false) {
      this.#grace ??= this.#clock.after(LINK_GRACE_MS, () => this.#say(false));
    }
  }

  /** Says nothing more. */
  end(): void {
    this.#grace?.();
    this.#grace = null;
  }

  #say(up: boolean): void {
    this.end();
    if (this.#told === up) return;
    this.#told = up;
    this.#tell(up);
  }
}
