"""Logins on web pages: OAuth codes, user tickets, JS-SDK tickets, and ids that wait for a friendship."""

from dataclasses import dataclass


@dataclass(slots=True, kw_only=True)
class OAuthCode:
    """A code handed to a page; `visitor` is a userid or, when `external`, an external_userid."""

    code: str
    visitor: str
    external: bool
    scope: str
    expires_at: float


@dataclass(slots=True, kw_only=True)
class UserTicket:
    """What a member's consent (snsapi_privateinfo) is worth: the right to read that member's private fields."""

    ticket: str
    userid: str
    expires_at: float


@dataclass(slots=True, kw_only=True)
class JsTicket:
    """The secret that JS-SDK signatures are made with; `agent_id` None is the corp's own ticket."""

    ticket: str
    agent_id: int | None
    expires_at: float


@dataclass(slots=True, kw_only=True)
class PendingId:
    """The stand-in for a person who is not a visible customer yet."""

    pending_id: str
    unionid: str
    expires_at: float
