/**
 * Decoded items for people: an indented outline instead of JSON.
 *
 * @module
 */

/** Renders any plain value, one field a line, nested ones indented. */
export function describe(value: unknown, indent = ""): string {
  if (!isRecord(value)) return `${indent}${scalar(value)}\n`;
  let text = "";
  for (const [key, inner] of Object.entries(value)) {
    if (Array.isArray(inner) && inner.some(isRecord)) {
      text += `${indent}${key}:\n`;
      for (const item of inner) {
        const body = describe(item, `${indent}    `);
        text += `${indent}  - ${body.slice(indent.length + 4)}`;
      }
    } else if (isRecord(inner)) {
      text += `${indent}${key}:\n${describe(inner, `${indent}  `)}`;
    } else text += `${indent}${key}: ${scalar(inner)}\n`;
  }
  return text;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function scalar(value: unknown): string {
  if (Array.isArray(value)) return value.map(scalar).join(", ") || "none";
  return value === null ? "none" : value === "" ? '""' : String(value);
}
