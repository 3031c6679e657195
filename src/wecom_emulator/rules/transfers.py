"""Hand-over of customers and groups: 24 hours of waiting, refusals, limits in 90 days, and the events of each end."""

from wecom_emulator.callbacks import EventField
from wecom_emulator.clock import china_date
from wecom_emulator.errors import ActorError, WeComError
from wecom_emulator.rules import groups, timers
from wecom_emulator.rules.friendships import EVENT, can_serve
from wecom_emulator.state.chats import GroupChat
from wecom_emulator.state.people import STAFF_LEFT, Friendship, Staff
from wecom_emulator.state.transfers import (
    TRANSFER_DONE,
    TRANSFER_NONE,
    TRANSFER_REFUSED,
    TRANSFER_TAKER_FULL,
    TRANSFER_WAITING,
    GroupHandover,
    Transfer,
    TransferLog,
)
from wecom_emulator.world import World

ADD_WAY_ASSIGNED = 202
DAY = 86_400
YEAR = 365 * DAY
"""Groups and customers of somebody who left longer ago cannot be handed over any more."""

DEFAULT_MESSAGE = "您好，您的服务已升级，后续将由我的同事{name}接替我的工作，继续为您服务。"
"""What the customer reads after a take-over on the job when the call gave no message (official wording)."""

CHAT_NORMAL, CHAT_OWNER_LEFT, CHAT_INHERITING, CHAT_INHERITED = 0, 1, 2, 3


def pair_key(handover_userid: str, takeover_userid: str) -> str:
    """Return the key of a pair of staff in the log of transfers; `/` cannot be in a userid."""
    return f"{handover_userid}/{takeover_userid}"


def check_taker(taker: Staff) -> None:
    """Raise WeComError 84083 (no service member, not active) or 40098 when somebody cannot take customers over."""
    if not can_serve(taker):
        raise WeComError(84083)
    if not taker.real_name_verified:
        raise WeComError(40098)


def is_full(world: World, userid: str) -> bool:
    """Return whether a staff member has as many customers as the platform allows."""
    return len(world.corp.friendships.get(userid, {})) >= world.corp.settings.customers_per_staff


def waiting_transfer(world: World, handover_userid: str, external_userid: str) -> Transfer | None:
    """Return the transfer of a keeper's customer that is still under way, or None."""
    corp = world.corp
    log = corp.transfers_of_customer.get(external_userid)
    if log is None:
        return None
    found = (corp.transfers[item] for item in reversed(log.transfer_ids))
    return next(
        (item for item in found if item.status == TRANSFER_WAITING and item.handover_userid == handover_userid), None
    )


def is_worn_out(world: World, external_userid: str) -> bool:
    """Return whether a customer has been transferred on the job as often as the period allows."""
    corp, settings = world.corp, world.corp.settings
    since = world.clock.seconds() - settings.transfer_period_days * DAY
    log = corp.transfers_of_customer.get(external_userid)
    known = [corp.transfers[item] for item in log.transfer_ids] if log is not None else []
    counted = [item for item in known if item.status == TRANSFER_DONE and not item.resigned and item.ends_at > since]
    return len(counted) >= settings.transfers_per_customer


def refusal_of(world: World, handover: Staff, taker: Staff, external_userid: str) -> int:
    """Return the errcode with which a customer cannot be handed over, or 0."""
    corp = world.corp
    if external_userid not in corp.persons:
        return 40096
    if corp.friendship(handover.userid, external_userid) is None:
        return 84061
    if waiting_transfer(world, handover.userid, external_userid) is not None:
        return 40100
    if is_full(world, taker.userid):
        return 40099
    if handover.status != STAFF_LEFT and is_worn_out(world, external_userid):
        return 40128
    return 0


def start(world: World, handover: Staff, taker: Staff, external_userid: str, *, message: str) -> Transfer:
    """Begin the hand-over of one customer; it ends by itself after the waiting time."""
    corp, now = world.corp, world.clock.seconds()
    transfer = Transfer(
        transfer_id=corp.new_id("transfer", "tr"),
        handover_userid=handover.userid,
        takeover_userid=taker.userid,
        external_userid=external_userid,
        resigned=handover.status == STAFF_LEFT,
        started_at=now,
        ends_at=now + corp.settings.transfer_wait_seconds,
        message=message,
    )
    corp.transfers[transfer.transfer_id] = transfer
    pair = pair_key(handover.userid, taker.userid)
    corp.transfers_of_customer.setdefault(external_userid, TransferLog(key=external_userid)).transfer_ids.append(
        transfer.transfer_id
    )
    corp.transfers_of_pair.setdefault(pair, TransferLog(key=pair)).transfer_ids.append(transfer.transfer_id)
    timers.schedule(world, "transfer", transfer.transfer_id, transfer.ends_at)
    return transfer


@timers.on_time("transfer")
def take_over(world: World, transfer_id: str, at: int) -> None:
    """End a waiting transfer at an instant: the taker becomes the keeper, unless something stands in the way."""
    corp = world.corp
    transfer = corp.transfers[transfer_id]
    transfer.ends_at = at
    taker = corp.employed(transfer.takeover_userid)
    old = corp.friendship(transfer.handover_userid, transfer.external_userid)
    if old is None or taker is None or not can_serve(taker):
        transfer.status = TRANSFER_NONE
        return
    if is_full(world, taker.userid):
        transfer.status = TRANSFER_TAKER_FULL
        _failed(world, transfer, "customer_limit_exceed")
        return
    transfer.status = TRANSFER_DONE
    corp.unfriend(old.userid, old.external_userid)
    if not transfer.resigned:
        fields: list[EventField] = [
            ("UserID", old.userid),
            ("ExternalUserID", old.external_userid),
            ("Source", "DELETE_BY_TRANSFER"),
        ]
        world.emit(EVENT, "del_external_contact", fields, subject=old.external_userid, concerns=[old.userid])
    _become_keeper(world, taker, old, at)
    _greet(world, transfer, taker)


