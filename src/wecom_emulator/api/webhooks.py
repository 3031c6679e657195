"""Group push: webhook/send and webhook/upload_media, whose only credential is the key in the url."""

import base64
import binascii
import hashlib
from collections.abc import Callable
from typing import Any

from wecom_emulator.api.call import Answer, Call, keyed
from wecom_emulator.errors import WeComError
from wecom_emulator.rules.payload import object_of, size, string, web_address
from wecom_emulator.state.kf import pair
from wecom_emulator.state.webhooks import Webhook, WebhookMedia, WebhookPost

MEGABYTE = 1 << 20
IMAGE_BYTES = 2 * MEGABYTE
IMAGE_SIGNS = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n")
AMR = b"#!AMR"
UPLOADS = {"file": 20 * MEGABYTE, "voice": 2 * MEGABYTE}
LEAST_BYTES = 5
ARTICLES = 8
TEXT_BYTES, MARKDOWN_BYTES = 2048, 4096
CARDS = ("text_notice", "news_notice")

Content = dict[str, Any]


def _webhook(call: Call) -> Webhook:
    webhook = call.corp.webhooks.get(call.query.get("key", ""))
    if webhook is None:
        raise WeComError(93000)
    return webhook


def _bounded(content: Content, name: str, most: int) -> str:
    text = string(content, name, most=MEGABYTE, required=True)
    if size(text) > most:
        raise WeComError(40058, f"{name} exceed max length {most}. invalid Request Parameter")
    return text


def _mentions(content: Content, name: str) -> None:
    value = content.get(name) or []
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise WeComError(40058, f"invalid Request Parameter: {name} should be a list of strings")


def _text(call: Call, webhook: Webhook, content: Content) -> None:
    _bounded(content, "content", TEXT_BYTES)
    _mentions(content, "mentioned_list")
    _mentions(content, "mentioned_mobile_list")


def _markdown(call: Call, webhook: Webhook, content: Content) -> None:
    _bounded(content, "content", MARKDOWN_BYTES)


def _image(call: Call, webhook: Webhook, content: Content) -> None:
    try:
        picture = base64.b64decode(string(content, "base64", most=4 * MEGABYTE, required=True), validate=True)
    except (binascii.Error, ValueError):
        raise WeComError(40058, "invalid Request Parameter: image.base64") from None
    if len(picture) > IMAGE_BYTES:
        raise WeComError(40009)
    if not picture.startswith(IMAGE_SIGNS):
        raise WeComError(40058, "invalid Request Parameter: image should be JPG or PNG")
    if (
        hashlib.md5(picture, usedforsecurity=False).hexdigest()
        != string(content, "md5", most=64, required=True).lower()
    ):
        raise WeComError(301019)


def _news(call: Call, webhook: Webhook, content: Content) -> None:
    articles = content.get("articles") or []
    if not isinstance(articles, list) or not 1 <= len(articles) <= ARTICLES:
        raise WeComError(40058, f"invalid Request Parameter: articles should have 1 to {ARTICLES} items")
    for item in articles:
        article = object_of(item, "articles")
        _bounded(article, "title", 128)
        string(article, "description", most=512)
        string(article, "picurl", most=2048)
        web_address(article, "url", required=True)


def _uploaded(kind: str) -> Callable[[Call, Webhook, Content], None]:
    def check(call: Call, webhook: Webhook, content: Content) -> None:
        media = call.corp.webhook_media.get(string(content, "media_id", most=512, required=True, missing=41006))
        if media is None or media.key != webhook.key or media.type != kind:
            raise WeComError(40007)
        if media.created_at + call.settings.media_seconds <= call.world.clock.now():
            raise WeComError(40007)

    return check


def _card(call: Call, webhook: Webhook, content: Content) -> None:
    kind = content.get("card_type")
    if kind not in CARDS:
        raise WeComError(40058, "invalid Request Parameter: card_type should be text_notice or news_notice")
    title = string(object_of(content.get("main_title"), "main_title"), "title", most=1024)
    if not title and (kind == "news_notice" or not string(content, "sub_title_text", most=1024)):
        raise WeComError(40058, "invalid Request Parameter: main_title or sub_title_text is needed")
    action = object_of(content.get("card_action"), "card_action")
    if action.get("type") == 1:
        web_address(action, "url", required=True)
    elif action.get("type") == 2:
        string(action, "appid", most=128, required=True)
    else:
        raise WeComError(40058, "invalid Request Parameter: card_action.type should be 1 or 2")
    if kind == "news_notice":
        web_address(object_of(content.get("card_image"), "card_image"), "url", required=True)


_CHECKS: dict[str, Callable[[Call, Webhook, Content], None]] = {
    "text": _text,
    "markdown": _markdown,
    "markdown_v2": _markdown,
    "image": _image,
    "news": _news,
    "file": _uploaded("file"),
    "voice": _uploaded("voice"),
    "template_card": _card,
}


@keyed("webhook/send")
def send(call: Call) -> Answer:
    """Answer webhook/send: 93000 bad key, 45009 over 20 a minute, 40008 type, and the limits of each type."""
    webhook = _webhook(call)
    most = call.settings.webhook_posts_per_minute
    if most:
        call.world.rates.check_limit(f"webhook:{webhook.key}", now=call.world.clock.now(), per_minute=most)
    msgtype = call.body.get("msgtype")
    if not isinstance(msgtype, str) or msgtype not in _CHECKS:
        raise WeComError(40008)
    content = object_of(call.body.get(msgtype), msgtype)
    _CHECKS[msgtype](call, webhook, content)
    webhook.posts += 1
    call.corp.webhook_posts[pair(webhook.key, webhook.posts)] = WebhookPost(
        key=webhook.key,
        number=webhook.posts,
        at=call.world.clock.seconds(),
        body={"msgtype": msgtype, msgtype: content},
    )
    return {}


@keyed("webhook/upload_media")
def upload(call: Call) -> Answer:
    """Answer webhook/upload_media: a media_id for this webhook alone; 40004 type, 40006 size, 44001 no file."""
    webhook, kind = _webhook(call), call.query.get("type", "")
    if kind not in UPLOADS:
        raise WeComError(40004)
    given = call.upload
    if given is None or not given.content:
        raise WeComError(44001)
    if not LEAST_BYTES < len(given.content) <= UPLOADS[kind]:
        raise WeComError(40006)
    if kind == "voice" and not given.content.startswith(AMR):
        raise WeComError(40004)
    media = WebhookMedia(
        media_id=call.corp.new_id("webhook_media", "3", length=64),
        key=webhook.key,
        type=kind,
        filename=given.filename,
        content=given.content,
        created_at=call.world.clock.seconds(),
    )
    call.corp.webhook_media[media.media_id] = media
    return {"type": kind, "media_id": media.media_id, "created_at": str(media.created_at)}
