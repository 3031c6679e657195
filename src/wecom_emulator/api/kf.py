"""Customer service: accounts, links, servicers and the state of sessions."""

import hashlib
import re
from typing import Any

from wecom_emulator.api.call import Answer, Call, either, get, post
from wecom_emulator.errors import WeComError
from wecom_emulator.rules import kf, kf_staffing
from wecom_emulator.rules.payload import living_media
from wecom_emulator.rules.pictures import keep_picture
from wecom_emulator.state.kf import (
    SESSION_ASSISTANT,
    SESSION_ENDED,
    SESSION_NEW,
    SESSION_POOL,
    SESSION_SERVICER,
    KfAccount,
    KfLink,
    KfSession,
    KfStaffing,
)
from wecom_emulator.state.people import Staff

SCENE = re.compile(r"[0-9a-zA-Z_-]{0,32}\Z")
LINK_HOST = "https://work.weixin.qq.com/kf"
NAME_CHARACTERS = 16
PER_CALL = 100

MOVES = {
    SESSION_NEW: {SESSION_ASSISTANT, SESSION_POOL, SESSION_SERVICER},
    SESSION_ASSISTANT: {SESSION_POOL, SESSION_SERVICER},
    SESSION_POOL: {SESSION_SERVICER},
    SESSION_SERVICER: {SESSION_SERVICER},
    SESSION_ENDED: set[int](),
}
"""What service_state/trans may do from each state; the way to 4 is the setting kf_allow_end_from."""


def manages(call: Call, account: KfAccount) -> bool:
    """Return whether the calling app may edit, allocate and send for an account."""
    return account.manage_privilege and (account.managers is None or call.app.agent_id in account.managers)


def managed_account(call: Call) -> KfAccount:
    """Return the account of the call; raises WeComError 95000 when it is unknown or the app may not manage it."""
    account = call.corp.kf_accounts.get(call.text("open_kfid", missing=95000))
    if account is None or not manages(call, account):
        raise WeComError(95000)
    return account


def customer_id(call: Call, name: str = "external_userid") -> str:
    """Return the customer of the call; raises WeComError 41035 or 40096."""
    external_userid = call.text(name, missing=41035)
    if external_userid not in call.corp.persons:
        raise WeComError(40096)
    return external_userid


def _name(call: Call, *, required: bool) -> str:
    name = call.text("name", missing=40063 if required else None)
    if len(name) > NAME_CHARACTERS:
        raise WeComError(95006)
    return name


def _avatar(call: Call) -> str:
    media = living_media(call.world, call.text("media_id"), "image")
    return keep_picture(call.world, media.content, filename=media.filename)


@post("kf/account/add", "kf")
def add_account(call: Call) -> Answer:
    """Answer kf/account/add; 60011 for an app that manages no account yet, 95005 over the limit."""
    if not any(manages(call, account) for account in call.corp.kf_accounts.values()):
        raise WeComError(60011)
    name, avatar = _name(call, required=True), _avatar(call)
    if len(call.corp.kf_accounts) >= call.settings.kf_account_limit:
        raise WeComError(95005)
    account = KfAccount(open_kfid=call.corp.new_id("kf", "wk"), name=name, avatar=avatar, managers=[call.app.agent_id])
    call.corp.kf_accounts[account.open_kfid] = account
    return {"open_kfid": account.open_kfid}


@post("kf/account/update", "kf")
def update_account(call: Call) -> Answer:
    """Answer kf/account/update: name, picture or both; 40063 for neither."""
    account, name = managed_account(call), _name(call, required=False)
    avatar = _avatar(call) if call.text("media_id") else ""
    if not (name or avatar):
        raise WeComError(40063)
    account.name, account.avatar = name or account.name, avatar or account.avatar
    return {}


@post("kf/account/del", "kf")
def delete_account(call: Call) -> Answer:
    """Answer kf/account/del; its links, servicers and sessions lead nowhere from then on."""
    account = managed_account(call)
    del call.corp.kf_accounts[account.open_kfid]
    call.corp.kf_staffing.pop(account.open_kfid, None)
    return {}


@either("kf/account/list", "kf")
def list_accounts(call: Call) -> Answer:
    """Answer kf/account/list by offset and limit; a page shorter than limit is the last."""
    start, limit = max(0, call.integer("offset", 0)), call.limit(default=100, most=100)
    rows = [
        {
            "open_kfid": item.open_kfid,
            "name": item.name,
            "avatar": item.avatar,
            "manage_privilege": manages(call, item),
        }
        for item in call.corp.kf_accounts.values()
    ]
    return {"account_list": rows[start : start + limit]}


@post("kf/add_contact_way", "kf")
def add_link(call: Call) -> Answer:
    """Answer kf/add_contact_way: the same url for the same account and scene."""
    account, scene = managed_account(call), call.text("scene")
    if not SCENE.match(scene):
        raise WeComError(40058, "invalid Request Parameter: scene should be at most 32 of 0-9a-zA-Z_-")
    seal = hashlib.blake2b(f"{call.corp.seed}:{account.open_kfid}:{scene}".encode(), digest_size=10).hexdigest()
    enc_scene = "ENC" + seal
    url = f"{LINK_HOST}/{kf.page_of(account.open_kfid)}?enc_scene={enc_scene}"
    link = KfLink(enc_scene=enc_scene, open_kfid=account.open_kfid, scene=scene, url=url)
    return {"url": call.corp.kf_links.setdefault(enc_scene, link).url}


def _lists(call: Call) -> tuple[list[str], list[int]]:
    userids, departments = call.texts("userid_list", most=PER_CALL), call.integers("department_id_list")
    if len(departments) > call.settings.kf_departments_per_call:
        raise WeComError(40058, "invalid Request Parameter: department_id_list exceed max size")
    if not userids and not departments:
        raise WeComError(40063)
    return userids, departments


