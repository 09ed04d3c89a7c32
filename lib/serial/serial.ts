/**
 * The serial line as the rest of the agent sees it: bytes in, bytes out, an
 * error that says what to do. Real ports are in `tty.ts`.
 *
 * @module
 */
import * as z from "zod";
import type { Instant } from "../clock.ts";
import type { Holder } from "./holder.ts";

/** Section `[serial]` of the configuration. */
export const serialConfig = z.strictObject({
  port: z.string().min(1).default("auto")
    .describe(
      'device of the modem: a name under /dev/serial/by-id is stable; "auto" takes the only candidate; it may be absent at start',
    ),
  baud: z.int().min(50).max(4_000_000).default(115_200)
    .describe("line speed in baud; the IOWAY modem uses 115200"),
  silence_ms: z.int().min(50).max(60_000).default(1000)
    .describe(
      "a frame that stays unfinished this long is given up and its bytes searched for others",
    ),
});

/** Checked section `[serial]`. */
export type SerialConfig = z.infer<typeof serialConfig>;

/** Why a port cannot be used; each heals by itself once its reason is gone. */
export type SerialFault =
  | "absent"
  | "ambiguous"
  | "busy"
  | "denied"
  | "not_serial"
  | "lost"
  | "failed";

/** What else is known of a {@link SerialError}. */
export interface SerialErrorFacts {
  /** What would do; said after the finding. */
  readonly advice?: string;
  /** Number of the system's error. */
  readonly errno?: number | null;
  /** Who has the port. */
  readonly holder?: Holder | null;
}

/** A serial port that could not be opened or was lost; the message is finding and advice. */
export class SerialError extends Error {
  override readonly name = "SerialError";
  /** Number of the system's error, where there was one. */
  readonly errno: number | null;
  /** Who has the port, where that is known. */
  readonly holder: Holder | null;

  constructor(
    /** What was found, for people. */
    readonly finding: string,
    /** What is wrong, for code. */
    readonly fault: SerialFault,
    { advice, errno = null, holder = null }: SerialErrorFacts = {},
  ) {
    super(advice === undefined ? finding : `${finding}: ${advice}`);
    this.errno = errno;
    this.holder = holder;
  }
}

/** An open line of bytes. Disposing it ends a read that is under way. */
export interface BytePort extends AsyncDisposable {
  /** The name it was opened by. */
  readonly name: string;
  /**
   * The next bytes, one or more; null once the port has been disposed.
   * One read at a time.
   *
   * @throws {SerialError} `lost` when the device is gone
   */
  read(): Promise<Uint8Array | null>;
  /** When the chunk that {@link read} gave last was read; a port that does not say has none. */
  readonly readAt?: Instant | null;
  /** Bytes that have come and were not read yet; a port that cannot say has none. */
  unread?(): number;
  /**
   * Writes all bytes.
   *
   * @throws {SerialError} `lost` when the device is gone
   */
  write(bytes: Uint8Array): Promise<void>;
}

/** Opens the configured port; the modem driver calls it again after a loss. */
export type OpenPort = () => Promise<BytePort>;
