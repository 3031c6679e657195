// The console of the corp: staff, ranges of apps, callback address, settings, faults, calls, save and load.
import { $app, $title, call, el, english, get, id, languageButton, live, moment, once, post, show, t, toast, trying } from "./common.js";
import { clockCard } from "./clock.js";
import { calls } from "./home.js";
import { MEANINGS } from "./meanings.js";

const state = { open: "corp", wanted: "", filter: "", path: "", after: [0] };
const AREAS = [["corp", "Corp and clock"], ["staff", "Staff"], ["callbacks", "Callbacks"], ["settings", "Settings"], ["faults", "Faults"], ["calls", "Calls"]];

const load = once(async () => {
  if (state.open === "corp") [state.summary, state.clock, state.console] = await Promise.all([get("/corp/summary"), get("/clock"), get("/console")]);
  if (state.open === "staff") { [state.people, state.console] = await Promise.all([get(`/people?kind=staff&q=${id(state.wanted)}&after=${state.after.at(-1)}`), get("/console")]); }
  if (state.open === "callbacks") [state.console, state.counts, state.failed] = await Promise.all([get("/console"), get("/callbacks"), get("/callbacks/failed")]);
  if (state.open === "settings") state.settings = await get("/settings");
  if (state.open === "faults") state.faults = (await get("/faults")).faults;
  if (state.open === "calls") state.calls = await get(`/calls?limit=100${state.path ? `&path=${id(state.path)}` : ""}`);
  render();
});
const done = (work, said) => trying(async (event) => { await work(event); await load(); if (said) toast(t(said)); });
const field = (keep, label, value = "", more = {}) => el("input", { "data-keep": keep, "aria-label": label, placeholder: label, value, ...more });

