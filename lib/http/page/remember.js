/**
 * What the browser keeps for this page: choices for good, the token for this
 * tab. A browser that keeps nothing is no fault; the page then asks again.
 *
 * @module
 */

/** @typedef {"language" | "theme" | "sort" | "token"} Kept */

/**
 * @param {Kept} name
 * @returns {Storage | null}
 */
function place(name) {
  try {
    return name === "token" ? sessionStorage : localStorage;
  } catch {
    // Storage is switched off in this browser.
    return null;
  }
}

/**
 * What was kept by that name; null when there is nothing.
 *
 * @param {Kept} name
 * @returns {string | null}
 */
export function recall(name) {
  return place(name)?.getItem(`dash7-edge.${name}`) ?? null;
}

/**
 * Keeps a text, or with null forgets it.
 *
 * @param {Kept} name
 * @param {string | null} text
 */
export function remember(name, text) {
  try {
    if (text === null) place(name)?.removeItem(`dash7-edge.${name}`);
    else place(name)?.setItem(`dash7-edge.${name}`, text);
  } catch {
    // Full or forbidden: the choice holds until the page is loaded again.
  }
}
