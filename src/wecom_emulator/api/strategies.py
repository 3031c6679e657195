"""Customer strategies: externalcontact/customer_strategy/{list,get,get_range,create,edit,del}."""

from typing import Any

from wecom_emulator.api.call import Answer, Call, post
from wecom_emulator.errors import WeComError
from wecom_emulator.rules.payload import object_of
from wecom_emulator.state.strategies import Strategy

ADMINS_MOST = 20
RANGE_PER_CALL = 100
NODES_MOST = 3000
LEVELS_MOST = 5
NAME_MOST = 32
BY_USER, BY_PARTY = 1, 2

PRIVILEGES = (
    "view_customer_list",
    "view_customer_data",
    "view_room_list",
    "contact_me",
    "join_room",
    "share_customer",
    "oper_resign_customer",
    "oper_resign_group",
    "send_customer_msg",
    "edit_welcome_msg",
    "view_behavior_data",
    "view_room_data",
    "send_group_msg",
    "room_deduplication",
    "rapid_reply",
    "onjob_customer_transfer",
    "edit_anti_spam_rule",
    "export_customer_list",
    "export_customer_data",
    "export_customer_group_list",
    "manage_customer_tag",
)
"""The 21 rights of a strategy."""


def own_strategy(call: Call, strategy_id: int) -> Strategy:
    """Return a strategy that the calling app made; raises WeComError 40058, since an app sees only its own."""
    strategy = call.corp.strategies.get(str(strategy_id))
    if strategy is None or strategy.created_by != call.app.agent_id:
        raise WeComError(40058, "invalid Request Parameter: strategy_id")
    return strategy


def _admins(call: Call) -> list[str]:
    admins = list(dict.fromkeys(call.texts("admin_list", most=ADMINS_MOST)))
    for userid in admins:
        call.member(userid, unknown=40003)
    return admins


def _privilege(call: Call) -> dict[str, bool]:
    given = object_of(call.body.get("privilege"), "privilege")
    if not all(isinstance(item, bool) for item in given.values()):
        raise WeComError(40058, "invalid Request Parameter: privilege should hold booleans")
    return {name: bool(given.get(name, False)) for name in PRIVILEGES}


def _nodes(call: Call, name: str) -> tuple[list[str], list[int]]:
    """Return users and departments of a range parameter; raises WeComError 40058, 40003 or 40066."""
    rows = call.objects(name)
    if len(rows) > RANGE_PER_CALL:
        raise WeComError(40058, f"invalid Request Parameter: {name} exceed max size {RANGE_PER_CALL}")
    users: dict[str, None] = {}
    parties: dict[int, None] = {}
    for row in rows:
        kind, userid, partyid = row.get("type"), row.get("userid"), row.get("partyid")
        if kind == BY_USER and isinstance(userid, str):
            call.member(userid, unknown=40003)
            users[userid] = None
        elif kind == BY_PARTY and isinstance(partyid, int):
            if partyid not in call.corp.departments:
                raise WeComError(40066)
            parties[partyid] = None
        else:
            raise WeComError(40058, f"invalid Request Parameter: {name} has rows of type 1 userid or 2 partyid")
    return list(users), list(parties)


def _level(call: Call, strategy: Strategy | None) -> int:
    level = 0
    while strategy is not None:
        level += 1
        strategy = call.corp.strategies.get(str(strategy.parent_id))
    return level


def _store_range(strategy: Strategy, users: list[str], parties: list[int]) -> None:
    if len(users) + len(parties) > NODES_MOST:
        raise WeComError(40058, f"invalid Request Parameter: a range has at most {NODES_MOST} nodes")
    strategy.users, strategy.parties = users, parties


@post("externalcontact/customer_strategy/list", "customer")
def list_strategies(call: Call) -> Answer:
    """Answer customer_strategy/list: the app's own ones."""
    own = [
        {"strategy_id": item.strategy_id}
        for item in call.corp.strategies.values()
        if item.created_by == call.app.agent_id
    ]
    page, cursor = call.page(own, limit=call.limit(default=1000, most=1000))
    return {"strategy": page, "next_cursor": cursor}


