/**
 * The dialog that asks for the token of an agent that listens to more than
 * this machine.
 *
 * @module
 */
import { el } from "./dom.js";
import { t } from "./language.js";
import { recall } from "./remember.js";

/** Asks once; null when the person gives none. */
export function askForToken() {
  const input = el("input", {
    id: "token",
    type: "password",
    autocomplete: "current-password",
    required: true,
  });
  const refused = recall("token") !== null;
  const cancel = el("button", { type: "button" }, t("token.cancel"));
  const form = el(
    "form",
    { method: "dialog" },
    el("h2", { id: "token-title" }, t("token.title")),
    el("p", {}, t(refused ? "token.refused" : "token.why")),
    // Keepers of passwords want to know whose it is.
    el("input", {
      type: "text",
      autocomplete: "username",
      value: "dash7-edge",
      hidden: true,
    }),
    el("label", { for: "token" }, t("token.label")),
    input,
    el(
      "p",
      { class: "buttons" },
      el("button", { class: "main" }, t("token.use")),
      cancel,
    ),
  );
  const dialog = el("dialog", { "aria-labelledby": "token-title" }, form);
  document.body.append(dialog);
  dialog.showModal();
  input.focus();
  /** @type {Promise<string | null>} */
  const answer = new Promise((resolve) => {
    let given = false;
    form.addEventListener("submit", () => void (given = true));
    cancel.addEventListener("click", () => dialog.close());
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(given ? input.value.trim() : null);
    });
  });
  return answer;
}
