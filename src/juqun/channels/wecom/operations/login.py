"""Pages inside WeCom: who opened one, and the signature with which its scripts may talk to the client."""

import hashlib
import secrets

from juqun.channels.wecom import endpoints, mappers
from juqun.channels.wecom.client import get_client
from juqun.channels.wecom.types import JsTicket, LoginUser, PageSignature
from juqun.kernel import clock


def get_login_user(*, code: str) -> LoginUser:
    """Read who opened the page that WeCom's login led to; `code` works once, for five minutes. Raises LoginRefusedError."""
    endpoint = endpoints.OAUTH_USER
    answer = get_client().call(endpoint, params={"code": code})
    with mappers.reading(endpoint):
        return LoginUser(
            userid=answer.get("userid") or "",
            openid=answer.get("openid") or "",
            external_userid=answer.get("external_userid") or "",
        )


def sign_page(*, url: str, ticket: JsTicket) -> PageSignature:
    """Sign the address of a page (what follows # does not count), for wx.config or wx.agentConfig.

    The ticket is shared by all processes for its two hours: WeCom gives out few.
    """
    client = get_client()
    nonce, timestamp = secrets.token_hex(8), int(clock.now().timestamp())
    page = url.split("#", 1)[0]
    signed = f"jsapi_ticket={client.ticket(ticket)}&noncestr={nonce}&timestamp={timestamp}&url={page}"
    return PageSignature(
        corp_id=client.settings.corp_id,
        agent_id=client.settings.agent_id,
        timestamp=timestamp,
        nonce=nonce,
        signature=hashlib.sha1(signed.encode()).hexdigest(),  # noqa: S324 - WeCom's choice
    )
