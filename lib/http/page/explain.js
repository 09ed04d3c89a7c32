/**
 * From one reading back to its bytes and on to every sink.
 *
 * @module
 */
import { AgentError, ask } from "./agent.js";
import { el } from "./dom.js";
import { facts } from "./facts.js";
import { fateCard } from "./fate.js";
import { bytesAt, hexGrid } from "./hex.js";
import { t, tOr } from "./language.js";
import { mark } from "./mark.js";
import { measured, moment, number } from "./numbers.js";
import { tree } from "./tree.js";

/** @typedef {import("../json.ts").ExplainJson} ExplainJson */

/**
 * @param {number} id
 * @param {AbortSignal} signal
 * @returns {{ title: string, node: HTMLElement }}
 */
export function explainView(id, signal) {
  const title = t("explain.title", { id });
  const said = el("p", { class: "quiet", role: "status" }, t("waiting"));
  const node = el("div", { class: "page" }, el("h2", {}, title), said);
  ask("/api/explain", { id }, signal).then((answer) => {
    said.remove();
    node.append(...parts(answer));
  }, (error) => {
    if (signal.aborted) return;
    if (!(error instanceof AgentError)) throw error;
    said.textContent = t(
      error.status === 404 ? "explain.gone" : "explain.failed",
    );
  });
  return { title, node };
}

/** @param {ExplainJson} explained */
function parts(explained) {
  const { reading, received, frame, file } = explained;
  const frameGrid = hexGrid(frame.hex, t("explain.frame"));
  const fileGrid = hexGrid(file.hex, t("explain.file"));
  const at = bytesAt(frame.hex, file.hex);
  if (at >= 0) frameGrid.shade(at, file.hex.length / 2);
  const point = (
    /** @type {number} */ offset,
    /** @type {number} */ length,
  ) => {
    fileGrid.point(offset, length);
    if (at >= 0) frameGrid.point(at + offset, length);
  };
  const about = facts([
    ["device", t("devices.device")],
    ["file", t("readings.file")],
    ["at", t("readings.at")],
    ["clock", t("explain.clock")],
    ["valid", t("readings.valid")],
  ]);
  about.set(
    "device",
    el(
      "a",
      { href: `#/devices/${reading.device}` },
      reading.name === null
        ? reading.device
        : `${reading.name} (${reading.device})`,
    ),
  );
  about.set(
    "file",
    `${tOr(`file.${reading.file}`, reading.file)} (${reading.file_id})`,
  );
  about.set("at", moment(received.at));
  about.set(
    "clock",
    t(
      received.clock_synchronised ? "explain.clock_set" : "explain.clock_unset",
      {
        boot: received.boot_id.slice(0, 8),
        seconds: number(received.mono_ms / 1000, 3),
      },
    ),
  );
  about.set(
    "valid",
    mark(
      reading.valid ? "good" : "warn",
      t(reading.valid ? "meter.valid" : "meter.invalid"),
    ).node,
  );
  return [
    el("article", { class: "card" }, about.node),
    section(
      "frame",
      t("explain.frame"),
      el(
        "p",
        { class: "quiet" },
        frame.counter === null
          ? t("explain.no_counter")
          : t("explain.counter", { counter: frame.counter }),
        at >= 0 ? ` ${t("explain.shaded")}` : null,
      ),
      frameGrid.node,
    ),
    section(
      "file",
      t("explain.file_of", { name: file.name, id: file.id }),
      el("p", { class: "quiet" }, t("explain.point")),
      fileGrid.node,
      fieldTable(file.fields, point),
    ),
    section(
      "alp",
      t("explain.alp"),
      el(
        "details",
        { open: true },
        el("summary", {}, t("explain.tree")),
        tree(explained.alp),
      ),
    ),
    section("duplicate", t("explain.duplicate"), ...duplicate(explained)),
    section("sinks", t("explain.sinks"), ...explained.sinks.map(fateCard)),
  ];
}

/**
 * @param {string} id
 * @param {string} title
 * @param {...Node} children
 */
function section(id, title, ...children) {
  return el(
    "section",
    { "aria-labelledby": `explain-${id}` },
    el("h3", { id: `explain-${id}` }, title),
    ...children,
  );
}

/**
 * @param {ExplainJson["file"]["fields"]} fields
 * @param {(offset: number, length: number) => void} point
 */
function fieldTable(fields, point) {
  const head = el("tr", {});
  for (
    const id of /** @type {const} */ ([
      "explain.field",
      "explain.offset",
      "explain.length",
      "explain.bytes",
      "explain.value",
    ])
  ) head.append(el("th", { scope: "col" }, t(id)));
  /** @type {[number, number]} */
  let focused = [0, 0];
  const rows = fields.map(({ name, offset, length, hex, value, unit }) => {
    const row = el(
      "tr",
      {},
      el(
        "th",
        { scope: "row" },
        el("button", { type: "button", class: "field" }, name),
      ),
      el("td", {}, String(offset)),
      el("td", {}, String(length)),
      el("td", { class: "mono" }, hex),
      el(
        "td",
        {},
        typeof value === "boolean"
          ? t(value ? "yes" : "no")
          : valueText(value, unit),
      ),
    );
    row.addEventListener("pointerenter", () => point(offset, length));
    // The pointer gone, what has the focus is pointed out again.
    row.addEventListener("pointerleave", () => point(...focused));
    row.addEventListener("focusin", () => {
      focused = [offset, length];
      point(offset, length);
    });
    row.addEventListener("focusout", () => {
      focused = [0, 0];
      point(0, 0);
    });
    return row;
  });
  return el(
    "div",
    {
      class: "scroll",
      tabindex: "0",
      role: "group",
      "aria-label": t("explain.fields"),
    },
    el(
      "table",
      { class: "fields" },
      el("caption", { class: "hidden" }, t("explain.fields")),
      el("thead", {}, head),
      el("tbody", {}, ...rows),
    ),
  );
}

/**
 * The value as it stands in the bytes, and as people say it where that differs.
 *
 * @param {number | string} value
 * @param {string | null} unit
 */
function valueText(value, unit) {
  if (unit === null) return String(value);
  const raw = `${value}\u202f${unit}`;
  const said = measured(value, unit);
  return /^(mA|Wh|VAh)$/.test(unit) && value !== 0 &&
      !said.endsWith(`\u202f${unit}`)
    ? `${raw} (${said})`
    : raw;
}

/** @param {ExplainJson} explained */
function duplicate({ duplicate: { window_s, previous, decision } }) {
  const said = previous === null
    ? t("explain.first", { window: window_s })
    : t(previous.same_bytes ? "explain.same" : "explain.differs", {
      window: window_s,
      at: moment(previous.at),
    });
  return [
    el("p", {}, said),
    el("p", { class: "quiet", lang: "en" }, decision),
    ...(previous === null ? [] : [
      el(
        "p",
        {},
        el("a", { href: `#/explain/${previous.id}` }, t("explain.previous")),
      ),
    ]),
  ];
}
