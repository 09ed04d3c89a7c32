/**
 * The page of a gateway: `state.js` asks the agent, a view a file shows what
 * it said, the fragment of the address names the view. Plain modules, as the
 * browser runs them; nothing is fetched from anywhere else.
 *
 * @module
 */
import { onTokenNeeded } from "./agent.js";
import { deviceView } from "./device.js";
import { el } from "./dom.js";
import { explainView } from "./explain.js";
import { startLanguage, t } from "./language.js";
import { liveView } from "./live.js";
import { overview } from "./overview.js";
import { routeOf } from "./route.js";
import { shell } from "./shell.js";
import { startWatching } from "./state.js";
import { askForToken } from "./token.js";

/** @typedef {{ readonly title: string, readonly node: HTMLElement }} View */

/** Ends what the shell, and what the view in it, is watching. */
let whole = new AbortController();
let part = new AbortController();

/** @type {ReturnType<typeof shell>} */
let around;

/**
 * @param {import("./route.js").Route} route
 * @param {AbortSignal} signal
 * @returns {View}
 */
function viewOf(route, signal) {
  switch (route.view) {
    case "overview":
      return overview(signal);
    case "live":
      return liveView(signal);
    case "device":
      return deviceView(route.device, signal);
    case "explain":
      return explainView(route.id, signal);
    case "nowhere":
      return {
        title: t("nowhere.title"),
        node: el(
          "section",
          { class: "page" },
          el("h2", {}, t("nowhere.title")),
          el("p", {}, el("a", { href: "#/" }, t("nowhere.back"))),
        ),
      };
  }
}

/** @param {boolean} moved a person went to another view, so that the focus follows */
function showView(moved) {
  part.abort();
  part = new AbortController();
  const route = routeOf(location.hash);
  const { title, node } = viewOf(route, part.signal);
  document.title = `${title} · dash7-edge`;
  around.links.at(route.view);
  around.main.replaceChildren(node);
  if (!moved) return;
  scrollTo(0, 0);
  around.main.focus({ preventScroll: true });
}

function build() {
  whole.abort();
  whole = new AbortController();
  around = shell(whole.signal, build);
  showView(false);
}

startLanguage();
onTokenNeeded(askForToken);
build();
addEventListener("hashchange", () => showView(true));
startWatching();
