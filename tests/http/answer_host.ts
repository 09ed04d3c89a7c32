/**
 * What answers are made from, without a socket: a made-up view, one page and one
 * device with a name.
 *
 * @module
 */
import type { AnswerHost } from "../../lib/http/answer.ts";
import { tagged } from "../../lib/http/assets.ts";
import { DEVICE } from "./view.ts";

/** A host for the parts that a test has; without a token all may ask. */
export function answerHost(
  { token, ...parts }:
    & Pick<
      AnswerHost,
      "view" | "steering" | "streams" | "log"
    >
    & { readonly token: string | null },
): AnswerHost {
  return {
    ...parts,
    assets: tagged(
      new Map([
        ["/", { type: "text/html", body: "<title>page</title>" }],
        ["/page/main.js", { type: "text/javascript", body: "1" }],
      ]),
    ),
    policy: {
      isToken: token === null ? null : (text) => text === token,
      open: new Set(["/page/main.js"]),
    },
    deviceOf: (text) =>
      text === "Boiler"
        ? DEVICE
        : /^[0-9a-f]{16}$/i.test(text)
        ? text.toUpperCase()
        : null,
    nowMs: () => Date.UTC(2025, 0, 2),
    turn: async (work) => await work(),
  };
}
