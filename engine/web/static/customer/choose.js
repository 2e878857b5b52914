/** Which service? The closed ones are shown as closed, so that nobody looks for them in vain. */

import { el, icon, reconcile, write } from "../lib/dom.js";
import { label, t } from "../lib/i18n.js";
import { ICONS } from "../lib/icons.js";
import { heading, says } from "./words.js";

export function chooseView(page) {
  const title = heading();
  const list = el("ul", { class: "services" });
  const none = says("p", "choose.none", { class: "note" });

  function make({ id }) {
    const name = el("span", { class: "service-name" });
    const state = el("span", { class: "badge" });
    const click = () => button.ariaDisabled === "true" || page.act("page.chosen", { queue: id });
    const button = el("button", { type: "button", class: "card service", on: { click } }, name, state, icon(ICONS.next));
    return el("li", {}, button);
  }

  function update(item, { id, label: labels, open }) {
    const button = item.firstElementChild;
    const [name, state] = button.children;
    button.ariaDisabled = String(!open);
    write(name, label(labels, id));
    write(state, t(open ? "choose.open" : "choose.closed"));
    state.dataset.tone = open ? "good" : "";
  }

  return {
    root: el("section", { class: "column" },
      el("div", { class: "lead" }, title, says("p", "choose.lead", { class: "muted" })),
      list,
      none,
    ),
    update(model) {
      write(title, page.name ? t("choose.title_name", { name: page.name }) : t("choose.title"));
      none.hidden = model.queues.length > 0;
      reconcile(list, model.queues, ({ id }) => id, make, update);
    },
  };
}
