// The clock of the emulator: read it, move it, let it stand.
import { el, moment, post, t, toast, trying } from "./common.js";

const STEPS = [["1 min", 60], ["1 h", 3600], ["1 d", 86400], ["30 d", 2592000]];
export function clockCard(clock) {
  const read = Date.now(), shown = el("span", { class: "big", "data-clock": "" }, moment(clock.timestamp));
  const timer = clock.frozen ? 0 : setInterval(() => { if (!shown.isConnected) clearInterval(timer); else shown.textContent = moment(clock.timestamp + Math.floor((Date.now() - read) / 1000)); }, 1000);
  const move = (body) => trying(async () => { await post("/clock", body); toast(t("The clock was moved")); });
  const to = el("input", { type: "datetime-local", step: 1, "data-keep": "clock", "aria-label": t("Jump to (China time)") });
  return el("section", { class: "card", id: "clock" }, el("h2", {}, t("Clock")), el("div", {}, shown), el("small", {}, t(clock.frozen ? "stands still" : "runs")),
    el("div", { class: "row" }, STEPS.map(([name, seconds]) => el("button", { onclick: move({ advance_seconds: seconds }) }, "+", t(name))), el("button", { onclick: move({ frozen: !clock.frozen }) }, t(clock.frozen ? "Let it run" : "Freeze"))),
    el("div", { class: "row" }, to, el("button", { onclick: trying(async (event) => { if (!to.value) return; const jump = `${to.value}${to.value.length === 16 ? ":00" : ""}+08:00`; to.value = ""; await move({ now: jump })(event); }) }, t("Jump"))), el("small", {}, t("China time")));
}
