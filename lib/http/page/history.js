/**
 * The charts of one device: energy, current and voltage per phase, and its
 * link, over a day, a week or a month.
 *
 * @module
 */
import { AgentError, ask } from "./agent.js";
import { chart } from "./chart.js";
import { consumption, firstStart } from "./consumption.js";
import { el, setAttribute, setText } from "./dom.js";
import { t } from "./language.js";
import { number } from "./numbers.js";
import { agentNowMs } from "./state.js";

/** @typedef {import("../json.ts").HistoryJson} HistoryJson */
/** @typedef {keyof typeof RANGES} Range */

const HOUR_S = 3600;
const DAY_S = 86_400;
/** Length, and the intervals that consumption is shown in. */
const RANGES = {
  day: { length_s: DAY_S, step_s: HOUR_S },
  week: { length_s: 7 * DAY_S, step_s: 6 * HOUR_S },
  month: { length_s: 30 * DAY_S, step_s: DAY_S },
};
/** How often the charts are drawn anew by themselves, ms. */
const AGAIN_MS = 60_000;

const PHASES = /** @type {const} */ ([1, 2, 3]);

/**
 * @param {string} device
 * @param {AbortSignal} signal
 */
export function history(device, signal) {
  const said = el("p", { class: "quiet", role: "status" });
  /** @type {Range} */
  let range = "day";
  /** @type {Range} */
  let drawn = "day";
  /** @type {"used" | "counter"} */
  let energyAs = "used";
  /** @type {HistoryJson | null} */
  let shown = null;

  const used = chart({
    id: "used",
    title: t("history.used"),
    unit: "kWh",
    digits: 3,
    kind: "bars",
  }, signal);
  const counter = chart({
    id: "counter",
    title: t("history.counter"),
    unit: "kWh",
    digits: 3,
    kind: "lines",
  }, signal);
  const current = chart({
    id: "current",
    title: t("history.current"),
    unit: "A",
    digits: 3,
    kind: "lines",
  }, signal);
  const voltage = chart({
    id: "voltage",
    title: t("history.voltage"),
    unit: "V",
    digits: 1,
    kind: "lines",
  }, signal);
  const link = chart({
    id: "link",
    title: t("history.link"),
    unit: "dB",
    digits: 0,
    kind: "lines",
  }, signal);

  const charts = el(
    "div",
    { class: "charts" },
    used.node,
    counter.node,
    current.node,
    voltage.node,
    link.node,
  );

  const draw = () => {
    if (shown === null) return;
    const { time_s, columns } = shown;
    const since_s = Date.parse(shown.since) / 1000;
    const until_s = Date.parse(shown.until) / 1000;
    const frame = { time_s, since_s, until_s };
    const curves = (/** @type {string} */ name, /** @type {number} */ scale) =>
      PHASES.map((phase) => ({
        phase,
        label: t("history.phase", { phase }),
        values: (columns[`${name}_${phase}`] ?? time_s.map(() => null))
          .map((value) => value === null ? null : value * scale),
      }));
    used.node.hidden = energyAs !== "used";
    counter.node.hidden = energyAs !== "counter";
    if (energyAs === "used") used.draw(consumed(shown, RANGES[drawn].step_s));
    else counter.draw({ ...frame, curves: curves("active_energy", 0.001) });
    current.draw({ ...frame, curves: curves("current", 0.001) });
    voltage.draw({ ...frame, curves: curves("voltage", 1) });
    link.draw({
      ...frame,
      curves: [{
        phase: 1,
        label: t("history.link"),
        values: columns["link_budget_db"] ?? time_s.map(() => null),
      }],
    });
    // Of which range the charts are, while another one is on its way.
    setAttribute(charts, "data-range", drawn);
    const one = shown.readings === 1;
    setText(
      said,
      t(one ? "history.one" : "history.count", {
        count: number(shown.readings),
      }),
    );
  };

  const load = async () => {
    const untilMs = agentNowMs();
    const asked = range;
    const { length_s } = RANGES[asked];
    try {
      /** @type {HistoryJson} */
      const answer = await ask("/api/history", {
        device,
        since: new Date(untilMs - length_s * 1000).toISOString(),
        until: new Date(untilMs).toISOString(),
      }, signal);
      // Another range was chosen meanwhile: its own answer is coming.
      if (asked !== range) return;
      shown = answer;
      drawn = asked;
      draw();
    } catch (error) {
      if (signal.aborted) return;
      if (!(error instanceof AgentError)) throw error;
      setText(said, t("history.failed"));
    }
  };
  const timer = setInterval(() => {
    if (!document.hidden) void load();
  }, AGAIN_MS);
  signal.addEventListener("abort", () => clearInterval(timer));

  const ranges = choice(
    t("history.range"),
    [
      ["day", t("history.day")],
      ["week", t("history.week")],
      ["month", t("history.month")],
    ],
    "day",
    (chosen) => {
      range = /** @type {Range} */ (chosen);
      void load();
    },
  );
  const kinds = choice(
    t("history.energy_as"),
    [["used", t("history.as_used")], ["counter", t("history.as_counter")]],
    "used",
    (chosen) => {
      energyAs = chosen === "counter" ? "counter" : "used";
      draw();
    },
  );
  void load();
  return el(
    "section",
    { "aria-labelledby": "history-title" },
    el(
      "div",
      { class: "section-head" },
      el("h2", { id: "history-title" }, t("history.title")),
      said,
      el("div", { class: "tools" }, ranges, kinds),
    ),
    charts,
  );
}

/**
 * @param {HistoryJson} history
 * @param {number} step_s
 */
function consumed({ since, until, time_s, columns }, step_s) {
  const until_s = Date.parse(until) / 1000;
  const count = Math.round((until_s - Date.parse(since) / 1000) / step_s);
  const offset_s = -new Date(until).getTimezoneOffset() * 60;
  const first_s = firstStart(until_s, step_s, count, offset_s);
  const curves = PHASES.map((phase) => ({
    phase,
    label: t("history.phase", { phase }),
    values: consumption(
      time_s,
      columns[`active_energy_${phase}`] ?? [],
      first_s,
      step_s,
      count,
    ).used.map((wh) => wh === null ? null : wh / 1000),
  }));
  return {
    time_s: Array.from({ length: count }, (_, n) => first_s + n * step_s),
    since_s: first_s,
    until_s: first_s + count * step_s,
    curves,
  };
}

/**
 * Buttons of which one is pressed.
 *
 * @param {string} label
 * @param {readonly (readonly [string, string])[]} names value and word
 * @param {string} first
 * @param {(chosen: string) => void} onChoice
 */
function choice(label, names, first, onChoice) {
  const buttons = names.map(([value, word]) => {
    const button = el("button", {
      type: "button",
      value,
      "aria-pressed": String(value === first),
    }, word);
    button.addEventListener("click", () => {
      for (const other of buttons) {
        setAttribute(other, "aria-pressed", String(other === button));
      }
      onChoice(value);
    });
    return button;
  });
  return el(
    "div",
    { class: "choice", role: "group", "aria-label": label },
    ...buttons,
  );
}
