// The phone of a staff member: customers and groups, tasks to send, the customer-service desk, moments, notices.
import { $app, $title, el, face, get, id, languageButton, live, moment, once, post, show, t, toast, trying, when } from "./common.js";
import { atEnd, attachment, bar, chatRow, follow, lineRows, linked, momentRow, tabs, writer } from "./chat.js";

const me = decodeURIComponent(location.pathname.split("/").pop());
const base = `/actors/staff/${id(me)}`;
const state = { tab: "tasks", chat: null, customer: "", home: null, lines: [], sessions: [], moments: null, group: null, more: false, wanted: "", people: null };
const act = async (verb, body = {}) => { const done = await post(`${base}/${verb}`, body); await load(); return done; };
const of = (customer) => state.home.customers.find((row) => row.external_userid === customer);
const titled = (row) => row ? row.remark || row.name : "";

const load = once(async () => {
  state.home = await get(`${base}/phone?q=${id(state.wanted)}`);
  if (state.chat) state.lines = (await get(`${base}/chat?chat=${id(state.chat)}&external_userid=${id(state.customer)}`)).lines;
  if (state.chat?.startsWith("group/") && state.more) state.group = await get(`/groups/${id(state.chat.slice(6))}`);
  if (state.tab === "moments") state.moments = await get(`${base}/moments`);
  state.sessions = desks();
  render();
});
function desks() {
  return state.home.desks.flatMap((desk) => desk.sessions.map((row) => ({ ...row, open_kfid: desk.open_kfid })));
}
const open = (chat, customer = "", name = "") => { Object.assign(state, { chat, customer, name, more: false, lines: [], group: null }); load(); };
const back = () => { if (state.more) state.more = false; else state.chat = null; load(); };
const input = (keep, label, value = "") => el("input", { "data-keep": keep, "aria-label": label, placeholder: label, value });

function tasks() {
  const rows = state.home.tasks.map((task) => {
    const choice = task.allow_select && task.chat_type === "single" ? task.targets.map((target, place) => [target, el("label", { class: "row" }, el("input", { type: "checkbox", checked: true, value: target }), task.names[place])]) : [];
    const picked = () => choice.length ? { targets: choice.filter(([, label]) => label.querySelector("input").checked).map(([target]) => target) } : {};
    return el("section", { class: "ask", "data-task": task.msgid }, el("small", {}, t(task.chat_type === "group" ? "To {count} groups" : "To {count} customers", task), " · ", moment(task.create_time), task.reminders ? ` · ${t("reminded {n} times", { n: task.reminders })}` : ""),
      el("p", {}, linked(task.text)), el("div", {}, task.attachments.map((item) => attachment(item))),
      choice.length ? choice.map(([, label]) => label) : el("p", { class: "soft" }, task.names.join("、"), task.count > task.names.length ? " …" : ""),
      el("div", { class: "row" }, el("button", { class: "main", onclick: trying(async () => { await act("tasks/confirm", { msgid: task.msgid, ...picked() }); toast(t("Sent")); }) }, t("Send")),
        el("button", { onclick: trying(() => act("tasks/ignore", { msgid: task.msgid })) }, t("Ignore"))));
  });
  const requests = state.home.requests.map((row) => el("section", { class: "ask" }, el("p", {}, t("{name} wants to be your friend", row)), el("button", { class: "main", onclick: trying(() => act("accept_friend", { external_userid: row.external_userid })) }, t("Accept"))));
  return rows.length || requests.length ? [requests, rows] : el("div", { class: "empty" }, t("Nothing to send. Mass messages of the corp appear here and go out when you confirm them."));
}
function customers() {
  const field = el("input", { type: "search", "data-keep": "search", "aria-label": t("Search"), placeholder: t("Search"), value: state.wanted, onchange: (event) => { state.wanted = event.target.value; load(); } });
  return [el("div", { class: "pad row" }, field), state.home.customers.length ? el("ul", { class: "chats" }, state.home.customers.map((row) => chatRow({ name: titled(row), tag: row.remark ? row.name : "", last: { text: tagNames(row).join(" "), when: when(row.createtime, state.home.now) }, open: () => open(`staff/${me}`, row.external_userid, titled(row)) }))) : el("div", { class: "empty" }, t("No customers yet."))];
}
const tagNames = (row) => state.home.tags.filter((tag) => row.tag_ids.includes(tag.id)).map((tag) => tag.name);

