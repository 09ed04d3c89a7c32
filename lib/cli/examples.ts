/**
 * Examples below a verb's help.
 *
 * @module
 */
import { lineBreak, type Message, text } from "@optique/core/message";

/** Command lines as they are typed, one below the other. */
export function examples(...lines: readonly string[]): Message {
  return [
    text("Examples:"),
    ...lines.flatMap((line) => [lineBreak(), text(`  dash7-edge ${line}`)]),
  ];
}
