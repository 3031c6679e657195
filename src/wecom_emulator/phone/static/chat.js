// Conversations as a phone draws them: lines with bubbles, cards and menus, and the field to write in.
import { el, face, hour, id, t, trying } from "./common.js";

const media = (mediaId) => `/emulator/media/${id(mediaId)}`;
const pictureOf = (data) => data.pic_url || data.picurl || (data.media_id && media(data.media_id)) || (data.thumb_media_id && media(data.thumb_media_id)) || (data.pic_media_id && media(data.pic_media_id)) || "";
const safe = (url) => /^(https?|weixin):/i.test(url || "") ? url : null;

function picture(url, name = "") {
  if (!url) return null;
  const image = el("img", { src: url, alt: name, loading: "lazy", onerror: () => image.replaceWith(el("span", { class: "soft" }, t("[picture]"))) });
  return image;
}
function linkTile(data) {
  return el("a", { class: "tile", href: safe(data.url || data.link_url), target: "_blank", rel: "noopener noreferrer" },
    el("b", {}, data.title || data.url || data.link_url || ""), el("p", {}, el("span", {}, data.desc || data.description || ""), picture(pictureOf(data))));
}
function miniTile(data) {
  const url = pictureOf(data);
  return el("div", { class: "tile mini" }, el("small", {}, data.appid || ""), el("b", {}, data.title || ""),
    el("div", { class: "pic" }, picture(url) || (data.page || data.pagepath || "")), el("footer", {}, t("Mini program"), " · ", data.page || data.pagepath || ""));
}
function menu(data, clicked) {
  const items = (data.list || []).map((item) => {
    const inner = item[item.type] || {};
    if (item.type === "click") return el("button", { onclick: clicked ? trying(() => clicked(inner.id)) : null, disabled: !clicked }, inner.content);
    if (item.type === "view") return el("a", { class: "tile", href: safe(inner.url), target: "_blank", rel: "noopener noreferrer" }, inner.content);
    return el("div", {}, inner.content || "");
  });
  return el("div", { class: "menu" }, data.head_content || "", items, data.tail_content ? el("div", { class: "soft" }, data.tail_content) : null);
}
export function attachment(item, clicked) {
  const kind = item.msgtype, data = item[kind] || {};
  if (kind === "image") { const image = picture(pictureOf(data), t("picture")); image?.classList.add("photo"); return image || el("div", { class: "bubble" }, t("[picture]")); }
  if (kind === "link" || kind === "ca_link") return linkTile(data);
  if (kind === "miniprogram") return miniTile(data);
  if (kind === "msgmenu") return menu(data, clicked);
  if (kind === "location") return el("div", { class: "tile" }, el("b", {}, data.name || t("Place")), el("p", {}, data.address || `${data.latitude}, ${data.longitude}`));
  if (kind === "business_card") return el("div", { class: "tile" }, el("b", {}, data.userid), el("p", {}, t("Business card")));
  if (kind === "video" && data.media_id) return el("video", { class: "photo", src: media(data.media_id), controls: true, preload: "none" });
  if (kind === "voice" && data.media_id) return el("audio", { src: media(data.media_id), controls: true, preload: "none" });
  if (data.media_id) return el("a", { class: "tile", href: media(data.media_id), target: "_blank", rel: "noopener" }, el("b", {}, `[${kind}]`), el("p", {}, t("Open the file")));
  return el("div", { class: "bubble" }, `[${kind}]`);
}

