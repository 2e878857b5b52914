/** Building elements without HTML text, and keeping a list of them in step with data. */

/**
 * An element. `class`, `text`, `on` {event: handler} and `data` {name: value} are what they say; `hidden`,
 * `disabled` and other booleans are set or left out; names of properties that are no attributes (value,
 * srcObject) are set as properties; everything else is an attribute. null and undefined are left out.
 * @param {string} tag
 * @param {Record<string, any>} [props]
 * @param {...(Node | string | null | undefined | false)} children
 * @returns {any}
 */
export function el(tag, props = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (value === null || value === undefined || value === false) continue;
    if (name === "class") node.className = value;
    else if (name === "text") node.textContent = value;
    else if (name === "on") for (const [event, handler] of Object.entries(value)) node.addEventListener(event, handler);
    else if (name === "data") Object.assign(node.dataset, value);
    else if (PROPERTIES.has(name)) node[name] = value;
    else node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

const PROPERTIES = new Set(["value", "checked", "srcObject", "muted", "playsInline", "autoplay"]);

const SVG = "http://www.w3.org/2000/svg";

/** An icon of one path on a 24 by 24 grid, drawn in the colour of the text. @param {string} path */
export function icon(path) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const line = document.createElementNS(SVG, "path");
  line.setAttribute("d", path);
  svg.append(line);
  return svg;
}

/** @type {WeakMap<Element, Map<any, any>>} */
const lists = new WeakMap();

/**
 * Make the children of `parent` those of `items`, in their order. An element lives as long as its key is
 * there, so focus, scroll and transitions of what stays are kept; only what is out of order moves.
 * @template Item
 * @param {Element} parent its children are this list and nothing else
 * @param {Iterable<Item>} items
 * @param {(item: Item) => any} key
 * @param {(item: Item) => Element} make
 * @param {(node: any, item: Item) => void} [update] called for every item, new ones too
 */
export function reconcile(parent, items, key, make, update = () => {}) {
  const before = lists.get(parent) ?? new Map();
  const after = new Map();
  for (const item of items) {
    const id = key(item);
    const node = before.get(id) ?? make(item);
    before.delete(id);
    update(node, item);
    after.set(id, node);
  }
  for (const node of before.values()) node.remove();
  let next = parent.firstElementChild;
  for (const node of after.values()) {
    if (node === next) next = next.nextElementSibling;
    else parent.insertBefore(node, next);
  }
  lists.set(parent, after);
}

/**
 * Show one of two elements. If what is hidden had the focus it goes on to `next`, never to nowhere.
 * @param {Element} node @param {boolean} hidden @param {HTMLElement | undefined} next
 */
export function hide(node, hidden, next) {
  const had = hidden && node.contains(document.activeElement);
  node.toggleAttribute("hidden", hidden);
  if (had) next?.focus();
}

/** Write a text if it is another: what is written anew loses its selection and may be read aloud again. */
export function write(node, text) {
  if (node.textContent !== text) node.textContent = text;
}
