"""Every query of every room that takes a scope: what happens at one store changes nothing for who may not see that store."""

import importlib
import inspect
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from juqun.config import wiring
from juqun.domains.audience import operations as audience
from juqun.domains.campaigns import operations as campaigns
from juqun.domains.campaigns.testing import FRIDAY, NOON, make_draft, make_friends
from juqun.domains.commerce import operations as commerce
from juqun.domains.commerce.testing import make_order
from juqun.domains.groups import operations as groups
from juqun.domains.groups.testing import make_group, make_kind
from juqun.domains.growth import operations as growth
from juqun.domains.growth.testing import make_live_code
from juqun.domains.members import operations as members
from juqun.domains.org import rules as org_rules
from juqun.domains.org.testing import SmallChain, make_small_chain
from juqun.domains.org.types import NodeKind, Role
from juqun.domains.promotions.testing import give_coupon, make_template
from juqun.domains.robot import operations as robot
from juqun.domains.robot.testing import make_conversation
from juqun.domains.service.testing import make_handover
from juqun.kernel import clock
from juqun.kernel.errors import DomainError
from juqun.kernel.scope import DataScope
from juqun.lake import feed
from juqun.lake.testing import fresh_lake

ROOMS = [
    "audience", "campaigns", "catalog", "commerce", "groups", "growth", "insight", "members", "org", "promotions", "robot",
    "service",
]  # fmt: skip
NOWHERE = 10**9
FRIENDS = {"version": 1, "type": "relation", "is_friend": True}

# Queries that this stage has nothing for: no customer-service links, welcomes, consents merged, snapshots of a stranger.
UNPLAYED = {
    "robot.list_links", "robot.list_welcomes",
    "robot.welcome_stats", "service.count_keeperless", "growth.list_unknown_scans", "groups.list_planned_groups", "members.list_merges",
    "insight.group_states", "insight.attribution_models", "insight.orders_by_source", "insight.weekly_cohorts",
    "insight.campaign_uplift", "groups.count_by_state", "audience.member_rfm", "campaigns.staff_progress",
    "org.count_nodes", "org.get_node", "org.get_staff", "org.list_children", "org.list_nodes", "org.list_staff",
}  # fmt: skip


def scoped_queries() -> Iterator[tuple[str, Callable[..., Any]]]:
    for room in ROOMS:
        module = importlib.import_module(f"juqun.domains.{room}.queries")
        for name, function in sorted(vars(module).items()):
            if inspect.isfunction(function) and "scope" in inspect.signature(function).parameters and name[0] != "_":
                yield f"{room}.{name}", function


@dataclass(slots=True)
class Ids:
    """What happened at Tianhe; before it happens, ids of nothing."""

    member_id: int = NOWHERE
    segment_id: int = NOWHERE
    template_id: int = NOWHERE
    group_id: int = NOWHERE
    order_id: int = NOWHERE
    live_code_id: int = NOWHERE
    reply_id: int = NOWHERE
    campaign_id: int = NOWHERE
    entry_id: int = NOWHERE
    key_id: int = NOWHERE
    account_id: int = NOWHERE
    session_id: int = NOWHERE
    kind_id: int = NOWHERE
    handover_id: int = NOWHERE

    def arguments(self, function: Callable[..., Any]) -> dict[str, Any]:
        day = clock.day_number(FRIDAY)
        known = {
            "node_id": NOWHERE, "staff_id": NOWHERE, "tree": FRIENDS, "at": NOON, "as_of_day": day, "day": day,
            "since": NOON - timedelta(days=1), "since_day": day - 28, "until_day": day + 1,
        }  # fmt: skip
        return {
            name: getattr(self, name, known.get(name))
            for name, parameter in inspect.signature(function).parameters.items()
            if name != "scope" and (parameter.default is parameter.empty or name in ("as_of_day", "day"))
        }


