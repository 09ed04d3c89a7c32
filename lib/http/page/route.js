/**
 * Which view an address names; addresses can be shared and the back button
 * goes through them.
 *
 * @module
 */

/**
 * @typedef {{ readonly view: "overview" }
 *   | { readonly view: "live" }
 *   | { readonly view: "device", readonly device: string }
 *   | { readonly view: "explain", readonly id: number }
 *   | { readonly view: "nowhere" }} Route
 */

/**
 * The view that a fragment names.
 *
 * @param {string} fragment as `location.hash`
 * @returns {Route}
 */
export function routeOf(fragment) {
  const [, first = "", second = ""] = fragment.replace(/^#/, "").split("/");
  if (first === "") return { view: "overview" };
  if (first === "live" && second === "") return { view: "live" };
  if (
    first === "devices" && /^([0-9A-Fa-f]{4}|[0-9A-Fa-f]{16})$/.test(second)
  ) {
    return { view: "device", device: second.toUpperCase() };
  }
  if (first === "explain" && /^\d{1,15}$/.test(second)) {
    return { view: "explain", id: Number(second) };
  }
  return { view: "nowhere" };
}
