/**
 * Passing a call on, blind: to a queue, where the customer keeps his old place, or to a colleague who is ready
 * now. Who is ready changes, so the list is asked for again while the dialog is open.
 */

import { el, reconcile, write } from "../lib/dom.js";
import { label, t } from "../lib/i18n.js";
import { queueName, refusalText } from "./words.js";

const AGAIN_MS = 4_000;
/** From so many colleagues on there is a field to find one. */
const MANY = 8;

const $ = (id) => document.getElementById(id);

/** @param {import("./desk.js").Desk} desk */
export function transferDialog(desk) {
  const dialog = $("transfer");
  let callId = null;
  let timer = null;

  const form = $("transfer-form");
  const chosen = () => new FormData(form).get("target");
  form.addEventListener("change", () => desk.draw());
  form.addEventListener("submit", go);
  $("transfer-find").addEventListener("input", () => desk.draw());
  $("transfer-cancel").addEventListener("click", () => dialog.close());
  dialog.addEventListener("close", () => clearInterval(timer));

  function open() {
    if (desk.model.call === null || dialog.open) return;
    callId = desk.model.call.call_id;
    form.reset();
    desk.dispatch({ type: "desk.understood" });
    desk.actions.colleagues();
    timer = setInterval(() => desk.actions.colleagues(), AGAIN_MS);
    draw(desk.model);
    dialog.showModal();
  }

  async function go(event) {
    event.preventDefault();
    const target = chosen();
    if (target === null || desk.model.asked.includes("transfer")) return;
    const [kind, id] = target.split(":");
    const colleague = desk.model.colleagues?.find((each) => each.id === id);
    const to = kind === "queue" ? queueName(desk.model.config, id) : colleague?.name || id;
    const whom = kind === "queue" ? { queue: id } : { agent_id: id };
    if (await desk.actions.transfer(callId, whom, to, $("transfer-note").value.trim())) dialog.close();
  }

  function update(model) {
    if (!dialog.open) return;
    if (model.call?.call_id !== callId) dialog.close();
    else draw(model);
  }

  function draw({ config, colleagues, asked, refusal }) {
    write($("transfer-refused"), refusal?.what === "transfer" ? refusalText(refusal) : "");
    drawChoices($("transfer-queues"), (config.transfer_queues ?? []).map(({ id, label: labels, open: takes }) => ({
      value: `queue:${id}`,
      text: label(labels, id),
      more: takes ? "" : t("transfer.closed"),
      disabled: !takes,
    })));
    const wanted = $("transfer-find").value.trim().toLowerCase();
    const found = (colleagues ?? []).filter(({ id, name }) => `${name} ${id}`.toLowerCase().includes(wanted));
    drawChoices($("transfer-colleagues"), found.map(({ id, name, queues }) => ({
      value: `agent:${id}`,
      text: name || id,
      more: queues.map((queue) => queueName(config, queue)).join(", "),
      disabled: false,
    })));
    $("transfer-find").hidden = (colleagues ?? []).length < MANY;
    $("transfer-nobody").textContent = colleagues !== null && found.length === 0 ? t("transfer.nobody") : "";
    $("transfer-go").disabled = chosen() === null || asked.includes("transfer");
  }

  return { update, tick: () => {}, open };
}

function drawChoices(list, choices) {
  const make = ({ value }) =>
    el("label", { class: "choice" },
      el("input", { type: "radio", name: "target", value }),
      el("span", {}, el("span"), el("small")),
    );
  reconcile(list, choices, ({ value }) => value, make, (node, { text, more, disabled }) => {
    node.firstChild.disabled = disabled;
    const [name, note] = node.lastChild.children;
    name.textContent = text;
    note.textContent = more;
  });
}
