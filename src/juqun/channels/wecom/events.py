"""News from WeCom, past tense, ids only. Delivered at least once and in no promised order: handlers compare and re-read.

`at` is WeCom's CreateTime (seconds). A change made through the API is normally not called back; both cases happen.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from juqun.kernel.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactAdded(Event):
    """A customer and a staff member became friends. `welcome_code` lives 20 s and is "" when WeCom gave none.

    `is_confirmed` is False for the half event (the customer added a staff member who has not confirmed yet): it carries the only
    welcome code, and a second ContactAdded without code follows when the staff member confirms.
    """

    NAME: ClassVar[str] = "wecom.contact_added"
    SEALED: ClassVar[frozenset[str]] = frozenset({"external_userid", "welcome_code"})
    userid: str
    external_userid: str
    state: str
    welcome_code: str
    at: datetime
    is_confirmed: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactEdited(Event):
    """A staff member changed remark or tags of a contact in the client; WeCom does not say what: re-read the contact."""

    NAME: ClassVar[str] = "wecom.contact_edited"
    SEALED: ClassVar[frozenset[str]] = frozenset({"external_userid"})
    userid: str
    external_userid: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactLost(Event):
    """The customer removed the staff member."""

    NAME: ClassVar[str] = "wecom.contact_lost"
    SEALED: ClassVar[frozenset[str]] = frozenset({"external_userid"})
    userid: str
    external_userid: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactDropped(Event):
    """The staff member removed the customer; `by_transfer` when WeCom did so after a hand-over."""

    NAME: ClassVar[str] = "wecom.contact_dropped"
    SEALED: ClassVar[frozenset[str]] = frozenset({"external_userid"})
    userid: str
    external_userid: str
    by_transfer: bool
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupChatCreated(Event):
    """A customer group came into being."""

    NAME: ClassVar[str] = "wecom.group_chat_created"
    chat_id: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupChatChanged(Event):
    """Something about a group changed. `detail`: add_member, del_member, change_owner, change_name, change_notice or "".

    `member_version` is the version after the change ("" when WeCom sent none); `member_ids` is a comma list of those who came or
    went ("" when WeCom sent none). Group details lag behind the event: compare versions and read again.
    """

    NAME: ClassVar[str] = "wecom.group_chat_changed"
    SEALED: ClassVar[frozenset[str]] = frozenset({"member_ids"})
    chat_id: str
    detail: str
    at: datetime
    member_version: str = ""
    member_ids: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupChatDismissed(Event):
    """A customer group was dismissed by its owner."""

    NAME: ClassVar[str] = "wecom.group_chat_dismissed"
    chat_id: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class StaffUserJoined(Event):
    """A member was created in the corp's address book."""

    NAME: ClassVar[str] = "wecom.staff_user_joined"
    userid: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class StaffUserLeft(Event):
    """A member was deleted from the corp's address book: the customers need another keeper."""

    NAME: ClassVar[str] = "wecom.staff_user_left"
    userid: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class KfMessagesWaiting(Event):
    """A bell: customer service has something to pull. `token` lives 10 minutes; `open_kfid` is "" in the oldest format."""

    NAME: ClassVar[str] = "wecom.kf_messages_waiting"
    SEALED: ClassVar[frozenset[str]] = frozenset({"token"})
    open_kfid: str
    token: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class CorpTagsChanged(Event):
    """Corp tags were created, renamed, deleted or sorted in the console; read the list again."""

    NAME: ClassVar[str] = "wecom.corp_tags_changed"
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class UnknownCallbackSeen(Event):
    """A genuine callback arrived that this version has no event for. It is kept in the inbox and shown, not dropped."""

    NAME: ClassVar[str] = "wecom.unknown_callback_seen"
    inbox_id: int
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparisonAsked(Event):
    """Somebody wants everything that we manage at WeCom to be read back and compared now, not at night."""

    NAME: ClassVar[str] = "wecom.comparison_asked"
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class DriftDecided(Event):
    """A person decided what to do about a difference; the room that owns the object acts. `choice` is a DriftChoice."""

    NAME: ClassVar[str] = "wecom.drift_decided"
    drift_id: int
    kind: str
    key: str
    choice: str
    at: datetime
