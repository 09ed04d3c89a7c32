/**
 * What is wrong, the worst first, in words and with what would do. Many
 * devices with the same trouble are one line that opens.
 *
 * @module
 */
import { el, keyed, setAttribute, setText } from "./dom.js";
import { fill, language, t } from "./language.js";
import { mark } from "./mark.js";
import { bytes, duration, number, shortMoment } from "./numbers.js";
import { french, frenchVariants, manyWords } from "./problem_words.js";
import { agentNowMs } from "./state.js";

/** @typedef {import("../json.ts").ProblemJson} ProblemJson */
/** @typedef {{ readonly code: string, readonly problems: readonly ProblemJson[] }} Group */

/** More devices than this with the same trouble are shown as one. */
const GROUP_FROM = 3;

/**
 * Text and fix in the language in force; the agent's own English where there
 * is no translation, or one that needs values which did not come.
 *
 * @param {ProblemJson} problem
 * @param {"en" | "fr"} spoken
 * @returns {{ text: string, fix: string, lang: "en" | "fr" }}
 */
export function wordsOf(problem, spoken) {
  const words = spoken === "en"
    ? undefined
    : frenchVariants[`${problem.code}.${variantOf(problem)}`] ??
      french[problem.code];
  if (words !== undefined) {
    const values = said(problem);
    const text = fill(words.text, values);
    const fix = fill(words.fix, values);
    if (complete(words.text, values) && complete(words.fix, values)) {
      return { text, fix, lang: spoken };
    }
  }
  return { text: problem.text, fix: problem.fix, lang: "en" };
}

/**
 * Whether every name in a text has its value.
 *
 * @param {string} text
 * @param {Readonly<Record<string, string>>} values
 */
function complete(text, values) {
  return [...text.matchAll(/\{(\w+)\}/g)].every(([, name = ""]) =>
    Object.hasOwn(values, name)
  );
}

/**
 * Which words of a kind suit best.
 *
 * @param {ProblemJson} problem
 * @returns {string}
 */
function variantOf({ code, values }) {
  if (code === "port_down") return String(values.fault);
  if (code === "outbox_unwritable") return values.full === 1 ? "full" : "";
  if (code === "outbox_filling") return values.by_age === 1 ? "age" : "";
  if (code === "modem_unidentified") {
    return Number(values.frames) > 0 ? "frames" : "";
  }
  return "";
}

/**
 * The values of a problem as people read them, by the unit their name ends with.
 *
 * @param {ProblemJson} problem
 * @returns {Record<string, string>}
 */
function said({ values }) {
  /** @type {Record<string, string>} */
  const texts = {};
  for (const [name, value] of Object.entries(values)) {
    texts[name] = typeof value === "string"
      ? value
      : name.endsWith("_s")
      ? duration(value)
      : name.endsWith("bytes")
      ? bytes(value)
      : number(value);
  }
  if ("device" in values) {
    texts.who = values.name
      ? `${values.name} (${values.device})`
      : String(values.device);
  }
  if ("holder" in values) {
    texts.holder = values.holder
      ? `par ${values.holder}.`
      : "par un autre programme.";
  }
  return texts;
}

/**
 * Problems in the agent's order; of one code with many subjects, one group.
 *
 * @param {readonly ProblemJson[]} problems
 * @returns {readonly Group[]}
 */
export function grouped(problems) {
  /** @type {Map<string, ProblemJson[]>} */
  const byCode = new Map();
  for (const problem of problems) {
    const key = problem.severity + problem.code;
    const same = byCode.get(key);
    if (same === undefined) byCode.set(key, [problem]);
    else same.push(problem);
  }
  return [...byCode.values()].flatMap((same) => {
    const code = same[0]?.code ?? "";
    return same.length > GROUP_FROM
      ? [{ code, problems: same }]
      : same.map((problem) => ({ code, problems: [problem] }));
  });
}

