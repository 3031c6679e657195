"""Answers of customer service: texts, menus, pictures, links, and the one message that an event's code allows.

A program may send at most 5 messages within 48 h after the customer's last one, and only while no person serves the
session. Accepted is not delivered: a `msg_send_fail` event in the pull says so. Every call here raises
WecomRefusedError with a KfRefusal: WINDOW_FULL or WINDOW_OVER until the customer writes again, PEOPLE_SERVE while a
person has the session.
"""

from collections.abc import Mapping
from typing import Any

from juqun.channels.wecom import endpoints, mappers, rules
from juqun.channels.wecom.client import get_client
from juqun.channels.wecom.errors import WecomRefusedError, WecomUnknownOutcomeError
from juqun.channels.wecom.types import KfMenu, LinkAttachment

_MAX_MSGID = 32


def kf_send_text(*, open_kfid: str, external_userid: str, text: str, msgid: str) -> None:
    """Send a text (at most 2048 bytes) under our own `msgid` (at most 32 of 0-9a-zA-Z_-); safe to repeat with the same one."""
    rules.check_bytes(endpoints.KF_SEND, "text", text, most=rules.KF_MAX_TEXT_BYTES)
    _send(open_kfid, external_userid, msgid, "text", {"content": text})


def kf_send_menu(*, open_kfid: str, external_userid: str, menu: KfMenu, msgid: str) -> None:
    """Send a menu; a tapped choice comes back as a text with its `menu_id`. Safe to repeat with the same `msgid`."""
    rules.check_kf_menu(endpoints.KF_SEND, menu)
    _send(open_kfid, external_userid, msgid, "msgmenu", mappers.kf_menu(menu))


def kf_send_link(
    *, open_kfid: str, external_userid: str, link: LinkAttachment, thumb_media_id: str, msgid: str
) -> None:
    """Send a link card with an uploaded picture (`picurl` is not used here). Safe to repeat with the same `msgid`.

    WeCom cuts a title over 128 and a description over 512 bytes.
    """
    endpoint = endpoints.KF_SEND
    rules.check_count(endpoint, "characters in title", len(link.title), most=rules.KF_URL_BYTES)
    rules.check_bytes(endpoint, "url", link.url, most=rules.KF_URL_BYTES)
    rules.check_count(endpoint, "characters in thumb_media_id", len(thumb_media_id), most=rules.KF_URL_BYTES)
    card = {"title": link.title, "desc": link.desc, "url": link.url, "thumb_media_id": thumb_media_id}
    _send(open_kfid, external_userid, msgid, "link", card)


def kf_send_image(*, open_kfid: str, external_userid: str, media_id: str, msgid: str) -> None:
    """Send an uploaded picture (its media_id lives 3 days). Safe to repeat with the same `msgid`."""
    _send(open_kfid, external_userid, msgid, "image", {"media_id": media_id})


def kf_send_acquisition_link(*, open_kfid: str, external_userid: str, url: str, msgid: str) -> None:
    """Send a customer acquisition link (https://work.weixin.qq.com/ca/...) as a card, by which the customer adds a member."""
    rules.check_bytes(endpoints.KF_SEND, "url", url, most=rules.KF_URL_BYTES)
    _send(open_kfid, external_userid, msgid, "ca_link", {"link_url": url})


def _send(open_kfid: str, external_userid: str, msgid: str, msgtype: str, content: Mapping[str, Any]) -> None:
    """Send once. WeCom refuses a msgid that it has seen: after a lost answer that refusal means "accepted"."""
    endpoint, client = endpoints.KF_SEND, get_client()
    rules.check_count(endpoint, "characters in msgid", len(msgid), most=_MAX_MSGID)
    body = {
        "touser": external_userid,
        "open_kfid": open_kfid,
        "msgid": msgid,
        "msgtype": msgtype,
        msgtype: content,
    }
    try:
        client.call(endpoint, body)
    except WecomUnknownOutcomeError:
        try:
            client.call(endpoint, body)
        except WecomRefusedError as error:
            if error.errcode != client.settings.kf_duplicate_errcode:
                raise


def kf_send_on_event(*, code: str, text: str, msgid: str) -> None:
    """Send the one text that an event's code allows; raises WelcomeSpentError when it is used or too late.

    A welcome or closing code lives 20 s, that of a move into the pool or to a servicer 48 h, as long as the session
    stays there. A lost answer raises WecomUnknownOutcomeError: the code is spent or late then, so that nothing is left
    to repeat.
    """
    rules.check_bytes(endpoints.KF_SEND_ON_EVENT, "text", text, most=rules.KF_MAX_TEXT_BYTES)
    _send_on_event(code, msgid, "text", {"content": text})


def kf_send_menu_on_event(*, code: str, menu: KfMenu, msgid: str) -> None:
    """Send the one menu that a welcome or closing code allows (20 s); raises as kf_send_on_event."""
    rules.check_kf_menu(endpoints.KF_SEND_ON_EVENT, menu)
    _send_on_event(code, msgid, "msgmenu", mappers.kf_menu(menu))


def _send_on_event(code: str, msgid: str, msgtype: str, content: Mapping[str, Any]) -> None:
    endpoint = endpoints.KF_SEND_ON_EVENT
    rules.check_count(endpoint, "characters in msgid", len(msgid), most=_MAX_MSGID)
    get_client().call(endpoint, {"code": code, "msgid": msgid, "msgtype": msgtype, msgtype: content})
