"""Customer service (kf): the one channel on which WeCom lets a program answer a customer by itself.

Accounts, pulling messages, servicers, the state of sessions, customers; `customer_service_sends` holds what is sent.
"""

from collections.abc import Sequence

from juqun.channels.wecom import endpoints, mappers, rules
from juqun.channels.wecom.client import get_client
from juqun.channels.wecom.errors import WecomRefusedError
from juqun.channels.wecom.types import (
    KfAccount,
    KfCustomer,
    KfCustomers,
    KfPage,
    KfServicer,
    KfServicerResult,
    KfSession,
    KfState,
)

_ACCOUNTS_PER_PAGE = 100
_MESSAGES_PER_PAGE = 1000
_SERVICERS_PER_CALL = 100
_DEPARTMENTS_PER_CALL = 20
_CUSTOMERS_PER_CALL = 100


def kf_list_accounts() -> list[KfAccount]:
    """List the customer-service accounts; `can_manage` = this app may serve it."""
    endpoint, accounts = endpoints.KF_ACCOUNT_LIST, list[KfAccount]()
    while True:
        answer = get_client().call(endpoint, {"offset": len(accounts), "limit": _ACCOUNTS_PER_PAGE})
        with mappers.reading(endpoint):
            page = [
                KfAccount(
                    open_kfid=row["open_kfid"],
                    name=row.get("name") or "",
                    can_manage=bool(row.get("manage_privilege", True)),
                )
                for row in answer.get("account_list") or ()
            ]
        accounts += page
        if len(page) < _ACCOUNTS_PER_PAGE:
            return accounts


def kf_contact_link(*, open_kfid: str, scene: str = "") -> str:
    """Make a link that opens the account's chat; `scene` (at most 32 of 0-9a-zA-Z_-) comes back when the customer enters."""
    endpoint = endpoints.KF_CONTACT_LINK
    answer = get_client().call(
        endpoint, {"open_kfid": open_kfid, "scene": scene} if scene else {"open_kfid": open_kfid}
    )
    with mappers.reading(endpoint):
        return str(answer["url"])


def kf_sync_messages(*, open_kfid: str, token: str, cursor: str) -> KfPage:
    """Pull one page after `cursor` ("" = from 3 days ago). Run one pull at a time per account.

    `token` of the bell lives 10 minutes; a dead one (95007) is left out, which WeCom allows at a stricter, unpublished rate.
    Messages that we sent ourselves do not come back.
    """
    endpoint = endpoints.KF_SYNC
    body: dict[str, object] = {"open_kfid": open_kfid, "cursor": cursor, "limit": _MESSAGES_PER_PAGE}
    try:
        answer = get_client().call(endpoint, {**body, "token": token} if token else body)
    except WecomRefusedError as error:
        if error.errcode != rules.KF_TOKEN_OLD or not token:
            raise
        answer = get_client().call(endpoint, body)
    with mappers.reading(endpoint):
        return KfPage(
            messages=tuple(mappers.kf_message(row) for row in answer.get("msg_list") or ()),
            next_cursor=answer.get("next_cursor") or cursor,
            has_more=bool(answer.get("has_more")),
        )


def kf_list_servicers(*, open_kfid: str) -> list[KfServicer]:
    """List who serves an account: members with their state, and whole departments (expand these through the org tree)."""
    endpoint = endpoints.KF_SERVICER_LIST
    answer = get_client().call(endpoint, params={"open_kfid": open_kfid})
    with mappers.reading(endpoint):
        return [mappers.kf_servicer(row) for row in answer.get("servicer_list") or ()]


def kf_add_servicers(
    *, open_kfid: str, userids: Sequence[str] = (), department_ids: Sequence[int] = ()
) -> list[KfServicerResult]:
    """Let members and departments serve an account; one result per item, judge each by `is_done`. Safe to repeat.

    At most 2,000 members and 20 departments per account; members must be in the app's visible range.
    """
    return _change_servicers(endpoints.KF_SERVICER_ADD, open_kfid, userids, department_ids)


def kf_remove_servicers(
    *, open_kfid: str, userids: Sequence[str] = (), department_ids: Sequence[int] = ()
) -> list[KfServicerResult]:
    """Let members and departments serve an account no more; one result per item. Safe to repeat."""
    return _change_servicers(endpoints.KF_SERVICER_DELETE, open_kfid, userids, department_ids)


def _change_servicers(
    endpoint: endpoints.Endpoint, open_kfid: str, userids: Sequence[str], department_ids: Sequence[int]
) -> list[KfServicerResult]:
    parts: list[tuple[str, Sequence[str] | Sequence[int]]] = []
    for start in range(0, len(userids), _SERVICERS_PER_CALL):
        parts.append(("userid_list", userids[start : start + _SERVICERS_PER_CALL]))
    for start in range(0, len(department_ids), _DEPARTMENTS_PER_CALL):
        parts.append(("department_id_list", department_ids[start : start + _DEPARTMENTS_PER_CALL]))
    results: list[KfServicerResult] = []
    for name, items in parts:
        answer = get_client().call(endpoint, {"open_kfid": open_kfid, name: list(items)})
        with mappers.reading(endpoint):
            results += [mappers.kf_servicer_result(row) for row in answer["result_list"]]
    return results


def kf_get_session(*, open_kfid: str, external_userid: str) -> KfSession:
    """Read where a session stands. Read it before every move: a servicer may have moved it meanwhile."""
    endpoint = endpoints.KF_STATE_GET
    answer = get_client().call(endpoint, {"open_kfid": open_kfid, "external_userid": external_userid})
    with mappers.reading(endpoint):
        state = KfState(int(answer["service_state"]))
        servicer = answer.get("servicer_userid") or ""
    return KfSession(state=state, servicer_userid=servicer if state is KfState.SERVICER else "")


def kf_move_session(*, open_kfid: str, external_userid: str, state: KfState, servicer_userid: str = "") -> str:
    """Move a session to `state`, to a servicer for KfState.SERVICER; returns the code for one message on it, or "".

    The code comes with the first move of a session into the pool and to a servicer (48 h, text) and with its end (20 s,
    text or menu). No event tells of a move by the API. Raises WecomRefusedError with KfRefusal.NOT_SERVING or
    KfRefusal.MOVE_REFUSED, and WecomUnknownOutcomeError when the answer was lost: read the session, then decide.
    """
    body: dict[str, object] = {
        "open_kfid": open_kfid,
        "external_userid": external_userid,
        "service_state": int(state),
    }
    if state is KfState.SERVICER:
        body["servicer_userid"] = servicer_userid
    answer = get_client().call(endpoints.KF_STATE_MOVE, body)
    return str(answer.get("msg_code") or "")


def kf_customers(*, external_userids: Sequence[str]) -> KfCustomers:
    """Read customers by id, with their last entry within 48 h, which also makes good for a lost enter_session event."""
    endpoint, found, unknown = endpoints.KF_CUSTOMERS, list[KfCustomer](), list[str]()
    for start in range(0, len(external_userids), _CUSTOMERS_PER_CALL):
        some = list(external_userids[start : start + _CUSTOMERS_PER_CALL])
        answer = get_client().call(endpoint, {"external_userid_list": some, "need_enter_session_context": 1})
        with mappers.reading(endpoint):
            found += [mappers.kf_customer(row) for row in answer.get("customer_list") or ()]
            unknown += [str(item) for item in answer.get("invalid_external_userid") or ()]
    return KfCustomers(found=tuple(found), unknown=tuple(unknown))
