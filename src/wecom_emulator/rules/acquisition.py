"""Acquisition links at work: opening, becoming friends, first words, and the quota with its warnings."""

from dataclasses import dataclass
from urllib.parse import parse_qs, unquote, urlsplit

from wecom_emulator.callbacks import EventField
from wecom_emulator.clock import china_date
from wecom_emulator.errors import ActorError
from wecom_emulator.rules import friendships, timers
from wecom_emulator.rules.friendships import Approach, can_serve
from wecom_emulator.state.acquisition import (
    CHAT_STARTED,
    AcquisitionLink,
    LinkCustomer,
    LinkDay,
    QuotaLot,
)
from wecom_emulator.state.people import Person
from wecom_emulator.world import World

EVENT = "customer_acquisition"
LINK_URL = "https://work.weixin.qq.com/ca/{link_id}"
SCHEME = "weixin://biz/ww/profile/"
ADD_WAY_LINK = 16
CHANNEL_BYTES = 64
LOW_BALANCE = 20
"""Below this the callbacks are warned once."""

DAY = 86_400


@dataclass(slots=True, kw_only=True)
class Opened:
    """A link that somebody opened: the profile they see, and the channel of the url."""

    link: AcquisitionLink
    userid: str
    state: str
    already_friend: bool


def friend_key(userid: str, external_userid: str) -> str:
    """Return the key of a pair of staff and customer; `/` cannot be in a userid."""
    return f"{userid}/{external_userid}"


def read_url(url: str) -> tuple[str, str]:
    """Return link_id and customer_channel of a link's url or of its weixin:// form; a channel over 64 bytes is lost."""
    if url.startswith(SCHEME):
        url = unquote(url.removeprefix(SCHEME))
    try:
        parts = urlsplit(url)
    except ValueError as error:
        raise ActorError("unknown_link", f"this is no url: {error}", status=404) from error
    channel = parse_qs(parts.query).get("customer_channel", [""])[0]
    return parts.path.rstrip("/").rsplit("/", 1)[-1], channel if len(channel.encode()) <= CHANNEL_BYTES else ""


def servants_of(world: World, link: AcquisitionLink) -> list[str]:
    """Return the staff of a link that can take customers, departments expanded, in a stable order."""
    corp = world.corp
    users = list(link.user_list)
    if link.department_list:
        departments = set(link.department_list)
        users += [item.userid for item in corp.staff.values() if corp.under(item, departments)]
    return [userid for userid in dict.fromkeys(users) if can_serve(corp.staff.get(userid))]


def balance(world: World) -> int:
    """Return how many new customers the corp may still win through its links."""
    return sum(lot.balance for lot in world.corp.quota_lots.values())


def today(world: World, link: AcquisitionLink) -> LinkDay:
    """Return the link's counts of the current Chinese day."""
    return link.days.setdefault(china_date(world.clock.now()).date().isoformat(), LinkDay())


def open_link(world: World, person: Person, url: str) -> Opened:
    """Let a person open a link and see somebody's profile; raises ActorError unknown_link or link_unavailable."""
    link_id, state = read_url(url)
    link = world.corp.acquisition_links.get(link_id)
    if link is None:
        raise ActorError("unknown_link", "no acquisition link has this url: see customer_acquisition/get", status=404)
    day = today(world, link)
    day.clicked_by[person.external_userid] = day.clicked_by.get(person.external_userid, 0) + 1
    servants = servants_of(world, link)
    if not servants or balance(world) <= 0:
        _unavailable(world, link)
        raise ActorError("link_unavailable", "the link has no quota or nobody to take customers: buy some or add staff")
    link.unavailable = False
    known = world.corp.followers.get(person.external_userid, {})
    friend_of = next((item for item in _by_priority(link, servants) if item in known), None)
    userid = friend_of or servants[link.scans % len(servants)]
    link.scans += friend_of is None
    if state:
        _emit(world, "open_profile", link, [("State", state)], person.external_userid, userid)
    return Opened(link=link, userid=userid, state=state, already_friend=friend_of is not None)


def _by_priority(link: AcquisitionLink, servants: list[str]) -> list[str]:
    preferred = [item for item in link.priority_userids if item in servants]
    return [*preferred, *servants]


