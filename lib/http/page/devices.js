/**
 * All devices: a table on a desk, cards on a phone, with search and order.
 * Rows are changed in place; they change places only when nobody points at
 * them.
 *
 * @module
 */
import { deviceRow } from "./device_row.js";
import { el, keyed, setText, show } from "./dom.js";
import { t } from "./language.js";
import { number } from "./numbers.js";
import { found, ordered, ORDERS } from "./order.js";
import { recall, remember } from "./remember.js";

/** @typedef {import("../json.ts").DeviceJson} DeviceJson */
/** @typedef {import("./order.js").Order} Order */

/** Places in the list are looked at again this often, ms. */
const SORT_MS = 5000;

/** The section with all devices. */
export function deviceList() {
  const count = el("p", { class: "quiet" });
  const search = el("input", {
    id: "search",
    type: "search",
    autocomplete: "off",
    spellcheck: "false",
    placeholder: t("devices.search_hint"),
  });
  const order = orderChoice();
  const none = el("p", { class: "quiet" });
  const head = el("tr", { role: "row" });
  for (
    const id of /** @type {const} */ ([
      "devices.device",
      "devices.state",
      "devices.heard",
      "devices.link",
      "devices.meter",
      "devices.current",
      "devices.energy",
    ])
  ) {
    head.append(el("th", { scope: "col", role: "columnheader" }, t(id)));
  }
  const rows = el("tbody", { role: "rowgroup" });
  const table = el(
    "table",
    { class: "devices", role: "table", "aria-labelledby": "devices-title" },
    el("thead", { role: "rowgroup" }, head),
    rows,
  );
  const node = el(
    "section",
    { "aria-labelledby": "devices-title" },
    el(
      "div",
      { class: "section-head" },
      el("h2", { id: "devices-title" }, t("devices.title")),
      count,
      el(
        "div",
        { class: "tools" },
        el("label", { for: "search" }, t("devices.search")),
        search,
        el("label", { for: "order" }, t("devices.order")),
        order,
      ),
    ),
    none,
    table,
  );
  const fillRows = keyed(rows, {
    key: (/** @type {DeviceJson} */ { device }) => device,
    create: deviceRow,
  });

  /** @type {readonly DeviceJson[]} */
  let all = [];
  /** @type {string[]} */
  let places = [];
  let sortedMs = -Infinity;
  const arrange = () => {
    sortedMs = performance.now();
    const by = /** @type {Order} */ (order.value);
    places = ordered(all, by).map(({ device }) => device);
  };
  const refill = () => {
    const byUid = new Map(all.map((device) => [device.device, device]));
    const shown = places.flatMap((uid) => byUid.get(uid) ?? [])
      .filter((device) => found(device, search.value.trim()));
    fillRows(shown);
    show(table, shown.length > 0);
    show(none, shown.length === 0);
    setText(none, t(all.length === 0 ? "devices.none" : "devices.not_found"));
    setText(count, countText(all));
  };
  search.addEventListener("input", refill);
  order.addEventListener("change", () => {
    remember("sort", order.value);
    arrange();
    refill();
  });
  return {
    node,
    /** @param {readonly DeviceJson[]} devices */
    update(devices) {
      const changed = devices.length !== all.length;
      all = devices;
      const busy = rows.matches(":hover, :focus-within");
      const due = performance.now() - sortedMs > SORT_MS && !busy;
      if (changed || due) arrange();
      refill();
    },
  };
}

function orderChoice() {
  const select = el("select", { id: "order" });
  for (const order of ORDERS) {
    select.append(el("option", { value: order }, t(`order.${order}`)));
  }
  const kept = ORDERS.find((order) => order === recall("sort"));
  select.value = kept ?? "worst";
  return select;
}

/** @param {readonly DeviceJson[]} devices */
function countText(devices) {
  const heard = devices.filter(({ state }) => state === "ok").length;
  return t("devices.count", {
    count: number(devices.length),
    heard: number(heard),
  });
}
