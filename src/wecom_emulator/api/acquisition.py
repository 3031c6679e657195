"""Acquisition links: externalcontact/customer_acquisition/* and externalcontact/customer_acquisition_quota."""

from datetime import timedelta
from typing import Any

from wecom_emulator.api.call import Answer, Call, get, post
from wecom_emulator.clock import EARLIEST, LATEST, china_date
from wecom_emulator.errors import WeComError
from wecom_emulator.rules import acquisition
from wecom_emulator.rules.friendships import can_serve
from wecom_emulator.rules.payload import object_of
from wecom_emulator.state.acquisition import CHAT_SILENT, CHAT_UNKNOWN, AcquisitionLink, LinkCustomer

PEOPLE_MOST = 500
NAME_MOST = 30
DAY = 86_400


def _self_built(call: Call) -> None:
    """Raise WeComError 48002 unless a self-built app calls; the system secrets may not use links."""
    if call.app.kind != "app":
        raise WeComError(48002)


def _find(call: Call) -> AcquisitionLink:
    _self_built(call)
    link = call.corp.acquisition_links.get(call.text("link_id", missing=40063))
    if link is None:
        raise WeComError(40058, "invalid Request Parameter: link_id")
    return link


def _checked_people(call: Call, users: object, departments: object) -> None:
    """Raise WeComError when a range is empty, too wide, or names somebody who cannot take customers."""
    corp = call.corp
    if not isinstance(users, list) or not all(isinstance(item, str) for item in users):
        raise WeComError(40058, "invalid Request Parameter: user_list should be a list of strings")
    if not isinstance(departments, list) or not all(isinstance(item, int) for item in departments):
        raise WeComError(40058, "invalid Request Parameter: department_list should be a list of integers")
    if not users and not departments:
        raise WeComError(40063)
    for userid in users:
        if not can_serve(call.member(userid, unknown=40003)):
            raise WeComError(84074)
    if any(item not in corp.departments for item in departments):
        raise WeComError(40066)
    wanted = set(departments)
    expanded = {item.userid for item in corp.staff.values() if corp.under(item, wanted)} if wanted else set()
    if len(expanded | set(users)) > PEOPLE_MOST:
        raise WeComError(41041, f"the range of a link has at most {PEOPLE_MOST} members")


def _range(call: Call) -> tuple[list[str], list[int]]:
    given = object_of(call.body.get("range"), "range")
    users, departments = given.get("user_list") or [], given.get("department_list") or []
    _checked_people(call, users, departments)
    return list(dict.fromkeys(users)), list(dict.fromkeys(departments))


def _priority(call: Call) -> tuple[int, list[str]]:
    given = object_of(call.body.get("priority_option"), "priority_option")
    kind, users = given.get("priority_type", 0), given.get("priority_userid_list") or []
    if kind not in (0, 1, 2) or not isinstance(users, list) or not all(isinstance(item, str) for item in users):
        raise WeComError(40058, "invalid Request Parameter: priority_option")
    return kind, users


def _brief(link: AcquisitionLink) -> dict[str, Any]:
    return {
        "link_id": link.link_id,
        "link_name": link.link_name,
        "url": link.url,
        "create_time": link.create_time,
    }


@post("externalcontact/customer_acquisition/list_link", "customer")
def list_links(call: Call) -> Answer:
    """Answer list_link: ids of the links, 100 a page."""
    _self_built(call)
    page, cursor = call.page(list(call.corp.acquisition_links), limit=call.limit(default=100, most=100))
    return {"link_id_list": page, "next_cursor": cursor}


@post("externalcontact/customer_acquisition/get", "customer")
def get_link(call: Call) -> Answer:
    """Answer get: the link with its range."""
    link = _find(call)
    shown = {**_brief(link), "skip_verify": link.skip_verify, "mark_source": link.mark_source}
    answer: Answer = {
        "link": shown,
        "range": {"user_list": link.user_list, "department_list": link.department_list},
    }
    if link.priority_type:
        option = {"priority_type": link.priority_type, "priority_userid_list": link.priority_userids}
        answer["priority_option"] = option
    return answer


