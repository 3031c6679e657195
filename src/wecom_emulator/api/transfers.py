"""Hand-over: externalcontact/{transfer_customer,transfer_result,get_unassigned_list}, resigned/*, groupchat/*transfer."""

from collections.abc import Iterator
from typing import Any

from wecom_emulator.api.call import Answer, Call, either, post
from wecom_emulator.errors import TEXTS, WeComError
from wecom_emulator.rules import transfers
from wecom_emulator.state.people import STAFF_LEFT, Staff
from wecom_emulator.state.transfers import TRANSFER_NONE, Transfer

PAGE = 1000
DEEPEST = 50_000
"""page_id times page_size stays below this; deeper pages need the cursor."""


def _left(call: Call, userid: str) -> Staff:
    """Return a visible staff member who has left; raises WeComError 41009, 40003, 40097 or 60011."""
    if not userid:
        raise WeComError(41009)
    staff = call.corp.staff.get(userid)
    if staff is None:
        raise WeComError(40003)
    if staff.status != STAFF_LEFT:
        raise WeComError(40097)
    if not call.corp.sees(call.app, staff):
        raise WeComError(60011)
    return staff


def _pair(call: Call, *, resigned: bool) -> tuple[Staff, Staff]:
    name = call.text("handover_userid", missing=41009)
    handover = _left(call, name) if resigned else call.member(name, unknown=40003)
    taker = call.licensed_member(call.text("takeover_userid", missing=41009), unknown=40003)
    if handover.userid == taker.userid:
        raise WeComError(40058, "invalid Request Parameter: handover_userid and takeover_userid are the same")
    return handover, taker


def _transfer(call: Call, *, resigned: bool) -> Answer:
    externals = call.texts("external_userid", most=100)
    if not externals:
        raise WeComError(41035)
    message = "" if resigned else call.text("transfer_success_msg", most=200)
    handover, taker = _pair(call, resigned=resigned)
    transfers.check_taker(taker)
    rows = []
    for external_userid in dict.fromkeys(externals):
        errcode = transfers.refusal_of(call.world, handover, taker, external_userid)
        if not errcode:
            transfers.start(call.world, handover, taker, external_userid, message=message)
        rows.append({"external_userid": external_userid, "errcode": errcode})
    return {"customer": rows}


@post("externalcontact/transfer_customer", "customer")
def transfer_customer(call: Call) -> Answer:
    """Answer transfer_customer: customers of somebody still employed are taken over after 24 h unless they refuse."""
    return _transfer(call, resigned=False)


@post("externalcontact/resigned/transfer_customer", "customer")
def transfer_resigned_customer(call: Call) -> Answer:
    """Answer resigned/transfer_customer; 40097 when the handover has not left."""
    return _transfer(call, resigned=True)


def _row(transfer: Transfer) -> dict[str, Any]:
    row = {"external_userid": transfer.external_userid, "status": transfer.status, "takeover_time": transfer.ends_at}
    if transfer.status == TRANSFER_NONE:
        del row["takeover_time"]
    return row


def _result(call: Call, *, resigned: bool) -> Answer:
    handover, taker = _pair(call, resigned=resigned)
    log = call.corp.transfers_of_pair.get(transfers.pair_key(handover.userid, taker.userid))
    latest: dict[str, Transfer] = {}
    for item in log.transfer_ids if log is not None else []:
        transfer = call.corp.transfers[item]
        if transfer.resigned == resigned:
            latest[transfer.external_userid] = transfer
    page, cursor = call.page([_row(item) for item in latest.values()], limit=PAGE)
    return {"customer": page, "next_cursor": cursor}


@post("externalcontact/transfer_result", "customer")
def transfer_result(call: Call) -> Answer:
    """Answer transfer_result: the latest transfer of each customer between two staff, 1000 a page."""
    return _result(call, resigned=False)


@post("externalcontact/resigned/transfer_result", "customer")
def resigned_transfer_result(call: Call) -> Answer:
    """Answer resigned/transfer_result."""
    return _result(call, resigned=True)


def _unassigned(call: Call) -> Iterator[dict[str, Any]]:
    """Yield the customers left behind that nobody is taking over, those of the latest leavers first."""
    corp = call.corp
    gone = [item for item in corp.staff.values() if item.status == STAFF_LEFT and corp.sees(call.app, item)]
    for staff in sorted(gone, key=lambda item: (-(item.left_at or 0), item.userid)):
        for external_userid in corp.friendships.get(staff.userid, {}):
            if transfers.waiting_transfer(call.world, staff.userid, external_userid) is None:
                yield {
                    "external_userid": external_userid,
                    "handover_userid": staff.userid,
                    "dimission_time": staff.left_at or 0,
                }


@either("externalcontact/get_unassigned_list", "customer")
def unassigned_list(call: Call) -> Answer:
    """Answer get_unassigned_list by page_id and page_size (product below 50,000) or by cursor, which wins."""
    page_id, size = call.integer("page_id", 0), call.integer("page_size", PAGE)
    size = size if 1 <= size <= PAGE else PAGE
    rows = list(_unassigned(call))
    if call.text("cursor") or not page_id:
        page, cursor = call.page(rows, limit=size)
        return {"info": page, "is_last": not cursor, "next_cursor": cursor}
    if page_id < 0 or page_id * size >= DEEPEST:
        raise WeComError(40058, "invalid Request Parameter: page_id * page_size should be below 50000, use cursor")
    start = page_id * size
    return {"info": rows[start : start + size], "is_last": start + size >= len(rows), "next_cursor": ""}


def _transfer_groups(call: Call, *, resigned: bool) -> Answer:
    chat_ids = call.texts("chat_id_list", most=100)
    if not chat_ids:
        raise WeComError(40063)
    taker = call.licensed_member(call.text("new_owner", missing=41009), unknown=40003)
    transfers.check_taker(taker)
    failed = []
    for chat_id in dict.fromkeys(chat_ids):
        chat = call.corp.chats.get(chat_id)
        owner = call.corp.staff.get(chat.owner) if chat is not None else None
        hidden = owner is not None and not call.corp.sees(call.app, owner)
        errcode = 60011 if hidden else transfers.group_refusal(call.world, chat, taker, resigned=resigned)
        if chat is None or errcode:
            failed.append({"chat_id": chat_id, "errcode": errcode, "errmsg": TEXTS.get(errcode, "unknown error")})
        else:
            transfers.hand_group_over(call.world, chat, taker, resigned=resigned)
    return {"failed_chat_list": failed}


@post("externalcontact/groupchat/transfer", "customer")
def transfer_groups(call: Call) -> Answer:
    """Answer groupchat/transfer: groups whose owner has left get a new one; 90500 when the owner works here."""
    return _transfer_groups(call, resigned=True)


@post("externalcontact/groupchat/onjob_transfer", "customer")
def transfer_groups_on_job(call: Call) -> Answer:
    """Answer groupchat/onjob_transfer: twice in 90 days per group, 300 groups a day per new owner."""
    return _transfer_groups(call, resigned=False)
