/** Which camera, which microphone; shown only to whoever has several. */

import { el, reconcile } from "../lib/dom.js";
import { devices as list } from "../lib/media.js";
import { says } from "./words.js";

/** @param {import("./devices.js").Devices} devices */
export function deviceChoice(devices) {
  const fields = ["audio", "video"].map((kind) => {
    const select = el("select", { on: { change: () => devices.use(kind, select.value) } });
    return { kind, select, field: el("label", { class: "field small" }, says("span", `devices.${kind}.which`), select) };
  });
  let known = { audio: [], video: [] };
  let of = null;

  async function look() {
    known = await list();
    show();
  }

  function show() {
    for (const { kind, select, field } of fields) {
      field.hidden = known[kind].length < 2;
      reconcile(select, known[kind], ({ deviceId }) => deviceId, ({ deviceId, label }) => el("option", { value: deviceId, text: label }));
      const used = devices.using(kind, known[kind]);
      if (used) select.value = used.deviceId;
    }
  }

  return {
    root: el("div", { class: "stack choice" }, ...fields.map(({ field }) => field)),
    /** What is there changes with what is allowed. */
    update() {
      if (devices.stream === of) return;
      of = devices.stream;
      if (of) look();
      show();
    },
  };
}
