"""Values that cross the border of the growth room."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class SourceKind(StrEnum):
    """Where a customer met the code."""

    TILL = "till"
    POSTER = "poster"
    COMMUNITY = "community"
    COMPANY = "company"
    SCHOOL = "school"
    OFFICIAL_ACCOUNT = "official_account"
    MOMENTS = "moments"
    REFERRAL = "referral"
    SMS = "sms"


class CodeState(StrEnum):
    """Where the contact way of a live code stands in the channel.

    ``pending`` is to be written, ``ready`` is as wanted, ``refused`` was refused by the channel and waits for a person,
    ``unstaffed`` has nobody left who could take customers, ``disputed`` differs at WeCom and waits for a decision,
    ``retired`` is withdrawn.
    """

    PENDING = "pending"
    READY = "ready"
    REFUSED = "refused"
    UNSTAFFED = "unstaffed"
    DISPUTED = "disputed"
    RETIRED = "retired"


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveCodeView:
    """A live code. ``scans`` counts additions of staff through it, ``friends`` the different members among them."""

    id: int
    state: str
    store_id: int
    store_name: str
    source: SourceKind
    label: str
    kind_code: str
    staff_userids: tuple[str, ...]
    qr_code: str
    config_id: str
    status: CodeState
    refusal: str
    scans: int
    friends: int
    welcome_text: str
    created_at: datetime
    is_active: bool
    checked_at: datetime | None = None
    welcome_image: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class UnknownScan:
    """A friendship that came with a state which no live code carries; kept, because a code may have been made elsewhere."""

    state: str
    external_userid: str
    userid: str
    member_id: int
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceCount:
    """Recruits of one source inside a scope: ``recruits`` are members whose first friendship came through it."""

    source: SourceKind
    codes: int
    scans: int
    friends: int
    recruits: int
