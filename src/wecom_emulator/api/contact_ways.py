"""Contact ways («contact me» live codes): externalcontact/{add,get,list,update,del}_contact_way."""

from typing import Any

from wecom_emulator.api.call import Answer, Call, post
from wecom_emulator.clock import china_date
from wecom_emulator.errors import WeComError
from wecom_emulator.rules.friendships import can_serve
from wecom_emulator.rules.temp_chats import checked_conclusions, close_chat
from wecom_emulator.state.ways import ContactWay

DAY = 86_400
REMARK_MOST = 30
STATE_MOST = 30
SINGLE = 1
LONGEST_LIFE = 14 * DAY


def _find(call: Call) -> ContactWay:
    way = call.corp.contact_ways.get(call.text("config_id", missing=41043))
    if way is None:
        raise WeComError(41044)
    return way


def _checked_staff(call: Call, kind: int, users: list[str], parties: list[int]) -> None:
    corp = call.corp
    if kind == 1 and (len(users) != 1 or parties):
        raise WeComError(40058, "invalid Request Parameter: a single way has exactly one user")
    if not users and not parties:
        raise WeComError(40063)
    for userid in users:
        if not can_serve(call.member(userid, unknown=40003)):
            raise WeComError(84074)
        if not corp.staff[userid].real_name_verified:
            raise WeComError(40098)
    if any(item not in corp.departments for item in parties):
        raise WeComError(40066)
    departments = set(parties)
    expanded = set(users) | {
        item.userid for item in corp.staff.values() if departments and corp.under(item, departments)
    }
    if len(expanded) > call.settings.staff_per_way:
        raise WeComError(41041)


def _free_temporary_quota(call: Call) -> None:
    """Count a temporary way; raises WeComError 41045 over the day's quota, which is apart from the lasting one."""
    day = china_date(call.world.clock.now()).date().isoformat()
    key, counters = f"temp_ways:{day}", call.corp.counters
    if counters.get(key, 0) >= call.settings.temp_ways_per_day:
        raise WeComError(41045)
    counters[key] = counters.get(key, 0) + 1


def _free_quota(call: Call) -> None:
    used = sum(not way.is_temp for way in call.corp.contact_ways.values()) + len(call.corp.join_ways)
    if used >= call.settings.contact_way_quota:
        raise WeComError(41045)


def _span(call: Call, name: str, default: int) -> int:
    """Return a life in seconds of at most 14 days; raises WeComError 40058."""
    value = call.integer(name, default)
    if not 0 < value <= LONGEST_LIFE:
        raise WeComError(40058, f"invalid Request Parameter: {name} should be 1..{LONGEST_LIFE}")
    return value


@post("externalcontact/add_contact_way", "customer")
def add_contact_way(call: Call) -> Answer:
    """Answer add_contact_way: config_id and, for scene 2, qr_code."""
    kind, scene, style = call.integer("type", 0), call.integer("scene", 0), call.integer("style", 0)
    if not kind or not scene:
        raise WeComError(41038 if kind else 41037)
    if kind not in (1, 2) or scene not in (1, 2):
        raise WeComError(41040 if kind in (1, 2) else 41039)
    if style not in (0, 1, 2, 3):
        raise WeComError(41042)
    users, parties = call.texts("user"), call.integers("party")
    _checked_staff(call, kind, users, parties)
    is_temp = call.flag("is_temp", default=False)
    if is_temp and kind != SINGLE:
        raise WeComError(40058, "invalid Request Parameter: a temporary way has type 1")
    way = ContactWay(
        config_id="",
        type=kind,
        scene=scene,
        style=style,
        remark=call.text("remark", most=REMARK_MOST),
        skip_verify=call.flag("skip_verify", default=True),
        state=call.text("state", most=STATE_MOST),
        user=list(dict.fromkeys(users)),
        party=list(dict.fromkeys(parties)),
        is_temp=is_temp,
        expires_in=_span(call, "expires_in", 7 * DAY),
        chat_expires_in=_span(call, "chat_expires_in", DAY),
        unionid=call.text("unionid"),
        is_exclusive=call.flag("is_exclusive", default=False),
        mark_source=call.flag("mark_source", default=True),
        conclusions=checked_conclusions(call.world, call.body.get("conclusions")),
        created_at=call.world.clock.seconds(),
        created_by=call.app.agent_id,
    )
    if is_temp:
        _free_temporary_quota(call)
    else:
        _free_quota(call)
    way.config_id = call.corp.new_id("config", "")
    if scene == 2:
        way.qr_code = f"{call.world.base_url}/wwpic/{way.config_id}"
    call.corp.contact_ways[way.config_id] = way
    if way.state:
        call.corp.contact_way_of_state[way.state] = way.config_id
    return {"config_id": way.config_id, "qr_code": way.qr_code} if way.qr_code else {"config_id": way.config_id}