def _unavailable(world: World, link: AcquisitionLink) -> None:
    if not link.unavailable:
        link.unavailable = True
        _emit(world, "link_unavailable", link, [], link.link_id, "")


def _emit(world: World, change: str, link: AcquisitionLink, extra: list[EventField], subject: str, userid: str) -> None:
    fields: list[EventField] = [("LinkId", link.link_id), *extra]
    world.emit(EVENT, change, fields, subject=subject, concerns=[userid] if userid else [])


def add_by_link(world: World, person: Person, opened: Opened) -> Approach:
    """Let a person ask for the friendship of the profile that the link showed; at once a friend with skip_verify."""
    approach = friendships.approach(
        world,
        person,
        opened.userid,
        add_way=ADD_WAY_LINK,
        state=opened.state,
        skip_verify=opened.link.skip_verify,
        link_id=opened.link.link_id,
    )
    if opened.state:
        fields: list[EventField] = [("State", opened.state)]
        _emit(world, "friend_request", opened.link, fields, person.external_userid, opened.userid)
    if not approach.pending:
        note_new_customer(world, opened.link.link_id, opened.userid, person.external_userid, opened.state)
    return approach


def note_new_customer(world: World, link_id: str, userid: str, external_userid: str, state: str) -> None:
    """Count somebody who became a friend through a link and take one from the quota."""
    corp = world.corp
    link = corp.acquisition_links.get(link_id)
    if link is None:
        return
    key = friend_key(userid, external_userid)
    link.customers[key] = LinkCustomer(
        external_userid=external_userid, userid=userid, state=state, added_at=world.clock.seconds()
    )
    today(world, link).new_customers += 1
    corp.silent_link_customers[key] = link_id
    _spend(world)


def note_first_words(world: World, userid: str, external_userid: str) -> None:
    """Mark that a customer who came through a link has written for the first time."""
    key = friend_key(userid, external_userid)
    link = world.corp.acquisition_links.get(world.corp.silent_link_customers.pop(key, ""))
    if link is None or key not in link.customers:
        return
    customer = link.customers[key]
    customer.chat_status = CHAT_STARTED
    if customer.state:
        fields: list[EventField] = [
            ("State", customer.state),
            ("UserID", userid),
            ("ExternalUserID", external_userid),
        ]
        _emit(world, "customer_start_chat", link, fields, external_userid, userid)


def note_deleted(world: World, link: AcquisitionLink) -> None:
    """Tell the callbacks that a link was deleted."""
    _emit(world, "delete_link", link, [], link.link_id, "")


def buy(world: World, amount: int, expire_date: int) -> QuotaLot:
    """Add an amount of new customers to the quota, good until an instant."""
    corp, before = world.corp, balance(world)
    lot = QuotaLot(lot_id=corp.new_id("quota", "lot"), bought=amount, balance=amount, expire_date=expire_date)
    corp.quota_lots[lot.lot_id] = lot
    timers.schedule(world, "quota_warning", lot.lot_id, expire_date - corp.settings.quota_warning_days * DAY)
    timers.schedule(world, "quota_end", lot.lot_id, expire_date)
    if before <= 0:
        world.emit(EVENT, "balance_increased", [], subject="quota")
    return lot


def _spend(world: World) -> None:
    lots = sorted((lot for lot in world.corp.quota_lots.values() if lot.balance > 0), key=lambda lot: lot.expire_date)
    if not lots:
        return
    before = balance(world)
    lots[0].balance -= 1
    _warn(world, before)


def _warn(world: World, before: int) -> None:
    after = balance(world)
    if before >= LOW_BALANCE > after > 0:
        world.emit(EVENT, "balance_low", [], subject="quota")
    if before > 0 >= after:
        world.emit(EVENT, "balance_exhausted", [], subject="quota")


@timers.on_time("quota_warning")
def _warn_of_expiry(world: World, lot_id: str, at: int) -> None:
    lot = world.corp.quota_lots[lot_id]
    if lot.balance > 0:
        fields: list[EventField] = [("ExpireTime", lot.expire_date), ("ExpireQuotaNum", lot.balance)]
        world.emit(EVENT, "quota_expire_soon", fields, subject="quota")


@timers.on_time("quota_end")
def _expire(world: World, lot_id: str, at: int) -> None:
    before = balance(world)
    world.corp.quota_lots[lot_id].balance = 0
    _warn(world, before)
