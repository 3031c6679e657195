"""Customer service (kf): the one channel on which WeCom lets a program answer a customer by itself.

A program may send at most 5 messages within 48 h after the customer's last one, and only while no person serves the session.
"""

from juqun.channels.wecom import endpoints, mappers, rules
from juqun.channels.wecom.client import get_client
from juqun.channels.wecom.errors import WecomLimitError, WecomRefusedError, WecomUnknownOutcomeError
from juqun.channels.wecom.types import KfAccount, KfPage

_ACCOUNTS_PER_PAGE = 100
_MESSAGES_PER_PAGE = 1000
_MAX_MSGID = 32


def kf_list_accounts() -> list[KfAccount]:
    """List the customer-service accounts; `can_manage` = this app may serve it."""
    endpoint, accounts = endpoints.KF_ACCOUNT_LIST, list[KfAccount]()
    while True:
        answer = get_client().call(endpoint, {"offset": len(accounts), "limit": _ACCOUNTS_PER_PAGE})
        with mappers.reading(endpoint):
            page = [
                KfAccount(
                    open_kfid=row["open_kfid"],
                    name=row.get("name") or "",
                    can_manage=bool(row.get("manage_privilege", True)),
                )
                for row in answer.get("account_list") or ()
            ]
        accounts += page
        if len(page) < _ACCOUNTS_PER_PAGE:
            return accounts


def kf_contact_link(*, open_kfid: str, scene: str = "") -> str:
    """Make a link that opens the account's chat; `scene` (at most 32 of 0-9a-zA-Z_-) comes back when the customer enters."""
    endpoint = endpoints.KF_CONTACT_LINK
    answer = get_client().call(
        endpoint, {"open_kfid": open_kfid, "scene": scene} if scene else {"open_kfid": open_kfid}
    )
    with mappers.reading(endpoint):
        return str(answer["url"])


def kf_sync_messages(*, open_kfid: str, token: str, cursor: str) -> KfPage:
    """Pull one page after `cursor` ("" = from 3 days ago). Run one pull at a time per account.

    `token` of the bell lives 10 minutes; a dead one (95007) is left out, which WeCom allows at a stricter, unpublished rate.
    Messages that we sent ourselves do not come back.
    """
    endpoint = endpoints.KF_SYNC
    body: dict[str, object] = {"open_kfid": open_kfid, "cursor": cursor, "limit": _MESSAGES_PER_PAGE}
    try:
        answer = get_client().call(endpoint, {**body, "token": token} if token else body)
    except WecomRefusedError as error:
        if error.errcode != rules.KF_TOKEN_OLD or not token:
            raise
        answer = get_client().call(endpoint, body)
    with mappers.reading(endpoint):
        return KfPage(
            messages=tuple(mappers.kf_message(row) for row in answer.get("msg_list") or ()),
            next_cursor=answer.get("next_cursor") or cursor,
            has_more=bool(answer.get("has_more")),
        )


def kf_send_text(*, open_kfid: str, external_userid: str, text: str, msgid: str) -> None:
    """Send a text (at most 2048 bytes) under our own `msgid` (at most 32 of 0-9a-zA-Z_-); safe to repeat with the same one.

    WeCom refuses a msgid that it has seen: after a lost answer the same msgid is sent once more, and that refusal means "accepted".
    Accepted is not delivered: a `msg_send_fail` event in the pull says so. Raises WecomRefusedError: 95001/95002 the window is closed
    until the customer writes again, 95018 a person serves the session.
    """
    endpoint = endpoints.KF_SEND
    _check_text(endpoint.path, text, msgid)
    client = get_client()
    body = {
        "touser": external_userid,
        "open_kfid": open_kfid,
        "msgid": msgid,
        "msgtype": "text",
        "text": {"content": text},
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
    """Send the one text that an event's code allows (a welcome code: within 20 s); raises WelcomeSpentError when it is too late."""
    endpoint = endpoints.KF_SEND_ON_EVENT
    _check_text(endpoint.path, text, msgid)
    get_client().call(endpoint, {"code": code, "msgid": msgid, "msgtype": "text", "text": {"content": text}})


def _check_text(path: str, text: str, msgid: str) -> None:
    if not text or len(text.encode()) > rules.KF_MAX_TEXT_BYTES:
        raise WecomLimitError(endpoint=path, detail=f"text must have 1 to {rules.KF_MAX_TEXT_BYTES} bytes")
    if not msgid or len(msgid) > _MAX_MSGID:
        raise WecomLimitError(endpoint=path, detail=f"msgid must have 1 to {_MAX_MSGID} characters")
