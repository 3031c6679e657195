// What all pages share: elements, calls, the live stream, languages, small words about time.
import { WORDS } from "./words.js";

export const $app = document.getElementById("app");

let language = localStorage.getItem("language") || "zh";
export const t = (text, values = {}) => {
  const said = language === "zh" ? WORDS[text] ?? text : text;
  return said.replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");
};
export const english = () => language === "en";
document.documentElement.lang = language === "zh" ? "zh-CN" : "en";
export function languageButton() {
  return el("button", { class: "plain", onclick: () => { localStorage.setItem("language", language === "zh" ? "en" : "zh"); location.reload(); } }, language === "zh" ? "English" : "中文");
}

export function el(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
    else if (key === "value") { made.value = value; made.dataset.was = value; }
    else made.setAttribute(key, value === true ? "" : value);
  }
  made.append(...children.flat(9).filter((child) => child !== null && child !== undefined && child !== false));
  return made;
}

export async function call(method, path, body) {
  const options = { method, headers: {} };
  if (body !== undefined) { options.body = JSON.stringify(body); options.headers["Content-Type"] = "application/json"; }
  const answer = await fetch("/emulator" + path, options);
  const data = await answer.json();
  if (!answer.ok) throw new Error(data.message || data.error || answer.statusText);
  return data;
}
export const get = (path) => call("GET", path);
export const post = (path, body = {}) => call("POST", path, body);
export const id = encodeURIComponent;

export function toast(text, bad = false) {
  document.querySelectorAll(".toast").forEach((old) => old.remove());
  const shown = el("div", { class: bad ? "toast bad" : "toast", role: "status" }, text);
  document.body.append(shown);
  setTimeout(() => shown.remove(), bad ? 6000 : 2500);
}
// Do something that may be refused; what refuses it is said on the page.
export const trying = (work) => async (event) => {
  const button = event?.currentTarget instanceof HTMLButtonElement ? event.currentTarget : null;
  if (button) button.disabled = true;
  try { return await work(event); } catch (error) { toast(error.message, true); } finally { if (button) button.disabled = false; }
};

// Calls `changed(kinds)` whenever something of interest happened; the browser reconnects by itself. A tab that nobody looks
// at lets its connection go, since a browser has six for all tabs together.
export function live(actor, changed) {
  let source = null, opened = 0;
  const close = () => { source?.close(); source = null; document.body.dataset.live = "off"; };
  const open = () => {
    if (source || document.hidden) return;
    source = new EventSource("/emulator/stream?actor=" + id(actor).replaceAll("%2F", "/"));
    source.addEventListener("open", () => { document.body.dataset.live = "on"; opened += 1; if (opened > 1) changed(["all"]); });
    source.addEventListener("error", () => { document.body.dataset.live = "off"; });
    source.addEventListener("changed", (event) => changed(JSON.parse(event.data).kinds));
  };
  addEventListener("pagehide", close);
  addEventListener("pageshow", open);
  document.addEventListener("visibilitychange", () => document.hidden ? close() : open());
  open();
}
// A reload that runs once at a time and once more if it was asked for meanwhile.
export function once(work) {
  let running = false, again = false;
  return async function run() {
    if (running) { again = true; return; }
    running = true;
    try { do { again = false; await work(); } while (again); } catch (error) { toast(error.message, true); } finally { running = false; }
  };
}

const COLOURS = ["#3b7dd8", "#c2571a", "#2e8b57", "#8a4fbf", "#b03a5b", "#3f6f7f", "#8b6b1f"];
export function face(name) {
  const sum = [...name].reduce((all, letter) => all + letter.codePointAt(0), 0);
  return el("div", { class: "face", style: `background:${COLOURS[sum % COLOURS.length]}`, "aria-hidden": "true" }, [...name][0] || "?");
}
const CHINA = { timeZone: "Asia/Shanghai", hour12: false };
export const moment = (seconds) => new Date(seconds * 1000).toLocaleString(english() ? "en-GB" : "zh-CN", { ...CHINA, dateStyle: "medium", timeStyle: "medium" });
export const hour = (seconds) => seconds ? new Date(seconds * 1000).toLocaleTimeString("zh-CN", { ...CHINA, hour: "2-digit", minute: "2-digit" }) : "";
export const day = (seconds) => new Date(seconds * 1000).toLocaleDateString("zh-CN", { timeZone: "Asia/Shanghai", month: "numeric", day: "numeric" });
export const when = (seconds, now) => !seconds ? "" : now - seconds < 43200 ? hour(seconds) : day(seconds);
export const $title = (text) => { document.title = text; };

// Put `children` into `place` without losing what somebody is typing there.
export function show(place, ...children) {
  const held = document.activeElement;
  const key = held && place.contains(held) ? held.dataset.keep : null;
  const typed = [...place.querySelectorAll("[data-keep]")].filter((field) => field.value !== (field.dataset.was ?? ""));
  const kept = new Map(typed.map((field) => [field.dataset.keep, field.value]));
  const selection = key ? [held.selectionStart, held.selectionEnd] : null;
  place.replaceChildren(...children.flat(9).filter(Boolean));
  for (const [name, value] of kept) {
    const field = place.querySelector(`[data-keep="${CSS.escape(name)}"]`);
    if (field) field.value = value;
  }
  if (key) {
    const field = place.querySelector(`[data-keep="${CSS.escape(key)}"]`);
    field?.focus();
    try { field?.setSelectionRange(...selection); } catch { /* not a text field */ }
  }
}
