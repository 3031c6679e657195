"""Counts that WeCom keeps: what staff did with customers, and how groups went, per owner."""

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True, kw_only=True)
class StaffBehavior:
    """One member of staff's day in one-to-one chats. Share in percent and minutes are None where WeCom gives none."""

    userid: str
    day: date
    new_applications: int
    new_contacts: int
    chats: int
    messages: int
    negative_feedback: int
    reply_percent: float | None = None
    average_reply_minutes: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupCounts:
    """Totals over groups; `_with_messages` counts those in which somebody wrote."""

    new_chats: int
    chats: int
    chats_with_messages: int
    new_members: int
    members: int
    members_with_messages: int
    messages: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnerGroupStatistic:
    """The groups of one owner in a span of days."""

    owner: str
    counts: GroupCounts


@dataclass(frozen=True, slots=True, kw_only=True)
class DayGroupStatistic:
    """The groups of the asked-for owners on one day."""

    day: date
    counts: GroupCounts