def _become_keeper(world: World, taker: Staff, old: Friendship, at: int) -> None:
    """Give the taker the friendship with the notes and corp tags of the old one; who is a friend already stays one."""
    corp = world.corp
    if corp.friendship(taker.userid, old.external_userid) is not None:
        return
    corp.befriend(
        Friendship(
            userid=taker.userid,
            external_userid=old.external_userid,
            createtime=at,
            add_way=ADD_WAY_ASSIGNED,
            oper_userid=old.userid,
            remark=old.remark,
            description=old.description,
            remark_corp_name=old.remark_corp_name,
            remark_mobiles=list(old.remark_mobiles),
            tag_ids=list(old.tag_ids),
            last_chat_at=at,
        )
    )
    fields: list[EventField] = [("UserID", taker.userid), ("ExternalUserID", old.external_userid)]
    world.emit(EVENT, "add_external_contact", fields, subject=old.external_userid, concerns=[taker.userid])


def _greet(world: World, transfer: Transfer, taker: Staff) -> None:
    if transfer.resigned:
        return
    letter = {
        "at": transfer.ends_at,
        "via": "transfer",
        "from": taker.userid,
        "text": transfer.message or DEFAULT_MESSAGE.format(name=taker.name),
        "attachments": [],
    }
    world.corp.persons[transfer.external_userid].inbox.append(letter)


def _failed(world: World, transfer: Transfer, reason: str) -> None:
    fields: list[EventField] = [
        ("FailReason", reason),
        ("UserID", transfer.takeover_userid),
        ("ExternalUserID", transfer.external_userid),
    ]
    world.emit(EVENT, "transfer_fail", fields, subject=transfer.external_userid, concerns=[transfer.takeover_userid])


def waiting_of_customer(world: World, external_userid: str, userid: str) -> Transfer:
    """Return a customer's waiting transfer, of one keeper or taker if named; raises ActorError no_transfer."""
    corp = world.corp
    log = corp.transfers_of_customer.get(external_userid)
    for item in reversed(log.transfer_ids if log is not None else []):
        transfer = corp.transfers[item]
        named = userid in ("", transfer.handover_userid, transfer.takeover_userid)
        if transfer.status == TRANSFER_WAITING and named:
            return transfer
    raise ActorError("no_transfer", "no transfer of this customer is waiting: start one by transfer_customer")


def accept(world: World, transfer: Transfer) -> None:
    """Let the customer take the new keeper at once."""
    timers.cancel(world, "transfer", transfer.transfer_id)
    take_over(world, transfer.transfer_id, world.clock.seconds())


def refuse(world: World, transfer: Transfer) -> None:
    """Let the customer stay with the old keeper; the callbacks are told."""
    timers.cancel(world, "transfer", transfer.transfer_id)
    transfer.status, transfer.ends_at = TRANSFER_REFUSED, world.clock.seconds()
    _failed(world, transfer, "customer_refused")


def group_refusal(world: World, chat: GroupChat | None, taker: Staff, *, resigned: bool) -> int:
    """Return the errcode with which a group cannot get a new owner, or 0."""
    corp, settings, now = world.corp, world.corp.settings, world.clock.seconds()
    if chat is None or chat.dismissed_at is not None:
        return settings.unknown_chat_errcode
    if chat.internal:
        return 90501
    owner = corp.staff.get(chat.owner)
    has_left = owner is None or owner.status == STAFF_LEFT
    if resigned and (not has_left or chat.status == CHAT_INHERITING):
        return 90500
    if not resigned and has_left:
        return 90502
    if resigned and owner is not None and owner.left_at is not None and owner.left_at < now - YEAR:
        return settings.group_transfer_late_errcode
    since = now - settings.transfer_period_days * DAY
    if not resigned and sum(at > since for at in chat.handed_over_at) >= settings.transfers_per_group:
        return settings.group_transfer_often_errcode
    if corp.counters.get(_daily_key(world, taker.userid), 0) >= settings.group_transfers_per_day:
        return settings.group_transfer_daily_errcode
    return 0


def _daily_key(world: World, userid: str) -> str:
    return f"group_transfers:{china_date(world.clock.now()).date().isoformat()}:{userid}"


def hand_group_over(world: World, chat: GroupChat, taker: Staff, *, resigned: bool) -> None:
    """Give a group a new owner, at once or, by the setting group_transfer_seconds, later."""
    corp, key = world.corp, _daily_key(world, taker.userid)
    corp.counters[key] = corp.counters.get(key, 0) + 1
    if not resigned:
        chat.handed_over_at.append(world.clock.seconds())
    corp.group_handovers[chat.chat_id] = GroupHandover(chat_id=chat.chat_id, new_owner=taker.userid)
    delay = corp.settings.group_transfer_seconds
    if delay:
        chat.status = CHAT_INHERITING if resigned else chat.status
        timers.schedule(world, "group_handover", chat.chat_id, world.clock.seconds() + delay)
    else:
        take_group(world, chat.chat_id, world.clock.seconds())


@timers.on_time("group_handover")
def take_group(world: World, chat_id: str, at: int) -> None:
    """Make the new owner of a group known: member, owner, status, events."""
    handover = world.corp.group_handovers.pop(chat_id)
    chat = world.corp.chats[chat_id]
    if chat.dismissed_at is not None:
        return
    inherits = chat.status in (CHAT_OWNER_LEFT, CHAT_INHERITING)
    groups.change_group(world, chat, owner=handover.new_owner)
    chat.status = CHAT_INHERITED if inherits else CHAT_NORMAL
