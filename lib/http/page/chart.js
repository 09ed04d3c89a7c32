/**
 * One chart: a frame around uPlot that takes its colours from the style
 * sheet, its numbers from the language, and its width from the page.
 *
 * @module
 */
import { around, figureRows, isFew, stacked } from "./curves.js";
import { el } from "./dom.js";
import { locale, t } from "./language.js";
import { number } from "./numbers.js";

/** @typedef {import("uplot")} Plot */

/**
 * uPlot comes as a classic script before the modules.
 *
 * @returns {typeof import("uplot")}
 */
function library() {
  return Reflect.get(globalThis, "uPlot");
}

/**
 * @typedef {object} ChartData
 * @property {readonly number[]} time_s
 * @property {readonly import("./curves.js").Curve[]} curves
 * @property {number} since_s
 * @property {number} until_s
 */

const HEIGHT = 190;
const DASHES = { 1: [], 2: [7, 4], 3: [2, 3] };

/**
 * A chart with its title; `draw` shows new data.
 *
 * @param {object} about
 * @param {string} about.id
 * @param {string} about.title
 * @param {string} about.unit
 * @param {number} about.digits behind the point
 * @param {"lines" | "bars"} about.kind bars are stacked
 * @param {AbortSignal} signal ends it
 */
export function chart({ id, title, unit, digits, kind }, signal) {
  const place = el("div", { class: "plot" });
  const figures = el("table", { class: "figures" });
  const empty = el("p", { class: "quiet", hidden: true }, t("history.none"));
  const node = el(
    "figure",
    { class: "card chart", "data-chart": id },
    el("figcaption", {}, `${title} (${unit})`),
    place,
    empty,
    el("details", {}, el("summary", {}, t("history.figures")), figures),
  );
  /** @type {Plot | null} */
  let plot = null;
  /** @type {ChartData | null} */
  let shown = null;

  const clear = () => {
    plot?.destroy();
    plot = null;
  };
  const paint = () => {
    clear();
    if (shown === null || !place.isConnected) return;
    const some = shown.curves.some(({ values }) =>
      values.some((value) => value !== null)
    );
    empty.hidden = some;
    place.hidden = !some;
    if (!some) return;
    const data = kind === "bars" ? stacked(shown.curves) : shown.curves;
    const UPlot = library();
    plot = new UPlot(
      options(shown, data),
      /** @type {any} */ ([shown.time_s, ...data.map(({ values }) => values)]),
      place,
    );
    const canvas = place.querySelector("canvas");
    canvas?.setAttribute("role", "img");
    canvas?.setAttribute("aria-label", `${title} (${unit})`);
  };

  /**
   * @param {ChartData} data
   * @param {readonly import("./curves.js").Curve[]} curves
   * @returns {import("uplot").Options}
   */
  const options = (data, curves) => {
    const ink = colour("--quiet");
    const grid = colour("--line");
    const bars = library().paths.bars;
    const axis = {
      stroke: ink,
      font: `12px ${getComputedStyle(document.body).fontFamily}`,
      grid: { stroke: grid, width: 1 },
      ticks: { stroke: grid, width: 1 },
    };
    return {
      width: Math.max(240, place.clientWidth),
      height: HEIGHT,
      cursor: { sync: { key: "history" }, drag: { x: false, y: false } },
      legend: { live: true },
      scales: {
        x: { time: true, min: data.since_s, max: data.until_s },
        y: {
          range: (_plot, low, high) =>
            kind === "bars"
              ? [0, high > 0 ? high * 1.08 : 1]
              : around(low, high),
        },
      },
      axes: [
        {
          ...axis,
          space: 64,
          values: (_plot, at) => ticks(at, data.until_s - data.since_s),
        },
        {
          ...axis,
          size: 62,
          values: (_plot, at) => at.map((value) => number(value, 3)),
        },
      ],
      series: [
        {
          label: t("history.time"),
          value: (_plot, at) =>
            at === null ? "–" : new Date(at * 1000).toLocaleString(locale(), {
              dateStyle: "short",
              timeStyle: "short",
            }),
        },
        ...curves.map(({ label, phase, values }) => ({
          label,
          stroke: colour(`--phase-${phase}`),
          width: kind === "bars" ? 0 : 1.5,
          dash: kind === "bars" ? [] : DASHES[phase],
          // A few readings make no line: they show as points.
          points: { show: kind === "lines" && isFew(values), size: 5 },
          spanGaps: false,
          value: (
            /** @type {Plot} */ _plot,
            /** @type {number | null} */ _value,
            /** @type {number} */ _series,
            /** @type {number | null} */ at,
          ) => {
            const own = at === null ? null : data.curves
              .find((curve) => curve.label === label)?.values[at];
            return own === null || own === undefined
              ? "–"
              : `${number(own, digits)}\u202f${unit}`;
          },
          ...(kind === "bars" && bars !== undefined
            ? {
              fill: colour(`--phase-${phase}`),
              paths: bars({ size: [0.8, 60], align: 1 }),
            }
            : {}),
        })),
      ],
    };
  };

  const resized = new ResizeObserver(() => {
    const width = Math.max(240, place.clientWidth);
    if (plot !== null && plot.width !== width && place.clientWidth > 0) {
      plot.setSize({ width, height: HEIGHT });
    }
  });
  resized.observe(place);
  document.addEventListener("theme", paint, { signal });
  matchMedia("(prefers-color-scheme: dark)")
    .addEventListener("change", paint, { signal });
  signal.addEventListener("abort", () => {
    resized.disconnect();
    clear();
  });
  return {
    node,
    /** @param {ChartData} data */
    draw(data) {
      shown = data;
      figures.replaceChildren(...figureRows(data.curves, unit, digits));
      paint();
    },
  };
}

/**
 * @param {readonly number[]} at seconds since 1970
 * @param {number} range_s
 */
function ticks(at, range_s) {
  /** @type {Intl.DateTimeFormatOptions} */
  const form = range_s > 2 * 86_400
    ? { day: "numeric", month: "short" }
    : { hour: "2-digit", minute: "2-digit", hourCycle: "h23" };
  const format = new Intl.DateTimeFormat(locale(), form);
  let before = "";
  return at.map((time) => {
    const text = format.format(time * 1000);
    if (text === before) return "";
    before = text;
    return text;
  });
}

/**
 * The colour behind a name of the style sheet, as a canvas takes it.
 *
 * @param {string} name
 */
function colour(name) {
  const probe = el("span");
  probe.style.color = `var(${name})`;
  document.body.append(probe);
  const { color } = getComputedStyle(probe);
  probe.remove();
  return color;
}
