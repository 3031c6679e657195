// The start page: what runs here, the clock, who there is, and what just happened.
import { $app, $title, call, el, get, id, languageButton, live, moment, once, post, show, t, toast, trying } from "./common.js";
import { clockCard } from "./clock.js";

const state = { summary: {}, clock: {}, callbacks: {}, faults: [], calls: [], total: 0, lists: { customers: { q: "", pages: [0], people: [] }, staff: { q: "", pages: [0], people: [] } } };

const BUSY = ["calls", "callbacks", "faults", "clock", "messages"]; // these change often and count nobody
let stale = true;
const load = once(async () => {
  const counted = stale ? [get("/corp/summary").then((summary) => { state.summary = summary; }), ...["staff", "customers"].map(find)] : [];
  stale = false;
  const [clock, callbacks, faults, calls] = await Promise.all([get("/clock"), get("/callbacks"), get("/faults"), get("/calls?limit=12"), ...counted]);
  Object.assign(state, { clock, callbacks, faults: faults.faults, calls: calls.calls.reverse(), total: calls.total });
  render();
  await new Promise((done) => setTimeout(done, 300)); // a corp under load is looked at three times a second at most
});
// One page of people; a search goes on through a big corp until it finds somebody or comes to the end.
async function find(kind) {
  const list = state.lists[kind];
  let after = list.pages.at(-1), found;
  do { found = await get(`/people?kind=${kind}&q=${id(list.q)}&after=${after}`); after = found.after; } while (!found.people.length && after);
  Object.assign(list, { people: found.people, after: found.after });
}
const paged = (kind, change) => trying(async () => { change(state.lists[kind]); await find(kind); render(); });

function people(kind, title, extra) {
  const list = state.lists[kind];
  const row = (item) => kind === "customers" ? ["customers", item.external_userid, item.name] : ["staff", item.userid, item.name];
  return el("section", { class: "card", id: kind }, el("h2", {}, title, " ", el("small", {}, String(state.summary[kind] ?? ""))), extra,
    el("div", { class: "row" }, el("input", { type: "search", "data-keep": kind, "aria-label": t("Search"), placeholder: t("Name or id"), value: list.q, onchange: paged(kind, (all) => { all.q = document.querySelector(`[data-keep=${kind}]`).value; all.pages = [0]; }) })),
    list.people.length ? el("ul", { class: "list" }, list.people.map((item) => { const [folder, key, name] = row(item); return el("li", {}, el("a", { class: "grow", href: `/phone/${folder}/${id(key)}` }, name, " ", el("small", {}, key)), item.feature_on === false ? el("small", { class: "bad" }, t("feature off")) : null); })) : el("p", { class: "soft" }, t("Nobody found.")),
    el("div", { class: "row" }, el("button", { disabled: list.pages.length < 2, onclick: paged(kind, (all) => all.pages.pop()) }, t("Previous")), el("button", { disabled: !list.after, onclick: paged(kind, (all) => all.pages.push(all.after)) }, t("Next"))));
}
async function visitor() {
  const name = document.getElementById("visitor").value.trim() || t("Visitor");
  const { external_userids: [made] } = await post("/customers", { customers: [{ name, unionid: `o${crypto.randomUUID?.().replaceAll("-", "").slice(0, 20) ?? Date.now()}` }] });
  location.href = `/phone/customers/${id(made)}`;
}
const numbers = (rows) => el("div", { class: "numbers" }, rows.map(([name, value, bad]) => el("span", {}, el("b", { class: bad && value ? "bad" : "" }, String(value ?? 0)), " ", el("small", {}, t(name)))));

function render() {
  const s = state.summary, c = state.callbacks;
  $title(t("WeCom emulator"));
  show($app, el("main", { class: "wide" },
    el("header", {}, el("h1", {}, t("WeCom emulator")), el("small", {}, s.corp_id), el("nav", {}, el("a", { href: "/phone/admin" }, t("Admin")), el("a", { href: "/emulator/docs" }, t("API of the admin side")), languageButton())),
    el("div", { class: "cards" },
      el("section", { class: "card" }, el("h2", {}, t("What runs here")), numbers([["staff", s.staff], ["customers", s.customers], ["friendships", s.friendships], ["groups", s.groups], ["contact codes", s.contact_ways], ["group codes", s.join_ways], ["mass messages", s.mass_messages]]), el("p", {}, el("small", {}, t("API address: {url}", { url: `${location.origin}/cgi-bin/` })))),
      clockCard(state.clock),
      el("section", { class: "card", id: "callbacks" }, el("h2", {}, t("Callbacks")), numbers([["waiting", c.pending], ["delivered", c.delivered], ["failed", c.failed, true], ["lost on purpose", c.lost]]), el("p", {}, el("a", { href: "/phone/admin#callbacks" }, t("Address and failures")))),
      people("staff", t("Staff")),
      people("customers", t("Customers"), el("div", { class: "row" }, el("input", { id: "visitor", "data-keep": "visitor", "aria-label": t("Name of a visitor"), placeholder: t("Name of a visitor") }), el("button", { class: "main", onclick: trying(visitor) }, t("New visitor")))),
      el("section", { class: "card" }, el("h2", {}, t("Faults")), state.faults.length ? el("ul", { class: "list" }, state.faults.map((row) => el("li", {}, el("span", { class: "grow" }, el("code", {}, row.route ?? row.event)), el("small", {}, t("{hits} hits", row))))) : el("p", { class: "soft" }, t("No faults ordered.")), el("a", { href: "/phone/admin#faults" }, t("Order a fault"))),
      el("section", { class: "card full", id: "calls" }, el("h2", {}, t("Recent calls"), " ", el("small", {}, String(state.total))), calls(state.calls)))));
}
export function calls(rows) {
  if (!rows.length) return el("p", { class: "soft" }, t("No calls yet."));
  return el("div", { class: "scroll" }, el("table", {}, el("thead", {}, el("tr", {}, ["time", "path", "app", "errcode", "body"].map((name) => el("th", {}, t(name))))),
    el("tbody", {}, rows.map((row) => el("tr", {}, el("td", {}, moment(row.at)), el("td", {}, el("code", {}, row.path)), el("td", {}, String(row.agent_id ?? "")), el("td", { class: row.errcode ? "n bad" : "n" }, String(row.errcode)), el("td", {}, el("code", {}, JSON.stringify(row.body).slice(0, 160))))))));
}
if (document.body.dataset.page === "home") { await load(); live("corp", (kinds) => { stale ||= kinds.some((kind) => !BUSY.includes(kind)); load(); }); }
