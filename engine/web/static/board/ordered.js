/**
 * Items that stay in order: placed and taken out by binary search, found by their key.
 *
 * `compare` must be total (its last word is an id), so an item's place is found from the item alone. What is
 * placed must not change afterwards: a changed item is put anew, and its old place is known from the map.
 */

/** @template T */
export class Ordered {
  /** @type {T[]} */
  items = [];
  /** @type {Map<string, T>} */
  #placed = new Map();
  #compare;
  #keyOf;

  /** @param {(a: T, b: T) => number} compare @param {(item: T) => string} keyOf */
  constructor(compare, keyOf) {
    this.#compare = compare;
    this.#keyOf = keyOf;
  }

  get size() {
    return this.items.length;
  }

  /** @param {T} item */
  put(item) {
    const key = this.#keyOf(item);
    const old = this.#placed.get(key);
    if (old !== undefined) {
      const at = this.#find(old);
      if (this.#compare(old, item) === 0) {
        this.items[at] = item;
        this.#placed.set(key, item);
        return;
      }
      this.items.splice(at, 1);
    }
    this.items.splice(this.#find(item), 0, item);
    this.#placed.set(key, item);
  }

  /** @param {string} key */
  remove(key) {
    const old = this.#placed.get(key);
    if (old === undefined) return;
    this.items.splice(this.#find(old), 1);
    this.#placed.delete(key);
  }

  /** Where the item of that key stands; -1 if it does not. @param {string} key */
  indexOf(key) {
    const item = this.#placed.get(key);
    return item === undefined ? -1 : this.#find(item);
  }

  /** How many items stand before a place that need not be taken. @param {T} item */
  before(item) {
    return this.#find(item);
  }

  /** Replace everything at once. @param {T[]} items */
  fill(items) {
    this.items = items.slice().sort(this.#compare);
    this.#placed = new Map(items.map((item) => [this.#keyOf(item), item]));
  }

  /** The first index whose item is not before `item`. @param {T} item */
  #find(item) {
    let low = 0;
    let high = this.items.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#compare(this.items[middle], item) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
