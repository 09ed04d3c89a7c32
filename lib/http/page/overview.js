/**
 * The first view: what is wrong, the way from the port to the sinks, the
 * devices, and those without a name.
 *
 * @module
 */
import { deviceList } from "./devices.js";
import { el } from "./dom.js";
import { t } from "./language.js";
import { problemList } from "./problems.js";
import { outboxCard, serialCard } from "./line.js";
import { sinkCards } from "./sinks.js";
import { theDevices, theStatus, watch } from "./state.js";
import { unnamedList } from "./unnamed.js";

/**
 * @param {AbortSignal} signal
 * @returns {{ title: string, node: HTMLElement }}
 */
export function overview(signal) {
  const problems = problemList();
  const serial = serialCard();
  const outbox = outboxCard();
  const sinkPlace = el("div", { class: "sinks" });
  const sinks = sinkCards(sinkPlace);
  const list = deviceList();
  const unnamed = unnamedList();
  const waiting = el("p", { class: "quiet", role: "status" }, t("waiting"));
  const path = el(
    "section",
    { "aria-labelledby": "path-title" },
    el("h2", { id: "path-title" }, t("path.title")),
    el("div", { class: "cards" }, serial.node, outbox.node, sinkPlace),
  );
  const body = el(
    "div",
    { class: "page", hidden: true },
    problems.node,
    path,
    list.node,
    unnamed.node,
  );
  const node = el("div", {}, waiting, body);
  const update = () => {
    const status = theStatus();
    const devices = theDevices();
    if (status === null || devices === null) return;
    if (body.hidden) {
      body.hidden = false;
      waiting.remove();
    }
    problems.update(status.problems);
    serial.update(status);
    outbox.update(status);
    sinks(status.sinks);
    list.update(devices);
    unnamed.update(devices);
  };
  watch(update, signal);
  update();
  return { title: t("nav.overview"), node };
}
