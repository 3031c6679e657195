"""Logins and JS-SDK tickets: auth/{getuserinfo,getuserdetail}, user/getuserinfo, get_jsapi_ticket, ticket/get."""

from wecom_emulator.api.call import Answer, Call, get, post
from wecom_emulator.api.id_conversion import openid_of
from wecom_emulator.errors import WeComError
from wecom_emulator.rules import login
from wecom_emulator.state.login import OAuthCode

PRIVATE = ("avatar", "mobile", "email", "biz_mail", "address")


@get("auth/getuserinfo", "login")
def get_user_info(call: Call) -> Answer:
    """Answer auth/getuserinfo: who opened the page; 40029 for a code that is used, old or made up."""
    return _visitor(call)


def _visitor(call: Call) -> Answer:
    known = login.take_code(call.world, call.text("code"))
    if known.external:
        return _outsider(call, known)
    staff = call.member(known.visitor)
    if known.scope == "snsapi_privateinfo":
        return {"userid": staff.userid, "user_ticket": login.give_user_ticket(call.world, staff.userid).ticket}
    return {"userid": staff.userid}


def _outsider(call: Call, known: OAuthCode) -> Answer:
    """Return the openid, and the external_userid too when a visible member has this person as a customer."""
    answer = {"openid": openid_of(call.corp, call.corp.persons[known.visitor])}
    followers = call.corp.followers.get(known.visitor, {})
    if call.app.customer_contact and any(call.sees(call.corp.staff[userid]) for userid in followers):
        answer["external_userid"] = known.visitor
    return answer


@get("user/getuserinfo", "login")
def get_user_info_old(call: Call) -> Answer:
    """Answer the old path user/getuserinfo: the same under its old names."""
    names = {"userid": "UserId", "openid": "OpenId"}
    answer = {names.get(name, name): value for name, value in _visitor(call).items()}
    if "user_ticket" in answer:
        answer["expires_in"] = call.settings.user_ticket_seconds
    return {**answer, "DeviceId": ""}


@post("auth/getuserdetail", "login")
def get_user_detail(call: Call) -> Answer:
    """Answer auth/getuserdetail: a member's private fields for a living user_ticket, else 40058."""
    ticket = call.corp.user_tickets.get(call.text("user_ticket", missing=40063))
    if ticket is None or ticket.expires_at <= call.world.clock.now():
        raise WeComError(40058, "invalid Request Parameter: user_ticket")
    staff = call.member(ticket.userid)
    shown = {name: getattr(staff, name) for name in PRIVATE if getattr(staff, name)}
    qr_code = f"{call.world.base_url}/wwpic/member/{staff.userid}"
    return {"userid": staff.userid, "gender": str(staff.gender), "qr_code": qr_code, **shown}


def _ticket(call: Call, *, own: bool) -> Answer:
    ticket = login.js_ticket(call.world, call.app if own else None)
    return {"ticket": ticket.ticket, "expires_in": int(ticket.expires_at - call.world.clock.now())}


@get("get_jsapi_ticket", "login")
def get_corp_ticket(call: Call) -> Answer:
    """Answer get_jsapi_ticket: the corp's ticket, for wx.config."""
    return _ticket(call, own=False)


@get("ticket/get", "login")
def get_app_ticket(call: Call) -> Answer:
    """Answer ticket/get: the app's ticket, for wx.agentConfig; type is agent_config."""
    if call.text("type") != "agent_config":
        raise WeComError(40058, "invalid Request Parameter: type should be agent_config")
    return _ticket(call, own=True)
