/**
 * What stands around every view: skip link, header with the gateway, its
 * clock, language and theme, the ways to other views, and the word that the
 * agent does not answer.
 *
 * @module
 */
import { askTokenAgain, tokenDeclined } from "./agent.js";
import { el, setAttribute, setText, show } from "./dom.js";
import { chooseLanguage, language, t } from "./language.js";
import { mark } from "./mark.js";
import { duration, shortMoment } from "./numbers.js";
import { recall, remember } from "./remember.js";
import { agentNowMs, theLoss, theStatus, watch } from "./state.js";

/**
 * Builds the shell into the body.
 *
 * @param {AbortSignal} signal
 * @param {() => void} rebuild called when all words must be said anew
 */
export function shell(signal, rebuild) {
  const name = el("h1", {}, "dash7-edge");
  const clock = mark();
  const about = el("span", { class: "quiet" });
  const links = navigation();
  const lost = lossNotice();
  const main = el("main", { id: "main", tabindex: "-1" });
  const skip = el("a", { class: "skip", href: "#main" }, t("skip"));
  skip.addEventListener("click", (event) => {
    // The fragment names the view; it must not change.
    event.preventDefault();
    main.focus();
  });
  document.body.replaceChildren(
    skip,
    el(
      "header",
      { class: "top" },
      el("div", { class: "who" }, name, about),
      el("div", { class: "clock" }, clock.node),
      el(
        "div",
        { class: "choices" },
        languageChoice(rebuild),
        themeChoice(),
      ),
      links.node,
    ),
    lost.node,
    main,
  );
  const update = () => {
    lost.update();
    const status = theStatus();
    if (status === null) return;
    const { agent } = status;
    setText(name, agent.name);
    setText(
      about,
      t("top.about", {
        version: agent.version,
        uptime: duration(agent.uptime_s),
      }),
    );
    clock.set(
      agent.clock_synchronised ? "good" : "warn",
      t(agent.clock_synchronised ? "clock.set" : "clock.unset", {
        time: shortMoment(agentNowMs(), Date.now()),
      }),
    );
  };
  watch(update, signal);
  update();
  return { main, links };
}

function navigation() {
  const links = {
    overview: el("a", { href: "#/" }, t("nav.overview")),
    live: el("a", { href: "#/live" }, t("nav.live")),
  };
  const node = el(
    "nav",
    { "aria-label": t("nav.label") },
    ...Object.values(links),
  );
  return {
    node,
    /** @param {string} view */
    at(view) {
      for (const [name, link] of Object.entries(links)) {
        setAttribute(link, "aria-current", name === view ? "page" : null);
      }
    },
  };
}

/** @param {() => void} rebuild */
function languageChoice(rebuild) {
  const select = el(
    "select",
    { id: "language", "aria-label": t("choice.language") },
    el("option", { value: "en", lang: "en" }, "English"),
    el("option", { value: "fr", lang: "fr" }, "Français"),
  );
  select.value = language();
  select.addEventListener("change", () => {
    chooseLanguage(select.value === "fr" ? "fr" : "en");
    rebuild();
    document.getElementById("language")?.focus();
  });
  return select;
}

function themeChoice() {
  const select = el(
    "select",
    { id: "theme", "aria-label": t("choice.theme") },
    el("option", { value: "system" }, t("theme.system")),
    el("option", { value: "light" }, t("theme.light")),
    el("option", { value: "dark" }, t("theme.dark")),
  );
  const kept = recall("theme");
  select.value = kept === "light" || kept === "dark" ? kept : "system";
  select.addEventListener("change", () => {
    const theme = select.value === "system" ? null : select.value;
    remember("theme", theme);
    setAttribute(document.documentElement, "data-theme", theme);
    // Charts are painted, not styled: they paint themselves anew.
    document.dispatchEvent(new Event("theme"));
  });
  return select;
}

function lossNotice() {
  const text = el("p");
  const again = el("button", { type: "button" }, t("token.enter"));
  const node = el(
    "div",
    { class: "lost", role: "alert", hidden: true },
    text,
    again,
  );
  again.addEventListener("click", askTokenAgain);
  return {
    node,
    update() {
      const sinceMs = theLoss();
      show(node, sinceMs !== null);
      if (sinceMs === null) return;
      const refused = tokenDeclined();
      show(again, refused);
      setText(
        text,
        refused
          ? t("lost.token")
          : t("lost.since", { since: shortMoment(sinceMs, Date.now()) }),
      );
    },
  };
}
