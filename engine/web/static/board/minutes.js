/**
 * One queue's last hour, minute by minute. A minute is known by its beginning (`at`): what comes again for the
 * same minute replaces it, so history, the current minute of a queue row and a repeated snapshot all fit.
 *
 * @typedef {{at: number, arrived: number, answered: number, in_time: number, abandoned: number, waiting: number}}
 *   Minute
 */

export const MINUTE_MS = 60_000;
export const SHOWN = 60;

export class Minutes {
  /** @type {Minute[]} oldest first, the newest is the current one */
  #held = [];

  /** @param {Minute[]} history */
  constructor(history = []) {
    for (const minute of history) this.put(minute);
  }

  /** @param {Minute} minute */
  put(minute) {
    const held = this.#held;
    let at = held.length;
    while (at > 0 && held[at - 1].at > minute.at) at -= 1;
    if (at > 0 && held[at - 1].at === minute.at) held[at - 1] = minute;
    else held.splice(at, 0, minute);
    const oldest = held[held.length - 1].at - (SHOWN - 1) * MINUTE_MS;
    while (held[0].at < oldest) held.shift();
  }

  /**
   * The hour that ends with the minute of `now`: one entry a minute, null where nothing is known.
   * @param {number} now
   * @returns {(Minute | null)[]}
   */
  hour(now) {
    const first = Math.floor(now / MINUTE_MS) * MINUTE_MS - (SHOWN - 1) * MINUTE_MS;
    /** @type {(Minute | null)[]} */
    const hour = new Array(SHOWN).fill(null);
    for (const minute of this.#held) {
      const at = Math.round((minute.at - first) / MINUTE_MS);
      if (at >= 0 && at < SHOWN) hour[at] = minute;
    }
    return hour;
  }
}
