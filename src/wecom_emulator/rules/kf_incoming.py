"""Messages that customers and servicers write in their clients: the body of each type as sync_msg shows it."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from wecom_emulator.errors import ActorError
from wecom_emulator.state.messages import Media
from wecom_emulator.world import World

MEGABYTE = 1 << 20
MOST_BYTES = {"image": 2 * MEGABYTE, "voice": 2 * MEGABYTE, "video": 10 * MEGABYTE, "file": 20 * MEGABYTE}
"""Over it the message arrives as a text that says so."""

NOTICES = {"image": "[图片过大,无法接收]", "voice": "[语音过大,无法接收]", "video": "[视频过大,无法接收]"}
NOTICES["file"] = "[文件过大,无法接收]"
BEGINNINGS = {
    "image": (b"\xff\xd8\xff\xe0", "jpg", "image/jpeg"),
    "voice": (b"#!AMR\n", "amr", "audio/amr"),
    "video": (b"\x00\x00\x00\x18ftypmp42", "mp4", "video/mp4"),
    "file": (b"%PDF-1.4\n", "pdf", "application/pdf"),
}
SILK = (b"#!SILK_V3", "silk", "audio/silk")

TEXTS: dict[str, tuple[str, ...]] = {
    "link": ("title", "desc", "url", "pic_url"),
    "business_card": ("userid",),
    "channels_shop_product": (
        "product_id",
        "head_image",
        "title",
        "sales_price",
        "shop_nickname",
        "shop_head_image",
    ),
    "channels_shop_order": ("order_id", "product_titles", "price_wording", "state", "image_url", "shop_nickname"),
    "note": (),
    "meeting": (),
    "schedule": (),
}
"""Types whose body is texts only; what the action leaves out is "" in the row."""

Body = dict[str, Any]


@dataclass(slots=True, kw_only=True)
class Incoming:
    """A message ready for the rows; `voices` are the media ids of a voice as AMR and as Silk."""

    msgtype: str
    body: Body
    voices: list[str] = field(default_factory=list)


def _text_of(fields: Body, name: str) -> str:
    value = fields.get(name, "")
    if not isinstance(value, str):
        raise ActorError("bad_field", f"{name!r} must be a text", status=400)
    return value


def _number_of(fields: Body, name: str) -> float:
    value = fields.get(name, 0)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ActorError("bad_field", f"{name!r} must be a number", status=400)
    return float(value)


def _keep(world: World, kind: str, beginning: tuple[bytes, str, str], size: int) -> str:
    sign, ending, content_type = beginning
    media = Media(
        media_id=world.corp.new_id("media", "3", length=64),
        type=kind,
        filename=f"{kind}.{ending}",
        content_type=content_type,
        content=sign.ljust(size, b"0"),
        created_at=world.clock.seconds(),
    )
    world.corp.media[media.media_id] = media
    return media.media_id


def _media(world: World, kind: str, fields: Body) -> Incoming:
    """A file of `size` bytes, or one that is at WeCom already by `media_id`."""
    media_id, size = _text_of(fields, "media_id"), _number_of(fields, "size") or 64.0
    if media_id:
        known = world.corp.media.get(media_id)
        if known is None or known.type != kind:
            raise ActorError("unknown_media", f"no such {kind}: upload it or leave media_id out", status=404)
        size = len(known.content)
    if not 0 < size <= MOST_BYTES[kind]:
        return Incoming(msgtype="text", body={"content": NOTICES[kind]})
    media_id = media_id or _keep(world, kind, BEGINNINGS[kind], int(size))
    voices = [media_id, _keep(world, kind, SILK, int(size))] if kind == "voice" else []
    return Incoming(msgtype=kind, body={"media_id": media_id}, voices=voices)


def _location(world: World, fields: Body) -> Body:
    return {
        "latitude": _number_of(fields, "latitude"),
        "longitude": _number_of(fields, "longitude"),
        "name": _text_of(fields, "name"),
        "address": _text_of(fields, "address"),
    }


def _miniprogram(world: World, fields: Body) -> Body:
    body = {name: _text_of(fields, name) for name in ("title", "appid", "pagepath")}
    return {
        **body,
        "thumb_media_id": _text_of(fields, "thumb_media_id") or _keep(world, "image", BEGINNINGS["image"], 64),
    }


def _menu(world: World, fields: Body) -> Body:
    items = fields.get("list", [])
    if not isinstance(items, list):
        raise ActorError("bad_field", "'list' must be a list", status=400)
    return {
        "head_content": _text_of(fields, "head_content"),
        "list": items,
        "tail_content": _text_of(fields, "tail_content"),
    }


def _channels(world: World, fields: Body) -> Body:
    sub_type = int(_number_of(fields, "sub_type") or 1)
    return {"sub_type": sub_type, "nickname": _text_of(fields, "nickname"), "title": _text_of(fields, "title")}


def _merged(world: World, fields: Body) -> Body:
    items = fields.get("item", [])
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise ActorError("bad_field", "'item' must be a list of objects", status=400)
    rows = []
    for item in items:
        content = item.get("msg_content", {"text": {"content": ""}})
        rows.append(
            {
                "send_time": int(_number_of(item, "send_time") or world.clock.seconds()),
                "msgtype": _text_of(item, "msgtype") or "text",
                "sender_name": _text_of(item, "sender_name"),
                "msg_content": content if isinstance(content, str) else json.dumps(content, ensure_ascii=False),
            }
        )
    return {"title": _text_of(fields, "title"), "item": rows}


_SHAPES: dict[str, Callable[[World, Body], Body]] = {
    "location": _location,
    "miniprogram": _miniprogram,
    "msgmenu": _menu,
    "channels": _channels,
    "merged_msg": _merged,
}


def composed(world: World, msgtype: str, fields: Body) -> Incoming:
    """Return a message of any type but text from the fields of an action; raises ActorError bad_field."""
    if msgtype in MOST_BYTES:
        return _media(world, msgtype, fields)
    shape = _SHAPES.get(msgtype)
    if shape is not None:
        return Incoming(msgtype=msgtype, body=shape(world, fields))
    if msgtype in TEXTS:
        return Incoming(msgtype=msgtype, body={name: _text_of(fields, name) for name in TEXTS[msgtype]})
    kinds = ", ".join(sorted(["text", *MOST_BYTES, *_SHAPES, *TEXTS]))
    raise ActorError("bad_field", f"msgtype is one of {kinds}", status=400)