// Text with its addresses as links, opened in a new tab.
export function linked(text) {
  return text.split(/(https?:\/\/[^\s<>"'，。）]+)/).map((part, place) => place % 2 ? el("a", { href: part, target: "_blank", rel: "noopener noreferrer" }, part) : part);
}

const HAPPENED = { joined: "{name} joined the group", left: "{name} left the group", removed: "{name} was removed from the group", change_name: "{name} renamed the group to “{text}”", change_notice: "Group notice: {text}", change_owner: "{text} is the owner now" };
const VIA = { mass: "mass message", group_mass: "mass message", welcome: "welcome", group_welcome: "group welcome", conclusion: "concluding words", transfer: "hand-over" };

export function lineRows(lines, { names = false, clicked = null } = {}) {
  let before = 0;
  return lines.map((line) => {
    const rows = [];
    if (line.at - before > 300) rows.push(el("div", { class: "note" }, hour(line.at)));
    before = line.at;
    if (line.kind) return [...rows, el("div", { class: "note" }, t(HAPPENED[line.kind] || line.kind, line))];
    const head = names && !line.mine ? line.name : "";
    const via = VIA[line.via] ? t(VIA[line.via]) : "";
    rows.push(el("div", { class: line.mine ? "said mine" : "said" }, face(line.name), el("div", { class: "in" },
      head || via ? el("div", { class: "name" }, [head, via].filter(Boolean).join(" · ")) : null,
      line.text && !line.attachments.some((item) => item.msgmenu?.head_content === line.text) ? el("div", { class: "bubble" }, linked(line.text)) : null,
      line.attachments.map((item) => attachment(item, clicked)))));
    return rows;
  });
}

export function writer(send, { disabled = "" } = {}) {
  const field = el("textarea", { rows: 1, "aria-label": t("Message"), "data-keep": "message", placeholder: disabled || "", disabled: Boolean(disabled) });
  const go = async () => {
    const text = field.value.trim();
    if (!text) return;
    field.value = "";
    try { await send(text); } catch (error) { field.value = text; throw error; }
  };
  field.addEventListener("keydown", (event) => { if (event.key === "Enter" && !event.shiftKey && !event.isComposing) { event.preventDefault(); trying(go)(event); } });
  return el("div", { class: "write" }, field, el("button", { class: "main", onclick: trying(go), disabled: Boolean(disabled) }, t("Send")));
}

export function chatRow({ name, tag = "", last, now, open, mark = 0 }) {
  return el("li", {}, el("button", { class: "open", onclick: open }, face(name),
    el("span", { class: "words" }, el("b", {}, name, tag ? el("i", {}, " ", tag) : null), el("span", {}, last.text || " ")),
    el("span", { class: "when" }, last.when ?? "", mark ? el("span", { class: "badge" }, String(mark)) : null)));
}

export function bar(title, { back = null, more = null, home = false } = {}) {
  return el("div", { class: "bar" }, el("button", { onclick: back, "aria-label": t("Back"), style: back ? "" : "visibility:hidden" }, "‹"),
    el("div", { class: "title" }, title), home ? el("a", { href: "/", "aria-label": t("Home") }, "⌂") : el("button", { onclick: more, "aria-label": t("More"), style: more ? "" : "visibility:hidden" }, "⋯"));
}
export function tabs(rows, chosen, choose) {
  return el("div", { class: "tabs", role: "tablist" }, rows.map(([key, title, mark]) =>
    el("button", { role: "tab", "aria-selected": String(key === chosen), onclick: () => choose(key) }, title, mark ? el("span", { class: "badge" }, String(mark)) : null)));
}
// Keep a chat at its newest line unless somebody scrolled up.
export function follow(body, wasAtEnd) { if (wasAtEnd) body.scrollTop = body.scrollHeight; }
export const atEnd = (body) => !body || body.scrollHeight - body.scrollTop - body.clientHeight < 60;

export function momentRow(row, { names, reactions = null }) {
  const said = (who) => who.external_userid ? names(who.external_userid) : names(who.userid);
  return el("div", { class: "moment" }, el("b", {}, names(row.userid)), el("div", {}, linked(row.text)), row.attachments.map((item) => attachment(item)),
    row.published_at ? el("small", {}, hour(row.published_at)) : null,
    row.likes.length || row.comments.length ? el("div", { class: "reactions" },
      row.likes.length ? el("div", {}, "♥ ", row.likes.map(said).join("、")) : null,
      row.comments.map((item) => el("div", {}, el("b", {}, said(item)), "：", item.text))) : null,
    reactions);
}
