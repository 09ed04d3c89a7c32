/**
 * One device: its state, its history and its readings.
 *
 * @module
 */
import { meterWord, silence, stateWord } from "./device_row.js";
import { el, setText, show } from "./dom.js";
import { facts } from "./facts.js";
import { history } from "./history.js";
import { t } from "./language.js";
import { linkSign, mark } from "./mark.js";
import { duration, inLargeUnit, moment, number } from "./numbers.js";
import { readingList } from "./reading_list.js";
import { theDevice, theDevices, watch } from "./state.js";
import { snippetBox } from "./unnamed.js";

/** @typedef {import("../json.ts").DeviceJson} DeviceJson */

/**
 * @param {string} uid
 * @param {AbortSignal} signal
 * @returns {{ title: string, node: HTMLElement }}
 */
export function deviceView(uid, signal) {
  const name = el("h2", {}, uid);
  const about = el("p", { class: "uid" });
  const state = mark();
  const heard = silence();
  const link = linkSign();
  const meter = mark();
  const list = facts([
    ["heard", t("devices.heard")],
    ["link", t("devices.link")],
    ["rx", t("device.rx")],
    ["meter", t("devices.meter")],
    ["silent", t("device.silent_after")],
    ["offline", t("device.offline_after")],
    ["interval", t("device.interval")],
    ["button", t("device.button")],
    ["count", t("device.count")],
    ["first", t("device.first")],
    ["tag", t("device.tag")],
    ["queued", t("device.queued")],
  ]);
  const last = phaseTable();
  const lastAt = el("p", { class: "quiet" });
  const naming = el(
    "section",
    { "aria-labelledby": "naming-title", hidden: true },
    el("h3", { id: "naming-title" }, t("device.no_name")),
    el("p", { class: "quiet" }, t("unnamed.why")),
    snippetBox(uid),
  );
  const unknown = el("p", { class: "quiet", role: "status" }, t("waiting"));
  const body = el(
    "div",
    { class: "page", hidden: true },
    el(
      "div",
      { class: "cards wide" },
      el(
        "article",
        { class: "card" },
        el("h3", {}, t("device.now")),
        list.node,
      ),
      el(
        "article",
        { class: "card" },
        el("h3", {}, t("device.last")),
        lastAt,
        last.node,
      ),
    ),
    naming,
  );
  const update = () => {
    const device = theDevice(uid);
    if (device === undefined) {
      if (theDevices() !== null) setText(unknown, t("device.unknown"));
      show(unknown, true);
      return;
    }
    show(unknown, false);
    show(body, true);
    setText(name, device.name ?? t("devices.unnamed"));
    setText(about, uid);
    state.set(...stateWord(device));
    heard.set(device);
    link.set(device.link_budget_db);
    meter.set(...meterWord(device));
    list.set("heard", heard.node);
    list.set("link", link.node);
    list.set("meter", meter.node);
    showFacts(device, list);
    show(naming, device.name === null && !device.ignored);
    setText(
      lastAt,
      device.last_reading_at === null
        ? t("device.no_reading")
        : moment(device.last_reading_at),
    );
    last.set(device);
  };
  watch(update, signal);
  const node = el(
    "div",
    { class: "page" },
    el("p", {}, el("a", { href: "#/" }, t("device.back"))),
    el("div", { class: "title" }, name, state.node, about),
    unknown,
    body,
    history(uid, signal),
    readingList(uid, signal),
  );
  update();
  return { title: theDevice(uid)?.name ?? uid, node };
}

const PHASES = /** @type {const} */ ([1, 2, 3]);
const ROWS = /** @type {const} */ ([
  ["active_energy", "device.active", "kWh"],
  ["apparent_energy", "device.apparent", "kVAh"],
  ["current", "device.current", "A"],
  ["voltage", "device.voltage", "V"],
]);

/** The last values, a column for each phase. */
function phaseTable() {
  const head = el("tr", {}, el("td"));
  for (const phase of PHASES) {
    head.append(el("th", { scope: "col" }, t("history.phase", { phase })));
  }
  /** @type {Map<string, HTMLElement>} */
  const cells = new Map();
  const rows = ROWS.map(([name, label, unit]) => {
    const row = el(
      "tr",
      {},
      el("th", { scope: "row" }, `${t(label)}, ${unit}`),
    );
    for (const phase of PHASES) {
      const cell = el("td", {}, "–");
      cells.set(`${name}_${phase}`, cell);
      row.append(cell);
    }
    return row;
  });
  const node = el(
    "table",
    { class: "figures", "aria-label": t("device.last") },
    el("thead", {}, head),
    el("tbody", {}, ...rows),
  );
  return {
    node: el(
      "div",
      {
        class: "scroll",
        tabindex: "0",
        role: "group",
        "aria-label": t("device.last"),
      },
      node,
    ),
    /** @param {DeviceJson} device */
    set({ last }) {
      for (const { name, value, unit } of last) {
        const cell = cells.get(name);
        if (cell !== undefined) setText(cell, inLargeUnit(value, unit));
      }
    },
  };
}

/**
 * @param {DeviceJson} device
 * @param {{ set(key: any, value: string | null): void }} list
 */
function showFacts(device, list) {
  const { rx_level_dbm, energy_config, button_config, queued } = device;
  list.set(
    "rx",
    rx_level_dbm === null ? null : `${number(rx_level_dbm)}\u202fdBm`,
  );
  list.set("silent", duration(device.silent_after_s));
  list.set("offline", duration(device.offline_after_s));
  list.set(
    "interval",
    energy_config === null
      ? t("device.not_told")
      : t(energy_config.enabled ? "device.every" : "device.switched_off", {
        time: duration(energy_config.interval_s),
      }),
  );
  list.set("button", button_config === null ? null : buttonText(button_config));
  list.set("count", number(device.measurements_total));
  list.set("first", moment(device.first_heard_at));
  // Three stars stand for a tag that nobody has set. [eMQTT index 24]
  list.set("tag", /^(\*\*\*)?$/.test(device.tag) ? null : device.tag);
  const waiting = queued.map(({ file_id, offset, data }) =>
    `${file_id}+${offset}=${data}`
  );
  list.set(
    "queued",
    waiting.length > 0
      ? waiting.join(", ")
      : device.last_write_failed
      ? t("device.write_failed")
      : null,
  );
}

/** @param {NonNullable<DeviceJson["button_config"]>} config */
function buttonText({ enabled, presses, releases, menu }) {
  if (!enabled) return t("device.button_off");
  const told = [
    presses ? t("device.presses") : null,
    releases ? t("device.releases") : null,
    menu ? t("device.menu") : null,
  ].filter((word) => word !== null);
  return told.length === 0 ? t("device.button_nothing") : told.join(", ");
}
