/**
 * A card per sink: up or down, what waits and until when.
 *
 * @module
 */
import { el, keyed, setAttribute, setText, show } from "./dom.js";
import { facts, folded } from "./facts.js";
import { t } from "./language.js";
import { mark } from "./mark.js";
import { ago, duration, number, shortMoment } from "./numbers.js";
import { agentNowMs } from "./state.js";

/** @typedef {import("../json.ts").SinkJson} SinkJson */

/**
 * The cards of all sinks, put into the element that holds them.
 *
 * @param {HTMLElement} parent holds nothing else
 * @returns {(sinks: readonly SinkJson[]) => void}
 */
export function sinkCards(parent) {
  return keyed(parent, {
    key: (/** @type {SinkJson} */ sink) => sink.name,
    create: sinkCard,
  });
}

/** @param {SinkJson} sink */
function sinkCard({ name, type }) {
  const state = mark();
  const big = el("p", { class: "big" });
  const until = el("p", { class: "quiet" });
  const detail = el("p", { class: "detail", lang: "en" });
  const list = facts([
    ["since", t("sink.since")],
    ["rate", t("sink.rate")],
    ["oldest", t("sink.oldest")],
    ["last", t("sink.last")],
    ["delivered", t("sink.delivered")],
    ["given_up", t("sink.given_up")],
  ]);
  const node = el(
    "article",
    { class: "card", "data-sink": name },
    el(
      "div",
      { class: "card-head" },
      el("h3", {}, name, " ", el("small", {}, type)),
      state.node,
    ),
    detail,
    big,
    until,
    folded(list.node),
  );
  return {
    node,
    /** @param {SinkJson} sink */
    update(sink) {
      state.set(sink.up ? "good" : "bad", t(sink.up ? "sink.up" : "sink.down"));
      setAttribute(node, "data-mood", sink.up ? null : "bad");
      setText(detail, sink.detail);
      show(detail, sink.detail !== "");
      setText(big, waitingText(sink.pending));
      setText(until, drainText(sink));
      const nowMs = agentNowMs();
      list.set("since", shortMoment(sink.since, nowMs));
      list.set(
        "rate",
        t("sink.rate_value", {
          rate: number(sink.rate_per_s, sink.rate_per_s < 10 ? 1 : 0),
        }),
      );
      list.set(
        "oldest",
        sink.oldest_pending_at === null
          ? null
          : ago((nowMs - Date.parse(sink.oldest_pending_at)) / 1000),
      );
      list.set(
        "last",
        sink.last_delivered_at === null
          ? t("never")
          : ago((nowMs - Date.parse(sink.last_delivered_at)) / 1000),
      );
      list.set("delivered", number(sink.delivered));
      list.set(
        "given_up",
        `${number(sink.rejected)}, ${number(sink.dropped)}`,
      );
    },
  };
}

/** @param {number} pending */
function waitingText(pending) {
  if (pending === 0) return t("sink.none_waits");
  return t(pending === 1 ? "sink.one_waits" : "sink.some_wait", {
    count: number(pending),
  });
}

/** @param {SinkJson} sink */
function drainText({ pending, up, drained_in_s }) {
  if (pending === 0) return t("sink.drained");
  if (drained_in_s !== null) {
    return t("sink.drained_in", { time: duration(drained_in_s) });
  }
  return t(up ? "sink.not_moving" : "sink.kept");
}
