/**
 * The token with which a page says hello. It comes in the address's fragment (#token=…), which browsers send
 * to nobody, is taken out of the address bar at once, and is kept for this tab and role alone, so that a
 * reload stays signed in. Without one, or when it was refused, a form asks for one.
 */

import { el } from "./dom.js";
import { t } from "./i18n.js";

const key = (role) => `giliran.token.${role}`;

/**
 * @param {"customer" | "agent" | "supervisor"} role
 * @param {{again?: boolean}} [options] again: the one at hand was refused
 * @returns {Promise<string>}
 */
export async function signIn(role, { again = false } = {}) {
  if (again) sessionStorage.removeItem(key(role));
  addEventListener("hashchange", anew);
  const token = fromAddress() ?? sessionStorage.getItem(key(role)) ?? (await ask(again));
  sessionStorage.setItem(key(role), token);
  return token;
}

/** What a token says of its bearer; for showing only, the server alone can tell whether it is true. */
export function claims(token) {
  try {
    const body = atob(token.split(".")[1].replaceAll("-", "+").replaceAll("_", "/"));
    return JSON.parse(new TextDecoder().decode(Uint8Array.from(body, (char) => char.charCodeAt(0))));
  } catch {
    return {};
  }
}

/** Another link was followed in this tab: the same function each time, so it is heard once. */
function anew() {
  if (location.hash.includes("token=")) location.reload();
}

function fromAddress() {
  const token = new URLSearchParams(location.hash.slice(1)).get("token");
  if (token) history.replaceState(null, "", location.pathname + location.search);
  return token;
}

function ask(again) {
  return new Promise((resolve) => {
    const field = el("input", {
      id: "signin-token", name: "token", required: true, autocomplete: "off", spellcheck: "false",
      "aria-describedby": "signin-why",
    });
    const submit = (event) => {
      event.preventDefault();
      const token = field.value.trim();
      if (!token) return;
      dialog.close();
      dialog.remove();
      resolve(token);
    };
    const dialog = el("dialog", { class: "dialog signin", "aria-labelledby": "signin-title" },
      el("form", { class: "stack", on: { submit } },
        el("h2", { id: "signin-title", data: { t: "signin.title" }, text: t("signin.title") }),
        el("p", { id: "signin-why", text: t(again ? "signin.refused" : "signin.why") }),
        el("label", { class: "field" }, el("span", { text: t("signin.token") }), field),
        el("button", { class: "button primary", text: t("signin.go") }),
      ),
    );
    dialog.addEventListener("cancel", (event) => event.preventDefault());
    document.body.append(dialog);
    dialog.showModal();
  });
}
