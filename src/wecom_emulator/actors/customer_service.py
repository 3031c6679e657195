"""Customer service by hand: customers enter, write and recall; servicers take, write and end; the admin sets accounts up."""

from typing import Any
from urllib.parse import SplitResult, parse_qs, urlsplit

from wecom_emulator.actors.verbs import Action, Result, fields_of, number, numbers, switch, text, texts, verb
from wecom_emulator.errors import ActorError
from wecom_emulator.rules import kf, kf_client, kf_staffing
from wecom_emulator.rules.friendships import person_of, staff_of
from wecom_emulator.rules.kf_incoming import Incoming, composed
from wecom_emulator.state.kf import (
    ORIGIN_CUSTOMER,
    ORIGIN_SERVICER,
    SESSION_POOL,
    STATUS_SERVING,
    STATUS_STOPPED,
    KfAccount,
    KfSession,
    KfUpgradeRanges,
)
from wecom_emulator.world import World

SCENE_PARAM_BYTES = 128
STATUSES = {"serving": (STATUS_SERVING, 0), "stopped": (STATUS_STOPPED, 0), "away": (STATUS_STOPPED, 1)}
MOST_ORDERS = 1000


def _channels(action: Action) -> dict[str, Any] | None:
    given = fields_of(action, "wechat_channels")
    if not given:
        return None
    scene = number(given, "scene", default=1)
    if not 1 <= scene <= 5:
        raise ActorError("bad_field", "'scene' of wechat_channels is 1..5", status=400)
    name = "nickname" if scene <= 3 else "shop_nickname"
    return {name: text(given, name, required=False), "scene": scene}


def _split(url: str) -> SplitResult:
    try:
        return urlsplit(url)
    except ValueError as error:
        raise ActorError("unknown_kf_link", f"the link cannot be read: {error}", status=404) from error


def _enter_by_url(world: World, customer: str, url: str, action: Action) -> tuple[KfAccount, bool, str | None]:
    """Open a link. An altered one opens the chat of its account without an event, as on WeChat."""
    parts = _split(url)
    query, page = parse_qs(parts.query), parts.path.rsplit("/", 1)[-1]
    account = next((item for item in world.corp.kf_accounts.values() if kf.page_of(item.open_kfid) == page), None)
    if account is None:
        raise ActorError("unknown_kf_link", "no account has this link: take it from kf/add_contact_way", status=404)
    old_form = "encScene" in query
    link = world.corp.kf_links.get(query.get("encScene" if old_form else "enc_scene", [""])[0])
    if link is None or link.open_kfid != account.open_kfid:
        return account, False, None
    scene_param = query.get("scene_param", [""])[0] if link.scene and not old_form else ""
    if len(scene_param.encode()) > SCENE_PARAM_BYTES:
        scene_param = ""
    code = kf.enter(
        world, customer, account=account, scene=link.scene, scene_param=scene_param, channels=_channels(action)
    )
    return account, True, code


@verb("customer", "enter_kf")
def _enter_kf(world: World, customer: str, action: Action) -> Result:
    person_of(world, customer)
    url, told = text(action, "url", required=False), True
    if url:
        account, told, code = _enter_by_url(world, customer, url, action)
    else:
        account = kf.account_of(world, text(action, "open_kfid"))
        code = kf.enter(
            world,
            customer,
            account=account,
            scene=text(action, "scene", required=False),
            scene_param=text(action, "scene_param", required=False),
            channels=_channels(action),
        )
    return {"open_kfid": account.open_kfid, "welcome_code_issued": code is not None, "event": told}


def _message(world: World, action: Action) -> Incoming:
    msgtype = text(action, "msgtype", required=False) or "text"
    if msgtype == "text":
        return Incoming(msgtype="text", body={"content": text(action, "text")})
    return composed(world, msgtype, fields_of(action, "message"))


