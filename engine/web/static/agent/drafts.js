/**
 * What the agent has written of a call and not sent yet, and what the page knows of that call: kept in this
 * tab by call id, so that a reload loses nothing, and gone once it is sent.
 */

const PREFIX = "giliran.agent.call.";
const OWNER = "giliran.agent.owner";

/** @typedef {{notes: string, disposition: string, work: import("./state.js").Work|null}} Draft */

/** @returns {Draft} */
export function draft(callId) {
  const kept = sessionStorage.getItem(PREFIX + callId);
  return { notes: "", disposition: "", work: null, ...(kept === null ? {} : JSON.parse(kept)) };
}

/** @param {string} callId @param {Partial<Draft>} change */
export function keep(callId, change) {
  sessionStorage.setItem(PREFIX + callId, JSON.stringify({ ...draft(callId), ...change }));
}

export function forget(callId) {
  sessionStorage.removeItem(PREFIX + callId);
}

/** The call ids of which something written is still here. */
export function unsent() {
  const names = Object.keys(sessionStorage).filter((name) => name.startsWith(PREFIX));
  const ids = names.map((name) => name.slice(PREFIX.length));
  return ids.filter((id) => written(draft(id)));
}

/** Forget every call of which nothing is written, but `held`. */
export function tidy(held) {
  for (const name of Object.keys(sessionStorage)) {
    const id = name.slice(PREFIX.length);
    if (name.startsWith(PREFIX) && id !== held && !written(draft(id))) forget(id);
  }
}

/** What another agent wrote at this tab is not this one's to see; nobody's is kept after signing out. */
export function belongTo(sub) {
  if (sessionStorage.getItem(OWNER) === sub) return;
  for (const name of Object.keys(sessionStorage)) if (name.startsWith(PREFIX)) sessionStorage.removeItem(name);
  sessionStorage.setItem(OWNER, sub);
}

export function written({ notes, disposition }) {
  return notes.trim() !== "" || disposition !== "";
}
