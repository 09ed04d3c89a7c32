/**
 * Making and changing elements. All text goes in as text: names of devices and
 * lines of logs are written by others, so nothing here ever parses HTML.
 *
 * @module
 */

/** @typedef {Readonly<Record<string, string | number | boolean | null | undefined>>} Attributes */

/**
 * An element with attributes (`true` is an attribute without value, `false`,
 * null and undefined are none) and children; strings become text.
 *
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag
 * @param {Attributes} [attributes]
 * @param {...(Node | string | null)} children
 * @returns {HTMLElementTagNameMap[K]}
 */
export function el(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    setAttribute(node, name, value);
  }
  for (const child of children) if (child !== null) node.append(child);
  return node;
}

/**
 * Sets an attribute only when it differs, so that nothing is laid out anew.
 *
 * @param {Element} node
 * @param {string} name
 * @param {string | number | boolean | null | undefined} value
 */
export function setAttribute(node, name, value) {
  if (value === false || value === null || value === undefined) {
    if (node.hasAttribute(name)) node.removeAttribute(name);
    return;
  }
  const text = value === true ? "" : String(value);
  if (node.getAttribute(name) !== text) node.setAttribute(name, text);
}

/**
 * Sets a text only when it differs.
 *
 * @param {Node} node
 * @param {string} text
 */
export function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

/**
 * @param {HTMLElement} node
 * @param {boolean} visible
 */
export function show(node, visible) {
  if (node.hidden === visible) node.hidden = !visible;
}

/**
 * Keeps the children of an element equal to a list: those that stay are
 * changed in place and moved only when their order differs.
 *
 * @template T
 * @template {{ readonly node: HTMLElement, update(item: T): void }} P
 * @param {HTMLElement} parent
 * @param {{ key(item: T): string, create(item: T): P }} kind
 * @returns {(items: readonly T[]) => ReadonlyMap<string, P>}
 */
export function keyed(parent, kind) {
  /** @type {Map<string, P>} */
  const parts = new Map();
  return (items) => {
    const wanted = new Set(items.map(kind.key));
    for (const [key, part] of parts) {
      if (wanted.has(key)) continue;
      part.node.remove();
      parts.delete(key);
    }
    /** @type {Element | null} */
    let next = parent.firstElementChild;
    for (const item of items) {
      const key = kind.key(item);
      let part = parts.get(key);
      if (part === undefined) {
        part = kind.create(item);
        parts.set(key, part);
      }
      part.update(item);
      if (part.node === next) next = next.nextElementSibling;
      else parent.insertBefore(part.node, next);
    }
    return parts;
  };
}