/** The section; a screen reader hears of new problems, not of passing time. */
export function problemList() {
  const title = el("h2", { id: "problems-title" });
  const calm = mark("good", t("problems.none"));
  const items = el("ul", { class: "problems" });
  const told = el("p", { class: "hidden", "aria-live": "polite" });
  const node = el(
    "section",
    { "aria-labelledby": "problems-title" },
    title,
    calm.node,
    items,
    told,
  );
  const fillItems = keyed(items, {
    key: ({ code, problems }) =>
      problems.length > 1
        ? `${code} together`
        : `${code} ${problems[0]?.subject}`,
    create: (/** @type {Group} */ group) =>
      group.problems.length > 1 ? together() : single(),
  });
  let spoken = "";
  return {
    node,
    /** @param {readonly ProblemJson[]} problems */
    update(problems) {
      setText(title, t("problems.title"));
      calm.node.hidden = problems.length > 0;
      items.hidden = problems.length === 0;
      const groups = grouped(problems);
      fillItems(groups);
      const keys = problems.map(({ code, subject }) => `${code} ${subject}`)
        .join();
      if (keys === spoken) return;
      spoken = keys;
      setText(told, summary(groups));
    },
  };
}

/** @param {readonly Group[]} groups */
function summary(groups) {
  if (groups.length === 0) return t("problems.none");
  return groups.map((group) => headOf(group).text).join(" ");
}

/**
 * @param {Group} group
 * @returns {{ text: string, fix: string, lang: string }}
 */
function headOf({ problems }) {
  const [first] = problems;
  if (first === undefined) return { text: "", fix: "", lang: "en" };
  if (problems.length === 1) return wordsOf(first, language());
  const many = manyWords[first.code]?.[language()];
  if (many === undefined) return wordsOf(first, language());
  const values = { count: number(problems.length) };
  return { text: fill(many.text, values), fix: many.fix, lang: language() };
}

function frame() {
  const severity = mark();
  const text = el("p", { class: "what" });
  const fix = el("p", { class: "fix" });
  const since = el("p", { class: "quiet" });
  const node = el(
    "li",
    {},
    el("div", { class: "severity" }, severity.node),
    el("div", { class: "words" }, text, fix, since),
  );
  return {
    node,
    /** @param {Group} group */
    update(group) {
      const [first] = group.problems;
      if (first === undefined) return;
      const error = first.severity === "error";
      severity.set(
        error ? "bad" : "warn",
        t(error ? "problems.error" : "problems.warning"),
      );
      setAttribute(node, "data-mood", error ? "bad" : "warn");
      const words = headOf(group);
      setText(text, words.text);
      setText(fix, words.fix);
      setAttribute(text, "lang", words.lang);
      setAttribute(fix, "lang", words.lang);
      setText(since, group.problems.length > 1 ? "" : sinceText(first));
    },
    words: text.parentElement ?? node,
  };
}

/** @param {ProblemJson} problem */
function sinceText({ since }) {
  return since === null
    ? ""
    : t("problems.since", { time: shortMoment(since, agentNowMs()) });
}

function single() {
  const { node, update } = frame();
  return { node, update };
}

function together() {
  const { node, update, words } = frame();
  const list = el("ul");
  words.append(el("details", {}, el("summary", {}, t("problems.which")), list));
  const fillList = keyed(list, {
    key: (/** @type {ProblemJson} */ { subject }) => subject ?? "",
    create() {
      const item = el("li");
      return {
        node: item,
        /** @param {ProblemJson} problem */
        update(problem) {
          const own = wordsOf(problem, language());
          setAttribute(item, "lang", own.lang);
          setText(
            item,
            [own.text, sinceText(problem)].filter(Boolean).join(", "),
          );
        },
      };
    },
  });
  return {
    node,
    /** @param {Group} group */
    update(group) {
      update(group);
      fillList(group.problems);
    },
  };
}
