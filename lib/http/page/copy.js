/**
 * Copying a text. On a page that did not come over https from elsewhere the
 * clipboard is out of reach; then the old way, and if that fails too the text
 * is marked for the person to copy.
 *
 * @module
 */
import { el, setText } from "./dom.js";
import { t } from "./language.js";

/**
 * A button that copies what is shown in an element.
 *
 * @param {HTMLElement} shown
 * @param {string} label what is copied, for those who cannot see what it stands beside
 * @returns {HTMLButtonElement}
 */
export function copyButton(shown, label) {
  const button = el("button", {
    type: "button",
    class: "small",
    "aria-label": label,
  }, t("copy.do"));
  const said = el("span", { class: "hidden", role: "status" });
  button.append(said);
  button.addEventListener("click", async () => {
    const done = await copied(shown);
    const text = t(done ? "copy.done" : "copy.marked");
    setText(button.firstChild ?? button, text);
    setText(said, text);
    setTimeout(() => {
      setText(button.firstChild ?? button, t("copy.do"));
      setText(said, "");
    }, 3000);
  });
  return button;
}

/**
 * @param {HTMLElement} shown
 * @returns {Promise<boolean>} false: the text is only marked
 */
async function copied(shown) {
  const text = shown.textContent ?? "";
  try {
    if (isSecureContext && navigator.clipboard !== undefined) {
      await navigator.clipboard.writeText(text);
      return true;
    }
  } catch {
    // Not permitted: the old way needs no permission.
  }
  const range = document.createRange();
  range.selectNodeContents(shown);
  const selection = getSelection();
  selection?.removeAllRanges();
  selection?.addRange(range);
  return document.execCommand("copy");
}
