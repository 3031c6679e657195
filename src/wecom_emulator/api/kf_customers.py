"""Customer service: customers in batches, upgrading them to a member or group, and the statistics of past days."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

from wecom_emulator.api.call import Answer, Call, get, post
from wecom_emulator.api.kf import customer_id, managed_account
from wecom_emulator.clock import CHINA, EARLIEST, LATEST, china_date
from wecom_emulator.errors import WeComError
from wecom_emulator.rules import kf, kf_days
from wecom_emulator.rules.friendships import can_serve
from wecom_emulator.rules.payload import object_of, string
from wecom_emulator.state.kf import (
    UPGRADE_GROUP,
    UPGRADE_MEMBER,
    KfDay,
    KfSession,
    KfUpgrade,
    KfUpgradeRanges,
    pair,
)

WORDING_BYTES = 1024
MOST_DAYS, OLDEST_DAYS = 31, 180


@post("kf/customer/batchget", "kf_read")
def batch_get_customers(call: Call) -> Answer:
    """Answer kf/customer/batchget; unknown ids are listed, not refused."""
    ids = call.texts("external_userid_list", most=100)
    if not ids:
        raise WeComError(40063)
    wants_context = call.flag("need_enter_session_context", default=False)
    known, unknown = [], []
    for external_userid in ids:
        person = call.corp.persons.get(external_userid)
        if person is None:
            unknown.append(external_userid)
            continue
        shown: dict[str, Any] = {
            "external_userid": external_userid,
            "nickname": person.name,
            "avatar": person.avatar,
            "gender": person.gender,
        }
        if person.unionid and call.settings.unionid_bound:
            shown["unionid"] = person.unionid
        if wants_context:
            _add_context(call, shown)
        known.append(shown)
    return {"customer_list": known, "invalid_external_userid": unknown}


def _add_context(call: Call, shown: dict[str, Any]) -> None:
    since = call.world.clock.now() - call.settings.kf_window_seconds
    entries: list[KfSession] = []
    for open_kfid in call.corp.kf_accounts:
        session = call.corp.kf_sessions.get(pair(open_kfid, shown["external_userid"]))
        if session is not None and session.entered_at > since:
            entries.append(session)
    if not entries:
        return
    last = max(entries, key=lambda session: session.entered_at)
    context: dict[str, Any] = {"scene": last.entered_scene, "scene_param": last.entered_scene_param}
    if last.entered_channels:
        context["wechat_channels"] = last.entered_channels
    shown["enter_session_context"] = context


def upgrade_ranges(call: Call) -> KfUpgradeRanges:
    """Return the console's ranges, empty ones before the admin set any."""
    return call.corp.kf_upgrade_ranges.get("console", KfUpgradeRanges())


@get("kf/customer/get_upgrade_service_config", "kf")
def get_upgrade_config(call: Call) -> Answer:
    """Answer kf/customer/get_upgrade_service_config."""
    ranges = upgrade_ranges(call)
    return {
        "member_range": {"userid_list": ranges.userids, "department_id_list": ranges.departments},
        "groupchat_range": {"chat_id_list": ranges.chat_ids},
    }


def _member_target(call: Call, given: dict[str, Any]) -> str:
    userid, ranges = string(given, "userid", most=64, required=True, missing=41009), upgrade_ranges(call)
    staff = call.corp.employed(userid)
    if staff is None:
        raise WeComError(60111)
    if userid not in ranges.userids and not call.corp.under(staff, set(ranges.departments)):
        raise WeComError(95021)
    if not can_serve(staff):
        raise WeComError(84074)
    return userid


def _group_target(call: Call, given: dict[str, Any]) -> str:
    chat_id = string(given, "chat_id", most=64, required=True)
    if chat_id not in upgrade_ranges(call).chat_ids:
        raise WeComError(95021)
    return chat_id


@post("kf/customer/upgrade_service", "kf")
def upgrade_customer(call: Call) -> Answer:
    """Answer kf/customer/upgrade_service: a hint to the servicer, nothing to the customer; 95021 outside the ranges."""
    account, external_userid, kind = managed_account(call), customer_id(call), call.integer("type", 0)
    if kind not in (UPGRADE_MEMBER, UPGRADE_GROUP):
        raise WeComError(40058, "invalid Request Parameter: type should be 1 or 2")
    name = "member" if kind == UPGRADE_MEMBER else "groupchat"
    given = object_of(call.body.get(name), name)
    target = (_member_target if kind == UPGRADE_MEMBER else _group_target)(call, given)
    wording = string(given, "wording", most=WORDING_BYTES)
    session = kf.session_of(call.world, account.open_kfid, external_userid)
    session.upgrade = KfUpgrade(type=kind, target=target, wording=wording)
    return {}


