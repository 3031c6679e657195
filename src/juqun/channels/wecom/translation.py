"""From WeCom's messages to our events, and the key under which a message is stored once."""

from collections.abc import Callable
from datetime import UTC, datetime
from hashlib import blake2b

from juqun.channels.wecom.envelope import Envelope
from juqun.channels.wecom.events import (
    AcquisitionBalanceExhausted,
    AcquisitionBalanceIncreased,
    AcquisitionBalanceLow,
    AcquisitionChatStarted,
    AcquisitionFriendRequested,
    AcquisitionLinkDeleted,
    AcquisitionLinkUnavailable,
    AcquisitionProfileOpened,
    AcquisitionQuotaExpiring,
    ArchiveWaiting,
    ContactAdded,
    ContactDropped,
    ContactEdited,
    ContactLost,
    CorpTagsChanged,
    GroupChatChanged,
    GroupChatCreated,
    GroupChatDismissed,
    KfMessagesWaiting,
    StaffUserJoined,
    StaffUserLeft,
    TransferFailed,
)
from juqun.kernel.events import Event

# FromUserName + CreateTime, the documented key, is the same for two customers in one second (FromUserName is always "sys").
KEY_FIELDS = (
    "ToUserName", "MsgId", "CreateTime", "MsgType", "Event", "ChangeType", "UserID", "ExternalUserID", "ChatId", "Id", "UpdateDetail",
    "CurMemVer", "OpenKfId", "Token", "LinkId", "State", "ChatKey", "ExpireTime",
)  # fmt: skip

# job priorities; below the 10 of a welcome that is ready to be sent, so that a crowd's first welcomes go out before its last is read
WELCOME_URGENCY = 9
KF_URGENCY = 5


def dedupe_key(envelope: Envelope, body: bytes) -> str:
    """The key of a message: equal for every delivery of the same message, different for different ones (32 hex digits).

    Kinds without an event of ours, and group changes without a member version, are told apart by their whole text.
    """
    digest = blake2b(digest_size=16)
    digest.update("\x1f".join(envelope.get(tag) for tag in KEY_FIELDS).encode())
    is_unversioned = envelope.get("ChangeType") == "update" and not envelope.get("CurMemVer")
    if is_unversioned or kind_of(envelope) not in _READERS:
        digest.update(body)
    return digest.hexdigest()


def kind_of(envelope: Envelope) -> tuple[str, str]:
    """(Event, ChangeType) of a message; ChangeType is "" where the event has none. Not an event: (MsgType, "")."""
    event = envelope.get("Event") or envelope.get("MsgType")
    return event, envelope.get("ChangeType") if envelope.get("Event") else ""


def urgency(envelope: Envelope) -> int:
    """How soon somebody must act: a welcome code (20 s) before a customer-service bell before everything else (0)."""
    if envelope.get("WelcomeCode"):
        return WELCOME_URGENCY
    return KF_URGENCY if envelope.get("Event") == "kf_msg_or_event" else 0


def created_at(envelope: Envelope, fallback: datetime) -> datetime:
    """WeCom's CreateTime (seconds), or `fallback` when it is missing or senseless."""
    return seconds_at(envelope.get("CreateTime"), fallback)


def seconds_at(text: str, fallback: datetime) -> datetime:
    """The time of seconds since 1970 as WeCom writes them, or `fallback` for anything else."""
    return datetime.fromtimestamp(int(text), UTC) if text.isascii() and text.isdigit() and len(text) <= 11 else fallback


def to_event(envelope: Envelope, received_at: datetime) -> Event | None:
    """The event of a message; None when this version knows none for it (the message stays in the inbox)."""
    reader = _READERS.get(kind_of(envelope))
    return reader(envelope, created_at(envelope, received_at)) if reader else None


def _contact_added(envelope: Envelope, at: datetime) -> Event:
    return ContactAdded(
        userid=envelope.get("UserID"),
        external_userid=envelope.get("ExternalUserID"),
        state=envelope.get("State"),
        welcome_code=envelope.get("WelcomeCode"),
        at=at,
        is_confirmed=envelope.get("ChangeType") != "add_half_external_contact",
    )


def _contact_edited(envelope: Envelope, at: datetime) -> Event:
    return ContactEdited(userid=envelope.get("UserID"), external_userid=envelope.get("ExternalUserID"), at=at)


def _contact_lost(envelope: Envelope, at: datetime) -> Event:
    return ContactLost(userid=envelope.get("UserID"), external_userid=envelope.get("ExternalUserID"), at=at)


def _contact_dropped(envelope: Envelope, at: datetime) -> Event:
    return ContactDropped(
        userid=envelope.get("UserID"),
        external_userid=envelope.get("ExternalUserID"),
        by_transfer=envelope.get("Source") == "DELETE_BY_TRANSFER",
        at=at,
    )


def _transfer_failed(envelope: Envelope, at: datetime) -> Event:
    return TransferFailed(
        taker_userid=envelope.get("UserID"),
        external_userid=envelope.get("ExternalUserID"),
        reason=envelope.get("FailReason"),
        at=at,
    )