def _shown(way: ContactWay) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "config_id": way.config_id,
        "type": way.type,
        "scene": way.scene,
        "style": way.style,
        "remark": way.remark,
        "skip_verify": way.skip_verify,
        "state": way.state,
        "user": way.user,
        "party": way.party,
        "is_temp": way.is_temp,
        "is_exclusive": way.is_exclusive,
        "mark_source": way.mark_source,
    }
    if way.qr_code:
        shown["qr_code"] = way.qr_code
    if way.is_temp:
        shown.update(expires_in=way.expires_in, chat_expires_in=way.chat_expires_in, unionid=way.unionid)
    if way.conclusions:
        shown["conclusions"] = way.conclusions
    return shown


@post("externalcontact/get_contact_way", "customer")
def get_contact_way(call: Call) -> Answer:
    """Answer get_contact_way."""
    return {"contact_way": _shown(_find(call))}


@post("externalcontact/list_contact_way", "customer")
def list_contact_ways(call: Call) -> Answer:
    """Answer list_contact_way: ids of lasting ways made in the span, by default the last 90 days."""
    now = call.world.clock.seconds()
    start, end = call.integer("start_time", now - 90 * DAY), call.integer("end_time", now)
    ways = [way for way in call.corp.contact_ways.values() if not way.is_temp and start <= way.created_at <= end]
    page, cursor = call.page(
        ways, limit=call.limit(default=100, most=1000), key=lambda way: (way.created_at, way.config_id)
    )
    return {"contact_way": [{"config_id": way.config_id} for way in page], "next_cursor": cursor}


def _update_temporary(call: Call, way: ContactWay) -> None:
    expires_in = _span(call, "expires_in", way.expires_in)
    chat_expires_in = _span(call, "chat_expires_in", way.chat_expires_in)
    if call.has("conclusions"):
        way.conclusions = checked_conclusions(call.world, call.body.get("conclusions"))
    way.unionid = call.text("unionid") or way.unionid
    way.expires_in, way.chat_expires_in = expires_in, chat_expires_in


@post("externalcontact/update_contact_way", "customer")
def update_contact_way(call: Call) -> Answer:
    """Answer update_contact_way: given fields change, given user and party lists replace the old ones."""
    way, corp = _find(call), call.corp
    users = call.texts("user") if call.has("user") else way.user
    parties = call.integers("party") if call.has("party") else way.party
    if call.has("user") or call.has("party"):
        _checked_staff(call, way.type, users, parties)
    remark, state = call.text("remark", most=REMARK_MOST), call.text("state", most=STATE_MOST)
    if way.is_temp:
        _update_temporary(call, way)
    way.user, way.party = list(dict.fromkeys(users)), list(dict.fromkeys(parties))
    if call.has("remark"):
        way.remark = remark
    if call.has("state"):
        if corp.contact_way_of_state.get(way.state) == way.config_id:
            del corp.contact_way_of_state[way.state]
        way.state = state
        if state:
            corp.contact_way_of_state[state] = way.config_id
    way.skip_verify = call.flag("skip_verify", default=way.skip_verify)
    way.style = call.integer("style", way.style)
    return {}


@post("externalcontact/del_contact_way", "customer")
def delete_contact_way(call: Call) -> Answer:
    """Answer del_contact_way; the code stops working at once."""
    way = _find(call)
    del call.corp.contact_ways[way.config_id]
    if call.corp.contact_way_of_state.get(way.state) == way.config_id:
        del call.corp.contact_way_of_state[way.state]
    return {}


@post("externalcontact/close_temp_chat", "customer")
def close_temp_chat(call: Call) -> Answer:
    """Answer close_temp_chat: the concluding words go out and the chat ends; 84061 when none is open."""
    staff = call.member(call.text("userid"), unknown=40003)
    close_chat(call.world, staff.userid, call.text("external_userid", missing=41035))
    return {}
