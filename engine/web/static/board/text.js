/** Writing to the page only what differs: what stands there is remembered, never read back. */

/** @type {WeakMap<Element, string>} */
const written = new WeakMap();
/** @type {WeakMap<Element, Map<string, string>>} */
const marked = new WeakMap();

/** @param {Element} node @param {string} text */
export function put(node, text) {
  if (written.get(node) === text) return;
  written.set(node, text);
  node.textContent = text;
}

/** Sets an attribute; "" takes it away. @param {Element} node @param {string} name @param {string} value */
export function mark(node, name, value) {
  let known = marked.get(node);
  if (known === undefined) marked.set(node, (known = new Map()));
  if (known.get(name) === value) return;
  known.set(name, value);
  if (value === "") node.removeAttribute(name);
  else node.setAttribute(name, value);
}
