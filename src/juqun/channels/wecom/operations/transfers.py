"""Handing customers and groups to somebody else: asking for it, and reading what became of it.

A customer is taken over 24 hours after the request unless they refuse; one customer may be handed over twice in 90 days.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from juqun.channels.wecom import endpoints, mappers, rules
from juqun.channels.wecom.client import get_client
from juqun.channels.wecom.endpoints import Endpoint
from juqun.channels.wecom.errors import WecomCredentialError, WecomLimitError, WecomRefusedError
from juqun.channels.wecom.types import (
    TransferOutcome,
    TransferProgress,
    TransferStart,
    TransferStatus,
    UnassignedContact,
)

MAX_TRANSFERS = 100
MAX_MESSAGE_CHARACTERS = 200
UNASSIGNED_PER_PAGE = 1000

_STARTS: Mapping[int, TransferStart] = {
    0: TransferStart.STARTED,
    40100: TransferStart.RUNNING,
    40099: TransferStart.TAKER_FULL,
    40098: TransferStart.TAKER_UNFIT,
    84083: TransferStart.TAKER_UNFIT,
    60011: TransferStart.TAKER_UNFIT,
    40097: TransferStart.GIVER_PRESENT,
    90500: TransferStart.GIVER_PRESENT,
    40128: TransferStart.QUOTA,
    90507: TransferStart.QUOTA,
    90508: TransferStart.QUOTA,
    40096: TransferStart.NOT_A_CONTACT,
    84061: TransferStart.NOT_A_CONTACT,
    90501: TransferStart.NOT_A_CONTACT,
    90502: TransferStart.NOT_A_CONTACT,
    41063: TransferStart.NOT_A_CONTACT,
}
_STATUSES: Mapping[int, TransferStatus] = {
    1: TransferStatus.DONE,
    2: TransferStatus.WAITING,
    3: TransferStatus.REFUSED,
    4: TransferStatus.TAKER_FULL,
    5: TransferStatus.NONE,
}


def transfer_customers(
    *, from_userid: str, to_userid: str, external_userids: Sequence[str], has_left: bool, message: str = ""
) -> list[TransferOutcome]:
    """Ask WeCom to hand 1..100 customers of one member of staff to another; one outcome per customer, in their order.

    `has_left`: the giver has left the company; then no `message` (at most 200 characters, shown to the customer) can go
    with it. A refusal of the whole call is told of each customer. Raises WecomLimitError, and WecomUnknownOutcomeError when
    the answer is lost: read `iter_transfer_results` before asking again.
    """
    endpoint = endpoints.RESIGNED_TRANSFER_CUSTOMER if has_left else endpoints.TRANSFER_CUSTOMER
    rules.check_count(endpoint, "customers", len(external_userids), most=MAX_TRANSFERS)
    if len(message) > MAX_MESSAGE_CHARACTERS:
        raise WecomLimitError(endpoint=endpoint.path, detail=f"message longer than {MAX_MESSAGE_CHARACTERS} characters")
    body: dict[str, Any] = {
        "handover_userid": from_userid,
        "takeover_userid": to_userid,
        "external_userid": list(external_userids),
    }
    if message and not has_left:
        body["transfer_success_msg"] = message
    return _ask(endpoint, body, external_userids, rows="customer", key="external_userid", unnamed=TransferStart.REFUSED)


def iter_transfer_results(*, from_userid: str, to_userid: str, has_left: bool) -> Iterator[TransferProgress]:
    """Read where all transfers from one member of staff to another stand."""
    endpoint = endpoints.RESIGNED_TRANSFER_RESULT if has_left else endpoints.TRANSFER_RESULT
    body = {"handover_userid": from_userid, "takeover_userid": to_userid}
    for page in get_client().pages(endpoint, body):
        with mappers.reading(endpoint):
            found = [
                TransferProgress(
                    external_userid=row["external_userid"],
                    status=_STATUSES[int(row["status"])],
                    taken_over_at=mappers.instant(row["takeover_time"]) if row.get("takeover_time") else None,
                )
                for row in page.get("customer", ())
            ]
        yield from found


def iter_unassigned() -> Iterator[UnassignedContact]:
    """List the customers of staff who have left who were given to nobody yet."""
    endpoint = endpoints.UNASSIGNED_LIST
    for page in get_client().pages(endpoint, {"page_size": UNASSIGNED_PER_PAGE}):
        with mappers.reading(endpoint):
            found = [
                UnassignedContact(
                    userid=row["handover_userid"],
                    external_userid=row["external_userid"],
                    left_at=mappers.instant(row["dimission_time"]),
                )
                for row in page.get("info", ())
            ]
        yield from found


def transfer_groups(*, to_userid: str, chat_ids: Sequence[str], has_left: bool) -> list[TransferOutcome]:
    """Make `to_userid` the owner of 1..100 groups at once; one outcome per group, in their order.

    `has_left`: the present owner has left (a year ago at most). A group changes hands twice in 90 days at most, and one person
    takes 300 a day at most. WeCom names only those that failed. Raises as `transfer_customers` does; after a lost answer
    read the groups' owners.
    """
    endpoint = endpoints.GROUP_TRANSFER_RESIGNED if has_left else endpoints.GROUP_TRANSFER_ON_JOB
    rules.check_count(endpoint, "groups", len(chat_ids), most=MAX_TRANSFERS)
    body = {"chat_id_list": list(chat_ids), "new_owner": to_userid}
    return _ask(endpoint, body, chat_ids, rows="failed_chat_list", key="chat_id", unnamed=TransferStart.STARTED)


def _ask(
    endpoint: Endpoint, body: Mapping[str, Any], asked: Sequence[str], *, rows: str, key: str, unnamed: TransferStart
) -> list[TransferOutcome]:
    try:
        answer = get_client().call(endpoint, body)
    except (WecomRefusedError, WecomCredentialError) as refused:
        if refused.errcode not in _STARTS:
            raise
        start = _STARTS[refused.errcode]
        return [TransferOutcome(key=one, start=start, errcode=refused.errcode, detail=refused.detail) for one in asked]
    with mappers.reading(endpoint):
        found = {str(row[key]): (int(row["errcode"]), str(row.get("errmsg", ""))) for row in answer.get(rows) or ()}
    return [
        TransferOutcome(
            key=one,
            start=_STARTS.get(found[one][0], TransferStart.REFUSED) if one in found else unnamed,
            errcode=found[one][0] if one in found else 0,
            detail=found[one][1][:200] if one in found else "",
        )
        for one in asked
    ]
