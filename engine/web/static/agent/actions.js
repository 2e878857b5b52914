/**
 * What an agent may do, each as one request. The model hears that it was asked and what became of it, so a
 * button can rest meanwhile, and a refusal can be told. Each resolves to whether it was granted.
 */

import { Refusal } from "../giliran.js";

export class Actions {
  #client;
  #dispatch;

  /** @param {import("../giliran.js").Client} client @param {(frame: Object) => void} dispatch */
  constructor(client, dispatch) {
    this.#client = client;
    this.#dispatch = dispatch;
  }

  async setState(state, reason) {
    const wish = reason ? { state, reason } : { state };
    const granted = await this.#ask("state", "state.set", wish);
    if (granted) this.#dispatch({ type: "desk.wish", ...wish });
    return granted;
  }

  accept(offer_id) {
    return this.#ask("accept", "offer.accept", { offer_id });
  }

  decline(offer_id) {
    return this.#ask("decline", "offer.decline", { offer_id });
  }

  hangUp() {
    return this.#ask("hangup", "call.hangup");
  }

  /** @param {string} call_id @param {{queue: string} | {agent_id: string}} target @param {string} to its name */
  async transfer(call_id, target, to, note) {
    const granted = await this.#ask("transfer", "call.transfer", note ? { ...target, note } : target);
    if (granted) this.#dispatch({ type: "desk.transferred", call_id, to });
    return granted;
  }

  /** Asked again and again while somebody looks, so a refusal is not told. */
  colleagues() {
    return this.#client.request("colleagues.list").catch((refusal) => {
      if (!(refusal instanceof Refusal)) throw refusal;
    });
  }

  finish(draft) {
    return this.#ask("finish", "wrapup.finish", written(draft));
  }

  /** Whether what was written of an earlier call is kept: asked once more, the engine says so and does nothing. */
  kept(call_id, draft) {
    return this.#client.request("wrapup.finish", { call_id, ...written(draft) }).then(
      () => true,
      (refusal) => {
        if (!(refusal instanceof Refusal)) throw refusal;
        return false;
      },
    );
  }

  async #ask(what, type, fields = {}) {
    this.#dispatch({ type: "desk.asked", what });
    try {
      await this.#client.request(type, fields);
    } catch (refusal) {
      if (!(refusal instanceof Refusal)) throw refusal;
      const { code, field, state } = refusal;
      this.#dispatch({ type: "desk.refused", what, code, field, state });
      return false;
    }
    this.#dispatch({ type: "desk.granted", what });
    return true;
  }
}

function written({ disposition, notes }) {
  return { ...(disposition ? { disposition } : {}), ...(notes.trim() ? { notes: notes.trim() } : {}) };
}