def write_to_kf(world: World, customer: str, action: Action) -> Result:
    """Let a customer write to an account: `text`, or `msgtype` with the fields of `message`."""
    account = kf.account_of(world, text(action, "open_kfid"))
    menu_id, message = text(action, "menu_id", required=False), _message(world, action)
    if menu_id and message.msgtype == "text":
        message.body["menu_id"] = menu_id
    msgid = kf.write(
        world, customer, account=account, msgtype=message.msgtype, body=message.body, voices=message.voices
    )
    return {"msgid": msgid}


def _menu_item(world: World, customer: str, open_kfid: str, menu_id: str) -> str:
    """Return the shown text of a click item in the customer's latest menus of an account."""
    for letter in reversed(person_of(world, customer).inbox):
        if letter.get("from") != open_kfid:
            continue
        for attachment in letter.get("attachments", []):
            for item in attachment.get("msgmenu", {}).get("list", []):
                if item.get("type") == "click" and item["click"]["id"] == menu_id:
                    return str(item["click"]["content"])
    raise ActorError("unknown_menu_item", "no menu in this customer's chat has such an item", status=404)


@verb("customer", "kf_click")
def _click(world: World, customer: str, action: Action) -> Result:
    account, menu_id = kf.account_of(world, text(action, "open_kfid")), text(action, "menu_id")
    body = {"content": _menu_item(world, customer, account.open_kfid, menu_id), "menu_id": menu_id}
    return {"msgid": kf.write(world, customer, account=account, msgtype="text", body=body)}


@verb("customer", "kf_recall")
def _recall_own(world: World, customer: str, action: Action) -> Result:
    account, msgid = kf.account_of(world, text(action, "open_kfid")), text(action, "msgid")
    kf_client.recall(world, account, msgid, by=person_of(world, customer).external_userid, origin=ORIGIN_CUSTOMER)
    return {"msgid": msgid}


@verb("customer", "kf_refuse")
def _refuse_account(world: World, customer: str, action: Action) -> Result:
    account, refuses = kf.account_of(world, text(action, "open_kfid")), switch(action, "refuses", default=True)
    session = kf.session_of(world, account.open_kfid, person_of(world, customer).external_userid)
    session.refused_by_customer = refuses
    return {"refuses": refuses}


@verb("customer", "kf_accept_upgrade")
def _accept_upgrade(world: World, customer: str, action: Action) -> Result:
    account = kf.account_of(world, text(action, "open_kfid"))
    session = kf.session_of(world, account.open_kfid, person_of(world, customer).external_userid)
    upgrade = kf_client.accept(world, session)
    return {"type": upgrade.type, "target": upgrade.target}


def _session(world: World, userid: str, action: Action) -> tuple[KfAccount, KfSession]:
    staff_of(world, userid)
    account = kf.account_of(world, text(action, "open_kfid"))
    customer = person_of(world, text(action, "external_userid"))
    return account, kf.session_of(world, account.open_kfid, customer.external_userid)


@verb("staff", "kf_take")
def _take(world: World, userid: str, action: Action) -> Result:
    account, session = _session(world, userid, action)
    kf_client.take(world, account, session, userid)
    return {"service_state": session.state}


@verb("staff", "kf_write")
def _write_as_servicer(world: World, userid: str, action: Action) -> Result:
    account, session = _session(world, userid, action)
    message = _message(world, action)
    msgid = kf_client.write(
        world, account, session, userid, msgtype=message.msgtype, body=message.body, voices=message.voices
    )
    return {"msgid": msgid, "service_state": session.state}


@verb("staff", "kf_transfer")
def _transfer(world: World, userid: str, action: Action) -> Result:
    account, session = _session(world, userid, action)
    kf_client.hand_on(world, account, session, userid, text(action, "to_userid"))
    return {"servicer_userid": session.servicer_userid}


@verb("staff", "kf_end")
def _end(world: World, userid: str, action: Action) -> Result:
    account, session = _session(world, userid, action)
    kf_client.finish(world, account, session, userid)
    return {"service_state": session.state}


@verb("staff", "kf_recall")
def _recall_as_servicer(world: World, userid: str, action: Action) -> Result:
    staff_of(world, userid)
    account, msgid = kf.account_of(world, text(action, "open_kfid")), text(action, "msgid")
    kf_client.recall(world, account, msgid, by=userid, origin=ORIGIN_SERVICER)
    return {"msgid": msgid}


