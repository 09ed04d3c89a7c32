/**
 * Devices that were heard but have no name yet, with the lines that name them.
 *
 * @module
 */
import { copyButton } from "./copy.js";
import { el, keyed, setText, show } from "./dom.js";
import { t } from "./language.js";
import { linkSign } from "./mark.js";
import { ago } from "./numbers.js";
import { agentNowMs } from "./state.js";

/** @typedef {import("../json.ts").DeviceJson} DeviceJson */

/**
 * The lines of the configuration that name a device.
 *
 * @param {string} device
 * @returns {string}
 */
export function snippet(device) {
  return `[devices."${device}"]\nname = ""\n`;
}

/**
 * The lines that name a device, with a button that copies them.
 *
 * @param {string} device
 */
export function snippetBox(device) {
  const code = el("code", {}, snippet(device));
  return el(
    "div",
    { class: "snippet" },
    el(
      "pre",
      { tabindex: "0", "aria-label": t("unnamed.lines", { device }) },
      code,
    ),
    copyButton(code, t("unnamed.copy", { device })),
  );
}

/** The section; hidden while every device has its name. */
export function unnamedList() {
  const items = el("ul", { class: "unnamed-list" });
  const all = el("code");
  const more = el(
    "details",
    {},
    el("summary", {}, t("unnamed.all")),
    el(
      "div",
      { class: "snippet" },
      el("pre", { tabindex: "0", "aria-label": t("unnamed.all") }, all),
      copyButton(all, t("unnamed.all")),
    ),
  );
  const node = el(
    "section",
    { "aria-labelledby": "unnamed-title" },
    el("h2", { id: "unnamed-title" }, t("unnamed.title")),
    el("p", { class: "quiet" }, t("unnamed.why")),
    items,
    more,
  );
  const fillItems = keyed(items, {
    key: (/** @type {DeviceJson} */ { device }) => device,
    create: unnamedItem,
  });
  return {
    node,
    /** @param {readonly DeviceJson[]} devices */
    update(devices) {
      const unnamed = devices.filter(({ name, ignored }) =>
        name === null && !ignored
      );
      show(node, unnamed.length > 0);
      fillItems(unnamed);
      show(more, unnamed.length > 1);
      setText(all, unnamed.map(({ device }) => snippet(device)).join("\n"));
    },
  };
}

/** @param {DeviceJson} device */
function unnamedItem({ device }) {
  const heard = el("span", { class: "quiet" });
  const link = linkSign();
  const node = el(
    "li",
    { class: "card" },
    el(
      "p",
      { class: "unnamed-head" },
      el("a", { href: `#/devices/${device}`, class: "uid" }, device),
      heard,
      link.node,
    ),
    snippetBox(device),
  );
  return {
    node,
    /** @param {DeviceJson} device */
    update(device) {
      const sinceMs = agentNowMs() - Date.parse(device.last_heard_at);
      setText(heard, ago(sinceMs / 1000));
      link.set(device.link_budget_db);
    },
  };
}