@post("externalcontact/customer_strategy/get", "customer")
def get_strategy(call: Call) -> Answer:
    """Answer customer_strategy/get."""
    strategy = own_strategy(call, call.integer("strategy_id", 0))
    shown: dict[str, Any] = {
        "strategy_id": strategy.strategy_id,
        "parent_id": strategy.parent_id,
        "strategy_name": strategy.strategy_name,
        "create_time": strategy.create_time,
        "admin_list": strategy.admin_list,
        "privilege": strategy.privilege,
    }
    return {"strategy": shown}


@post("externalcontact/customer_strategy/get_range", "customer")
def get_range(call: Call) -> Answer:
    """Answer customer_strategy/get_range: users first, then departments."""
    strategy = own_strategy(call, call.integer("strategy_id", 0))
    rows: list[dict[str, Any]] = [{"type": BY_USER, "userid": item} for item in strategy.users]
    rows += [{"type": BY_PARTY, "partyid": item} for item in strategy.parties]
    page, cursor = call.page(rows, limit=call.limit(default=1000, most=1000))
    return {"range": page, "next_cursor": cursor}


@post("externalcontact/customer_strategy/create", "customer")
def create_strategy(call: Call) -> Answer:
    """Answer customer_strategy/create: at most five levels, 20 admins, 100 nodes of the range in a call."""
    parent_id = call.integer("parent_id", 0)
    parent = own_strategy(call, parent_id) if parent_id else None
    if _level(call, parent) >= LEVELS_MOST:
        raise WeComError(40058, f"invalid Request Parameter: at most {LEVELS_MOST} levels")
    name = call.text("strategy_name", missing=40063, most=NAME_MOST)
    admins, privilege, (users, parties) = _admins(call), _privilege(call), _nodes(call, "range")
    if not admins or not (users or parties):
        raise WeComError(40063)
    number = call.corp.counters.get("strategy_id", 0) + 1
    call.corp.counters["strategy_id"] = number
    strategy = Strategy(
        strategy_id=number,
        parent_id=parent_id,
        strategy_name=name,
        create_time=call.world.clock.seconds(),
        admin_list=admins,
        privilege=privilege,
        users=users,
        parties=parties,
        created_by=call.app.agent_id,
    )
    call.corp.strategies[str(number)] = strategy
    return {"strategy_id": number}


@post("externalcontact/customer_strategy/edit", "customer")
def edit_strategy(call: Call) -> Answer:
    """Answer customer_strategy/edit: given fields are overwritten, the range grows by range_add, shrinks by range_del."""
    strategy = own_strategy(call, call.integer("strategy_id", 0))
    name = call.text("strategy_name", most=NAME_MOST)
    admins = _admins(call) if call.has("admin_list") else strategy.admin_list
    privilege = _privilege(call) if call.has("privilege") else strategy.privilege
    more_users, more_parties = _nodes(call, "range_add")
    less_users, less_parties = _nodes(call, "range_del")
    users = [item for item in dict.fromkeys([*strategy.users, *more_users]) if item not in less_users]
    parties = [item for item in dict.fromkeys([*strategy.parties, *more_parties]) if item not in less_parties]
    _store_range(strategy, users, parties)
    strategy.strategy_name = name or strategy.strategy_name
    strategy.admin_list, strategy.privilege = admins, privilege
    return {}


@post("externalcontact/customer_strategy/del", "customer")
def delete_strategy(call: Call) -> Answer:
    """Answer customer_strategy/del; one with strategies under it stays."""
    strategy = own_strategy(call, call.integer("strategy_id", 0))
    if any(item.parent_id == strategy.strategy_id for item in call.corp.strategies.values()):
        raise WeComError(40058, "invalid Request Parameter: delete the strategies under it first")
    del call.corp.strategies[str(strategy.strategy_id)]
    for group in call.corp.tag_groups.values():
        if group.strategy_id == strategy.strategy_id:
            group.deleted = True
            for tag in group.tags:
                tag.deleted = True
    return {}
