"""Groups and ways in get another owner."""

from datetime import UTC, datetime

import pytest

from juqun.domains.groups import operations, queries
from juqun.domains.groups.events import NextGroupPlanned
from juqun.domains.groups.testing import make_group, make_kind, make_way
from juqun.domains.org import operations as org
from juqun.domains.org.testing import SmallChain, make_small_chain
from juqun.kernel.models import EventRecord
from juqun.kernel.scope import DataScope

pytestmark = pytest.mark.django_db
EVERYTHING = DataScope.whole_chain()
AT = datetime(2026, 3, 1, 2, 0, tzinfo=UTC)


@pytest.fixture
def chain() -> SmallChain:
    return make_small_chain()


def test_a_group_that_is_handed_over_takes_its_way_in_along(chain: SmallChain):
    group_id = make_group(store_id=chain.tianhe.id, owner_staff_id=chain.wang.id, at=AT, chat_id="wrA")
    way_id = make_way(store_id=chain.tianhe.id, owner_staff_id=chain.wang.id, at=AT, group_id=group_id)
    assert operations.hand_over_group(group_id=group_id, to_staff_id=chain.li.id)
    assert not operations.hand_over_group(group_id=group_id, to_staff_id=chain.li.id)
    assert queries.get_group(scope=EVERYTHING, group_id=group_id).owner_staff_id == chain.li.id
    assert queries.get_scoped_entry(scope=EVERYTHING, entry_id=way_id).owner_staff_id == chain.li.id
    (link,) = queries.list_owned_groups(staff_id=chain.li.id, userid="li")
    assert (link.group_id, link.owner_userid) == (group_id, "li")
    assert queries.list_owned_groups(staff_id=chain.wang.id, userid="wang") == []
    assert queries.count_owned_groups(staff_ids=[chain.li.id, chain.wang.id]) == {chain.li.id: 1, chain.wang.id: 0}


def test_the_way_in_of_a_leaver_goes_to_the_nearest_and_the_open_plan_is_told_again(chain: SmallChain):
    make_kind()
    entry = operations.open_entry(store_id=chain.tianhe.id, kind_code="deals", owner_staff_id=chain.wang.id, at=AT)
    org.staff_left(staff_id=chain.wang.id, at=AT)
    assert operations.replace_owner(staff_id=chain.wang.id) == 1
    assert operations.replace_owner(staff_id=chain.wang.id) == 0
    assert queries.get_scoped_entry(scope=EVERYTHING, entry_id=entry.id).owner_staff_id == chain.li.id
    (planned,) = queries.list_planned_groups(scope=EVERYTHING)
    assert planned.owner_staff_id == chain.li.id
    assert EventRecord.objects.filter(name=NextGroupPlanned.NAME).count() == 2
