/**
 * Bytes as people read them: a grid of hex with offsets, in which ranges can
 * be pointed out.
 *
 * @module
 */
import { el } from "./dom.js";

/**
 * Where one run of bytes lies in another, both hex; -1 when it does not.
 *
 * @param {string} whole
 * @param {string} part
 * @returns {number} bytes
 */
export function bytesAt(whole, part) {
  if (part === "") return -1;
  let at = whole.toLowerCase().indexOf(part.toLowerCase());
  // A match that begins in the middle of a byte is none.
  while (at >= 0 && at % 2 === 1) {
    at = whole.toLowerCase().indexOf(part.toLowerCase(), at + 1);
  }
  return at < 0 ? -1 : at / 2;
}

/**
 * A grid of bytes, sixteen to a line.
 *
 * @param {string} hex
 * @param {string} label
 */
export function hexGrid(hex, label) {
  const bytes = (hex.match(/../g) ?? []).map((byte) => el("span", {}, byte));
  const grid = el("div", {
    class: "hex",
    role: "group",
    tabindex: "0",
    "aria-label": `${label}: ${bytes.length} B`,
  });
  for (let at = 0; at < bytes.length; at += 8) {
    grid.append(el(
      "span",
      { class: "hex-run" },
      el("span", { class: "offset" }, String(at)),
      ...bytes.slice(at, at + 8).flatMap((byte) => [" ", byte]),
    ));
    grid.append(" ");
  }
  return {
    node: grid,
    /**
     * Points out a range, or with length 0 nothing.
     *
     * @param {number} offset
     * @param {number} length
     */
    point(offset, length) {
      bytes.forEach((byte, at) =>
        byte.classList.toggle("pointed", at >= offset && at < offset + length)
      );
    },
    /**
     * Shades a range for good.
     *
     * @param {number} offset
     * @param {number} length
     */
    shade(offset, length) {
      for (const byte of bytes.slice(offset, offset + length)) {
        byte.classList.add("shaded");
      }
    },
  };
}
