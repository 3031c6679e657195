"""Messages that the corp sends through customer service: each type with its limits; what is too long is cut or refused."""

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from wecom_emulator.errors import WeComError
from wecom_emulator.rules.payload import living_media, object_of, string, web_address
from wecom_emulator.world import World

Content = dict[str, Any]

MSGID = re.compile(r"[0-9a-zA-Z_-]{1,32}\Z")
UNCUT = 1 << 20
ACQUISITION_HOST, ACQUISITION_PATH = "work.weixin.qq.com", "/ca/"
EVENT_TYPES = ("text", "msgmenu")


def cut(text: str, most: int) -> str:
    """Return the longest beginning of a text that has at most `most` bytes."""
    return text.encode()[:most].decode("utf-8", "ignore")


def _text(world: World, content: Content) -> Content:
    return {"content": string(content, "content", most=2048, required=True)}


def _media(kind: str) -> Callable[[World, Content], Content]:
    def check(world: World, content: Content) -> Content:
        media_id = string(content, "media_id", most=512)
        living_media(world, media_id, kind)
        return {"media_id": media_id}

    return check


def _thumb(world: World, content: Content) -> str:
    media_id = string(content, "thumb_media_id", most=512)
    living_media(world, media_id, "image")
    return media_id


def _link(world: World, content: Content) -> Content:
    url = web_address(content, "url", required=True)
    title = string(content, "title", most=UNCUT, required=True, missing=41016)
    desc = string(content, "desc", most=UNCUT)
    return {"title": cut(title, 128), "desc": cut(desc, 512), "url": url, "thumb_media_id": _thumb(world, content)}


def _appid(world: World, content: Content, *, most: int) -> str:
    appid, known = string(content, "appid", most=most, required=True), world.corp.settings.kf_miniprogram_appids
    if known and appid not in known:
        raise WeComError(90207)
    return appid


def _miniprogram(world: World, content: Content) -> Content:
    return {
        "appid": _appid(world, content, most=128),
        "title": cut(string(content, "title", most=UNCUT), 64),
        "thumb_media_id": _thumb(world, content),
        "pagepath": string(content, "pagepath", most=1024, required=True),
    }


def _degrees(content: Content, name: str, most: int) -> float:
    value = content.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float) or not -most <= value <= most:
        raise WeComError(40058, f"invalid Request Parameter: {name} should be a number of -{most}..{most}")
    return float(value)


def _location(world: World, content: Content) -> Content:
    return {
        "latitude": _degrees(content, "latitude", 90),
        "longitude": _degrees(content, "longitude", 180),
        "name": string(content, "name", most=UNCUT),
        "address": string(content, "address", most=UNCUT),
    }


def _acquisition(world: World, content: Content) -> Content:
    url = string(content, "link_url", most=2048, required=True)
    try:
        parts = urlsplit(url)
    except ValueError:
        parts = urlsplit("")
    if parts.scheme != "https" or parts.netloc != ACQUISITION_HOST or not parts.path.startswith(ACQUISITION_PATH):
        raise WeComError(40058, "invalid Request Parameter: link_url should be a customer acquisition link")
    return {"link_url": url}


def _menu_click(world: World, entry: Content) -> Content:
    return {
        "id": string(entry, "id", most=128, required=True),
        "content": string(entry, "content", most=128, required=True),
    }


def _menu_view(world: World, entry: Content) -> Content:
    return {
        "url": web_address(entry, "url", required=True),
        "content": string(entry, "content", most=1024, required=True),
    }


def _menu_miniprogram(world: World, entry: Content) -> Content:
    return {
        "appid": _appid(world, entry, most=32),
        "pagepath": string(entry, "pagepath", most=1024, required=True),
        "content": string(entry, "content", most=1024, required=True),
    }


def _menu_text(world: World, entry: Content) -> Content:
    no_newline = entry.get("no_newline", 0)
    if no_newline not in (0, 1):
        raise WeComError(40058, "invalid Request Parameter: no_newline should be 0 or 1")
    return {"content": string(entry, "content", most=256, required=True), "no_newline": int(no_newline)}


_MENU_ITEMS: dict[str, Callable[[World, Content], Content]] = {
    "click": _menu_click,
    "view": _menu_view,
    "miniprogram": _menu_miniprogram,
    "text": _menu_text,
}


def _menu(world: World, content: Content) -> Content:
    head, tail = string(content, "head_content", most=1024), string(content, "tail_content", most=1024)
    items = content.get("list") or []
    if not isinstance(items, list) or len(items) > world.corp.settings.kf_menu_items:
        raise WeComError(95008)
    checked = []
    for item in items:
        kind = object_of(item, "list").get("type")
        check = _MENU_ITEMS.get(kind) if isinstance(kind, str) else None
        if check is None:
            raise WeComError(95009)
        checked.append({"type": kind, kind: check(world, object_of(item.get(kind), str(kind)))})
    if not (head or tail or checked):
        raise WeComError(40063)
    return {"head_content": head, "list": checked, "tail_content": tail}


_CHECKS: dict[str, Callable[[World, Content], Content]] = {
    "text": _text,
    "image": _media("image"),
    "voice": _media("voice"),
    "video": _media("video"),
    "file": _media("file"),
    "link": _link,
    "msgmenu": _menu,
    "miniprogram": _miniprogram,
    "location": _location,
    "ca_link": _acquisition,
}
ALL_TYPES = tuple(_CHECKS)


def checked_message(world: World, body: Content, allowed: tuple[str, ...]) -> Content:
    """Return `{msgtype, <msgtype>: content}` as the customer will get it.

    Raises WeComError: 40008 type, 40007 media, 45002 size, 95008 and 95009 menus, 90207 appid, 40058 and 40063 the rest.
    """
    msgtype = body.get("msgtype")
    if not isinstance(msgtype, str) or msgtype not in allowed:
        raise WeComError(40008)
    return {"msgtype": msgtype, msgtype: _CHECKS[msgtype](world, object_of(body.get(msgtype), msgtype))}
