"""What an app message may hold, by msgtype, with the limits of each field."""

from collections.abc import Callable
from typing import Any

from wecom_emulator.errors import WeComError
from wecom_emulator.rules.payload import (
    characters,
    integer,
    living_media,
    object_of,
    objects,
    string,
    web_address,
)
from wecom_emulator.world import World

TEXT_BYTES = 2048
ARTICLES = 8
MPNEWS_BYTES = 666 * 1024
INTERACTIVE_CARDS = ("button_interaction", "vote_interaction", "multiple_interaction")
CARDS = ("text_notice", "news_notice", *INTERACTIVE_CARDS)
TASK_ID_BYTES = 128
BUTTONS, CHECKBOXES, SELECTS = 6, 20, 3

Data = dict[str, Any]


def _text(world: World, data: Data) -> None:
    string(data, "content", most=TEXT_BYTES, required=True)


def _media(kind: str) -> Callable[[World, Data], None]:
    def check(world: World, data: Data) -> None:
        living_media(world, string(data, "media_id", most=512), kind)

    return check


def _video(world: World, data: Data) -> None:
    living_media(world, string(data, "media_id", most=512), "video")
    string(data, "title", most=128)
    string(data, "description", most=512)


def _textcard(world: World, data: Data) -> None:
    string(data, "title", most=128, required=True, missing=41016)
    string(data, "description", most=512, required=True)
    web_address(data, "url", required=True)
    characters(data, "btntxt", most=4, too_long=45002)


def _articles(data: Data) -> list[Data]:
    articles = objects(data, "articles")
    if not 1 <= len(articles) <= ARTICLES:
        raise WeComError(45008)
    return articles


def _news(world: World, data: Data) -> None:
    for article in _articles(data):
        string(article, "title", most=128, required=True, missing=41016)
        string(article, "description", most=512)
        web_address(article, "picurl")
        if not string(article, "appid", most=128) or not string(article, "pagepath", most=1024):
            web_address(article, "url", required=True)


def _mpnews(world: World, data: Data) -> None:
    for article in _articles(data):
        string(article, "title", most=128, required=True, missing=41016)
        living_media(world, string(article, "thumb_media_id", most=512), "image")
        string(article, "content", most=MPNEWS_BYTES, required=True)
        string(article, "author", most=64)
        string(article, "digest", most=512)


def _miniprogram_notice(world: World, data: Data) -> None:
    string(data, "appid", most=128, required=True)
    string(data, "page", most=1024)
    title = characters(data, "title", most=12, too_long=45002)
    if len(title) < 4:
        raise WeComError(41016, "title missing: 4 to 12 characters")
    if 0 < len(characters(data, "description", most=12, too_long=45002)) < 4:
        raise WeComError(40058, "invalid Request Parameter: description has 4 to 12 characters")
    for item in objects(data, "content_item", most=10):
        characters(item, "key", most=10, too_long=45002)
        characters(item, "value", most=30, too_long=45002)


def _template_card(world: World, data: Data) -> None:
    kind = data.get("card_type")
    if kind not in CARDS:
        raise WeComError(40058, "invalid Request Parameter: card_type")
    string(data, "task_id", most=TASK_ID_BYTES, required=kind in INTERACTIVE_CARDS)
    title = object_of(data.get("main_title"), "main_title")
    string(title, "title", most=512)
    string(title, "desc", most=512)
    if kind in ("news_notice", "vote_interaction", "multiple_interaction") and not title.get("title"):
        raise WeComError(41016)
    if kind == "text_notice" and not title.get("title") and not string(data, "sub_title_text", most=1024):
        raise WeComError(41016)
    if kind in ("text_notice", "news_notice"):
        _card_action(data)
    elif kind == "button_interaction":
        _keyed_list(data, "button_list", most=BUTTONS)
    elif kind == "vote_interaction":
        _keyed_list(object_of(data.get("checkbox"), "checkbox"), "option_list", most=CHECKBOXES)
        object_of(data.get("submit_button"), "submit_button")
    else:
        _keyed_list(data, "select_list", most=SELECTS)


def _card_action(data: Data) -> None:
    action = object_of(data.get("card_action"), "card_action")
    kind = integer(action, "type", 0)
    if kind == 1:
        web_address(action, "url", required=True)
    elif kind == 2:
        string(action, "appid", most=128, required=True)
    else:
        raise WeComError(40058, "invalid Request Parameter: card_action type should be 1 or 2")


def _keyed_list(data: Data, name: str, *, most: int) -> None:
    if not objects(data, name, most=most):
        raise WeComError(40063, f"some parameters are empty: {name}")


CONTENTS: dict[str, Callable[[World, Data], None]] = {
    "text": _text,
    "markdown": _text,
    "image": _media("image"),
    "voice": _media("voice"),
    "video": _video,
    "file": _media("file"),
    "textcard": _textcard,
    "news": _news,
    "mpnews": _mpnews,
    "miniprogram_notice": _miniprogram_notice,
    "template_card": _template_card,
}

CHAT_CONTENTS = ("text", "image", "voice", "video", "file", "textcard", "news", "mpnews", "markdown")
"""What appchat/send takes."""


def checked_content(world: World, body: Data, *, allowed: tuple[str, ...]) -> tuple[str, Data]:
    """Return msgtype and content; raises WeComError 40008 for another type and the errors of each field."""
    msgtype = body.get("msgtype")
    if not isinstance(msgtype, str) or msgtype not in allowed:
        raise WeComError(40008)
    content = object_of(body.get(msgtype), msgtype)
    CONTENTS[msgtype](world, content)
    return msgtype, content
