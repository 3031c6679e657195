"""Moments (朋友圈): what staff are asked to publish or publish themselves, and what customers do with it."""

from dataclasses import dataclass, field
from typing import Any

MOMENT_UNPUBLISHED = 0
MOMENT_PUBLISHED = 1

CREATED_BY_CORP = 0
CREATED_BY_STAFF = 1


@dataclass(slots=True, kw_only=True)
class MomentJob:
    """The order that made a moment; the first `moment_job_polls` polls find it still at work."""

    jobid: str
    created_at: int
    moment_id: str = ""
    errcode: int = 0
    polls: int = 0
    bad_users: list[str] = field(default_factory=list)
    bad_departments: list[int] = field(default_factory=list)
    bad_tags: list[str] = field(default_factory=list)


@dataclass(slots=True, kw_only=True)
class Moment:
    """One moment; `userids` are asked to publish it to their customers with one of `tag_ids` (none: to all)."""

    moment_id: str
    create_time: int
    create_type: int = CREATED_BY_CORP
    creator: str = ""
    agent_id: int = 0
    text: str = ""
    attachments: list[dict[str, Any]] = field(default_factory=list)
    visible_type: int = 1
    tag_ids: list[str] = field(default_factory=list)
    userids: list[str] = field(default_factory=list)
    cancelled_at: int | None = None


@dataclass(slots=True, kw_only=True)
class Reaction:
    """A like, or a comment when it has a text, of a customer or (userid) of a staff member."""

    create_time: int
    external_userid: str = ""
    userid: str = ""
    text: str = ""


@dataclass(slots=True, kw_only=True)
class MomentTask:
    """One staff member's copy of a moment: published or not, to whom, and the reactions to it."""

    moment_id: str
    userid: str
    status: int = MOMENT_UNPUBLISHED
    published_at: int = 0
    ignored: bool = False
    customers: list[str] = field(default_factory=list)
    likes: list[Reaction] = field(default_factory=list)
    comments: list[Reaction] = field(default_factory=list)


@dataclass(slots=True, kw_only=True)
class MomentWall:
    """The moments of one staff member: those waiting to be published and those that are out, oldest first."""

    userid: str
    waiting: list[str] = field(default_factory=list)
    published: list[str] = field(default_factory=list)
