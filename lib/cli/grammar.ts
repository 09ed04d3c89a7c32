/**
 * ◆ What can be typed: the verbs and options of a grammar, and the one that a
 * mistyped word was meant to be.
 *
 * @module
 */
import type { Usage } from "@optique/core/usage";
import { nearest } from "../config/nearest.ts";

/** Verbs and sub-verbs as they are typed: `devices`, `devices forget`. */
export function verbsIn(usage: Usage, before = ""): string[] {
  const found: string[] = [];
  let verb = before;
  for (const term of usage) {
    // What follows a verb in a usage belongs to it.
    if (term.type === "command") {
      verb = `${verb} ${term.name}`.trimStart();
      found.push(verb);
    } else if (term.type === "exclusive") {
      found.push(...term.terms.flatMap((way) => verbsIn(way, verb)));
    }
  }
  return found;
}

/** The options of a verb, not those of its sub-verbs. */
export function optionsIn(usage: Usage, of: string, before = ""): string[] {
  const found: string[] = [];
  let verb = before;
  for (const term of usage) {
    if (term.type === "command") verb = `${verb} ${term.name}`.trimStart();
    else if (term.type === "option" && verb === of) found.push(...term.names);
    else if (term.type === "optional" || term.type === "multiple") {
      found.push(...optionsIn(term.terms, of, verb));
    } else if (term.type === "exclusive") {
      found.push(...term.terms.flatMap((way) => optionsIn(way, of, verb)));
    }
  }
  return found;
}

/** The verb that a command line begins with, sub-verb included; empty when there is none. */
export function verbOf(
  [first = "", second = ""]: readonly string[],
  verbs: readonly string[],
): string {
  return verbs.find((name) => name === `${first} ${second}`) ??
    verbs.find((name) => name === first) ?? "";
}

// deno-lint-ignore no-control-regex
const COLOUR = /\x1b\[[0-9;]*m/g;

/** What the parser says went wrong, with the word that was meant if it has found none itself. */
export function withMeant(
  said: string,
  verb: string,
  verbs: readonly string[],
  usage: Usage,
): string {
  const text = said.replaceAll(/ +$/gm, "");
  const [, wrong] = /^Error: Unexpected option or subcommand: `?(.+?)`?\.$/m
    .exec(text.replaceAll(COLOUR, "")) ?? [];
  if (wrong === undefined || text.includes("Did you mean")) return text;
  const below = verbs.filter((name) => name.startsWith(`${verb} `))
    .map((name) => name.slice(verb.length + 1));
  const meant = nearest(wrong, [...optionsIn(usage, verb), ...below]);
  return meant === undefined ? text : `${text}\n\nDid you mean \`${meant}\`?`;
}