function groups() {
  const name = input("newgroup", t("Name of a new group"));
  return [el("div", { class: "pad row" }, name, el("button", { onclick: trying(async () => { const done = await act("create_group", { name: name.value }); name.value = ""; open(`group/${done.chat_id}`); }) }, t("Create"))),
    state.home.groups.length ? el("ul", { class: "chats" }, state.home.groups.map((row) => chatRow({ name: row.name, tag: `(${row.size})${row.internal ? ` ${t("internal")}` : ""}`, last: { ...row.last, when: when(row.last.at, state.home.now) }, open: () => open(`group/${row.chat_id}`, "", row.name) }))) : el("div", { class: "empty" }, t("No groups yet."))];
}
const STATES = { 0: "new", 1: "with the assistant", 2: "waits in the pool", 3: "being served", 4: "ended" };
function desk() {
  if (!state.home.desks.length) return el("div", { class: "empty" }, t("This member serves no customer-service account (kf/servicer/add)."));
  return state.home.desks.map((row) => [
    el("div", { class: "section" }, row.name, " · ", el("code", {}, row.open_kfid)),
    el("div", { class: "pad chips" }, ["serving", "away", "stopped"].map((to) => el("button", { class: "chip", "aria-pressed": String(row.status === to), onclick: trying(() => act("kf_status", { open_kfid: row.open_kfid, to })) }, t(to)))),
    el("ul", { class: "chats" }, state.sessions.filter((item) => item.open_kfid === row.open_kfid).map((item) => chatRow({ name: item.name || item.external_userid, tag: "", last: { text: t(STATES[item.service_state]), when: when(item.at, state.home.now) }, open: () => open(`kf/${row.open_kfid}`, item.external_userid, item.name || item.external_userid) }))),
  ]);
}
function moments() {
  const rows = state.moments || { waiting: [], published: [] };
  const names = (who) => who === me ? state.home.name : titled(of(who)) || who;
  const own = el("textarea", { "data-keep": "moment", "aria-label": t("A moment of your own"), placeholder: t("A moment of your own") });
  return [el("div", { class: "pad" }, own, el("div", { class: "row" }, el("button", { onclick: trying(async () => { await act("post_moment", { text: own.value }); own.value = ""; load(); }) }, t("Publish")))),
    rows.waiting.map((row) => momentRow(row, { names, reactions: el("div", { class: "row" }, el("button", { class: "main", onclick: trying(() => act("publish_moment", { moment_id: row.moment_id })) }, t("Publish")), el("button", { onclick: trying(() => act("ignore_moment", { moment_id: row.moment_id })) }, t("Ignore"))) })),
    rows.published.map((row) => { const field = input(`m${row.moment_id}`, t("Comment")); return momentRow(row, { names, reactions: el("div", { class: "row" }, field, el("button", { onclick: trying(async () => { await act("comment_moment", { moment_id: row.moment_id, text: field.value }); field.value = ""; load(); }) }, t("Send"))) }); })];
}
function notices() {
  const rows = state.home.notices.map((row) => el("section", { class: "ask" }, el("small", {}, moment(row.at), " · ", String(row.from ?? "")), notice(row)));
  return [rows.length ? rows : el("div", { class: "empty" }, t("No app notices.")), el("div", { class: "pad" }, el("button", { class: "warn", onclick: trying(async () => { if (!confirm(t("Leave the company?"))) return; await post(`${base}/leave_company`); location.href = "/"; }) }, t("Leave the company")))];
}
function notice(row) {
  const data = row[row.msgtype] || {};
  const articles = data.articles || [];
  const buttons = (data.button_list || []).map((item) => el("button", { onclick: trying(() => act("press_card", { msgid: row.msgid, key: item.key })) }, item.text));
  const title = data.main_title?.title || data.title, words = data.content || data.description || data.main_title?.desc || data.sub_title_text;
  return el("div", {}, title ? el("p", {}, el("b", {}, title)) : null, words ? el("p", {}, linked(String(words).replace(/<[^>]+>/g, ""))) : null, data.url ? el("a", { href: data.url, target: "_blank", rel: "noopener noreferrer" }, t("Details")) : null,
    articles.map((item) => attachment({ msgtype: "link", link: { ...item, desc: item.description } })), !title && !words && !articles.length ? attachment({ msgtype: row.msgtype, [row.msgtype]: data }) : null, buttons.length ? el("div", { class: "row" }, buttons) : null);
}

