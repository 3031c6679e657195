"""What a staff member's phone shows beside conversations, and what lies ready to be scanned."""

from typing import Any

from wecom_emulator.actors import open_tasks
from wecom_emulator.phone import chats, people
from wecom_emulator.rules import kf, kf_staffing
from wecom_emulator.rules.friendships import staff_of
from wecom_emulator.state.kf import SESSION_POOL, STATUS_SERVING
from wecom_emulator.state.moments import MomentWall
from wecom_emulator.world import World

CODES = 200
TARGETS_NAMED = 50
NOTICES = 50
SESSIONS = 100


def staff_home(world: World, userid: str, wanted: str) -> dict[str, Any]:
    """Return a staff member's phone: customers, groups, tasks, notices, kf accounts, moments, requests."""
    staff, corp = staff_of(world, userid), world.corp
    wall = corp.moment_walls.get(userid) or MomentWall(userid=userid)
    notices = staff.inbox
    tail = notices.read_tail(NOTICES) if hasattr(notices, "read_tail") else list(enumerate(notices))[-NOTICES:]
    return {
        **people.staff_row(corp, userid),
        "corp": corp.name,
        "customers": people.friends_of_staff(corp, userid, wanted),
        "groups": sorted(chats.groups_of(world, userid), key=lambda row: -row["last"]["at"]),
        "tasks": [_task(world, row) for row in open_tasks(world, userid)],
        "notices": [row for _, row in tail][::-1],
        "desks": _desks(world, userid),
        "moments_waiting": len(wall.waiting),
        "requests": [
            {
                "external_userid": item.external_userid,
                "name": chats.name_of(world, item.external_userid),
                "half": item.half,
            }
            for item in corp.friend_requests.values()
            if item.userid == userid
        ],
        "templates": [{"template_id": item.template_id, "text": item.text} for item in corp.welcome_templates.values()],
        "tags": [
            {"id": tag.id, "name": tag.name, "group": group.group_name}
            for group in corp.tag_groups.values()
            for tag in group.tags
            if not tag.deleted
        ],
        "now": world.clock.seconds(),
    }


def _task(world: World, row: dict[str, Any]) -> dict[str, Any]:
    named = row["targets"][:TARGETS_NAMED]
    if row["chat_type"] == "group":
        names = [chat.name if (chat := world.corp.chats.get(item)) else item for item in named]
    else:
        persons = world.corp.persons.read_many(named)
        names = [persons[item].name if item in persons else item for item in named]
    count = len(row["targets"])
    return {**row, "targets": named, "names": names, "count": count}


def _desks(world: World, userid: str) -> list[dict[str, Any]]:
    found = []
    for account in world.corp.kf_accounts.values():
        staffing = kf_staffing.staffing_of(world, account.open_kfid)
        if kf_staffing.serves(world, staffing, userid):
            state = kf_staffing.state_of(staffing, userid)
            found.append(
                {
                    "open_kfid": account.open_kfid,
                    "name": account.name,
                    "status": "serving" if state.status == STATUS_SERVING else "away" if state.stop_type else "stopped",
                    "servicers": [item for item in _servicers(world, account.open_kfid) if item != userid],
                    "sessions": _sessions(world, account.open_kfid, userid),
                }
            )
    return found


def _sessions(world: World, open_kfid: str, userid: str) -> list[dict[str, Any]]:
    """The pool of an account, and what a servicer has or had."""
    shown: list[dict[str, Any]] = []
    for session in world.corp.kf_sessions_of(open_kfid):
        kf.settle(world, session)
        own = userid == session.servicer_userid or userid in session.former
        if session.state != SESSION_POOL and not own:
            continue
        shown.append(
            {
                "external_userid": session.external_userid,
                "name": chats.name_of(world, session.external_userid),
                "service_state": session.state,
                "servicer_userid": session.servicer_userid,
                "upgrade": session.upgrade is not None,
                "at": session.last_customer_at,
            }
        )
    return sorted(shown, key=lambda row: -row["at"])[:SESSIONS]


def _servicers(world: World, open_kfid: str) -> list[str]:
    return list(kf_staffing.staffing_of(world, open_kfid).userids)


def codes(world: World, wanted: str) -> dict[str, Any]:
    """Return what can be scanned or opened, the newest first: contact ways, join ways, links, kf accounts."""
    corp = world.corp
    rows: list[dict[str, Any]] = []
    for way in corp.contact_ways.values():
        rows.append(
            {
                "kind": "contact",
                "config_id": way.config_id,
                "remark": way.remark,
                "state": way.state,
                "at": way.created_at,
            }
        )
    for join in corp.join_ways.values():
        names = [corp.chats[item].name for item in join.chat_id_list if item in corp.chats]
        remark = join.remark or ", ".join(names)
        rows.append(
            {"kind": "join", "config_id": join.config_id, "remark": remark, "state": join.state, "at": join.created_at}
        )
    for link in corp.acquisition_links.values():
        rows.append({"kind": "link", "url": link.url, "remark": link.link_name, "state": "", "at": link.create_time})
    found = [
        row for row in rows if wanted in row["remark"] or wanted in row["state"] or wanted in row.get("config_id", "")
    ]
    found.sort(key=lambda row: -row["at"])
    desks = [{"open_kfid": item.open_kfid, "name": item.name} for item in corp.kf_accounts.values()]
    return {"codes": found[:CODES], "desks": desks[:CODES]}


def corp_shown(world: World) -> dict[str, Any]:
    """Return what the admin page shows of the corp beside lists of people."""
    corp = world.corp
    return {
        "corp_id": corp.corp_id,
        "name": corp.name,
        "apps": [
            {
                "agent_id": item.agent_id,
                "name": item.name,
                "kind": item.kind,
                "secret": item.secret,
                "visible_users": item.visible_users,
                "visible_departments": item.visible_departments,
            }
            for item in corp.apps
        ],
        "callbacks": [
            {"url": item.url, "token": item.token, "encoding_aes_key": item.encoding_aes_key, "agent_id": item.agent_id}
            for item in corp.callbacks
        ],
        "departments": [
            {"id": item.id, "name": item.name, "parentid": item.parentid} for item in corp.departments.values()
        ],
    }
