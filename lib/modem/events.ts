/**
 * What a session takes, keeps and asks for: the words between the machine in
 * `session.ts` and its driver. Pure.
 *
 * @module
 */
import type { Action } from "../alp/action.ts";
import type { Command } from "../alp/alp.ts";
import type { firmwareVersionFile } from "../files/system.ts";
import type { Frame } from "../frame/frame.ts";

/** Who the modem is. */
export interface Identity {
  /** 16 upper-case hex digits. */
  readonly uid: string;
  readonly firmware: ReturnType<typeof firmwareVersionFile.decode>;
}

/** How a request ended. */
export type Answer =
  | { readonly ok: true; readonly actions: readonly Action[] }
  | {
    readonly ok: false;
    readonly reason: "refused" | "timeout" | "rebooted" | "closed" | "busy";
    /** What was answered before the failure. */
    readonly actions: readonly Action[];
  };

/** What happens to a session. */
export type SessionEvent =
  | { readonly type: "opened" }
  | { readonly type: "closed" }
  | { readonly type: "frame"; readonly frame: Frame }
  | {
    readonly type: "request";
    /** The caller's number for this request. */
    readonly ticket: number;
    readonly actions: readonly Action[];
    /** Whether the answer comes from the air. */
    readonly remote: boolean;
  }
  | { readonly type: "timer"; readonly timer: string };

/** Something worth a log record or a counter. */
export type Report =
  | { readonly about: "identified"; readonly identity: Identity }
  | { readonly about: "identify_failed"; readonly reason: string }
  | {
    readonly about: "rebooted";
    readonly reason: number | null;
    readonly reasonName: string;
  }
  | { readonly about: "gap"; readonly lost: number; readonly counter: number }
  | { readonly about: "logging"; readonly text: string }
  | {
    readonly about: "unknown_frame";
    readonly typeCode: number;
    readonly payload: Uint8Array;
  }
  | {
    readonly about: "alp_error";
    readonly code: string;
    readonly message: string;
    readonly payload: Uint8Array;
  }
  | { readonly about: "silent"; readonly silentS: number }
  | { readonly about: "alive" };

/** What a session asks for. */
export type SessionEffect =
  | { readonly type: "write"; readonly bytes: Uint8Array }
  | { readonly type: "arm"; readonly timer: string; readonly delayMs: number }
  | { readonly type: "disarm"; readonly timer: string }
  | {
    readonly type: "heard";
    readonly command: Command;
    readonly payload: Uint8Array;
  }
  | {
    readonly type: "answered";
    readonly ticket: number;
    readonly answer: Answer;
  }
  | { readonly type: "report"; readonly report: Report };

/** A request that the modem is working on. */
export interface Pending {
  /** null: the session's own identify request. */
  readonly ticket: number | null;
  readonly remote: boolean;
  readonly actions: readonly Action[];
}

/** A request that waits for its turn. */
export interface Waiting {
  readonly ticket: number;
  readonly actions: readonly Action[];
  readonly remote: boolean;
}

/** State of a session; a value. */
export interface Session {
  readonly phase: "closed" | "identifying" | "ready";
  readonly identity: Identity | null;
  /** Our own frame counter: the last one sent. */
  readonly counter: number;
  readonly lastTag: number;
  readonly pending: ReadonlyMap<number, Pending>;
  readonly waiting: readonly Waiting[];
  /** Frames heard since the keep-alive timer was last looked at. */
  readonly heardSinceCheck: boolean;
  /** Pings without any sign of life since. */
  readonly unanswered: number;
  readonly limits: Limits;
}

/** Times of a session, in milliseconds, and its bounds. */
export interface Limits {
  readonly localTimeoutMs: number;
  readonly remoteTimeoutMs: number;
  /** Nobody is at the other end (a recording): nothing is asked, all that comes is heard. */
  readonly listenOnly?: boolean;
}