function aboutCustomer() {
  const row = of(state.customer);
  if (!row) return el("div", { class: "pad" }, el("code", {}, state.customer));
  const remark = input("remark", t("Remark"), row.remark), note = input("note", t("Description"), row.description);
  const edit = (body) => act("edit_customer", { external_userid: state.customer, ...body });
  return [el("div", { class: "pad" }, el("b", {}, row.name), el("div", {}, el("code", {}, state.customer)), row.state ? el("div", {}, el("small", {}, "state ", row.state)) : null,
    el("div", { class: "row" }, remark), el("div", { class: "row" }, note), el("button", { class: "main", onclick: trying(async () => { await edit({ remark: remark.value, description: note.value }); toast(t("Saved")); }) }, t("Save"))),
    el("div", { class: "section" }, t("Tags")), el("div", { class: "pad chips" }, state.home.tags.map((tag) => { const on = row.tag_ids.includes(tag.id); return el("button", { class: "chip", "aria-pressed": String(on), title: tag.group, onclick: trying(() => edit(on ? { remove_tag: [tag.id] } : { add_tag: [tag.id] })) }, tag.name); }), state.home.tags.length ? null : el("small", {}, t("The corp has no tags yet."))),
    el("div", { class: "section" }, t("Invite into a group")), el("div", { class: "pad chips" }, state.home.groups.filter((item) => !item.internal).map((item) => el("button", { class: "chip", onclick: trying(async () => { await act("invite", { chat_id: item.chat_id, external_userid: state.customer }); toast(t("Invited")); }) }, item.name))),
    el("div", { class: "pad" }, el("button", { class: "warn", onclick: trying(async () => { await act("delete_customer", { external_userid: state.customer }); state.more = false; state.chat = null; load(); }) }, t("Delete this customer")))];
}
function aboutGroup() {
  const group = state.group;
  if (!group) return el("div", { class: "empty" }, "…");
  const chat_id = group.chat_id, mine = group.owner === me;
  const name = input("name", t("Name"), group.name), words = input("notice", t("Notice"), group.notice), who = input("invite", t("external_userid"));
  const greeting = el("select", { "aria-label": t("Greeting"), onchange: trying((event) => act("attach_welcome", { chat_id, template_id: event.target.value })) }, el("option", { value: "" }, t("no greeting")), state.home.templates.map((item) => el("option", { value: item.template_id, selected: item.template_id === group.template_id }, item.text.slice(0, 40) || item.template_id)));
  return [mine ? el("div", { class: "pad" }, el("div", { class: "row" }, name), el("div", { class: "row" }, words), el("button", { class: "main", onclick: trying(async () => { await act("change_group", { chat_id, ...(name.value !== group.name ? { name: name.value } : {}), ...(words.value !== group.notice ? { notice: words.value } : {}) }); toast(t("Saved")); }) }, t("Save")), el("div", { class: "row" }, el("label", {}, t("Greeting"), " ", greeting))) : null,
    el("div", { class: "section" }, t("{size} members", group)), el("div", { class: "pad row" }, who, el("button", { onclick: trying(async () => { await act("invite", { chat_id, external_userid: who.value.trim() }); who.value = ""; load(); }) }, t("Invite"))),
    el("ul", { class: "chats" }, group.members.map((item) => el("li", { class: "pad row" }, el("span", { class: "words" }, item.name, " ", el("small", {}, item.userid === group.owner ? t("owner") : item.staff ? t("staff") : "")), mine && !item.staff ? el("button", { class: "warn", onclick: trying(() => act("remove_member", { chat_id, external_userid: item.userid })) }, t("Remove")) : null))),
    mine ? el("div", { class: "pad" }, el("button", { class: "warn", onclick: trying(async () => { await act("dismiss_group", { chat_id }); state.more = false; state.chat = null; load(); }) }, t("Dismiss the group"))) : null];
}
function session() { return state.sessions.find((row) => row.external_userid === state.customer && row.open_kfid === state.chat.slice(3)); }
function deskBar() {
  const open_kfid = state.chat.slice(3), known = session(), key = { open_kfid, external_userid: state.customer };
  const others = state.home.desks.find((row) => row.open_kfid === open_kfid)?.servicers ?? [];
  const to = el("select", { "aria-label": t("Transfer to") }, others.map((userid) => el("option", { value: userid }, userid)));
  return el("div", { class: "pad row" }, el("small", {}, t(STATES[known?.service_state ?? 4])),
    known?.service_state === 2 ? el("button", { class: "main", onclick: trying(() => act("kf_take", key)) }, t("Take")) : null,
    known?.service_state === 3 ? [el("button", { onclick: trying(() => act("kf_end", key)) }, t("End")), others.length ? [to, el("button", { onclick: trying(() => act("kf_transfer", { ...key, to_userid: to.value })) }, t("Transfer"))] : null, known.upgrade ? el("button", { onclick: trying(() => act("kf_upgrade", key)) }, t("Send the offered card")) : null] : null);
}
function send() {
  const [kind, target] = state.chat.split("/");
  if (kind === "group") return (text) => act("write", { to: "group", chat_id: target, text });
  if (kind === "kf") return (text) => act("kf_write", { open_kfid: target, external_userid: state.customer, text });
  return async (text) => { const done = await act("write", { to: "customer", external_userid: state.customer, text }); if (done.warned_by.length) toast(t("Warned by the rule {rule}", { rule: done.warned_by.join(", ") })); };
}
function screen() {
  if (!state.chat) {
    const rows = [["tasks", t("Tasks"), state.home.tasks.length + state.home.requests.length], ["customers", t("Customers")], ["groups", t("Groups")], ["desk", t("Desk"), state.sessions.filter((row) => row.service_state === 2).length], ["moments", t("Moments"), state.home.moments_waiting], ["notices", t("Notices")]];
    const body = { tasks, customers, groups, desk, moments, notices }[state.tab]();
    return [bar(`${state.home.name} · ${rows.find(([key]) => key === state.tab)[1]}`, { home: true }), el("div", { class: "body" }, body), tabs(rows, state.tab, (key) => { state.tab = key; load(); })];
  }
  const kind = state.chat.split("/")[0], group = state.home.groups.find((row) => row.chat_id === state.chat.slice(6));
  const title = kind === "group" ? `${group?.name ?? state.name} (${group?.size ?? ""})` : titled(of(state.customer)) || state.name;
  const head = bar(title, { back, more: kind === "kf" ? null : () => { state.more = !state.more; load(); } });
  if (state.more) return [head, el("div", { class: "body" }, kind === "group" ? aboutGroup() : aboutCustomer())];
  return [head, kind === "kf" ? deskBar() : null, el("div", { class: "body chat" }, lineRows(state.lines, { names: kind === "group" })), writer(send())];
}
const $phone = el("main", { class: "phone" });
const $side = el("aside", { class: "side" });
function render() {
  $title(`${state.home.name} · ${t("Staff")}`);
  const key = `${state.chat}${state.customer}${state.tab}${state.more}`, body = $phone.querySelector(".body"), end = atEnd(body) || body?.dataset.of !== key, top = body?.scrollTop ?? 0;
  show($phone, ...screen());
  const fresh = $phone.querySelector(".body"), same = body?.dataset.of === key;
  fresh.dataset.of = key;
  if (fresh.classList.contains("chat")) follow(fresh, end); else if (same) fresh.scrollTop = top;
  show($side, el("p", {}, el("b", {}, state.home.name)), el("p", {}, el("code", {}, me)), el("p", {}, el("small", {}, t("A staff member's WeCom. What the corp wants sent waits under Tasks until it is confirmed here."))),
    el("p", {}, el("a", { href: "/" }, t("Home")), " · ", el("a", { href: "/phone/admin" }, t("Admin"))), languageButton());
}
show($app, el("div", { class: "stage" }, $phone, $side));
await load();
live(`staff/${me}`, load);
