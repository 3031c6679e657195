from datetime import UTC, datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from juqun.domains.org import errors, operations, queries
from juqun.domains.org.models import Account, OrgNode, Policy
from juqun.domains.org.testing import make_small_chain
from juqun.domains.org.types import NodeKind, PolicyKey, PolicyMode, Role
from juqun.kernel.models import EventRecord
from juqun.kernel.scope import DataScope

pytestmark = pytest.mark.django_db
ALL = DataScope.whole_chain()
KEY = PolicyKey.MESSAGES_PER_MONTH


def test_tree_is_a_treebeard_tree_and_knows_the_tiers_above():
    org = make_small_chain()
    tianhe = queries.get_node(scope=ALL, node_id=org.tianhe.id)
    assert (tianhe.province_name, tianhe.city_name, tianhe.parent_id) == ("广东省", "广州市", org.guangzhou.id)
    assert [node.code for node in queries.list_nodes(scope=ALL)] == ["HQ", "44", "4401", "S001", "S002", "4403", "S003"]
    assert [node.code for node in queries.list_children(scope=ALL, node_id=org.guangzhou.id)] == ["S001", "S002"]
    row = OrgNode.unscoped.get(pk=org.guangzhou.id)
    assert (row.numchild, row.depth, row.is_descendant_of(OrgNode.unscoped.get(pk=org.chain.id))) == (2, 3, True)
    counts = queries.count_nodes(scope=DataScope(paths=(org.guangzhou.path,)))
    assert counts == {NodeKind.CHAIN: 0, NodeKind.PROVINCE: 0, NodeKind.CITY: 1, NodeKind.STORE: 2}
    assert EventRecord.objects.filter(name="org.store_opened").count() == 3


def test_refusals_of_the_tree_change_nothing():
    org = make_small_chain()
    before = OrgNode.unscoped.count()
    with pytest.raises(errors.ChainExistsError):
        operations.create_chain(name="Another")
    with pytest.raises(errors.NodePlaceError):
        operations.add_node(parent_id=org.tianhe.id, kind=NodeKind.CITY, name="x", code="x")
    with pytest.raises(errors.NodeCodeTakenError):
        operations.add_node(parent_id=org.guangzhou.id, kind=NodeKind.STORE, name="x", code="S003")
    with pytest.raises(errors.NodeNotFoundError):
        operations.add_node(parent_id=0, kind=NodeKind.STORE, name="x", code="x")
    assert OrgNode.unscoped.count() == before


def test_each_role_sees_its_part():
    org = make_small_chain(with_accounts=True)
    seen = {
        person.userid: queries.get_scope(account_id=person.account_id)
        for person in (org.hong, org.chen, org.li, org.wang, org.zhao)
    }
    assert seen == {
        "hong": ALL,
        "chen": DataScope(paths=(org.guangzhou.path,)),
        "li": DataScope(paths=(org.tianhe.path,)),
        "wang": DataScope(paths=(org.tianhe.path,), staff_id=org.wang.id),
        "zhao": DataScope(paths=(org.nanshan.path,)),
    }
    assert {person.userid for person in queries.list_staff(scope=seen["chen"])} == {"chen", "li", "wang"}
    with pytest.raises(errors.StaffNotFoundError):
        queries.get_staff(scope=seen["zhao"], staff_id=org.li.id)
    with pytest.raises(errors.NodeNotFoundError):
        queries.get_node(scope=seen["zhao"], node_id=org.tianhe.id)
    assert queries.get_scope(account_id=0) == DataScope.nothing()
    assert Account.objects.get(username="li").check_password("juqun-li")


def test_who_leaves_loses_the_login_once():
    org = make_small_chain(with_accounts=True)
    at = datetime(2026, 3, 1, tzinfo=UTC)
    assert operations.staff_left(staff_id=org.wang.id, at=at) is True
    assert operations.staff_left(staff_id=org.wang.id, at=at) is False
    assert queries.get_scope(account_id=org.wang.account_id) == DataScope.nothing()
    assert not Account.objects.get(username="wang").is_active
    assert EventRecord.objects.filter(name="org.staff_left").count() == 1
    assert "wang" not in {person.userid for person in queries.list_staff(scope=ALL)}
    assert queries.staff_names(ids=[org.wang.id]) == {org.wang.id: "Wang"}