function corp() {
  const file = el("input", { type: "file", "aria-label": t("Load a corp"), onchange: done(async (event) => {
    const answer = await fetch("/emulator/corp", { method: "PUT", body: event.target.files[0] });
    if (!answer.ok) throw new Error((await answer.json()).message);
  }, "Loaded") });
  const contacts = field("contacts", t("customers"), "", { type: "number", min: 1 }), groups = field("groups", t("groups"), "", { type: "number", min: 0 });
  return [el("section", { class: "card" }, el("h2", {}, state.console.name, " ", el("small", {}, state.console.corp_id)), el("div", { class: "numbers" }, Object.entries(state.summary).filter(([, value]) => typeof value === "number").map(([name, value]) => el("span", {}, el("b", {}, String(value)), " ", el("small", {}, t(name))))),
      el("div", { class: "row" }, el("a", { href: "/emulator/corp?format=lines", download: "corp.jsonl" }, t("Save the corp as a file"))), el("label", { class: "button" }, t("Load a corp"), file),
      el("div", { class: "row" }, contacts, groups, el("button", { onclick: done(async () => post("/generate", { contacts: Number(contacts.value), groups: Number(groups.value || 0) }), "Made") }, t("Generate"))),
      el("div", { class: "row" }, el("button", { class: "warn", onclick: done(async () => { if (confirm(t("Back to the default corp?"))) await post("/reset"); }) }, t("Reset everything")), el("button", { onclick: done(() => call("DELETE", "/tokens"), "All tokens died") }, t("Let all tokens die")))),
    clockCard(state.clock)];
}
function staff() {
  const search = field("search", t("Name or id"), state.wanted, { type: "search", onchange: (event) => { state.wanted = event.target.value; state.after = [0]; load(); } });
  const userid = field("userid", "userid"), name = field("name", t("Name"));
  const departments = state.console.departments;
  const department = el("select", { "aria-label": t("Department") }, departments.slice(0, 500).map((row) => el("option", { value: row.id }, row.name)));
  const named = new Map(departments.map((row) => [row.id, row.name]));
  const change = (row, body) => done(() => post("/staff", { staff: [{ userid: row.userid, name: row.name, ...body }] }));
  return [el("section", { class: "card full" }, el("h2", {}, t("Staff")), el("div", { class: "row" }, search),
      el("div", { class: "scroll" }, el("table", {}, el("thead", {}, el("tr", {}, ["Name", "Department", "Customer contact", ""].map((title) => el("th", {}, t(title))))),
        el("tbody", {}, state.people.people.map((row) => el("tr", {}, el("td", {}, el("a", { href: `/phone/staff/${id(row.userid)}` }, row.name), " ", el("small", {}, row.userid)), el("td", {}, row.department.map((one) => named.get(one) ?? one).join("、")),
          el("td", {}, el("button", { "aria-pressed": String(row.feature_on), onclick: change(row, { feature_on: !row.feature_on }) }, t(row.feature_on ? "on" : "off"))),
          el("td", {}, el("button", { class: "plain warn", onclick: done(async () => { if (confirm(t("Leave the company?"))) await post(`/actors/staff/${id(row.userid)}/leave_company`); }) }, t("Leave the company")))))))),
      el("div", { class: "row" }, el("button", { disabled: state.after.length < 2, onclick: done(async () => { state.after.pop(); }) }, t("Previous")), el("button", { disabled: !state.people.after, onclick: done(async () => { state.after.push(state.people.after); }) }, t("Next"))),
      el("div", { class: "row" }, userid, name, department, el("button", { class: "main", onclick: done(async () => { await post("/staff", { staff: [{ userid: userid.value.trim(), name: name.value.trim() || userid.value.trim(), department: [Number(department.value)] }], emit: true }); userid.value = name.value = ""; }, "Added") }, t("Add")))),
    state.console.apps.map((app) => {
      const users = field(`u${app.agent_id}`, t("userids, none for nobody"), (app.visible_users ?? []).join(" ")), parties = field(`d${app.agent_id}`, t("department ids"), (app.visible_departments ?? []).join(" "));
      const whole = app.visible_users === null && app.visible_departments === null;
      return el("section", { class: "card" }, el("h2", {}, app.name, " ", el("small", {}, String(app.agent_id), " · ", app.kind)), el("p", {}, el("code", {}, app.secret)), el("p", {}, t(whole ? "Sees the whole corp." : "Sees a part of the corp:")),
        el("div", { class: "row" }, users, parties), el("div", { class: "row" },
          el("button", { onclick: done(() => call("PATCH", `/apps/${app.agent_id}`, { visible_users: users.value.split(/[\s,，]+/).filter(Boolean), visible_departments: parties.value.split(/[\s,，]+/).filter(Boolean).map(Number) }), "Saved") }, t("Limit to these")),
          el("button", { disabled: whole, onclick: done(async () => { users.value = parties.value = ""; await call("PATCH", `/apps/${app.agent_id}`, { visible_users: null, visible_departments: null }); }, "Saved") }, t("Whole corp"))));
    })];
}
function callbacks() {
  const now = state.console.callbacks.find((row) => row.agent_id === null) ?? {};
  const url = field("url", t("Address"), now.url ?? ""), token = field("token", "Token", now.token ?? ""), key = field("key", "EncodingAESKey", now.encoding_aes_key ?? ""), agent = field("agent", t("agent id, empty for all events"));
  const random = (length) => [...crypto.getRandomValues(new Uint8Array(length))].map((byte) => "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"[byte % 62]).join("");
  const save = (verify) => done(async () => { await call("PUT", "/callback", { url: url.value.trim(), token: token.value.trim(), encoding_aes_key: key.value.trim(), verify, ...(agent.value ? { agent_id: Number(agent.value) } : {}) }); }, verify ? "The address answered rightly and is saved" : "Saved");
  return [el("section", { class: "card" }, el("h2", {}, t("Where events go")), state.console.callbacks.length ? el("ul", { class: "list" }, state.console.callbacks.map((row) => el("li", {}, el("code", { class: "grow" }, row.url), el("small", {}, row.agent_id === null ? t("all events") : String(row.agent_id))))) : el("p", { class: "soft" }, t("No address yet: events are not sent.")),
      el("div", { class: "row" }, url), el("div", { class: "row" }, token, el("button", { onclick: () => { token.value = random(16); } }, t("Make one"))), el("div", { class: "row" }, key, el("button", { onclick: () => { key.value = random(43); } }, t("Make one"))), el("div", { class: "row" }, agent),
      el("div", { class: "row" }, el("button", { class: "main", onclick: save(true) }, t("Verify and save")), el("button", { onclick: save(false) }, t("Save")), el("button", { class: "warn", onclick: done(async () => { url.value = token.value = key.value = ""; await call("DELETE", "/callback"); }) }, t("Forget all")))),
    el("section", { class: "card" }, el("h2", {}, t("Deliveries")), el("div", { class: "numbers" }, Object.entries(state.counts).map(([name, value]) => el("span", {}, el("b", { class: name === "failed" && value ? "bad" : "" }, String(value)), " ", el("small", {}, t(name)))))),
    el("section", { class: "card full" }, el("h2", {}, t("Failed callbacks")), state.failed.failed.length ? state.failed.failed.slice(-50).reverse().map((row) => el("details", {}, el("summary", {}, el("code", {}, `${row.event}${row.change_type ? `/${row.change_type}` : ""}`), " ", el("span", { class: "bad" }, row.last_error), " ", el("small", {}, t("{tries} tries", row))), el("pre", { class: "scroll" }, row.xml))) : el("p", { class: "soft" }, t("None.")))];
}
const meaning = (name) => MEANINGS[name]?.[english() ? 0 : 1] ?? "";
function settings() {
  const search = field("filter", t("Name or meaning"), state.filter, { type: "search", oninput: (event) => { state.filter = event.target.value.toLowerCase(); render(); } });
  const rows = Object.entries(state.settings).filter(([name]) => !state.filter || name.includes(state.filter) || meaning(name).toLowerCase().includes(state.filter));
  const control = (name, value) => {
    const keep = async (given) => { await call("PATCH", "/settings", { [name]: given }); };
    if (typeof value === "boolean") return el("button", { "aria-pressed": String(value), onclick: done(() => keep(!value), "Saved") }, t(value ? "on" : "off"));
    const text = typeof value === "object" ? JSON.stringify(value) : String(value);
    return el("input", { "aria-label": name, "data-keep": name, value: text, onchange: done((event) => keep(typeof value === "string" ? event.target.value : JSON.parse(event.target.value)), "Saved") });
  };
  return [el("section", { class: "card full" }, el("h2", {}, t("Settings")), el("div", { class: "row" }, search), el("div", { class: "stack" }, el("table", {}, el("tbody", {}, rows.map(([name, value]) => el("tr", {}, el("td", {}, el("code", {}, name), el("br"), el("small", {}, meaning(name))), el("td", {}, control(name, value))))))))];
}
function faults() {
  const of = el("select", { "aria-label": t("Of"), "data-keep": "of" }, el("option", { value: "route" }, t("calls")), el("option", { value: "event" }, t("callbacks")));
  const name = field("route", t("path or event, * as a wildcard")), errcode = field("errcode", "errcode", "", { type: "number" }), latency = field("latency", t("delay in ms"), "", { type: "number" }), times = field("times", t("how often, empty for always"), "", { type: "number" });
  const kind = el("select", { "aria-label": t("Mishap"), "data-keep": "mishap" }, [["", "errcode or delay"], ["cut", "cut the connection"], ["after_effect", "happens, but the answer is lost"], ["partial", "half a page"], ["empty", "an empty page"], ["kill_tokens", "the token dies"], ["lose", "lose the callback"], ["duplicate", "callback comes twice"], ["reorder", "callbacks overtake"]].map(([value, title]) => el("option", { value }, t(title))));
  const order = done(async () => {
    const body = { [of.value]: name.value.trim() };
    if (errcode.value) body.errcode = Number(errcode.value);
    if (latency.value) body[of.value === "route" ? "latency_ms" : "delay_ms"] = Number(latency.value);
    if (times.value) body.times = Number(times.value);
    const chosen = kind.value;
    if (chosen === "after_effect") Object.assign(body, { after_effect: true, ...(errcode.value ? {} : { cut: true }) });
    else if (chosen === "kill_tokens") body.kill_tokens = "all";
    else if (chosen === "duplicate") body.duplicate = 1;
    else if (chosen) body[chosen] = true;
    await post("/faults", body);
    for (const one of [name, errcode, latency, times]) one.value = "";
  }, "Ordered");
  return [el("section", { class: "card full" }, el("h2", {}, t("Order a fault")), el("div", { class: "row" }, of, name, kind), el("div", { class: "row" }, errcode, latency, times, el("button", { class: "main", onclick: order }, t("Order")))),
    el("section", { class: "card full" }, el("h2", {}, t("Ordered faults")), state.faults.length ? [el("div", { class: "scroll" }, el("table", {}, el("tbody", {}, state.faults.map((row) => el("tr", {}, el("td", {}, el("code", {}, row.route ?? row.event)), el("td", {}, el("code", {}, JSON.stringify(Object.fromEntries(Object.entries(row).filter(([key, value]) => value && !["route", "event", "hits", "seed"].includes(key) && !(key === "probability" && value === 1) && !(key === "token_errcode" && !row.kill_tokens)))))), el("td", { class: "n" }, t("{hits} hits", row))))))), el("button", { class: "warn", onclick: done(() => call("DELETE", "/faults")) }, t("Take all back"))] : el("p", { class: "soft" }, t("No faults ordered.")))];
}
function recorded() {
  const path = field("path", t("path, * as a wildcard"), state.path, { type: "search", onchange: (event) => { state.path = event.target.value.trim(); load(); } });
  const counted = Object.entries(state.calls.counts).sort((a, b) => b[1] - a[1]);
  return [el("section", { class: "card full" }, el("h2", {}, t("Calls by path"), " ", el("small", {}, String(state.calls.total))), el("div", { class: "row" }, path, el("button", { class: "warn", onclick: done(() => call("DELETE", "/calls")) }, t("Forget the calls"))),
      el("p", {}, el("small", {}, t("Most at once {in_flight_peak}, most a minute {per_minute_peak}", state.calls))), el("div", { class: "scroll" }, el("table", {}, el("tbody", {}, counted.map(([name, count]) => el("tr", {}, el("td", {}, el("code", {}, name)), el("td", { class: "n" }, String(count)), el("td", {}, Object.entries(state.calls.errcodes[name] ?? {}).map(([code, times]) => el("span", { class: code === "0" ? "" : "bad" }, `${code}×${times} `))))))))),
    el("section", { class: "card full" }, el("h2", {}, t("The latest calls")), calls([...state.calls.calls].reverse()))];
}
function render() {
  $title(t("Admin"));
  const body = { corp, staff, callbacks, settings, faults, calls: recorded }[state.open]();
  show($app, el("main", { class: "wide" }, el("header", {}, el("h1", {}, t("Admin")), el("nav", {}, el("a", { href: "/" }, t("Home")), el("a", { href: "/emulator/docs" }, t("API of the admin side")), languageButton())),
    el("div", { class: "chips", role: "tablist" }, AREAS.map(([key, title]) => el("button", { class: "chip", role: "tab", "aria-pressed": String(key === state.open), onclick: () => { location.hash = key; } }, t(title)))),
    el("div", { class: "cards" }, body)));
}
const chosen = () => { const wanted = location.hash.slice(1); state.open = AREAS.some(([key]) => key === wanted) ? wanted : "corp"; return load(); };
addEventListener("hashchange", chosen);
await chosen();
const OF = { corp: ["clock", "corp", "friends", "groups", "codes"], staff: ["corp"], callbacks: ["callbacks", "corp"], settings: ["corp"], faults: ["faults"], calls: ["calls"] };
live("corp", (kinds) => { if (kinds.includes("all") || kinds.some((kind) => OF[state.open].includes(kind))) load(); });
