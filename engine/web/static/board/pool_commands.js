/** What a supervisor can do with a queue, and with the rules. */

import { t } from "../lib/i18n.js";
import * as words from "./words.js";

/**
 * @param {import("./model.js").Board} board @param {string} id @param {boolean} pause
 * @returns {import("./commands.js").Command}
 */
export function pauseOrResume(board, id, pause) {
  const queue = words.queue(id);
  const what = pause ? "pause" : "resume";
  const row = () => board.queues.get(id);
  const effect = () => {
    if (pause && row()?.waiting === 0) return "pause.effect.nobody";
    return row()?.state === "closed" ? "resume.effect.closed" : `${what}.effect`;
  };
  return {
    title: t(`${what}.title`, { queue }),
    go: t(`${what}.go`),
    danger: pause,
    effect: () => t(effect(), { queue, count: row()?.waiting ?? 0 }),
    done: () => t(`${what}.done`, { queue }),
    frame: () => [`queue.${what}`, { queue: id }],
  };
}

/** @returns {import("./commands.js").Command} */
export function reload() {
  return {
    title: t("reload.title"),
    go: t("reload.go"),
    effect: () => t("reload.effect"),
    done: () => t("reload.done"),
    frame: () => ["rules.reload", {}],
  };
}
