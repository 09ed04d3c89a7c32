/**
 * What the page knows of the agent, kept fresh while somebody looks: the
 * status from the stream, by asking while there is none; the devices by asking
 * now and then and from the stream in between. Views are told of changes; they
 * ask for nothing of this twice.
 *
 * @module
 */
import { AgentError, ask, follow } from "./agent.js";
import { heardFrom } from "./heard.js";

/** @typedef {import("../json.ts").StatusJson} StatusJson */
/** @typedef {import("../json.ts").DeviceJson} DeviceJson */
/** @typedef {import("../json.ts").ReadingJson} ReadingJson */
/** @typedef {import("../json.ts").LineJson} LineJson */

/** How often the status is asked for while the stream brings none, ms. */
const STATUS_MS = 2000;
/** Without a status for this long it is asked for, stream or not, ms. */
const STATUS_STALE_MS = 10_000;
/** Nothing is asked for more often than this, ms. */
const LEAST_MS = 500;
/** How often the whole list of devices is asked for, ms. */
const DEVICES_MS = 15_000;
/** Changes are shown together, ms: a busy line must not cost a busy page. */
const TELL_MS = 250;

/** @type {StatusJson | null} */
let status = null;
/** @type {Map<string, DeviceJson>} */
let devices = new Map();
let devicesKnown = false;
/** @type {number | null} */
let lostSinceMs = null;
/** The agent's clock less this browser's, ms. */
let skewMs = 0;

/** @type {Set<() => void>} */
const watchers = new Set();
/**
 * @typedef {object} LineWatcher
 * @property {(line: LineJson) => void} onLine
 * @property {(count: number) => void} onLeftOut so many events were not sent: the line is too busy
 */

/** @type {Set<LineWatcher>} */
const lineWatchers = new Set();
/** @type {Set<(reading: ReadingJson) => void>} */
const readingWatchers = new Set();

/** @type {AbortController | null} */
let running = null;
/** @type {AbortController | null} */
let streaming = null;
/** @type {ReturnType<typeof setTimeout> | null} */
let telling = null;
let askedDevicesMs = -Infinity;
let statusMs = -Infinity;
let streamOpen = false;
/** Ends the pause before asking again. */
let wake = () => {};

/** The last status; null before the first answer. */
export function theStatus() {
  return status;
}

/** The devices, in the agent's order; null before the first answer. */
export function theDevices() {
  return devicesKnown ? [...devices.values()] : null;
}

/**
 * @param {string} device
 * @returns {DeviceJson | undefined}
 */
export function theDevice(device) {
  return devices.get(device);
}

/** Since when the agent does not answer, by this browser's clock; null while it does. */
export function theLoss() {
  return lostSinceMs;
}

/** The agent's time now, ms since 1970, whatever this browser's clock says. */
export function agentNowMs() {
  return Date.now() + skewMs;
}

/**
 * Calls back after changes, and once a second as times go by, until the
 * signal ends.
 *
 * @param {() => void} onChange
 * @param {AbortSignal} signal
 */
export function watch(onChange, signal) {
  watchers.add(onChange);
  signal.addEventListener("abort", () => watchers.delete(onChange));
}

/**
 * Calls back for every line of the serial port until the signal ends. Lines
 * are streamed only while somebody watches them.
 *
 * @param {LineWatcher} watcher
 * @param {AbortSignal} signal
 */
export function watchLines(watcher, signal) {
  lineWatchers.add(watcher);
  openStream();
  signal.addEventListener("abort", () => {
    lineWatchers.delete(watcher);
    openStream();
  });
}

/**
 * Calls back for every reading that is committed until the signal ends.
 *
 * @param {(reading: ReadingJson) => void} onReading
 * @param {AbortSignal} signal
 */
export function watchReadings(onReading, signal) {
  readingWatchers.add(onReading);
  signal.addEventListener("abort", () => readingWatchers.delete(onReading));
}

