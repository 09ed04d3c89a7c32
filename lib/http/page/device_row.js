/**
 * One device in the list: who it is, its state, its silence against its
 * cadence, its link, its meter and what it measured last.
 *
 * @module
 */
import { el, setAttribute, setText } from "./dom.js";
import { t } from "./language.js";
import { linkSign, mark } from "./mark.js";
import { ago, duration, measured, number } from "./numbers.js";
import { agentNowMs } from "./state.js";

/** @typedef {import("../json.ts").DeviceJson} DeviceJson */

/**
 * The state of a device as a sign and a word.
 *
 * @param {DeviceJson} device
 * @returns {[import("./mark.js").Mood, string]}
 */
export function stateWord({ state, ignored }) {
  if (ignored) return ["none", t("state.ignored")];
  switch (state) {
    case "ok":
      return ["good", t("state.ok")];
    case "silent":
      return ["warn", t("state.silent")];
    case "offline":
      return ["bad", t("state.offline")];
    case "unregistered":
      return ["bad", t("state.unregistered")];
  }
}

/**
 * Whether its meter could be read, as a sign and a word.
 *
 * @param {DeviceJson} device
 * @returns {[import("./mark.js").Mood, string]}
 */
export function meterWord({ valid, meter_lost }) {
  if (meter_lost) return ["bad", t("meter.lost")];
  if (valid === null) return ["none", t("meter.unknown")];
  return valid ? ["good", t("meter.valid")] : ["warn", t("meter.invalid")];
}

/** Time since a device was heard, as words and as a bar up to where it counts as silent. */
export function silence() {
  const text = el("span", { class: "heard" });
  const bar = el("i");
  const tick = el("b");
  const track = el(
    "span",
    { class: "track", "aria-hidden": "true" },
    bar,
    tick,
  );
  const every = el("span", { class: "quiet" });
  const node = el("span", { class: "silence" }, text, track, every);
  return {
    node,
    /** @param {DeviceJson} device */
    set(device) {
      const sinceS = Math.max(
        0,
        (agentNowMs() - Date.parse(device.last_heard_at)) / 1000,
      );
      setText(text, ago(sinceS));
      const share = Math.min(1, sinceS / device.silent_after_s);
      const width = `${Math.round(share * 100)}%`;
      if (bar.style.width !== width) bar.style.width = width;
      const { cadence_s } = device;
      const late = cadence_s !== null && sinceS > cadence_s * 1.2;
      setAttribute(
        track,
        "data-mood",
        share >= 1 ? "bad" : late ? "warn" : "good",
      );
      tick.hidden = cadence_s === null;
      if (cadence_s !== null) {
        const left = Math.min(1, cadence_s / device.silent_after_s) * 100;
        tick.style.left = `${left.toFixed(0)}%`;
      }
      setText(
        every,
        cadence_s === null
          ? t("cadence.unknown")
          : t("cadence.every", { time: duration(cadence_s) }),
      );
      setAttribute(
        every,
        "title",
        t("cadence.silent_after", { time: duration(device.silent_after_s) }),
      );
    },
  };
}

/** @param {DeviceJson} device */
export function deviceRow({ device }) {
  const name = el("a", { href: `#/devices/${device}` });
  const uid = el("span", { class: "uid" }, device);
  const state = mark();
  const heard = silence();
  const link = linkSign();
  const meter = mark();
  const current = el("span");
  const energy = el("span");
  const cell = (
    /** @type {import("./language.js").WordId} */ label,
    /** @type {Node[]} */ ...children
  ) => el("td", { role: "cell", "data-label": t(label) }, ...children);
  const node = el(
    "tr",
    { role: "row", "data-device": device },
    el("th", { scope: "row", role: "rowheader" }, name, uid),
    cell("devices.state", state.node),
    cell("devices.heard", heard.node),
    cell("devices.link", link.node),
    cell("devices.meter", meter.node),
    cell("devices.current", current),
    cell("devices.energy", energy),
  );
  return {
    node,
    /** @param {DeviceJson} device */
    update(device) {
      setText(name, device.name ?? t("devices.unnamed"));
      setAttribute(name, "class", device.name === null ? "unnamed" : null);
      setAttribute(
        name,
        "aria-label",
        device.name === null
          ? `${t("devices.unnamed")} ${device.device}`
          : null,
      );
      state.set(...stateWord(device));
      setAttribute(
        node,
        "data-state",
        device.ignored ? "ignored" : device.state,
      );
      heard.set(device);
      link.set(device.link_budget_db);
      meter.set(...meterWord(device));
      setText(current, currents(device));
      setText(energy, total(device));
    },
  };
}

/** @param {DeviceJson} device */
function currents({ last }) {
  const values = last.filter(({ quantity }) => quantity === "current")
    .map(({ value }) => number(Number(value) / 1000, 1, 1));
  return values.length === 0 ? "–" : `${values.join(" · ")}\u202fA`;
}

/** @param {DeviceJson} device */
function total({ last }) {
  const values = last.filter(({ quantity }) => quantity === "active_energy");
  if (values.length === 0) return "–";
  const sum = values.reduce(
    (all, { value }) => all + BigInt(String(value)),
    0n,
  );
  return measured(String(sum), "Wh");
}
