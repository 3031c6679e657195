from juqun.domains.org import rules
from juqun.domains.org.types import NodeKind, PolicyKey, PolicyMode, PolicyRow, Role
from juqun.kernel.scope import DataScope

CHAIN, CITY, STORE = "0001", "00010001", "000100010001"
KEY = PolicyKey.MESSAGES_PER_MONTH


def row(path: str, mode: PolicyMode, value: int, low: int = 0, high: int = 100) -> PolicyRow:
    return PolicyRow(
        node_id=len(path) // 4, node_name=path, path=path, mode=mode, value=value, low=low, high=high, set_by="Hong"
    )


def resolve(path: str, *rows: PolicyRow):
    return rules.resolve_policy(KEY, path, {given.path: given for given in rows})


def test_default_holds_where_nobody_set_anything():
    found = resolve(STORE)
    assert (found.value, found.low, found.high, found.mode, found.set_at_node_id) == (4, 0, 100, PolicyMode.FREE, None)


def test_fixed_above_silences_what_is_below():
    found = resolve(STORE, row(CHAIN, PolicyMode.FIXED, 2, 2, 2), row(STORE, PolicyMode.FREE, 9))
    assert (found.value, found.low, found.high, found.mode, found.set_at_node_id) == (2, 2, 2, PolicyMode.FIXED, 1)
    assert found.bound_by == "Hong"


def test_store_moves_inside_the_range_and_is_pressed_into_a_range_tightened_later():
    chain = row(CHAIN, PolicyMode.RANGE, 4, 2, 6)
    store = row(STORE, PolicyMode.FREE, 6)
    assert resolve(STORE, chain, store).value == 6
    tightened = row(CHAIN, PolicyMode.RANGE, 3, 2, 4)
    found = resolve(STORE, tightened, store)
    assert (found.value, found.low, found.high, found.set_at_node_id, found.bound_by_node_id) == (4, 2, 4, 3, 1)


def test_city_can_only_narrow_the_range_of_the_chain():
    found = resolve(STORE, row(CHAIN, PolicyMode.RANGE, 4, 2, 6), row(CITY, PolicyMode.RANGE, 5, 4, 50))
    assert (found.value, found.low, found.high, found.bound_by_node_id) == (5, 4, 6, 2)


def test_the_guard_rail_shown_is_the_one_from_above_not_ones_own():
    found = resolve(CITY, row(CHAIN, PolicyMode.RANGE, 4, 2, 6), row(CITY, PolicyMode.FIXED, 5, 5, 5))
    assert (found.value, found.low, found.high, found.mode) == (5, 2, 6, PolicyMode.RANGE)


def test_scope_by_role():
    assert rules.scope_of(Role.HQ_LEAD, NodeKind.CHAIN, CHAIN, 1) == DataScope.whole_chain()
    assert rules.scope_of(Role.HQ_LEAD, NodeKind.PROVINCE, CITY, 1) == DataScope(paths=(CITY,))
    assert rules.scope_of(Role.CITY_OPERATOR, NodeKind.CITY, CITY, 2) == DataScope(paths=(CITY,))
    assert rules.scope_of(Role.CASHIER, NodeKind.STORE, STORE, 3) == DataScope(paths=(STORE,))
    assert rules.scope_of(Role.GUIDE, NodeKind.STORE, STORE, 4) == DataScope(paths=(STORE,), staff_id=4)


def test_places_and_tiers():
    assert rules.may_hang_under(NodeKind.STORE, NodeKind.CHAIN)
    assert not rules.may_hang_under(NodeKind.CITY, NodeKind.STORE)
    assert not rules.may_hang_under(NodeKind.CITY, NodeKind.CITY)
    assert not rules.may_work_at(Role.GUIDE, NodeKind.CITY)
