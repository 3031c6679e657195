// The phone of a customer: chats, codes to scan, moments.
import { $app, $title, el, face, get, id, languageButton, live, moment, once, post, show, t, toast, trying, when } from "./common.js";
import { atEnd, bar, chatRow, follow, lineRows, momentRow, tabs, writer } from "./chat.js";

const me = decodeURIComponent(location.pathname.split("/").pop());
const base = `/actors/customers/${id(me)}`;
const state = { tab: "chats", chat: null, home: null, lines: [], moments: [], codes: null, group: null, more: false };
const act = async (verb, body) => { const done = await post(`${base}/${verb}`, body); await load(); return done; };
const current = () => state.home.chats.find((row) => row.chat === state.chat) || { chat: state.chat, name: state.chat.split("/")[1], friend: state.chat.startsWith("kf/"), last: {} };

const load = once(async () => {
  const chat = state.chat;
  state.home = await get(`${base}/phone`);
  if (chat) state.lines = (await get(`${base}/chat?chat=${id(chat)}`)).lines;
  if (chat?.startsWith("group/") && state.more) state.group = await get(`/groups/${id(chat.split("/")[1])}`);
  if (state.tab === "moments") state.moments = (await get(`${base}/moments`)).moments;
  if (state.tab === "scan") state.codes = await get("/codes");
  render();
});
const open = (chat) => { state.chat = chat; state.more = false; state.lines = []; load(); };
const back = () => { if (state.more) state.more = false; else state.chat = null; load(); };

