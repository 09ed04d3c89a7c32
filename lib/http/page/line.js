/**
 * The serial line with its modem, and the outbox behind it.
 *
 * @module
 */
import { el, setAttribute, setText, show } from "./dom.js";
import { facts, folded } from "./facts.js";
import { t } from "./language.js";
import { mark } from "./mark.js";
import { ago, bytes, duration, number, percent } from "./numbers.js";
import { agentNowMs } from "./state.js";

/** @typedef {import("../json.ts").StatusJson} StatusJson */

/**
 * A card with its title and, beside it, how things stand.
 *
 * @param {string} title
 * @param {HTMLElement} state
 * @param {...HTMLElement} body
 */
function card(title, state, ...body) {
  return el(
    "article",
    { class: "card" },
    el("div", { class: "card-head" }, el("h3", {}, title), state),
    ...body,
  );
}

/** The port and the modem. */
export function serialCard() {
  const state = mark();
  const detail = el("p", { class: "detail", lang: "en" });
  const list = facts([
    ["port", t("serial.port")],
    ["modem", t("serial.modem")],
    ["firmware", t("serial.firmware")],
    ["frames", t("serial.frames")],
    ["last", t("serial.last")],
    ["checksums", t("serial.checksums")],
    ["lost", t("serial.lost")],
    ["discarded", t("serial.discarded")],
  ]);
  const node = card(t("serial.title"), state.node, detail, folded(list.node));
  return {
    node,
    /** @param {StatusJson} status */
    update({ serial }) {
      const identified = serial.modem !== null;
      const word = !serial.up ? "down" : identified ? "up" : "asking";
      state.set(
        word === "up" ? "good" : word === "down" ? "bad" : "warn",
        t(`serial.${word}`),
      );
      setAttribute(node, "data-mood", word === "down" ? "bad" : null);
      setText(detail, serial.detail);
      list.set("port", serial.port);
      list.set(
        "modem",
        serial.modem === null ? t("serial.no_modem") : serial.modem.uid,
      );
      list.set(
        "firmware",
        serial.modem === null ? null : serial.modem.firmware,
      );
      const frames = Object.values(serial.frames).reduce((a, b) => a + b, 0);
      list.set("frames", number(frames));
      list.set("last", agoOf(serial.last_frame_at));
      list.set("checksums", number(serial.bad_checksums));
      list.set("lost", number(serial.lost_frames));
      list.set("discarded", bytes(serial.discarded_bytes));
    },
  };
}

/** What waits on disk, and how long an outage may last. */
export function outboxCard() {
  const state = mark();
  const lasts = el("p", { class: "big" });
  const bar = el("i");
  const track = el("div", { class: "track", "aria-hidden": "true" }, bar);
  const trouble = el("p", { class: "detail", lang: "en" });
  const list = facts([
    ["fill", t("outbox.fill")],
    ["size", t("outbox.size")],
    ["disk", t("outbox.disk")],
    ["hour", t("outbox.hour")],
    ["oldest", t("outbox.oldest")],
    ["duplicates", t("outbox.duplicates")],
  ]);
  const node = card(
    t("outbox.title"),
    state.node,
    lasts,
    track,
    trouble,
    folded(list.node),
  );
  return {
    node,
    /** @param {StatusJson} status */
    update({ outbox, readings }) {
      const full = outbox.fill > 0.8;
      const mood = outbox.trouble !== null ? "bad" : full ? "warn" : "good";
      const word = { bad: "unwritable", warn: "filling", good: "writable" };
      state.set(
        mood,
        t(
          /** @type {"outbox.unwritable" | "outbox.filling" | "outbox.writable"} */ (
            `outbox.${word[mood]}`
          ),
        ),
      );
      setAttribute(node, "data-mood", mood === "bad" ? "bad" : null);
      setAttribute(lasts, "class", outbox.lasts_s === null ? "quiet" : "big");
      setText(
        lasts,
        outbox.lasts_s === null
          ? t("outbox.lasts_unknown")
          : t("outbox.lasts", { time: duration(outbox.lasts_s) }),
      );
      bar.style.width = `${Math.min(100, outbox.fill * 100).toFixed(1)}%`;
      setAttribute(track, "data-mood", mood);
      show(trouble, outbox.trouble !== null);
      setText(trouble, outbox.trouble ?? "");
      list.set("fill", percent(outbox.fill));
      list.set("size", `${bytes(outbox.bytes)}, ${bytes(outbox.max_bytes)}`);
      list.set(
        "disk",
        outbox.disk_free_bytes === null ? null : bytes(outbox.disk_free_bytes),
      );
      list.set(
        "hour",
        readings.per_hour === null
          ? t("outbox.hour_soon")
          : number(readings.per_hour),
      );
      list.set("oldest", agoOf(outbox.oldest_at));
      list.set("duplicates", number(readings.duplicates));
    },
  };
}

/**
 * @param {string | null} at
 * @returns {string}
 */
function agoOf(at) {
  return at === null ? t("never") : ago((agentNowMs() - Date.parse(at)) / 1000);
}