/** Begins to keep all this fresh; stops while the page is hidden. */
export function startWatching() {
  const turn = () => {
    if (document.hidden) {
      running?.abort();
      running = null;
      openStream();
      return;
    }
    if (running !== null) return;
    running = new AbortController();
    void keepFresh(running.signal);
    openStream();
  };
  document.addEventListener("visibilitychange", turn);
  setInterval(() => running !== null && tellSoon(), 1000);
  turn();
}

/** @param {AbortSignal} signal */
async function keepFresh(signal) {
  // After a pause everything may have changed.
  askedDevicesMs = -Infinity;
  while (!signal.aborted) {
    const beganMs = performance.now();
    const stale = beganMs - askedDevicesMs >= DEVICES_MS;
    const fresh = streamOpen && lostSinceMs === null &&
      beganMs - statusMs < STATUS_STALE_MS;
    await Promise.all([
      fresh ? null : refreshStatus(signal),
      stale ? refreshDevices(signal) : null,
    ]);
    if (!signal.aborted) tellNow();
    await Promise.race([
      pause(STATUS_MS),
      Promise.all([pause(LEAST_MS), woken()]),
    ]);
  }
}

/** @returns {Promise<void>} */
function woken() {
  return new Promise((resolve) => {
    wake = resolve;
  });
}

/**
 * @param {number} ms
 * @returns {Promise<void>}
 */
function pause(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** @param {AbortSignal} signal */
async function refreshStatus(signal) {
  try {
    /** @type {StatusJson} */
    const answer = await ask("/status", {}, signal);
    takeStatus(answer);
  } catch (error) {
    if (signal.aborted) return;
    if (!(error instanceof AgentError)) throw error;
    lostSinceMs ??= Date.now();
  }
}

/** @param {StatusJson} answer */
function takeStatus(answer) {
  status = answer;
  statusMs = performance.now();
  skewMs = Date.parse(answer.agent.now) - Date.now();
  if (lostSinceMs === null) return;
  lostSinceMs = null;
  // Back again: nothing of what is shown can be trusted, and no need to wait.
  askedDevicesMs = -Infinity;
  wake();
  openStream();
}

/** @param {AbortSignal} signal */
async function refreshDevices(signal) {
  askedDevicesMs = performance.now();
  try {
    /** @type {DeviceJson[]} */
    const answer = await ask("/api/devices", {}, signal);
    devices = new Map(answer.map((device) => [device.device, device]));
    devicesKnown = true;
  } catch (error) {
    askedDevicesMs = -Infinity;
    if (signal.aborted) return;
    if (!(error instanceof AgentError)) throw error;
  }
}

/** Opens the stream for what is watched now, or closes it. */
function openStream() {
  streaming?.abort();
  streaming = null;
  if (running === null) return;
  streaming = new AbortController();
  const events = lineWatchers.size > 0
    ? "status,reading,frame"
    : "status,reading";
  const { signal } = streaming;
  void follow(`/api/stream?events=${events}`, signal, take, (open) => {
    if (signal.aborted) return;
    streamOpen = open;
    // Broken: whether the agent is still there is worth a question.
    if (!open) wake();
  });
}

/**
 * @param {string} type
 * @param {any} value
 */
function take(type, value) {
  if (type === "reading") takeReading(value);
  else if (type === "frame") {
    for (const { onLine } of lineWatchers) onLine(value);
  } else if (type === "dropped") {
    for (const { onLeftOut } of lineWatchers) onLeftOut(value.events);
  } else if (type === "status") {
    takeStatus(value);
    tellSoon();
  }
}

/** @param {ReadingJson} reading */
function takeReading(reading) {
  const before = devices.get(reading.device);
  if (before === undefined) {
    // A newcomer: the list knows more about it than its reading does.
    askedDevicesMs = -Infinity;
    wake();
  } else {
    devices.set(reading.device, heardFrom(before, reading));
  }
  for (const tell of readingWatchers) tell(reading);
  tellSoon();
}

/** Tells the watchers in a moment, all changes until then at once. */
function tellSoon() {
  if (telling !== null) return;
  telling = setTimeout(tellNow, TELL_MS);
}

function tellNow() {
  if (telling !== null) clearTimeout(telling);
  telling = null;
  for (const tell of [...watchers]) tell();
}
