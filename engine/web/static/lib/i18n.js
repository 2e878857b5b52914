/**
 * Texts in the reader's language. The server sends codes and parameters; every sentence people read stands
 * in `locales/<language>/<catalogue>.json`: flat dotted keys, `{name}` placeholders, and where a number
 * decides the form an object by plural category ({"one": …, "other": …}), chosen by `count`.
 *
 * The language is ?lang= of the address, else what was chosen here before, else the browser's, else
 * Indonesian. When it changes, <html lang> follows, everything marked data-t is filled anew, and the document
 * hears "giliran:language": what a page wrote by script it writes again then.
 */

import { el } from "./dom.js";

export const LANGUAGES = { id: "Bahasa Indonesia", en: "English" };
const STORED = "giliran.language";
const CATALOGUES = new URL("../locales/", import.meta.url);

let language = "id";
let page = "";
/** @type {Record<string, string | Record<string, string>>} */
let texts = {};

/** The language in use. */
export const current = () => language;

/**
 * Read the texts all pages share and those of this page.
 * @param {string} catalogue "customer", "agent", "board"
 * @param {string} wanted
 */
export async function load(catalogue, wanted = preferred()) {
  const read = await Promise.all(["common", catalogue].map((name) => fetchTexts(wanted, name)));
  page = catalogue;
  language = wanted;
  texts = Object.assign({}, ...read);
  document.documentElement.lang = language;
  applyTo(document);
  document.dispatchEvent(new CustomEvent("giliran:language", { detail: language }));
}

/** @param {string} wanted */
export async function choose(wanted) {
  localStorage.setItem(STORED, wanted);
  await load(page, wanted);
}

function preferred() {
  const asked = new URLSearchParams(location.search).get("lang");
  const browser = navigator.languages.map((tag) => tag.toLowerCase().split("-")[0]);
  const wishes = [asked, localStorage.getItem(STORED), ...browser.map((tag) => (tag === "in" ? "id" : tag))];
  return wishes.find((tag) => tag && tag in LANGUAGES) ?? "id";
}

async function fetchTexts(wanted, name) {
  const answer = await fetch(new URL(`${wanted}/${name}.json`, CATALOGUES));
  if (!answer.ok) throw new Error(`${wanted}/${name}.json: ${answer.status}`);
  return answer.json();
}

/** Whether there is a text of that key. @param {string} key */
export const has = (key) => key in texts;

/**
 * The text of a key; the key itself if there is none, so that a gap shows.
 * @param {string} key
 * @param {Record<string, any>} [params]
 */
export function t(key, params = {}) {
  let text = texts[key] ?? key;
  if (typeof text === "object") {
    const form = new Intl.PluralRules(language).select(params.count ?? 0);
    text = text[form] ?? text.other;
  }
  return text.replace(/\{(\w+)\}/g, (all, name) => {
    const value = params[name];
    return typeof value === "number" ? number(value) : (value ?? all);
  });
}

/** The bank's own word for an id. @param {Record<string, string> | null | undefined} labels */
export const label = (labels, id) => labels?.[language] ?? labels?.en ?? labels?.id ?? id;

/** What to say for an error code of the server. */
export const error = (code) => t(has(`error.${code}`) ? `error.${code}` : "error.other");

/** Fill what is marked in the page: data-t text, data-t-label aria-label, data-t-title title. */
export function applyTo(root) {
  for (const node of root.querySelectorAll("[data-t]")) node.textContent = t(node.dataset.t);
  for (const node of root.querySelectorAll("[data-t-label]")) node.setAttribute("aria-label", t(node.dataset.tLabel));
  for (const node of root.querySelectorAll("[data-t-title]")) node.title = t(node.dataset.tTitle);
}

// Numbers and times

/** @type {Map<string, Intl.NumberFormat>} making a formatter costs more than formatting */
const formats = new Map();

function formatted(value, options) {
  const key = language + JSON.stringify(options);
  if (!formats.has(key)) formats.set(key, new Intl.NumberFormat(language, options));
  return formats.get(key).format(value);
}

/** @param {number} value @param {Intl.NumberFormatOptions} [options] */
export const number = (value, options = {}) => formatted(value, options);

/** @param {number} ratio 0 to 1 */
export const percent = (ratio, digits = 0) =>
  formatted(ratio, { style: "percent", maximumFractionDigits: digits });

const UNITS = [
  ["hour", 3_600],
  ["minute", 60],
  ["second", 1],
];

/**
 * How long, in words: "3 min 20 sec". The two largest units that count.
 * @param {number} ms
 * @param {"short" | "long" | "narrow"} [unitDisplay]
 */
export function duration(ms, unitDisplay = "short") {
  let left = Math.max(0, Math.round(ms / 1000));
  const parts = [];
  for (const [unit, seconds] of UNITS) {
    const count = Math.floor(left / seconds);
    left -= count * seconds;
    if (count || (unit === "second" && !parts.length)) {
      parts.push(formatted(count, { style: "unit", unit, unitDisplay }));
    }
  }
  return parts.slice(0, 2).join(" ");
}

/** How long, as a running clock: "3:20", "1:03:20". @param {number} ms */
export function clock(ms) {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const two = (value) => String(value).padStart(2, "0");
  const minutes = Math.floor(seconds / 60) % 60;
  const tail = two(seconds % 60);
  return seconds < 3_600 ? `${minutes}:${tail}` : `${Math.floor(seconds / 3_600)}:${two(minutes)}:${tail}`;
}

/** The time of day. @param {number} at ms @param {Intl.DateTimeFormatOptions} [options] */
export const time = (at, options = { hour: "2-digit", minute: "2-digit" }) =>
  new Intl.DateTimeFormat(language, options).format(at);

/** A control that changes the language. */
export function languagePicker() {
  const buttons = Object.entries(LANGUAGES).map(([tag, name]) =>
    el("button", { type: "button", lang: tag, title: name, text: tag.toUpperCase(), on: { click: () => choose(tag) } }),
  );
  const group = el("div", { class: "language", role: "group" }, ...buttons);
  const show = () => {
    group.setAttribute("aria-label", t("language"));
    for (const button of buttons) button.setAttribute("aria-pressed", String(button.lang === language));
  };
  document.addEventListener("giliran:language", show);
  show();
  return group;
}
