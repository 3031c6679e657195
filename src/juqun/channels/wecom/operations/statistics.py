"""WeCom's own counts. They are those of yesterday at the latest, and early in the morning yesterday may still be empty."""

from collections.abc import Iterator, Sequence
from datetime import date

from juqun.channels.wecom import endpoints, mappers, rules
from juqun.channels.wecom.client import get_client
from juqun.channels.wecom.types import DayGroupStatistic, GroupCounts, OwnerGroupStatistic, StaffBehavior
from juqun.kernel import clock

MAX_OWNERS = 100
OWNERS_PER_PAGE = 1_000


def list_staff_behavior(*, userid: str, first_day: date, last_day: date) -> list[StaffBehavior]:
    """Read what one member of staff did on each day of at most 30.

    One person to a call: for several, WeCom adds them up and does not say whose is what.
    """
    endpoint = endpoints.STAFF_BEHAVIOR
    rules.check_days(endpoint, first_day, last_day)
    span = {"start_time": _seconds(first_day), "end_time": _seconds(last_day)}
    answer = get_client().call(endpoint, {"userid": [userid], **span})
    with mappers.reading(endpoint):
        return [_behavior(userid, row) for row in answer["behavior_data"]]


def iter_group_statistics(
    *, owner_userids: Sequence[str], first_day: date, last_day: date
) -> Iterator[OwnerGroupStatistic]:
    """Read the totals of the groups of each owner (at most 100) over at most 30 days."""
    endpoint = endpoints.GROUP_CHAT_STATISTIC
    rules.check_count(endpoint, "owners", len(owner_userids), most=MAX_OWNERS)
    rules.check_days(endpoint, first_day, last_day)
    body: dict[str, object] = {**_group_span(owner_userids, first_day, last_day), "limit": OWNERS_PER_PAGE}
    client, offset = get_client(), 0
    while True:
        answer = client.call(endpoint, {**body, "offset": offset})
        with mappers.reading(endpoint):
            found = [OwnerGroupStatistic(owner=row["owner"], counts=_counts(row["data"])) for row in answer["items"]]
            total, offset = int(answer["total"]), int(answer["next_offset"])
        yield from found
        if not found or offset >= total:
            return


def list_group_statistics_by_day(
    *, owner_userids: Sequence[str], first_day: date, last_day: date
) -> list[DayGroupStatistic]:
    """Read the totals of the groups of all given owners (at most 100) together for each day of at most 30."""
    endpoint = endpoints.GROUP_CHAT_STATISTIC_BY_DAY
    rules.check_count(endpoint, "owners", len(owner_userids), most=MAX_OWNERS)
    rules.check_days(endpoint, first_day, last_day)
    answer = get_client().call(endpoint, _group_span(owner_userids, first_day, last_day))
    with mappers.reading(endpoint):
        return [DayGroupStatistic(day=_day(row["stat_time"]), counts=_counts(row["data"])) for row in answer["items"]]


def _seconds(day: date) -> int:
    return int(clock.start_of_day(day).timestamp())


def _day(seconds: object) -> date:
    return clock.business_day(mappers.instant(seconds))


def _group_span(owner_userids: Sequence[str], first_day: date, last_day: date) -> dict[str, object]:
    return {
        "day_begin_time": _seconds(first_day),
        "day_end_time": _seconds(last_day),
        "owner_filter": {"userid_list": list(owner_userids)},
    }


def _behavior(userid: str, row: mappers.Json) -> StaffBehavior:
    percent, minutes = row.get("reply_percentage"), row.get("avg_reply_time")
    return StaffBehavior(
        userid=userid,
        day=_day(row["stat_time"]),
        new_applications=int(row["new_apply_cnt"]),
        new_contacts=int(row["new_contact_cnt"]),
        chats=int(row["chat_cnt"]),
        messages=int(row["message_cnt"]),
        negative_feedback=int(row["negative_feedback_cnt"]),
        reply_percent=None if percent is None else float(percent),
        average_reply_minutes=None if minutes is None else int(minutes),
    )


def _counts(row: mappers.Json) -> GroupCounts:
    return GroupCounts(
        new_chats=int(row["new_chat_cnt"]),
        chats=int(row["chat_total"]),
        chats_with_messages=int(row["chat_has_msg"]),
        new_members=int(row["new_member_cnt"]),
        members=int(row["member_total"]),
        members_with_messages=int(row["member_has_msg"]),
        messages=int(row["msg_total"]),
    )
