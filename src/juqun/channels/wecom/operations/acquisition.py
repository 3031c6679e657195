"""Acquisition links (获客助手): paid links that lead to a friendship. Only a self-built app may use them."""

from collections.abc import Iterator, Sequence
from datetime import date, timedelta

from juqun.channels.wecom import endpoints, mappers, rules
from juqun.channels.wecom.client import get_client
from juqun.channels.wecom.endpoints import Endpoint
from juqun.channels.wecom.types import AcquisitionLink, AcquisitionQuota, LinkChatStatus, LinkCustomer, LinkStatistic
from juqun.kernel import clock

MAX_NAME = 30
MAX_USERS = 500
LINKS_PER_PAGE = 100
CUSTOMERS_PER_PAGE = 1_000
_CHAT_STATUS = {0: LinkChatStatus.SILENT, 1: LinkChatStatus.WROTE, 2: LinkChatStatus.UNKNOWN}


def create_acquisition_link(
    *, name: str, userids: Sequence[str], department_ids: Sequence[int] = (), skip_verify: bool = True
) -> AcquisitionLink:
    """Make a link for at most 500 people in all.

    Raises WecomUnknownOutcomeError when the answer is lost: look through `iter_acquisition_link_ids` before making another.
    """
    endpoint = endpoints.ACQUISITION_CREATE
    body = _body(endpoint, name, userids, department_ids, skip_verify=skip_verify)
    answer = get_client().call(endpoint, body)
    with mappers.reading(endpoint):
        row = {"skip_verify": skip_verify, **answer["link"]}
        return _link(row, {"user_list": userids, "department_list": department_ids})


def update_acquisition_link(
    *, link_id: str, name: str, userids: Sequence[str], department_ids: Sequence[int] = (), skip_verify: bool = True
) -> None:
    """Set name, people and verification of a link; the people replace the old ones."""
    endpoint = endpoints.ACQUISITION_UPDATE
    body = _body(endpoint, name, userids, department_ids, skip_verify=skip_verify)
    get_client().call(endpoint, {"link_id": link_id, **body})


def delete_acquisition_link(*, link_id: str) -> None:
    """Delete a link; its address stops working at once."""
    get_client().call(endpoints.ACQUISITION_DELETE, {"link_id": link_id})


def get_acquisition_link(*, link_id: str) -> AcquisitionLink:
    """Read a link as WeCom has it."""
    endpoint = endpoints.ACQUISITION_GET
    answer = get_client().call(endpoint, {"link_id": link_id})
    with mappers.reading(endpoint):
        return _link({"link_id": link_id, **answer["link"]}, answer.get("range") or {})


def iter_acquisition_link_ids() -> Iterator[str]:
    """Read the ids of all links, 100 to a page."""
    endpoint = endpoints.ACQUISITION_LIST
    for page in get_client().pages(endpoint, {"limit": LINKS_PER_PAGE}):
        with mappers.reading(endpoint):
            found = [str(link_id) for link_id in page.get("link_id_list") or ()]
        yield from found


def iter_link_customers(*, link_id: str) -> Iterator[LinkCustomer]:
    """Read who came through a link, 1,000 to a page."""
    endpoint = endpoints.ACQUISITION_CUSTOMERS
    for page in get_client().pages(endpoint, {"link_id": link_id, "limit": CUSTOMERS_PER_PAGE}):
        with mappers.reading(endpoint):
            found = [
                LinkCustomer(
                    external_userid=row["external_userid"],
                    userid=row["userid"],
                    chat_status=_CHAT_STATUS[int(row["chat_status"])],
                    state=row.get("state") or "",
                )
                for row in page.get("customer_list") or ()
            ]
        yield from found


def get_link_statistic(*, link_id: str, first_day: date, last_day: date) -> LinkStatistic:
    """Count clicks and new customers of a link over at most 30 days of the last 180, both days included."""
    endpoint = endpoints.ACQUISITION_STATISTIC
    rules.check_days(endpoint, first_day, last_day)
    start, end = clock.start_of_day(first_day), clock.start_of_day(last_day + timedelta(days=1))
    span = {"start_time": int(start.timestamp()), "end_time": int(end.timestamp()) - 1}
    answer = get_client().call(endpoint, {"link_id": link_id, **span})
    with mappers.reading(endpoint):
        return LinkStatistic(
            clicks=int(answer["click_link_customer_cnt"]), new_customers=int(answer["new_customer_cnt"])
        )


def get_acquisition_quota() -> AcquisitionQuota:
    """Read how many customers may still be gained by links, and when unused ones are lost."""
    endpoint = endpoints.ACQUISITION_QUOTA
    answer = get_client().call(endpoint)
    with mappers.reading(endpoint):
        return AcquisitionQuota(
            total=int(answer["total"]),
            balance=int(answer["balance"]),
            expiring=tuple(
                (mappers.instant(row["expire_date"]), int(row["balance"])) for row in answer.get("quota_list") or ()
            ),
        )


def _body(
    endpoint: Endpoint, name: str, userids: Sequence[str], department_ids: Sequence[int], *, skip_verify: bool
) -> dict[str, object]:
    rules.check_count(endpoint, "characters in the name", len(name), most=MAX_NAME)
    rules.check_count(endpoint, "people", len(userids), most=MAX_USERS, least=0 if department_ids else 1)
    people = {"user_list": list(userids), "department_list": list(department_ids)}
    return {"link_name": name, "range": people, "skip_verify": skip_verify}


def _link(row: mappers.Json, people: mappers.Json) -> AcquisitionLink:
    return AcquisitionLink(
        link_id=row["link_id"],
        name=row["link_name"],
        url=row["url"],
        created_at=mappers.instant(row["create_time"]),
        skip_verify=bool(row.get("skip_verify", True)),
        userids=tuple(people.get("user_list") or ()),
        department_ids=tuple(int(one) for one in people.get("department_list") or ()),
    )
