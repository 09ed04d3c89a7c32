/**
 * What became of a reading at each sink: its fate, and the messages it made.
 *
 * @module
 */
import { copyButton } from "./copy.js";
import { el } from "./dom.js";
import { t } from "./language.js";
import { mark } from "./mark.js";
import { moment } from "./numbers.js";
import { pretty } from "./pretty.js";

/** @typedef {import("../json.ts").ExplainJson} ExplainJson */

/** @type {Readonly<Record<ExplainJson["sinks"][number]["fate"], import("./mark.js").Mood>>} */
const MOODS = {
  delivered: "good",
  pending: "warn",
  rejected: "bad",
  dropped: "bad",
  before_sink: "none",
  unknown: "none",
};

/**
 * The card of one sink.
 *
 * @param {ExplainJson["sinks"][number]} sink
 * @returns {HTMLElement}
 */
export function fateCard(
  { name, type, fate, detail, acknowledged_at, messages },
) {
  return el(
    "article",
    { class: "card", "data-fate": fate },
    el(
      "div",
      { class: "card-head" },
      el("h4", {}, name, " ", el("small", {}, type)),
      mark(MOODS[fate], t(`fate.${fate}`)).node,
    ),
    el("p", { class: "detail", lang: "en" }, detail),
    acknowledged_at === null
      ? null
      : el("p", {}, t("explain.acknowledged", { at: moment(acknowledged_at) })),
    ...messages.map(messageBox),
  );
}

/** @param {ExplainJson["sinks"][number]["messages"][number]} message */
function messageBox({ topic, qos, retain, payload }) {
  const code = el("code", {}, pretty(payload));
  return el(
    "div",
    { class: "message" },
    el("p", { class: "topic mono" }, topic),
    qos === null ? null : el(
      "p",
      { class: "quiet" },
      `QoS ${qos}, ${t(retain ? "explain.retained" : "explain.not_retained")}`,
    ),
    el(
      "div",
      { class: "snippet" },
      el("pre", {
        tabindex: "0",
        "aria-label": t("explain.payload", { topic }),
      }, code),
      copyButton(code, t("explain.copy", { topic })),
    ),
  );
}
