"""Becoming friends through a live code, and the two ways a friendship ends."""

from dataclasses import dataclass

from wecom_emulator.callbacks import EventField
from wecom_emulator.errors import ActorError
from wecom_emulator.rules.behavior import today
from wecom_emulator.state.acquisition import FriendRequest
from wecom_emulator.state.messages import WelcomeCode
from wecom_emulator.state.people import STAFF_ACTIVE, Friendship, Person, Staff
from wecom_emulator.state.ways import ContactWay
from wecom_emulator.world import World

ADD_WAY_QR = 1
PARTNER = 2
"""The type of a person who uses WeCom at another corp."""

EVENT = "change_external_contact"


@dataclass(slots=True, kw_only=True)
class Scan:
    """What a scan of a contact way led to."""

    userid: str
    already_friend: bool
    welcome_code: str | None
    pending: bool = False


@dataclass(slots=True, kw_only=True)
class Approach:
    """What came of a wish to be friends; `pending` until the staff member confirms."""

    pending: bool
    welcome_code: str | None


def person_of(world: World, external_userid: str) -> Person:
    """Return a person by id; raises ActorError unknown_customer."""
    person = world.corp.persons.get(external_userid)
    if person is None:
        raise ActorError(
            "unknown_customer", "no such customer: create it by POST /emulator/customers first", status=404
        )
    return person


def staff_of(world: World, userid: str) -> Staff:
    """Return an employed staff member by id; raises ActorError unknown_staff."""
    staff = world.corp.employed(userid)
    if staff is None:
        raise ActorError("unknown_staff", "no such staff member: create it by POST /emulator/staff first", status=404)
    return staff


def can_serve(staff: Staff | None) -> bool:
    """Return whether a staff member can take customers: active, and with the customer-contact feature."""
    return staff is not None and staff.status == STAFF_ACTIVE and staff.feature_on


def servants_of(world: World, way: ContactWay) -> list[str]:
    """Return the staff of a way that can take customers, departments expanded, in a stable order."""
    corp = world.corp
    users = list(way.user)
    if way.party:
        departments = set(way.party)
        users += [item.userid for item in corp.staff.values() if corp.under(item, departments)]
    return [userid for userid in dict.fromkeys(users) if can_serve(corp.staff.get(userid))]


def scan_contact_way(world: World, person: Person, way: ContactWay) -> Scan:
    """Make a person a friend of one of the way's staff in turn.

    Raises ActorError no_staff_available; code_expired or not_for_you for a temporary way.
    """
    _check_temporary(world, person, way)
    servants = servants_of(world, way)
    known = world.corp.followers.get(person.external_userid, {})
    friend_of = next((userid for userid in servants if userid in known), None)
    if friend_of is not None:
        return Scan(userid=friend_of, already_friend=True, welcome_code=None)
    if not servants:
        raise ActorError("no_staff_available", "nobody of this live code can take customers: give it active staff")
    userid = _next_servant(way, person, servants)
    result = approach(
        world,
        person,
        userid,
        add_way=ADD_WAY_QR,
        state=way.state,
        skip_verify=way.skip_verify,
        config_id=way.config_id,
    )
    return Scan(userid=userid, already_friend=False, welcome_code=result.welcome_code, pending=result.pending)


def _check_temporary(world: World, person: Person, way: ContactWay) -> None:
    if way.is_temp and way.created_at + way.expires_in <= world.clock.now():
        raise ActorError("code_expired", "this temporary code is over: make a new one")
    if way.is_temp and way.unionid and way.unionid != person.unionid:
        raise ActorError("not_for_you", "this temporary code is for somebody else's unionid")


def _next_servant(way: ContactWay, person: Person, servants: list[str]) -> str:
    """Return whose turn it is; people of one partner corp stay with one member if the way is exclusive."""
    partner_corp = person.corp_name if way.is_exclusive and person.type == PARTNER else ""
    if partner_corp and way.keeper_of_corp.get(partner_corp) in servants:
        return way.keeper_of_corp[partner_corp]
    userid = servants[way.scans % len(servants)]
    way.scans += 1
    if partner_corp:
        way.keeper_of_corp[partner_corp] = userid
    return userid


def request_key(userid: str, external_userid: str) -> str:
    """Return the key of a friend request; `/` cannot be in a userid."""
    return f"{userid}/{external_userid}"


