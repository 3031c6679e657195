"""Checks of message contents: texts by bytes, attachments by type, media by age."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from wecom_emulator.errors import WeComError
from wecom_emulator.state.messages import Media
from wecom_emulator.world import World

TEXT_BYTES = 4000
ATTACHMENTS = 9


def size(text: str) -> int:
    """Return the bytes of a text in UTF-8, as WeCom counts them."""
    return len(text.encode())


def object_of(value: Any, name: str) -> dict[str, Any]:
    """Return a JSON object that may be missing; raises WeComError 40058 for anything else."""
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise WeComError(40058, f"invalid Request Parameter: {name} should be an object")
    return value


def string(data: dict[str, Any], name: str, *, most: int, required: bool = False, missing: int = 40063) -> str:
    """Return a text of at most `most` bytes; raises WeComError 40058 (not a text), 45002 (too long) or `missing`."""
    value = data.get(name) or ""
    if not isinstance(value, str):
        raise WeComError(40058, f"invalid Request Parameter: {name} should be a string")
    if not value and required:
        raise WeComError(missing)
    if size(value) > most:
        raise WeComError(45002, f"{name} size out of limit: at most {most} bytes")
    return value


def characters(data: dict[str, Any], name: str, *, most: int, too_long: int = 40058) -> str:
    """Return a text of at most `most` characters, "" when missing; raises WeComError 40058 or `too_long`."""
    value = data.get(name) or ""
    if not isinstance(value, str):
        raise WeComError(40058, f"invalid Request Parameter: {name} should be a string")
    if len(value) > most:
        raise WeComError(too_long)
    return value


def integer(data: dict[str, Any], name: str, default: int) -> int:
    """Return a whole number; booleans and number texts count. Raises WeComError 40058 beyond 63 bits, too."""
    value = data.get(name)
    if value is None or value == "":
        return default
    try:
        number = int(value)
    except (TypeError, ValueError, OverflowError):
        number = 2**63
    if not -(2**63) <= number < 2**63:
        raise WeComError(40058, f"invalid Request Parameter: {name} should be an integer")
    return number


def texts(data: dict[str, Any], name: str, *, most: int | None = None) -> list[str]:
    """Return a list of texts, empty when missing; raises WeComError 40058 for another shape or over `most`."""
    value = data.get(name) or []
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise WeComError(40058, f"invalid Request Parameter: {name} should be a list of strings")
    if most is not None and len(value) > most:
        raise WeComError(40058, f"invalid Request Parameter: {name} exceed max size {most}")
    return value


def integers(data: dict[str, Any], name: str, *, most: int | None = None) -> list[int]:
    """Return a list of whole numbers, empty when missing; raises WeComError 40058 as texts."""
    value = data.get(name) or []
    if not isinstance(value, list) or not all(isinstance(item, int) and abs(item) < 2**63 for item in value):
        raise WeComError(40058, f"invalid Request Parameter: {name} should be a list of integers")
    if most is not None and len(value) > most:
        raise WeComError(40058, f"invalid Request Parameter: {name} exceed max size {most}")
    return value


def objects(data: dict[str, Any], name: str, *, most: int | None = None) -> list[dict[str, Any]]:
    """Return a list of objects, empty when missing; raises WeComError 40058 as texts."""
    value = data.get(name) or []
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise WeComError(40058, f"invalid Request Parameter: {name} should be a list of objects")
    if most is not None and len(value) > most:
        raise WeComError(40058, f"invalid Request Parameter: {name} exceed max size {most}")
    return value


def web_address(data: dict[str, Any], name: str, *, required: bool = False) -> str:
    """Return a url of at most 2048 bytes with http or https; raises WeComError 40058 or 40063."""
    url = string(data, name, most=2048, required=required)
    if url and urlsplit(url).scheme not in ("http", "https"):
        raise WeComError(40058, f"invalid Request Parameter: {name} should start with http or https")
    return url


def living_media(world: World, media_id: str, *kinds: str, purpose: str | None = None) -> Media:
    """Return an uploaded file that is not over its three days; raises WeComError 41006 or 40007.

    With `purpose` only a file of media/upload_attachment for that purpose will do.
    """
    if not media_id:
        raise WeComError(41006)
    media = world.corp.media.get(media_id)
    if media is None or media.created_at + world.corp.settings.media_seconds <= world.clock.now():
        raise WeComError(40007)
    if purpose is not None and media.purpose != purpose:
        raise WeComError(40007, "invalid media_id: it should come from media/upload_attachment")
    if kinds and media.type not in kinds:
        raise WeComError(40007, f"invalid media_id: a {media.type} where a {kinds[0]} is needed")
    return media


def _image(world: World, data: dict[str, Any]) -> None:
    media_id = string(data, "media_id", most=512)
    if media_id:
        living_media(world, media_id, "image")
        return
    pic_url = string(data, "pic_url", most=2048, required=True)
    if pic_url not in world.corp.images:
        raise WeComError(40058, "invalid Request Parameter: pic_url should come from media/uploadimg")


def _link(world: World, data: dict[str, Any]) -> None:
    string(data, "title", most=128, required=True, missing=41016)
    string(data, "desc", most=512)
    string(data, "picurl", most=2048)
    web_address(data, "url", required=True)


def _miniprogram(world: World, data: dict[str, Any]) -> None:
    string(data, "title", most=64, required=True, missing=41016)
    living_media(world, string(data, "pic_media_id", most=512), "image")
    string(data, "appid", most=128, required=True)
    string(data, "page", most=2048, required=True)


def _video(world: World, data: dict[str, Any]) -> None:
    living_media(world, string(data, "media_id", most=512), "video")


def _file(world: World, data: dict[str, Any]) -> None:
    living_media(world, string(data, "media_id", most=512), "file")


_CHECKS: dict[str, Callable[[World, dict[str, Any]], None]] = {
    "image": _image,
    "link": _link,
    "miniprogram": _miniprogram,
    "video": _video,
    "file": _file,
}


def check_attachment(world: World, kind: str, data: dict[str, Any]) -> None:
    """Raise WeComError when an attachment of a kind cannot be sent; 41065 for an unknown kind."""
    check = _CHECKS.get(kind)
    if check is None:
        raise WeComError(41065)
    check(world, data)


def checked_message(world: World, body: dict[str, Any]) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Return text and attachments of a mass or welcome message; raises WeComError when they are not sendable."""
    text = object_of(body.get("text"), "text")
    content = string(text, "content", most=TEXT_BYTES)
    attachments = body.get("attachments") or []
    if not isinstance(attachments, list):
        raise WeComError(40058, "invalid Request Parameter: attachments should be a list")
    if not content and not attachments:
        raise WeComError(40063)
    if len(attachments) > ATTACHMENTS:
        raise WeComError(41064, f"invalid attachments size: at most {ATTACHMENTS}")
    for item in attachments:
        entry = object_of(item, "attachments")
        kind = entry.get("msgtype")
        if not isinstance(kind, str):
            raise WeComError(41065)
        check_attachment(world, kind, object_of(entry.get(kind), kind))
    return ({"content": content} if content else {}), attachments
