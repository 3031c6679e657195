"""What the members room tells the rooms above."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from juqun.kernel.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberIdentified(Event):
    """A member was created, or became known under a further name.

    Not told by imports (see MembersImported), nor for the friends that reading WeCom finds (see FriendsTakenUp).
    """

    NAME: ClassVar[str] = "members.member_identified"
    member_id: int
    created: bool
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MembersImported(Event):
    """A file of members was taken over; told once for the whole run."""

    NAME: ClassVar[str] = "members.members_imported"
    run_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MembersMerged(Event):
    """`absorb_id` turned out to be the same person as `keep_id`; the absorbed id keeps resolving to the kept one."""

    NAME: ClassVar[str] = "members.members_merged"
    keep_id: int
    absorb_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MembersSplit(Event):
    """A merge was undone: both members stand again as before it."""

    NAME: ClassVar[str] = "members.members_split"
    keep_id: int
    absorb_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberTagged(Event):
    """A member got a tag that they did not have."""

    NAME: ClassVar[str] = "members.member_tagged"
    member_id: int
    tag: str
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FriendAdded(Event):
    """A member and a member of staff became friends on WeCom. `state`: of the live code; `is_first`: the member's first friend.

    `is_handed_over`: the company gave the member to this member of staff; nobody was recruited.
    """

    NAME: ClassVar[str] = "members.friend_added"
    SEALED: ClassVar[frozenset[str]] = frozenset({"external_userid"})
    member_id: int
    staff_id: int
    external_userid: str
    state: str
    at: datetime
    is_first: bool
    is_handed_over: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class FriendsTakenUp(Event):
    """Reading WeCom found friendships that nobody had told of, at most a page (100) of them: old facts, not new encounters.

    It stands in place of a FriendAdded for each, so that two million old friends neither are two million events nor start what
    greets somebody new. `friends` is `link:seconds:is_first:is_handed_over` each, comma separated; `queries.list_taken_up` reads it.
    """

    NAME: ClassVar[str] = "members.friends_taken_up"
    friends: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FriendLost(Event):
    """A friendship ended, by the customer, by the staff, or by a transfer."""

    NAME: ClassVar[str] = "members.friend_lost"
    member_id: int
    staff_id: int
    at: datetime
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentChanged(Event):
    """A member gave or withdrew consent for one purpose. Not told when nothing changed."""

    NAME: ClassVar[str] = "members.consent_changed"
    member_id: int
    purpose: str
    granted: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberErased(Event):
    """A member's personal data was destroyed; rooms above forget what they hold about the id. Told for absorbed ids too."""

    NAME: ClassVar[str] = "members.member_erased"
    member_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ManagedTagChanged(Event):
    """What a corp tag of WeCom should be has changed; it is to be written there."""

    NAME: ClassVar[str] = "members.managed_tag_changed"
    tag_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ManagedTagReady(Event):
    """A managed tag is in WeCom (or no longer managed): its marks on friendships are to be planned."""

    NAME: ClassVar[str] = "members.managed_tag_ready"
    tag_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MarksWanted(Event):
    """Marks of managed tags on the friendships of one member of staff are to be pushed to WeCom."""

    NAME: ClassVar[str] = "members.marks_wanted"
    staff_id: int