def approach(
    world: World,
    person: Person,
    userid: str,
    *,
    add_way: int,
    state: str,
    skip_verify: bool,
    link_id: str = "",
    config_id: str = "",
) -> Approach:
    """Let a person ask for a friendship: a friend at once, half a friend, or a request that waits.

    With skip_verify the customer sees a friend at once; if the staff member confirms every friend, the half event
    with the welcome code goes out and the friendship follows by the confirmation. Without it there is no event yet.
    """
    corp, staff = world.corp, world.corp.staff[userid]
    if skip_verify and not staff.confirms_friends:
        return Approach(pending=False, welcome_code=become_friends(world, person, userid, add_way=add_way, state=state))
    key = request_key(userid, person.external_userid)
    known = corp.friend_requests.get(key)
    corp.friend_requests[key] = FriendRequest(
        userid=userid,
        external_userid=person.external_userid,
        add_way=add_way,
        asked_at=world.clock.seconds(),
        half=skip_verify,
        state=state,
        link_id=link_id,
        config_id=config_id,
    )
    if not skip_verify or (known is not None and known.half):
        return Approach(pending=True, welcome_code=None)
    fields, code = _friend_fields(world, person, userid, state=state)
    world.emit(EVENT, "add_half_external_contact", fields, subject=person.external_userid, concerns=[userid])
    return Approach(pending=True, welcome_code=code)


def confirm_request(world: World, userid: str, external_userid: str) -> tuple[FriendRequest, str | None]:
    """Make a waiting request a friendship; return it and the welcome code. Raises ActorError no_request.

    A half friend was given a code by the half event, so the second event has none.
    """
    request = world.corp.friend_requests.pop(request_key(userid, external_userid), None)
    if request is None:
        raise ActorError("no_request", "this customer did not ask: let the customer scan a code first")
    person = person_of(world, external_userid)
    code = become_friends(
        world, person, userid, add_way=request.add_way, state=request.state, with_code=not request.half
    )
    return request, code


def become_friends(
    world: World, person: Person, userid: str, *, add_way: int, state: str = "", with_code: bool = True
) -> str | None:
    """Make a friendship, tell the callbacks, and return the welcome code.

    There is none if the console greets by itself, for a WeCom partner (type 2), or without `with_code`.
    """
    corp, now = world.corp, world.clock.seconds()
    today(world, userid).new_contact += 1
    corp.befriend(
        Friendship(
            userid=userid,
            external_userid=person.external_userid,
            createtime=now,
            add_way=add_way,
            state=state,
            oper_userid=userid if add_way in (2, 3) else person.external_userid,
            remark=person.name,
            last_chat_at=now,
        )
    )
    fields, code = _friend_fields(world, person, userid, state=state, with_code=with_code)
    world.emit(EVENT, "add_external_contact", fields, subject=person.external_userid, concerns=[userid])
    return code


def _friend_fields(
    world: World, person: Person, userid: str, *, state: str, with_code: bool = True
) -> tuple[list[EventField], str | None]:
    """Return the fields of an event about a new friend and the welcome code among them."""
    corp = world.corp
    fields: list[EventField] = [("UserID", userid), ("ExternalUserID", person.external_userid)]
    if state:
        fields.append(("State", state))
    if not with_code or corp.staff[userid].console_welcome or person.type == PARTNER:
        return fields, None
    code = corp.new_id("welcome", "CALLBACK_WC_", length=44)
    corp.welcome_codes[code] = WelcomeCode(
        code=code,
        userid=userid,
        external_userid=person.external_userid,
        expires_at=world.clock.now() + corp.settings.welcome_code_seconds,
    )
    fields.append(("WelcomeCode", code))
    return fields, code


def end_friendship(world: World, userid: str, external_userid: str, *, by_customer: bool) -> None:
    """End a friendship and tell the callbacks; raises ActorError not_friends."""
    if world.corp.unfriend(userid, external_userid) is None:
        raise ActorError("not_friends", "these two are not friends: nothing to delete")
    fields: list[EventField] = [("UserID", userid), ("ExternalUserID", external_userid)]
    if by_customer:
        today(world, userid).negative_feedback += 1
    change = "del_follow_user" if by_customer else "del_external_contact"
    world.emit(EVENT, change, fields, subject=external_userid, concerns=[userid])


def note_edit(world: World, userid: str, external_userid: str) -> None:
    """Tell the callbacks that a staff member changed remark or tags of a customer."""
    fields: list[EventField] = [("UserID", userid), ("ExternalUserID", external_userid)]
    world.emit(EVENT, "edit_external_contact", fields, subject=external_userid, concerns=[userid])
