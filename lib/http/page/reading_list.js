/**
 * The readings of one device, newest first, each with the way to its bytes.
 *
 * @module
 */
import { AgentError, ask } from "./agent.js";
import { el, setText, show } from "./dom.js";
import { t, tOr } from "./language.js";
import { linkSign, mark } from "./mark.js";
import { measured, moment } from "./numbers.js";
import { watchReadings } from "./state.js";

/** @typedef {import("../json.ts").ReadingJson} ReadingJson */

/** Rows that are asked for at once. */
const ROWS = 20;
/** New readings push old ones out beyond this. */
const MOST = 200;

/**
 * @param {string} device
 * @param {AbortSignal} signal
 */
export function readingList(device, signal) {
  const rows = el("tbody", { role: "rowgroup" });
  const head = el("tr", { role: "row" });
  for (
    const id of /** @type {const} */ ([
      "readings.at",
      "readings.file",
      "readings.valid",
      "readings.values",
      "devices.link",
      "readings.explain",
    ])
  ) {
    head.append(el("th", { scope: "col", role: "columnheader" }, t(id)));
  }
  const table = el(
    "table",
    { class: "readings", role: "table", "aria-labelledby": "readings-title" },
    el("thead", { role: "rowgroup" }, head),
    rows,
  );
  const said = el("p", { class: "quiet", role: "status" });
  const older = el(
    "button",
    { type: "button", hidden: true },
    t("readings.older"),
  );
  /** @type {Set<number>} */
  const known = new Set();
  /** @type {ReadingJson | null} */
  let oldest = null;

  /** @param {ReadingJson} reading */
  const isNew = ({ id }) => !known.has(id) && known.add(id).size > 0;
  const load = async () => {
    try {
      /** @type {ReadingJson[]} */
      const answer = await ask("/api/readings", {
        device,
        // The bound is taken along: readings of one moment may be on both pages.
        ...(oldest === null ? {} : { until: oldest.received_at }),
        limit: ROWS,
      }, signal);
      oldest = answer.at(-1) ?? oldest;
      const fresh = answer.filter(isNew);
      rows.append(...fresh.map(readingRow));
      show(older, answer.length === ROWS && fresh.length > 0);
      setText(said, known.size === 0 ? t("readings.none") : "");
      show(table, known.size > 0);
    } catch (error) {
      if (signal.aborted) return;
      if (!(error instanceof AgentError)) throw error;
      setText(said, t("readings.failed"));
    }
  };
  older.addEventListener("click", () => void load());
  watchReadings((reading) => {
    if (reading.device !== device || !isNew(reading)) return;
    show(table, true);
    setText(said, "");
    rows.prepend(readingRow(reading));
    if (rows.childElementCount > MOST) rows.lastElementChild?.remove();
  }, signal);
  void load();
  return el(
    "section",
    { "aria-labelledby": "readings-title" },
    el("h2", { id: "readings-title" }, t("readings.title")),
    said,
    table,
    older,
  );
}

/** @param {ReadingJson} reading */
function readingRow(reading) {
  const link = linkSign();
  link.set(reading.link?.link_budget_db ?? null);
  const valid = mark(
    reading.valid ? "good" : "warn",
    t(reading.valid ? "meter.valid" : "meter.invalid"),
  );
  const at = moment(reading.received_at);
  const cell = (
    /** @type {import("./language.js").WordId} */ label,
    /** @type {Node | string} */ child,
  ) => el("td", { role: "cell", "data-label": t(label) }, child);
  return el(
    "tr",
    { role: "row", "data-reading": reading.id },
    el(
      "th",
      { scope: "row", role: "rowheader" },
      reading.clock_synchronised ? at : `${at} (${t("readings.clock_unset")})`,
    ),
    cell("readings.file", tOr(`file.${reading.file}`, reading.file)),
    cell("readings.valid", valid.node),
    cell("readings.values", values(reading)),
    cell("devices.link", link.node),
    cell(
      "readings.explain",
      el("a", {
        href: `#/explain/${reading.id}`,
        "aria-label": t("readings.explain_one", { id: reading.id }),
      }, t("readings.explain_link")),
    ),
  );
}

/**
 * Measurements by quantity, the phases side by side.
 *
 * @param {ReadingJson} reading
 */
function values({ measurements }) {
  /** @type {Map<string, string[]>} */
  const groups = new Map();
  for (const { name, quantity, unit, value } of measurements) {
    if (quantity === "validity") continue;
    const label = quantity === "setting" || quantity === "button"
      ? tOr(`measurement.${name}`, name)
      : tOr(`quantity.${quantity}`, quantity);
    const group = groups.get(label) ?? [];
    group.push(
      typeof value === "boolean"
        ? t(value ? "yes" : "no")
        : measured(value, unit),
    );
    groups.set(label, group);
  }
  const node = el("span", { class: "values" });
  for (const [label, group] of groups) {
    node.append(
      el("span", {}, el("small", {}, label), " ", group.join(" · ")),
    );
  }
  return node;
}
