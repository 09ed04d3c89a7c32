/**
 * In which order devices are listed, and which a search finds.
 *
 * @module
 */
/** @typedef {import("../json.ts").DeviceJson} DeviceJson */
/** @typedef {"worst" | "name" | "heard" | "link"} Order */

/** @type {readonly Order[]} */
export const ORDERS = ["worst", "name", "heard", "link"];

const STATE_RANK = { unregistered: 3, offline: 2, silent: 1, ok: 0 };

/**
 * How much a device needs somebody: its state, then its meter, then its link.
 *
 * @param {DeviceJson} device
 */
function rank(device) {
  if (device.ignored) return -1;
  if (device.state !== "ok") return 10 + STATE_RANK[device.state];
  if (device.meter_lost) return 9;
  if (device.valid === false) return 8;
  return (device.link_budget_db ?? 0) > 130 ? 7 : 0;
}

/**
 * @param {DeviceJson} a
 * @param {DeviceJson} b
 */
function byName(a, b) {
  // Those with a name first, in the order a person would count: 2 before 10.
  if ((a.name === null) !== (b.name === null)) return a.name === null ? 1 : -1;
  return (a.name ?? a.device).localeCompare(b.name ?? b.device, undefined, {
    numeric: true,
  });
}

/** @type {Readonly<Record<Order, (a: DeviceJson, b: DeviceJson) => number>>} */
const COMPARE = {
  worst: (a, b) => rank(b) - rank(a) || byName(a, b),
  name: byName,
  heard: (a, b) =>
    Date.parse(b.last_heard_at) - Date.parse(a.last_heard_at) || byName(a, b),
  link: (a, b) =>
    (b.link_budget_db ?? -1) - (a.link_budget_db ?? -1) || byName(a, b),
};

/**
 * @param {readonly DeviceJson[]} devices
 * @param {Order} order
 * @returns {DeviceJson[]}
 */
export function ordered(devices, order) {
  return [...devices].sort(COMPARE[order]);
}

/**
 * Whether a search finds a device: every word of it is part of its name, UID
 * or tag.
 *
 * @param {DeviceJson} device
 * @param {string} search
 * @returns {boolean}
 */
export function found(device, search) {
  const text = `${device.name ?? ""} ${device.device} ${device.tag}`
    .toLowerCase();
  return search.toLowerCase().split(/\s+/).every((word) => text.includes(word));
}
