"""IDs from one world to another: unionid to external_userid (or a pending one), and openids."""

import hashlib

from wecom_emulator.api.call import Answer, Call, post
from wecom_emulator.errors import WeComError
from wecom_emulator.state.corp import Corp
from wecom_emulator.state.login import PendingId
from wecom_emulator.state.people import Person

SUBJECT_TYPES = (0, 1)


def openid_of(corp: Corp, person: Person) -> str:
    """Return a person's openid towards the corp: the given one, or one that is always the same."""
    return person.openid or _derived_openid(corp, f"person:{person.external_userid}")


def _derived_openid(corp: Corp, subject: str) -> str:
    return "o" + hashlib.blake2b(f"{corp.corp_id}:{subject}".encode(), digest_size=16).hexdigest()[:27]


def _person(call: Call) -> Person:
    unionid = call.text("unionid", missing=40063)
    call.text("openid", missing=40063)
    if not call.settings.corp_verified:
        raise WeComError(48002)
    known = call.corp.persons.where("unionid", unionid)
    if not known:
        raise WeComError(40058, "invalid Request Parameter: unionid")
    return known[0]


def _is_visible_customer(call: Call, person: Person) -> bool:
    return any(call.sees(call.corp.staff[userid]) for userid in call.corp.followers.get(person.external_userid, {}))


@post("idconvert/unionid_to_external_userid", "customer")
def unionid_to_external_userid(call: Call) -> Answer:
    """Answer idconvert/unionid_to_external_userid: the id of a visible customer, else a pending_id of 90 days."""
    person = _person(call)
    if call.integer("subject_type", 0) not in SUBJECT_TYPES:
        raise WeComError(40058, "invalid Request Parameter: subject_type should be 0 or 1")
    if _is_visible_customer(call, person):
        return {"external_userid": person.external_userid}
    pending_ids, now = call.corp.pending_ids, call.world.clock.now()
    known = pending_ids.get(person.unionid)
    if known is None or known.expires_at <= now:
        known = pending_ids[person.unionid] = PendingId(
            pending_id=call.corp.new_id("pending", "p"),
            unionid=person.unionid,
            expires_at=now + call.settings.pending_id_seconds,
        )
    return {"pending_id": known.pending_id}


@post("externalcontact/unionid_to_external_userid", "customer")
def unionid_to_external_userid_old(call: Call) -> Answer:
    """Answer the older externalcontact/unionid_to_external_userid: 84061 when it is nobody's visible customer."""
    person = _person(call)
    if not _is_visible_customer(call, person):
        raise WeComError(84061)
    return {"external_userid": person.external_userid}


@post("externalcontact/convert_to_openid", "customer")
def customer_to_openid(call: Call) -> Answer:
    """Answer externalcontact/convert_to_openid; 84061 when it is nobody's visible customer."""
    person = call.corp.persons.get(call.text("external_userid", missing=41035))
    if person is None:
        raise WeComError(40096)
    if not _is_visible_customer(call, person):
        raise WeComError(84061)
    return {"openid": openid_of(call.corp, person)}


@post("user/convert_to_openid", "contacts")
def member_to_openid(call: Call) -> Answer:
    """Answer user/convert_to_openid."""
    return {"openid": _derived_openid(call.corp, f"staff:{call.member(call.text('userid')).userid}")}


@post("user/convert_to_userid", "contacts")
def openid_to_member(call: Call) -> Answer:
    """Answer user/convert_to_userid; 60111 for an openid that is no visible member's."""
    openid = call.text("openid", missing=40063)
    for staff in call.corp.staff.values():
        if call.sees(staff) and _derived_openid(call.corp, f"staff:{staff.userid}") == openid:
            return {"userid": staff.userid}
    raise WeComError(60111)