def _result(call: Call, subject: dict[str, Any], errcode: int, text: str) -> dict[str, Any]:
    return {**subject, "errcode": errcode, "errmsg": text or str(WeComError(errcode).text)}


def _servicer_problem(call: Call, userid: str) -> int:
    staff = call.corp.employed(userid)
    if staff is None:
        return 60111
    return 0 if call.corp.sees(call.app, staff) else 60011


def _add_servicer(call: Call, staffing: KfStaffing, userid: str) -> tuple[int, str]:
    problem = _servicer_problem(call, userid)
    if problem:
        return problem, ""
    if userid in staffing.userids:
        return 0, "ignored"
    if len(staffing.userids) >= call.settings.kf_servicers_per_account:
        return 40058, "invalid Request Parameter: servicer count exceeds limit"
    staffing.userids.append(userid)
    return 0, "success"


def _add_department(call: Call, staffing: KfStaffing, department: int) -> tuple[int, str]:
    if department not in call.corp.departments:
        return 60003, ""
    if department in staffing.departments:
        return 0, "ignored"
    if len(staffing.departments) >= call.settings.kf_departments_per_account:
        return 40058, "invalid Request Parameter: department count exceeds limit"
    staffing.departments.append(department)
    return 0, "success"


@post("kf/servicer/add", "kf")
def add_servicers(call: Call) -> Answer:
    """Answer kf/servicer/add with one result per item: success, ignored (there already), or an errcode."""
    account = managed_account(call)
    userids, departments = _lists(call)
    staffing = kf_staffing.staffing_of(call.world, account.open_kfid)
    results = [_result(call, {"userid": item}, *_add_servicer(call, staffing, item)) for item in userids]
    results += [_result(call, {"department_id": item}, *_add_department(call, staffing, item)) for item in departments]
    return {"result_list": results}


@post("kf/servicer/del", "kf")
def delete_servicers(call: Call) -> Answer:
    """Answer kf/servicer/del with one result per item: success or ignored (not there)."""
    account = managed_account(call)
    userids, departments = _lists(call)
    staffing = kf_staffing.staffing_of(call.world, account.open_kfid)
    results = []
    for userid in userids:
        here = userid in staffing.userids
        if here:
            staffing.userids.remove(userid)
            staffing.servicers.pop(userid, None)
        results.append(_result(call, {"userid": userid}, 0, "success" if here else "ignored"))
    for department in departments:
        here = department in staffing.departments
        if here:
            staffing.departments.remove(department)
        results.append(_result(call, {"department_id": department}, 0, "success" if here else "ignored"))
    return {"result_list": results}


def _servicer_row(call: Call, staffing: KfStaffing, staff: Staff, *, manager: bool) -> dict[str, Any]:
    row: dict[str, Any] = {"userid": staff.userid}
    if manager:
        own = kf_staffing.state_of(staffing, staff.userid)
        row["status"] = own.status
        if own.status:
            row["stop_type"] = own.stop_type
    return row


@get("kf/servicer/list", "kf")
def list_servicers(call: Call) -> Answer:
    """Answer kf/servicer/list; status is shown to an app that manages the account, never for departments."""
    account = call.corp.kf_accounts.get(call.text("open_kfid", missing=95000))
    if account is None:
        raise WeComError(95000)
    staffing, manager = kf_staffing.staffing_of(call.world, account.open_kfid), manages(call, account)
    rows = [
        _servicer_row(call, staffing, staff, manager=manager)
        for userid in staffing.userids
        if (staff := call.corp.employed(userid)) is not None and call.corp.sees(call.app, staff)
    ]
    return {"servicer_list": rows + [{"department_id": item} for item in staffing.departments]}


@post("kf/service_state/get", "kf")
def get_state(call: Call) -> Answer:
    """Answer kf/service_state/get; the userid is filled in state 3 only."""
    account = managed_account(call)
    session = kf.session_of(call.world, account.open_kfid, customer_id(call))
    return {"service_state": session.state, "servicer_userid": session.servicer_userid}


@post("kf/service_state/trans", "kf")
def move_state(call: Call) -> Answer:
    """Answer kf/service_state/trans by the table of moves; no event tells of it.

    msg_code comes with the first move of a session into 2 and into 3, and with the move to 4. 95014: the servicer does
    not serve now; 95016: the move is not allowed.
    """
    account = managed_account(call)
    session = kf.session_of(call.world, account.open_kfid, customer_id(call))
    target, userid = call.integer("service_state", -1), call.text("servicer_userid")
    allowed = MOVES[session.state]
    if target == SESSION_ENDED and session.state != SESSION_ENDED and session.state in call.settings.kf_allow_end_from:
        allowed = {SESSION_ENDED}
    if target not in allowed or (target == session.state and userid == session.servicer_userid):
        raise WeComError(95016)
    if target == SESSION_SERVICER:
        if not userid:
            raise WeComError(41009)
        kf_staffing.check_serving(call.world, account.open_kfid, userid)
    return _moved(call, session, target, userid)


def _moved(call: Call, session: KfSession, target: int, userid: str) -> Answer:
    world = call.world
    if target == SESSION_ASSISTANT:
        kf.to_assistant(world, session)
        return {}
    if target == SESSION_POOL:
        kf.to_pool(world, session)
    elif target == SESSION_SERVICER:
        kf.serve(world, session, userid)
    else:
        kf.end(session)
    if target in session.coded:
        return {}
    if target != SESSION_ENDED:
        session.coded.append(target)
    return {"msg_code": kf.new_code(world, session, state=target)}