@verb("staff", "kf_status")
def _set_status(world: World, userid: str, action: Action) -> Result:
    staff_of(world, userid)
    account, wanted = kf.account_of(world, text(action, "open_kfid")), text(action, "to")
    if wanted not in STATUSES:
        raise ActorError("bad_field", f"'to' is one of {', '.join(STATUSES)}", status=400)
    status, stop_type = STATUSES[wanted]
    return {"changed": kf_staffing.set_status(world, account, userid, status=status, stop_type=stop_type)}


@verb("staff", "kf_refuse")
def _refuse_customer(world: World, userid: str, action: Action) -> Result:
    account, session = _session(world, userid, action)
    refuses = switch(action, "refuses", default=True)
    return {"changed": kf_client.refuse(world, account, session, userid, refuses=refuses)}


@verb("staff", "kf_upgrade")
def _upgrade(world: World, userid: str, action: Action) -> Result:
    account, session = _session(world, userid, action)
    return {"msgid": kf_client.invite(world, account, session, userid)}


@verb("staff", "kf_sessions")
def _sessions(world: World, userid: str, action: Action) -> Result:
    staff_of(world, userid)
    account = kf.account_of(world, text(action, "open_kfid"))
    kf_staffing.servicer_of(world, account, userid)
    shown = []
    for session in world.corp.kf_sessions_of(account.open_kfid):
        kf.settle(world, session)
        if session.state == SESSION_POOL or session.servicer_userid == userid:
            upgrade = session.upgrade
            hint = upgrade and {"type": upgrade.type, "target": upgrade.target, "wording": upgrade.wording}
            shown.append({"external_userid": session.external_userid, "service_state": session.state, "upgrade": hint})
    return {"sessions": shown}


@verb("admin", "kf_account")
def _set_up(world: World, _: str, action: Action) -> Result:
    account = kf.account_of(world, text(action, "open_kfid"))
    if "managers" in action:
        account.managers = None if action["managers"] is None else numbers(action, "managers")
    account.manage_privilege = switch(action, "api_managed", default=account.manage_privilege)
    account.smart_reply = switch(action, "smart_reply", default=account.smart_reply)
    if "native_welcome" in action:
        account.native_welcome = text(action, "native_welcome", required=False)
    return {
        "open_kfid": account.open_kfid,
        "api_managed": account.manage_privilege,
        "managers": account.managers,
        "native_welcome": account.native_welcome,
        "smart_reply": account.smart_reply,
    }


@verb("admin", "kf_upgrade_ranges")
def _set_ranges(world: World, _: str, action: Action) -> Result:
    userids, departments = texts(action, "userids"), numbers(action, "departments")
    chat_ids = texts(action, "chat_ids")
    ranges = KfUpgradeRanges(userids=userids, departments=departments, chat_ids=chat_ids)
    world.corp.kf_upgrade_ranges["console"] = ranges
    return {"userids": ranges.userids, "departments": ranges.departments, "chat_ids": ranges.chat_ids}


@verb("admin", "kf_empty_pages")
def _order_empty_pages(world: World, _: str, action: Action) -> Result:
    account, times = kf.account_of(world, text(action, "open_kfid")), number(action, "times", default=1)
    if not 0 <= times <= MOST_ORDERS:
        raise ActorError("bad_field", f"'times' is 0..{MOST_ORDERS}", status=400)
    account.empty_pages = times
    return {"times": times}


@verb("admin", "kf_fail_next")
def _order_failures(world: World, _: str, action: Action) -> Result:
    account, times = kf.account_of(world, text(action, "open_kfid")), number(action, "times", default=1)
    fail_type = number(action, "fail_type", default=13)
    if not 0 <= times <= MOST_ORDERS or fail_type < 1:
        raise ActorError("bad_field", f"'times' is 0..{MOST_ORDERS} and 'fail_type' at least 1", status=400)
    account.fail_next = [fail_type] * times
    return {"fail_type": fail_type, "times": times}