async function scan(given) {
  const done = await act("scan", given);
  if (done.chat_id) return open(`group/${done.chat_id}`);
  toast(done.pending ? t("Waiting for the staff member to confirm") : done.already_friend ? t("You are friends already") : t("Added"));
  state.tab = "chats";
  return open(`staff/${done.userid}`);
}
async function pasted(text) {
  const given = text.trim();
  if (!given) return;
  if (/\/kfid\/|enc_?scene=/i.test(given)) { const done = await act("enter_kf", { url: given }); open(`kf/${done.open_kfid}`); return; }
  if (/\/ca\//.test(given) || given.startsWith("weixin://")) { const done = await act("add_by_link", { url: given }); open(`staff/${done.userid}`); return; }
  if (/^https?:/.test(given)) await scan({ qr_code: given });
  else { try { await scan({ config_id: given }); } catch { await scan({ state: given }); } }
}
// Read a picture of a code where the browser can; else its name may hold the config id.
async function pictured(file) {
  if (!("BarcodeDetector" in window)) throw new Error(t("This browser reads no codes from pictures: paste the address instead"));
  const [found] = await new BarcodeDetector({ formats: ["qr_code"] }).detect(await createImageBitmap(file));
  if (!found) throw new Error(t("No code in this picture"));
  await pasted(found.rawValue);
}

function transfers() {
  return state.home.transfers.map((row) => el("div", { class: "ask" }, el("p", {}, t("{name} takes over from {from_name} and will serve you from now on.", row)),
    el("div", { class: "row" }, el("button", { class: "main", onclick: trying(() => act("accept_transfer", { userid: row.userid })) }, t("Accept")),
      el("button", { onclick: trying(() => act("refuse_transfer", { userid: row.userid })) }, t("Refuse")), el("small", {}, t("by itself on {at}", { at: moment(row.ends_at) })))));
}
function chats() {
  const rows = state.home.chats.map((row) => chatRow({ name: row.name, tag: tagOf(row), last: { ...row.last, when: when(row.last.at, state.home.now) }, open: () => open(row.chat) }));
  return [transfers(), rows.length ? el("ul", { class: "chats" }, rows) : el("div", { class: "empty" }, t("No chats yet. Scan a code to become a friend of a shop."))];
}
function tagOf(row) {
  if (row.chat.startsWith("group/")) return `(${row.size})`;
  if (row.chat.startsWith("kf/")) return t("@Customer service");
  return row.pending ? t("waiting") : row.friend ? `@${state.home.corp}` : t("not a friend any more");
}
function scanner() {
  const field = el("input", { "aria-label": t("Code"), "data-keep": "code", placeholder: t("Address, config_id or state") });
  const file = el("input", { type: "file", accept: "image/*", "aria-label": t("Picture of a code"), onchange: trying((event) => pictured(event.target.files[0])) });
  const codes = state.codes || { codes: [], desks: [] };
  return [
    el("div", { class: "pad" }, el("div", { class: "row" }, field, el("button", { class: "main", onclick: trying(() => pasted(field.value)) }, t("Scan"))), el("label", { class: "button" }, t("or a picture of a code"), file)),
    el("div", { class: "section" }, t("Codes of this corp")),
    codes.codes.length ? codes.codes.map((code) => el("div", { class: "code" },
      code.config_id ? el("img", { src: `/wwpic/${id(code.config_id)}`, alt: "", loading: "lazy" }) : face("L"),
      el("span", { class: "words" }, el("b", {}, code.remark || code.state || code.config_id || code.url), el("span", {}, t(code.kind === "join" ? "Group code" : code.kind === "link" ? "Acquisition link" : "Contact code"), code.state ? ` · ${code.state}` : "")),
      el("button", { onclick: trying(() => code.kind === "link" ? pasted(code.url) : scan({ config_id: code.config_id, kind: code.kind })) }, t(code.kind === "link" ? "Open" : "Scan")))) : el("div", { class: "empty" }, t("No code was made yet.")),
    el("div", { class: "section" }, t("Customer service")),
    codes.desks.map((desk) => el("div", { class: "code" }, face(desk.name), el("span", { class: "words" }, el("b", {}, desk.name), el("span", {}, desk.open_kfid)),
      el("button", { onclick: trying(async () => { await act("enter_kf", { open_kfid: desk.open_kfid }); open(`kf/${desk.open_kfid}`); }) }, t("Open")))),
  ];
}
function moments() {
  const known = new Map(state.home.chats.map((row) => [row.chat.split("/")[1], row.name]));
  const names = (who) => who === me ? state.home.name : known.get(who) || who;
  if (!state.moments.length) return el("div", { class: "empty" }, t("No moments yet."));
  return state.moments.map((row) => {
    const key = { moment_id: row.moment_id, userid: row.userid };
    const liked = row.likes.some((item) => item.external_userid === me);
    const field = el("input", { "aria-label": t("Comment"), "data-keep": `c${row.moment_id}${row.userid}`, placeholder: t("Comment") });
    return momentRow(row, { names, reactions: el("div", { class: "row" }, el("button", { onclick: trying(() => act("like", { ...key, undo: liked })) }, liked ? "♥" : "♡"), field,
      el("button", { onclick: trying(async () => { await act("comment", { ...key, text: field.value }); field.value = ""; load(); }) }, t("Send"))) });
  });
}
function chatMore(row) {
  const [kind, target] = row.chat.split("/");
  if (kind === "group") {
    const group = state.group || { members: [] };
    return [el("div", { class: "section" }, t("{size} members", group)), el("ul", { class: "chats" }, group.members.map((item) => el("li", { class: "pad" }, item.name, " ", el("small", {}, item.userid === group.owner ? t("owner") : item.staff ? `@${state.home.corp}` : "")))),
      group.notice ? el("div", { class: "pad" }, el("small", {}, t("Notice")), el("div", {}, group.notice)) : null,
      el("div", { class: "pad" }, el("button", { class: "warn", onclick: trying(async () => { await act("leave", { chat_id: target }); back(); back(); }) }, t("Leave the group")))];
  }
  if (kind === "kf") return [el("div", { class: "pad" }, el("div", { class: "row" }, el("button", { onclick: trying(() => act("kf_refuse", { open_kfid: target })) }, t("Refuse messages")), el("button", { onclick: trying(() => act("kf_accept_upgrade", { open_kfid: target })) }, t("Accept the offered friend or group"))))];
  return [el("div", { class: "pad" }, el("p", {}, target), el("button", { class: "warn", disabled: !row.friend, onclick: trying(async () => { await act("delete_staff", { userid: target }); back(); back(); }) }, t("Delete this friend")))];
}
function send(row) {
  const [kind, target] = row.chat.split("/");
  const to = { staff: { to: "staff", userid: target }, group: { to: "group", chat_id: target }, kf: { to: "kf", open_kfid: target } }[kind];
  return (text) => act("write", { ...to, text });
}
function screen() {
  if (!state.chat) {
    const rows = [["chats", t("Chats"), state.home.transfers.length], ["scan", t("Scan")], ["moments", t("Moments")]];
    const body = { chats, scan: scanner, moments }[state.tab]();
    return [bar(rows.find(([key]) => key === state.tab)[1], { home: true }), el("div", { class: "body" }, body), tabs(rows, state.tab, (key) => { state.tab = key; load(); })];
  }
  const row = current();
  const title = row.chat.startsWith("group/") ? `${row.name} (${row.size ?? ""})` : row.name;
  const head = bar(title, { back, more: () => { state.more = !state.more; load(); } });
  if (state.more) return [head, el("div", { class: "body" }, chatMore(row))];
  const clicked = row.chat.startsWith("kf/") ? (menuId) => act("kf_click", { open_kfid: row.chat.slice(3), menu_id: menuId }) : null;
  const closed = row.writable === false ? t("You are not friends: nothing can be sent") : "";
  return [head, el("div", { class: "body chat" }, lineRows(state.lines, { names: row.chat.startsWith("group/"), clicked })), writer(send(row), { disabled: closed })];
}
const $phone = el("main", { class: "phone" });
function render() {
  $title(`${state.home.name} · ${t("Customer")}`);
  const body = $phone.querySelector(".body"), end = atEnd(body) || body?.dataset.of !== `${state.chat}`, top = body?.scrollTop ?? 0;
  show($phone, ...screen());
  const fresh = $phone.querySelector(".body");
  fresh.dataset.of = `${state.chat}`;
  if (fresh.classList.contains("chat")) follow(fresh, end); else if (body?.dataset.of === fresh.dataset.of) fresh.scrollTop = top;
  show($side, el("p", {}, el("b", {}, state.home.name)), el("p", {}, el("code", {}, me)), el("p", {}, el("small", {}, t("A customer's WeChat, as {corp} sees it from the other side. New messages appear by themselves.", { corp: state.home.corp }))),
    el("p", {}, el("a", { href: "/" }, t("Home")), " · ", el("a", { href: "/phone/admin" }, t("Admin"))), languageButton());
}
const $side = el("aside", { class: "side" });
show($app, el("div", { class: "stage" }, $phone, $side));
await load();
live(`customers/${me}`, load);
