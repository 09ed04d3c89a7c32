/**
 * What comes down the line while it comes: hex and decoded, newest first.
 *
 * @module
 */
import { el, setAttribute, setText, show } from "./dom.js";
import { t, tOr } from "./language.js";
import { fineTime, number } from "./numbers.js";
import { theDevices, watch, watchLines } from "./state.js";
import { tree } from "./tree.js";

/** @typedef {import("../json.ts").LineJson} LineJson */

/** Lines kept on the page, and behind a pause. */
const MOST = 200;
/** Lines are shown together, ms: a busy line must not cost a busy page. */
const SHOW_MS = 250;

/**
 * @param {AbortSignal} signal
 * @returns {{ title: string, node: HTMLElement }}
 */
export function liveView(signal) {
  const title = t("live.title");
  const pause = el(
    "button",
    { type: "button", "aria-pressed": "false" },
    t("live.pause"),
  );
  const clear = el("button", { type: "button" }, t("live.clear"));
  const filter = el("select", { id: "filter" });
  const said = el("p", { class: "quiet" });
  const list = el("ol", { class: "lines", "aria-label": title });
  let paused = false;
  let seen = 0;
  let left = 0;
  /** @type {LineJson[]} */
  let waiting = [];
  /** @type {ReturnType<typeof setTimeout> | null} */
  let timer = null;

  const wanted = (/** @type {string | null} */ device) =>
    filter.value === "" || device === filter.value;
  const say = () =>
    setText(
      said,
      paused
        ? t("live.paused", { count: number(waiting.length) })
        : seen === 0
        ? t("live.none")
        : t(left === 0 ? "live.seen" : "live.left_out", {
          count: number(seen),
          left: number(left),
        }),
    );
  const flush = () => {
    timer = null;
    if (!paused) {
      const lines = waiting.reverse().map(lineItem);
      waiting = [];
      for (const line of lines) show(line, wanted(line.dataset.device ?? null));
      list.prepend(...lines);
      while (list.childElementCount > MOST) list.lastElementChild?.remove();
    }
    say();
  };
  watchLines({
    onLine(line) {
      seen++;
      waiting.push(line);
      if (waiting.length > MOST) waiting.shift();
      timer ??= setTimeout(flush, SHOW_MS);
    },
    onLeftOut(count) {
      left += count;
    },
  }, signal);
  signal.addEventListener("abort", () => timer !== null && clearTimeout(timer));

  pause.addEventListener("click", () => {
    paused = !paused;
    setAttribute(pause, "aria-pressed", String(paused));
    flush();
  });
  clear.addEventListener("click", () => {
    list.replaceChildren();
    waiting = [];
    say();
  });
  filter.addEventListener("change", () => {
    for (const item of list.children) {
      if (item instanceof HTMLElement) {
        show(item, wanted(item.dataset.device ?? null));
      }
    }
  });
  const fillFilter = () => fillDevices(filter);
  watch(fillFilter, signal);
  fillFilter();
  say();
  const node = el(
    "div",
    { class: "page" },
    el(
      "div",
      { class: "section-head" },
      el("h2", {}, title),
      said,
      el(
        "div",
        { class: "tools" },
        el("label", { for: "filter" }, t("live.filter")),
        filter,
        pause,
        clear,
      ),
    ),
    list,
  );
  return { title, node };
}

/**
 * The devices to choose from; what is chosen stays chosen.
 *
 * @param {HTMLSelectElement} select
 */
function fillDevices(select) {
  const devices = theDevices() ?? [];
  const key = devices.map(({ device, name }) => `${device} ${name}`).join();
  if (select.dataset.key === key) return;
  select.dataset.key = key;
  const chosen = select.value;
  select.replaceChildren(
    el("option", { value: "" }, t("live.all")),
    ...devices.map(({ device, name }) =>
      el(
        "option",
        { value: device },
        name === null ? device : `${name} (${device})`,
      )
    ),
  );
  select.value = chosen;
}

/** @param {LineJson} line */
function lineItem(line) {
  const frame = line.kind === "frame" ? line : null;
  const decoded = el("details", {}, el("summary", {}, t("live.decoded")));
  decoded.addEventListener("toggle", () => {
    // Built only when somebody looks: most lines are never opened.
    if (!decoded.open || decoded.childElementCount > 1 || frame === null) {
      return;
    }
    if (frame.files.length > 0) {
      decoded.append(el("h4", {}, t("live.files")), tree(frame.files));
    }
    if (frame.alp !== null) {
      decoded.append(el("h4", {}, "ALP"), tree(frame.alp));
    }
  });
  return el(
    "li",
    { "data-device": frame?.device ?? null, "data-kind": line.kind },
    el(
      "p",
      { class: "line-head" },
      el("time", { datetime: line.at }, fineTime(line.at)),
      el(
        "span",
        { class: "kind" },
        frame?.type ?? tOr(`live.${line.kind}`, line.kind),
      ),
      frame === null || frame.device === null ? null : el(
        "a",
        { href: `#/devices/${frame.device}` },
        frame.name ?? frame.device,
      ),
    ),
    el("p", { class: "summary", lang: "en" }, line.summary),
    el("p", { class: "mono bytes" }, (line.hex.match(/../g) ?? []).join(" ")),
    frame === null || (frame.alp === null && frame.files.length === 0)
      ? null
      : decoded,
  );
}