@post("externalcontact/customer_acquisition/create_link", "customer")
def create_link(call: Call) -> Answer:
    """Answer create_link: a link for at most 500 people."""
    _self_built(call)
    name = call.text("link_name", missing=40063, most=NAME_MOST)
    users, departments = _range(call)
    priority, preferred = _priority(call)
    skip, mark = call.flag("skip_verify", default=True), call.flag("mark_source", default=True)
    link_id = call.corp.new_id("link", "caw", length=22)
    link = AcquisitionLink(
        link_id=link_id,
        link_name=name,
        url=acquisition.LINK_URL.format(link_id=link_id),
        create_time=call.world.clock.seconds(),
        skip_verify=skip,
        mark_source=mark,
        user_list=users,
        department_list=departments,
        priority_type=priority,
        priority_userids=preferred,
        created_by=call.app.agent_id,
    )
    call.corp.acquisition_links[link_id] = link
    return {"link": _brief(link)}


@post("externalcontact/customer_acquisition/update_link", "customer")
def update_link(call: Call) -> Answer:
    """Answer update_link: what is given changes; a given range replaces the old one."""
    link = _find(call)
    name = call.text("link_name", most=NAME_MOST)
    users, departments = _range(call) if call.has("range") else (link.user_list, link.department_list)
    priority = _priority(call) if call.has("priority_option") else (link.priority_type, link.priority_userids)
    skip, mark = call.flag("skip_verify", default=link.skip_verify), call.flag("mark_source", default=link.mark_source)
    link.link_name = name or link.link_name
    link.user_list, link.department_list = users, departments
    link.priority_type, link.priority_userids = priority
    link.skip_verify, link.mark_source = skip, mark
    return {}


@post("externalcontact/customer_acquisition/delete_link", "customer")
def delete_link(call: Call) -> Answer:
    """Answer delete_link; the url stops working at once."""
    link = _find(call)
    del call.corp.acquisition_links[link.link_id]
    if call.settings.api_changes_emit_events:
        acquisition.note_deleted(call.world, link)
    return {}


def _customer(call: Call, customer: LinkCustomer) -> dict[str, Any]:
    gone = call.corp.friendship(customer.userid, customer.external_userid) is None
    status = CHAT_UNKNOWN if gone and customer.chat_status == CHAT_SILENT else customer.chat_status
    return {
        "external_userid": customer.external_userid,
        "userid": customer.userid,
        "chat_status": status,
        "state": customer.state,
    }


@post("externalcontact/customer_acquisition/customer", "customer")
def list_link_customers(call: Call) -> Answer:
    """Answer customer: who came through a link; chat_status 0 silent, 1 wrote, 2 unknown (no friend any more)."""
    link = _find(call)
    page, cursor = call.page(list(link.customers.values()), limit=call.limit(default=1000, most=1000))
    return {"customer_list": [_customer(call, item) for item in page], "next_cursor": cursor}


@post("externalcontact/customer_acquisition/statistic", "customer")
def link_statistic(call: Call) -> Answer:
    """Answer statistic: clicks and new customers over at most 30 days of the last 180; 600018 otherwise."""
    link = _find(call)
    start, end, now = call.integer("start_time", 0), call.integer("end_time", 0), call.world.clock.seconds()
    if not (EARLIEST <= start <= end <= LATEST) or end - start > 30 * DAY or start < now - 180 * DAY:
        raise WeComError(600018)
    first, last = china_date(start).date(), china_date(end).date()
    spans = [first + timedelta(days=number) for number in range((last - first).days + 1)]
    days = [link.days[day.isoformat()] for day in spans if day.isoformat() in link.days]
    return {
        "click_link_customer_cnt": sum(len(day.clicked_by) for day in days),
        "new_customer_cnt": sum(day.new_customers for day in days),
    }


@get("externalcontact/customer_acquisition_quota", "customer")
def quota(call: Call) -> Answer:
    """Answer customer_acquisition_quota: what was bought, what is left, and when the rest is lost."""
    _self_built(call)
    now = call.world.clock.seconds()
    lots = [lot for lot in call.corp.quota_lots.values() if lot.expire_date > now]
    rows = [
        {"expire_date": lot.expire_date, "balance": lot.balance}
        for lot in sorted(lots, key=lambda lot: lot.expire_date)
        if lot.balance
    ]
    return {
        "total": sum(lot.bought for lot in call.corp.quota_lots.values()),
        "balance": acquisition.balance(call.world),
        "quota_list": rows,
    }
