"""Differences between what we want at WeCom and what is there, and what people decide about them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

Document = Mapping[str, Any]
"""The whole configuration of one managed object, as plain JSON values."""


class DriftKind(StrEnum):
    """Which kind of managed object differs."""

    CONTACT_WAY = "contact_way"
    JOIN_WAY = "join_way"
    CORP_TAG = "corp_tag"
    GROUP_WELCOME = "group_welcome"


class DriftChoice(StrEnum):
    """What to do about a difference: write ours again, make theirs ours, or leave both as they are."""

    PUT_OURS_BACK = "put_ours_back"
    TAKE_THEIRS = "take_theirs"
    IGNORE = "ignore"


class Verdict(StrEnum):
    """How a document read back compares: ``older`` is an earlier one of ours (a write was lost), ``foreign`` somebody's hand."""

    EQUAL = "equal"
    OLDER = "older"
    FOREIGN = "foreign"
    GONE = "gone"


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One field that differs; ``theirs`` is None when the whole object is gone."""

    field: str
    ours: Any
    theirs: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Settlement:
    """What making a remote object equal to a document came to; ``found`` is what stands at WeCom now, None when it is gone."""

    verdict: Verdict
    found: Document | None
    is_written: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class DriftView:
    """A difference with its history.

    ``key`` is the owning room's id of the object; ``blocker`` says why theirs cannot be taken ("" when it can); ``choice`` is
    None while it is open, and also when it went away by itself (then ``closed_at`` is set).
    """

    id: int
    kind: DriftKind
    key: str
    label: str
    ours: Document
    theirs: Document | None
    differences: tuple[Difference, ...]
    blocker: str
    first_seen_at: datetime
    seen_at: datetime
    choice: DriftChoice | None
    decided_by: str
    closed_at: datetime | None