def test_staff_refusals():
    org = make_small_chain(with_accounts=True)
    with pytest.raises(errors.StaffUseridTakenError):
        operations.add_staff(node_id=org.tianhe.id, name="x", userid="li", role=Role.GUIDE)
    with pytest.raises(errors.RolePlaceError):
        operations.add_staff(node_id=org.guangzhou.id, name="x", userid="x", role=Role.GUIDE)
    with pytest.raises(errors.AccountNameTakenError):
        operations.add_staff(node_id=org.tianhe.id, name="x", userid="x", role=Role.GUIDE, account_username="li")
    assert queries.get_staff_by_userid(userid="x") is None


def set_month(org, who, node, mode, value, low=None, high=None):
    return operations.set_policy(
        actor_staff_id=who.id, node_id=node.id, key=KEY, mode=mode, value=value, low=low, high=high
    )


def test_a_store_moves_only_inside_the_range_and_is_told_who_set_it():
    org = make_small_chain()
    set_month(org, org.hong, org.chain, PolicyMode.RANGE, 4, 2, 6)
    assert set_month(org, org.li, org.tianhe, PolicyMode.FREE, 6).value == 6
    with pytest.raises(errors.PolicyOutOfRangeError) as refused:
        set_month(org, org.li, org.tianhe, PolicyMode.FREE, 7)
    assert (refused.value.low, refused.value.high, refused.value.set_by, refused.value.set_at) == (
        2, 6, "Hong", "Juqun Petrol",
    )  # fmt: skip
    with pytest.raises(errors.PolicyOutOfRangeError):
        set_month(org, org.chen, org.guangzhou, PolicyMode.RANGE, 4, 2, 9)
    with pytest.raises(errors.PolicyActorError):
        set_month(org, org.zhao, org.tianhe, PolicyMode.FREE, 3)
    with pytest.raises(errors.PolicyActorError):
        set_month(org, org.wang, org.tianhe, PolicyMode.FREE, 3)
    with pytest.raises(errors.PolicyRangeError):
        set_month(org, org.hong, org.chain, PolicyMode.RANGE, 1, 2, 6)
    assert queries.get_policy(node_id=org.tianhe.id, key=KEY).value == 6
    set_month(org, org.hong, org.chain, PolicyMode.FIXED, 3)
    assert queries.get_policy(node_id=org.tianhe.id, key=KEY).value == 3
    with pytest.raises(errors.PolicyFixedError, match="3"):
        set_month(org, org.li, org.tianhe, PolicyMode.FREE, 3)
    assert Policy.unscoped.count() == 2


def test_policies_of_many_nodes_take_two_statements():
    org = make_small_chain()
    set_month(org, org.hong, org.chain, PolicyMode.RANGE, 4, 2, 6)
    set_month(org, org.chen, org.guangzhou, PolicyMode.FIXED, 5)
    with CaptureQueriesContext(
        connection,
    ) as captured:
        found = queries.get_policies(node_ids=[org.tianhe.id, org.yuexiu.id, org.nanshan.id, 0], key=KEY)
    assert {pk: policy.value for pk, policy in found.items()} == {org.tianhe.id: 5, org.yuexiu.id: 5, org.nanshan.id: 4}
    assert len(captured) == 2


def test_stores_dimension():
    org = make_small_chain()
    rows = queries.export_stores_dim().to_pylist()
    assert [row["store_name"] for row in rows] == ["天河店", "越秀店", "南山店"]
    assert rows[0] == {
        "store_id": org.tianhe.id, "path": org.tianhe.path, "store_name": "天河店", "city_id": org.guangzhou.id,
        "city_name": "广州市", "province_id": org.province.id, "province_name": "广东省",
        "longitude": 113.36, "latitude": 23.12,
    }  # fmt: skip
