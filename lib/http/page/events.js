/**
 * The text of server-sent events, taken apart as it comes. `EventSource` does
 * the same but cannot send a token.
 *
 * @module
 */

/**
 * @typedef {object} ServerEvent
 * @property {string} type `message` where the server names none
 * @property {string} data
 * @property {string} id of the last event that had one; empty before it
 */

/**
 * A reader of one stream: give it pieces of text as they come, it gives the
 * events that are complete. Comments and unknown fields are skipped, as the
 * standard has it.
 *
 * @returns {(piece: string) => ServerEvent[]}
 */
export function eventReader() {
  let rest = "";
  let type = "";
  let id = "";
  /** @type {string[]} */
  let data = [];
  return (piece) => {
    /** @type {ServerEvent[]} */
    const events = [];
    const lines = (rest + piece).split(/\r\n|\n|\r(?!$)/);
    rest = lines.pop() ?? "";
    for (const line of lines) {
      if (line === "") {
        if (data.length > 0) {
          events.push({ type: type || "message", data: data.join("\n"), id });
        }
        type = "";
        data = [];
        continue;
      }
      const colon = line.indexOf(":");
      const field = colon < 0 ? line : line.slice(0, colon);
      const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
      if (field === "event") type = value;
      else if (field === "data") data.push(value);
      else if (field === "id") id = value;
    }
    return events;
  };
}