def _chat_created(envelope: Envelope, at: datetime) -> Event:
    return GroupChatCreated(chat_id=envelope.get("ChatId"), at=at)


def _chat_changed(envelope: Envelope, at: datetime) -> Event:
    return GroupChatChanged(
        chat_id=envelope.get("ChatId"),
        detail=envelope.get("UpdateDetail"),
        at=at,
        member_version=envelope.get("CurMemVer"),
        member_ids=",".join(envelope.listed("MemChangeList")),
    )


def _chat_dismissed(envelope: Envelope, at: datetime) -> Event:
    return GroupChatDismissed(chat_id=envelope.get("ChatId"), at=at)


def _tags_changed(_envelope: Envelope, at: datetime) -> Event:
    return CorpTagsChanged(at=at)


def _staff_joined(envelope: Envelope, at: datetime) -> Event:
    return StaffUserJoined(userid=envelope.get("UserID"), at=at)


def _staff_left(envelope: Envelope, at: datetime) -> Event:
    return StaffUserLeft(userid=envelope.get("UserID"), at=at)


def _archive_waiting(_envelope: Envelope, at: datetime) -> Event:
    return ArchiveWaiting(at=at)


def _kf_waiting(envelope: Envelope, at: datetime) -> Event:
    return KfMessagesWaiting(open_kfid=envelope.get("OpenKfId"), token=envelope.get("Token"), at=at)


def _acquisition_balance_low(_envelope: Envelope, at: datetime) -> Event:
    return AcquisitionBalanceLow(at=at)


def _acquisition_balance_exhausted(_envelope: Envelope, at: datetime) -> Event:
    return AcquisitionBalanceExhausted(at=at)


def _acquisition_balance_increased(_envelope: Envelope, at: datetime) -> Event:
    return AcquisitionBalanceIncreased(at=at)


def _acquisition_quota_expiring(envelope: Envelope, at: datetime) -> Event:
    count = envelope.get("ExpireQuotaNum")
    return AcquisitionQuotaExpiring(
        expires_at=seconds_at(envelope.get("ExpireTime"), at),
        count=int(count) if count.isascii() and count.isdigit() and len(count) < 10 else 0,
        at=at,
    )


def _acquisition_link_unavailable(envelope: Envelope, at: datetime) -> Event:
    return AcquisitionLinkUnavailable(link_id=envelope.get("LinkId"), at=at)


def _acquisition_link_deleted(envelope: Envelope, at: datetime) -> Event:
    return AcquisitionLinkDeleted(link_id=envelope.get("LinkId"), at=at)


def _acquisition_profile_opened(envelope: Envelope, at: datetime) -> Event:
    return AcquisitionProfileOpened(link_id=envelope.get("LinkId"), state=envelope.get("State"), at=at)


def _acquisition_friend_requested(envelope: Envelope, at: datetime) -> Event:
    return AcquisitionFriendRequested(link_id=envelope.get("LinkId"), state=envelope.get("State"), at=at)


def _acquisition_chat_started(envelope: Envelope, at: datetime) -> Event:
    return AcquisitionChatStarted(
        link_id=envelope.get("LinkId"),
        state=envelope.get("State"),
        userid=envelope.get("UserID"),
        external_userid=envelope.get("ExternalUserID"),
        at=at,
    )


_READERS: dict[tuple[str, str], Callable[[Envelope, datetime], Event]] = {
    ("change_external_contact", "add_external_contact"): _contact_added,
    ("change_external_contact", "add_half_external_contact"): _contact_added,
    ("change_external_contact", "edit_external_contact"): _contact_edited,
    ("change_external_contact", "del_external_contact"): _contact_dropped,
    ("change_external_contact", "del_follow_user"): _contact_lost,
    ("change_external_contact", "transfer_fail"): _transfer_failed,
    ("change_external_chat", "create"): _chat_created,
    ("change_external_chat", "update"): _chat_changed,
    ("change_external_chat", "dismiss"): _chat_dismissed,
    ("change_external_tag", "create"): _tags_changed,
    ("change_external_tag", "update"): _tags_changed,
    ("change_external_tag", "delete"): _tags_changed,
    ("change_external_tag", "shuffle"): _tags_changed,
    ("change_contact", "create_user"): _staff_joined,
    ("change_contact", "delete_user"): _staff_left,
    ("kf_msg_or_event", ""): _kf_waiting,
    ("msgaudit_notify", ""): _archive_waiting,
    ("customer_acquisition", "balance_low"): _acquisition_balance_low,
    ("customer_acquisition", "balance_exhausted"): _acquisition_balance_exhausted,
    ("customer_acquisition", "balance_increased"): _acquisition_balance_increased,
    ("customer_acquisition", "quota_expire_soon"): _acquisition_quota_expiring,
    ("customer_acquisition", "link_unavailable"): _acquisition_link_unavailable,
    ("customer_acquisition", "delete_link"): _acquisition_link_deleted,
    ("customer_acquisition", "open_profile"): _acquisition_profile_opened,
    ("customer_acquisition", "friend_request"): _acquisition_friend_requested,
    ("customer_acquisition", "customer_start_chat"): _acquisition_chat_started,
}
