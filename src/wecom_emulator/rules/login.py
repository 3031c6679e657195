"""OAuth codes, user tickets and JS-SDK tickets: who gets one, how long it lives, what it is worth."""

import hashlib
import re
import secrets
from urllib.parse import urlsplit

from wecom_emulator.errors import WeComError
from wecom_emulator.state.login import JsTicket, OAuthCode, UserTicket
from wecom_emulator.state.settings import App
from wecom_emulator.world import World

SCOPES = ("snsapi_base", "snsapi_userinfo", "snsapi_privateinfo")
STATE = re.compile(r"[a-zA-Z0-9]{0,128}\Z")


def check_redirect(world: World, url: str) -> None:
    """Raise WeComError 50001 for a redirect_uri outside the trusted domains (none listed: every domain is trusted)."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise WeComError(50001)
    trusted = world.corp.settings.trusted_domains
    if trusted and parts.netloc not in trusted and parts.hostname not in trusted:
        raise WeComError(50001)


def check_request(world: World, *, appid: str, redirect_uri: str, state: str) -> None:
    """Raise WeComError 40013 (not this corp), 50001 (domain) or 40058 (state over 128 letters and digits)."""
    if appid != world.corp.corp_id:
        raise WeComError(40013)
    check_redirect(world, redirect_uri)
    if not STATE.match(state):
        raise WeComError(40058, "invalid Request Parameter: state is at most 128 letters and digits")


def visitor_of(world: World, visitor: str, *, members_only: bool) -> tuple[str, bool]:
    """Return who opens the page and whether it is an external person; raises WeComError 60111."""
    if world.corp.employed(visitor) is not None:
        return visitor, False
    if visitor in world.corp.persons and not members_only:
        return visitor, True
    raise WeComError(60111)


def give_code(world: World, visitor: str, *, external: bool, scope: str) -> str:
    """Return a code that works once within five minutes; an unknown scope counts as snsapi_base."""
    _forget_dead_codes(world)
    code = secrets.token_urlsafe(48)
    world.corp.oauth_codes[code] = OAuthCode(
        code=code,
        visitor=visitor,
        external=external,
        scope=scope if scope in SCOPES else SCOPES[0],
        expires_at=world.clock.now() + world.corp.settings.oauth_code_seconds,
    )
    return code


def _forget_dead_codes(world: World) -> None:
    now = world.clock.now()
    for kept in (world.corp.oauth_codes, world.corp.user_tickets):
        for key in [key for key, item in kept.items() if item.expires_at <= now]:
            del kept[key]


def take_code(world: World, code: str) -> OAuthCode:
    """Use up a code; raises WeComError 40029 when it is missing, unknown, used or over five minutes old."""
    known = world.corp.oauth_codes.pop(code, None) if code else None
    if known is None or known.expires_at <= world.clock.now():
        raise WeComError(40029)
    return known


def give_user_ticket(world: World, userid: str) -> UserTicket:
    """Return a new ticket for a member's private fields."""
    ticket = UserTicket(
        ticket=secrets.token_urlsafe(64),
        userid=userid,
        expires_at=world.clock.now() + world.corp.settings.user_ticket_seconds,
    )
    world.corp.user_tickets[ticket.ticket] = ticket
    return ticket


def js_ticket(world: World, app: App | None) -> JsTicket:
    """Return the living JS-SDK ticket of the corp (None) or of an app, or a new one."""
    key, now = "corp" if app is None else f"agent{app.agent_id}", world.clock.now()
    known = world.corp.js_tickets.get(key)
    if known is None or known.expires_at <= now:
        known = world.corp.js_tickets[key] = JsTicket(
            ticket=secrets.token_urlsafe(64),
            agent_id=None if app is None else app.agent_id,
            expires_at=now + world.corp.settings.js_ticket_seconds,
        )
    return known


def js_signature(*, ticket: str, noncestr: str, timestamp: str, url: str) -> str:
    """Return the SHA-1 signature of wx.config and wx.agentConfig; the url counts without its fragment."""
    plain = f"jsapi_ticket={ticket}&noncestr={noncestr}&timestamp={timestamp}&url={url.partition('#')[0]}"
    return hashlib.sha1(plain.encode(), usedforsecurity=False).hexdigest()
