/** The customer's own picture and the buttons for his camera and microphone, the same on every screen. */

import { el, icon, write } from "../lib/dom.js";
import { t } from "../lib/i18n.js";
import { ICONS } from "../lib/icons.js";
import { tile } from "../lib/media.js";

const KINDS = {
  audio: { on: ICONS.microphone, off: ICONS.microphoneOff },
  video: { on: ICONS.camera, off: ICONS.cameraOff },
};

/** A round button with its word below. */
export function roundButton({ shows, tone = null, click }) {
  const words = el("span", { class: "round-words" });
  const button = el("button", { type: "button", class: "round", data: tone ? { tone } : {}, on: { click } });
  button.append(el("span", { class: "round-face" }, ...shows), words);
  return { button, words };
}

/** Microphone and camera, on or off. @param {import("./devices.js").Devices} devices */
export function mediaButtons(devices) {
  const made = Object.entries(KINDS).map(([kind, faces]) => {
    const [on, off] = [icon(faces.on), icon(faces.off)];
    const { button, words } = roundButton({ shows: [on, off], click: () => devices.toggle(kind) });
    return { kind, button, words, on, off };
  });
  return {
    buttons: made.map(({ button }) => button),
    update() {
      for (const { kind, button, words, on, off } of made) {
        const lit = devices.on[kind];
        button.hidden = !devices.has(kind);
        button.dataset.on = String(lit);
        on.toggleAttribute("hidden", !lit);
        off.toggleAttribute("hidden", lit);
        write(words, t(`devices.${kind}.${lit ? "turn_off" : "turn_on"}`));
      }
    },
  };
}

/** His own picture, as in a mirror. @param {import("./devices.js").Devices} devices */
export function ownTile(devices) {
  const own = tile({ muted: true, mirrored: true });
  own.classList.add("own");
  return {
    tile: own,
    update() {
      own.stream = devices.stream;
      own.label = t("call.you");
      own.quiet = devices.has("audio") && !devices.on.audio;
      own.state = devices.has("video") && devices.on.video ? "live" : "off";
    },
  };
}