@post("kf/customer/cancel_upgrade_service", "kf")
def cancel_upgrade(call: Call) -> Answer:
    """Answer kf/customer/cancel_upgrade_service; the hint does not vanish by itself."""
    account, external_userid = managed_account(call), customer_id(call)
    kf.session_of(call.world, account.open_kfid, external_userid).upgrade = None
    return {}


def _days(call: Call) -> list[date]:
    """Return the asked days that are ready; raises WeComError 600018 for a range that is never answered."""
    start, end = call.integer("start_time", 0), call.integer("end_time", 0)
    if not (EARLIEST <= start <= LATEST and EARLIEST <= end <= LATEST):
        raise WeComError(600018)
    first, last, now = china_date(start).date(), china_date(end).date(), china_date(call.world.clock.now())
    yesterday = now.date() - timedelta(days=1)
    if first > last or last > yesterday or (last - first).days >= MOST_DAYS:
        raise WeComError(600018)
    if first < yesterday - timedelta(days=OLDEST_DAYS):
        raise WeComError(600018)
    days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
    ready = now.hour >= call.settings.kf_statistics_ready_hour
    return [day for day in days if ready or day != yesterday]


def _rows(call: Call, open_kfid: str, userid: str, shape: Callable[[KfDay], dict[str, Any]]) -> list[dict[str, Any]]:
    rows = []
    for day in _days(call):
        tally = call.corp.kf_days.get(pair(open_kfid, day.isoformat(), userid))
        if tally is not None:
            midnight = datetime(day.year, day.month, day.day, tzinfo=CHINA)
            rows.append({"stat_time": int(midnight.timestamp()), "statistic": shape(tally)})
    return rows


def _rates(**parts: tuple[int, int]) -> dict[str, float]:
    """Return the rates whose denominator is not 0; the others are absent."""
    return {name: round(part / whole, 4) for name, (part, whole) in parts.items() if whole}


def _account_shape(day: KfDay) -> dict[str, Any]:
    return {
        "session_cnt": day.sessions,
        "customer_cnt": len(day.customers),
        "customer_msg_cnt": sum(day.customers.values()),
        "upgrade_service_customer_cnt": len({*day.member_customers, *day.group_customers}),
        "ai_session_reply_cnt": day.assistant_sessions,
        "msg_rejected_customer_cnt": len(day.refused),
        **_rates(
            ai_transfer_rate=(day.assistant_transfers, day.assistant_sessions),
            ai_knowledge_hit_rate=(day.hits, day.questions),
        ),
    }


def _servicer_shape(day: KfDay) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "session_cnt": day.sessions,
        "customer_cnt": len(day.customers),
        "customer_msg_cnt": sum(day.customers.values()),
        "satisfaction_investgate_cnt": 0,
        "upgrade_service_customer_cnt": len({*day.member_customers, *day.group_customers}),
        "upgrade_service_member_invite_cnt": day.member_invites,
        "upgrade_service_member_customer_cnt": len(day.member_customers),
        "upgrade_service_groupchat_invite_cnt": day.group_invites,
        "upgrade_service_groupchat_customer_cnt": len(day.group_customers),
        "msg_rejected_customer_cnt": len(day.refused),
        **_rates(reply_rate=(day.replied, day.asked)),
    }
    if day.replied:
        shown["first_reply_average_sec"] = day.reply_seconds // day.replied
    return shown


@post("kf/get_corp_statistic", "kf")
def get_corp_statistic(call: Call) -> Answer:
    """Answer kf/get_corp_statistic: one row per day with data, yesterday from 06:00; 600018 for a bad range."""
    account = managed_account(call)
    return {"statistic_list": _rows(call, account.open_kfid, "", _account_shape)}


@post("kf/get_servicer_statistic", "kf")
def get_servicer_statistic(call: Call) -> Answer:
    """Answer kf/get_servicer_statistic: of one servicer, or of all together without servicer_userid."""
    account, userid = managed_account(call), call.text("servicer_userid")
    if userid and userid not in call.corp.staff:
        raise WeComError(60111)
    return {"statistic_list": _rows(call, account.open_kfid, userid or kf_days.EVERYBODY, _servicer_shape)}
