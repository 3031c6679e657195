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
class TransferFailed(Event):
    """A customer was not handed over to `taker_userid`. `reason`: customer_refused or customer_limit_exceed."""

    NAME: ClassVar[str] = "wecom.transfer_failed"
    SEALED: ClassVar[frozenset[str]] = frozenset({"external_userid"})
    taker_userid: str
    external_userid: str
    reason: str
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
class ArchiveWaiting(Event):
    """A bell, at most every 15 s: the message archive has new rows."""

    NAME: ClassVar[str] = "wecom.archive_waiting"
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
class AcquisitionBalanceLow(Event):
    """Fewer than 20 customers may still be gained by acquisition links."""

    NAME: ClassVar[str] = "wecom.acquisition_balance_low"
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class AcquisitionBalanceExhausted(Event):
    """The quota of acquisition links is used up: the links lead nowhere until more is bought."""

    NAME: ClassVar[str] = "wecom.acquisition_balance_exhausted"
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class AcquisitionBalanceIncreased(Event):
    """Quota was bought after there was none: the links work again."""

    NAME: ClassVar[str] = "wecom.acquisition_balance_increased"
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class AcquisitionQuotaExpiring(Event):
    """`count` customers of the quota are lost at `expires_at` when they are not gained before."""

    NAME: ClassVar[str] = "wecom.acquisition_quota_expiring"
    expires_at: datetime
    count: int
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class AcquisitionLinkUnavailable(Event):
    """A link leads nowhere: no quota is left, or nobody behind it can take customers."""

    NAME: ClassVar[str] = "wecom.acquisition_link_unavailable"
    link_id: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class AcquisitionLinkDeleted(Event):
    """A link was deleted in WeCom's console."""

    NAME: ClassVar[str] = "wecom.acquisition_link_deleted"
    link_id: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class AcquisitionProfileOpened(Event):
    """Somebody opened a link and saw the staff member behind it; who, nobody knows yet. `state`: the customer_channel."""

    NAME: ClassVar[str] = "wecom.acquisition_profile_opened"
    link_id: str
    state: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class AcquisitionFriendRequested(Event):
    """Somebody who opened a link asked to be a friend; the friendship itself is told by ContactAdded."""

    NAME: ClassVar[str] = "wecom.acquisition_friend_requested"
    link_id: str
    state: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class AcquisitionChatStarted(Event):
    """A customer who came through a link wrote for the first time. Ids are "" where WeCom names nobody."""

    NAME: ClassVar[str] = "wecom.acquisition_chat_started"
    SEALED: ClassVar[frozenset[str]] = frozenset({"external_userid"})
    link_id: str
    state: str
    userid: str
    external_userid: str
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


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncAsked(Event):
    """A run wants to go on: the room of its kind (`SyncKind`) cuts it into parts if it is not yet, and walks those that are open.

    Told again while a run stands still, as after a machine was switched off.
    """

    NAME: ClassVar[str] = "wecom.sync_asked"
    run_id: int
    kind: str
