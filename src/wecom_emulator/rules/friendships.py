"""Becoming friends through a live code, and the two ways a friendship ends."""

from dataclasses import dataclass

from wecom_emulator.callbacks import EventField
from wecom_emulator.errors import ActorError
from wecom_emulator.state.messages import WelcomeCode
from wecom_emulator.state.people import STAFF_ACTIVE, Friendship, Person, Staff
from wecom_emulator.state.ways import ContactWay
from wecom_emulator.world import World

ADD_WAY_QR = 1
EVENT = "change_external_contact"


@dataclass(slots=True, kw_only=True)
class Scan:
    """What a scan of a contact way led to."""

    userid: str
    already_friend: bool
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
    """Make a person a friend of one of the way's staff in turn; raises ActorError no_staff_available."""
    servants = servants_of(world, way)
    known = world.corp.followers.get(person.external_userid, {})
    friend_of = next((userid for userid in servants if userid in known), None)
    if friend_of is not None:
        return Scan(userid=friend_of, already_friend=True, welcome_code=None)
    if not servants:
        raise ActorError("no_staff_available", "nobody of this live code can take customers: give it active staff")
    userid = servants[way.scans % len(servants)]
    way.scans += 1
    code = become_friends(world, person, userid, add_way=ADD_WAY_QR, state=way.state)
    return Scan(userid=userid, already_friend=False, welcome_code=code)


def become_friends(world: World, person: Person, userid: str, *, add_way: int, state: str = "") -> str | None:
    """Make a friendship, tell the callbacks, and return the welcome code, or None if the console greets by itself."""
    corp, now = world.corp, world.clock.seconds()
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
    fields: list[EventField] = [("UserID", userid), ("ExternalUserID", person.external_userid)]
    if state:
        fields.append(("State", state))
    code = None
    if not corp.staff[userid].console_welcome:
        code = corp.new_id("welcome", "CALLBACK_WC_", length=44)
        corp.welcome_codes[code] = WelcomeCode(
            code=code,
            userid=userid,
            external_userid=person.external_userid,
            expires_at=world.clock.now() + corp.settings.welcome_code_seconds,
        )
        fields.append(("WelcomeCode", code))
    world.emit(EVENT, "add_external_contact", fields, subject=person.external_userid, concerns=[userid])
    return code


def end_friendship(world: World, userid: str, external_userid: str, *, by_customer: bool) -> None:
    """End a friendship and tell the callbacks; raises ActorError not_friends."""
    if world.corp.unfriend(userid, external_userid) is None:
        raise ActorError("not_friends", "these two are not friends: nothing to delete")
    fields: list[EventField] = [("UserID", userid), ("ExternalUserID", external_userid)]
    change = "del_follow_user" if by_customer else "del_external_contact"
    world.emit(EVENT, change, fields, subject=external_userid, concerns=[userid])


def note_edit(world: World, userid: str, external_userid: str) -> None:
    """Tell the callbacks that a staff member changed remark or tags of a customer."""
    fields: list[EventField] = [("UserID", userid), ("ExternalUserID", external_userid)]
    world.emit(EVENT, "edit_external_contact", fields, subject=external_userid, concerns=[userid])