def happen_at_tianhe(chain: SmallChain) -> Ids:
    store, guide = chain.tianhe.id, chain.wang.id
    member_id = next(
        iter(make_friends(store_id=store, guides=[chain.wang], external_userids=["wmA"], at=NOON).values())
    )
    members.tag_members(member_ids=[member_id], tag="vip", source="test")
    members.add_managed_tag(group_name="level", name="vip", at=NOON)
    template_id = make_template(at=NOON, store_id=store)
    coupon = give_coupon(template_id=template_id, member_id=member_id, at=NOON)
    order = make_order(store_id=store, paid_at=NOON, member_id=member_id, coupon_code=coupon.code)
    group_id = make_group(store_id=store, owner_staff_id=chain.li.id, at=NOON, member_ids=[member_id])
    entry = groups.open_entry(store_id=store, kind_code="deals", owner_staff_id=chain.li.id)
    code = make_live_code(store_id=store, staff_ids=[guide])
    scan = {"member_id": member_id, "staff_id": guide, "external_userid": "wmA", "at": NOON, "is_first": True}
    growth.record_scan(**scan, state=code.state)
    account_id, session_id = make_conversation(
        open_kfid="wk1", store_id=store, at=NOON, text="几点开门", member_id=member_id, name="客服"
    )
    reply = robot.set_keyword_reply(words=["几点"], text="九点", store_id=store)
    segment = audience.create_segment(name="Tianhe", tree=FRIENDS, actor="li", node_id=store)
    key = commerce.create_till_key(store_id=store, name="till")
    feed.flush()
    feed.refresh_dims()
    tianhe = DataScope(paths=(chain.tianhe.path,))
    audience.snapshot_segment(segment_id=segment.id, as_of_day=clock.day_number(FRIDAY), at=NOON, scope=tianhe)
    campaign_id = make_draft(node_id=store)
    campaigns.plan_campaign(campaign_id=campaign_id, at=NOON)
    campaigns.launch_campaign(campaign_id=campaign_id, at=NOON)
    feed.flush()
    feed.refresh_dims()
    handover_id = make_handover(giver_staff_id=guide, keeper_id=chain.li.id)
    return Ids(
        member_id=member_id,
        segment_id=segment.id,
        template_id=template_id,
        group_id=group_id,
        order_id=order.id,
        live_code_id=code.id,
        reply_id=reply.id,
        campaign_id=campaign_id,
        entry_id=entry.id,
        key_id=key.id,
        account_id=account_id,
        session_id=session_id,
        kind_id=make_kind(),
        handover_id=handover_id,
    )


def outcome(function: Callable[..., Any], scope: DataScope, ids: Ids) -> Any:
    try:
        return function(scope=scope, **ids.arguments(function))
    except DomainError as error:
        return type(error)


@pytest.mark.django_db
def test_what_happens_at_a_store_changes_nothing_for_strangers(settings: Any, tmp_path: Path):
    fresh_lake(settings, tmp_path)
    wiring.connect()
    chain = make_small_chain()
    make_kind()  # kinds of groups belong to the whole chain
    zhao = org_rules.scope_of(Role.STORE_MANAGER, NodeKind.STORE, chain.nanshan.path, chain.zhao.id)
    strangers = {"nobody": DataScope.nothing(), "zhao": zhao}
    queries = dict(scoped_queries())
    with clock.travelled(NOON + timedelta(minutes=1)):
        feed.refresh_dims()
        nothing_yet = Ids()
        before = {
            (name, who): outcome(query, scope, nothing_yet)
            for name, query in queries.items()
            for who, scope in {**strangers, "all": DataScope.whole_chain()}.items()
        }
        ids = happen_at_tianhe(chain)
        seen = [
            (name, who)
            for name, query in queries.items()
            for who, scope in strangers.items()
            if outcome(query, scope, ids) != before[name, who]
        ]
        unmoved = {
            name
            for name, query in queries.items()
            if outcome(query, DataScope.whole_chain(), ids) == before[name, "all"]
        }
    assert seen == []
    assert unmoved <= UNPLAYED  # else the comparison above says nothing about them
    assert len(queries) > 50
