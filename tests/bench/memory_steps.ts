/**
 * Names of what the memory profile is made of. Pure, so that the documentation
 * can be written without anything that measures.
 *
 * @module
 */

/** From nothing to a flooded agent, as the tables name them. */
export const STEPS = {
  nothing: "the runtime, a program of one line that waits",
  parts: "… that imports the packages of the agent",
  loaded: "the whole program loaded, waiting for input",
  idle: "agent, idle, 10 s after a reading",
  flooded: "agent, flooded, at most",
} as const;

/** Kinds of memory, as the tables name them. */
export const KINDS = {
  all: "resident",
  program: "pages of the runtime's file",
  files: "other files",
  heap: "JavaScript heap",
  code: "compiled code",
  malloc: "malloc: runtime, SQLite",
  other: "stacks, tables",
} as const;

/** One of them. */
export type Step = keyof typeof STEPS;

/** How long an agent rests before it is looked at. */
export const REST_S = 10;

/** How long its touched pages are counted. */
export const TOUCH_S = 5;
