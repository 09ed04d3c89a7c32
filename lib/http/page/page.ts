/**
 * The files of the dashboard, embedded as text: plain HTML, CSS and modules as
 * the browser runs them, so that there is no build step and nothing to fetch
 * from elsewhere. The way into the page's own code is `main.js`.
 *
 * @module
 */
import uplotCss from "uplot/dist/uPlot.min.css" with { type: "text" };
import uplot from "uplot/dist/uPlot.iife.min.js" with { type: "text" };
import html from "./index.html" with { type: "text" };
import icon from "./icon.svg" with { type: "text" };
import style from "./style.css" with { type: "text" };
import views from "./views.css" with { type: "text" };
import agent from "./agent.js" with { type: "text" };
import chart from "./chart.js" with { type: "text" };
import consumption from "./consumption.js" with { type: "text" };
import copy from "./copy.js" with { type: "text" };
import curves from "./curves.js" with { type: "text" };
import device from "./device.js" with { type: "text" };
import deviceRow from "./device_row.js" with { type: "text" };
import devices from "./devices.js" with { type: "text" };
import dom from "./dom.js" with { type: "text" };
import events from "./events.js" with { type: "text" };
import explain from "./explain.js" with { type: "text" };
import facts from "./facts.js" with { type: "text" };
import fate from "./fate.js" with { type: "text" };
import heard from "./heard.js" with { type: "text" };
import hex from "./hex.js" with { type: "text" };
import history from "./history.js" with { type: "text" };
import language from "./language.js" with { type: "text" };
import line from "./line.js" with { type: "text" };
import live from "./live.js" with { type: "text" };
import main from "./main.js" with { type: "text" };
import mark from "./mark.js" with { type: "text" };
import numbers from "./numbers.js" with { type: "text" };
import order from "./order.js" with { type: "text" };
import overview from "./overview.js" with { type: "text" };
import pretty from "./pretty.js" with { type: "text" };
import problemWords from "./problem_words.js" with { type: "text" };
import problems from "./problems.js" with { type: "text" };
import readingList from "./reading_list.js" with { type: "text" };
import remember from "./remember.js" with { type: "text" };
import route from "./route.js" with { type: "text" };
import shell from "./shell.js" with { type: "text" };
import sinks from "./sinks.js" with { type: "text" };
import state from "./state.js" with { type: "text" };
import theme from "./theme.js" with { type: "text" };
import token from "./token.js" with { type: "text" };
import tree from "./tree.js" with { type: "text" };
import unnamed from "./unnamed.js" with { type: "text" };
import words from "./words.js" with { type: "text" };

/** Media types of the page's files. */
const TYPES = {
  html: "text/html; charset=utf-8",
  css: "text/css; charset=utf-8",
  js: "text/javascript; charset=utf-8",
  svg: "image/svg+xml",
};

const files: Readonly<Record<string, string>> = {
  "icon.svg": icon,
  "style.css": style,
  "uplot.css": uplotCss,
  "uplot.js": uplot,
  "views.css": views,
  "agent.js": agent,
  "chart.js": chart,
  "consumption.js": consumption,
  "copy.js": copy,
  "curves.js": curves,
  "device.js": device,
  "device_row.js": deviceRow,
  "devices.js": devices,
  "dom.js": dom,
  "events.js": events,
  "explain.js": explain,
  "facts.js": facts,
  "fate.js": fate,
  "heard.js": heard,
  "hex.js": hex,
  "history.js": history,
  "language.js": language,
  "line.js": line,
  "live.js": live,
  "main.js": main,
  "mark.js": mark,
  "numbers.js": numbers,
  "order.js": order,
  "overview.js": overview,
  "pretty.js": pretty,
  "problem_words.js": problemWords,
  "problems.js": problems,
  "reading_list.js": readingList,
  "remember.js": remember,
  "route.js": route,
  "shell.js": shell,
  "sinks.js": sinks,
  "state.js": state,
  "theme.js": theme,
  "token.js": token,
  "tree.js": tree,
  "unnamed.js": unnamed,
  "words.js": words,
};

/** Path → file of the dashboard; `/` is the page itself. */
export const pageAssets: ReadonlyMap<
  string,
  { readonly type: string; readonly body: string }
> = new Map([
  ["/", { type: TYPES.html, body: html }],
  ...Object.entries(files).map(([name, body]) =>
    [`/page/${name}`, { type: typeOf(name), body }] as const
  ),
]);

function typeOf(name: string): string {
  const ending = name.slice(name.lastIndexOf(".") + 1);
  return ending === "css" || ending === "js" || ending === "svg"
    ? TYPES[ending]
    : "text/plain; charset=utf-8";
}
