"""Friendships found by reading count as those that were told of, one by one or together."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from django.db import transaction

from juqun.domains.growth import operations
from juqun.domains.growth.models import Scan
from juqun.domains.growth.testing import make_live_code
from juqun.domains.members import queries as members
from juqun.domains.members.testing import make_member
from juqun.domains.members.types import TakenUpFriend
from juqun.domains.org.testing import make_small_chain
from juqun.kernel.models import EventRecord
from juqun.kernel.scope import DataScope
from juqun.lake.models import FactOutbox
from juqun.lake.testing import fresh_lake

pytestmark = pytest.mark.django_db
AT = datetime(2026, 3, 1, tzinfo=UTC)


def facts() -> list:
    return sorted((row.fact, row.key, str(sorted(row.payload.items()))) for row in FactOutbox.objects.all())


def test_together_is_as_one_by_one(settings, tmp_path):
    fresh_lake(settings, tmp_path)
    chain = make_small_chain()
    code = make_live_code(store_id=chain.tianhe.id, staff_ids=[chain.wang.id])
    people = [make_member(store_id=chain.nanshan.id if number % 3 == 0 else None) for number in range(6)]
    friends = [
        TakenUpFriend(
            member_id=member_id,
            staff_id=chain.wang.id,
            external_userid=f"wm{number}",
            state=[code.state, "", "of an older system"][number % 3],
            at=AT + timedelta(minutes=number),
            is_first=True,
        )
        for number, member_id in enumerate(people)
    ]
    friends.append(replace(friends[0], staff_id=chain.li.id, state="", at=AT + timedelta(hours=1), is_first=False))
    outcomes = []
    for is_together in (False, True):
        with transaction.atomic():
            if is_together:
                assert operations.record_taken_up(friends=friends) == 4
                assert operations.record_taken_up(friends=friends) == 0
            else:
                for one in friends:
                    operations.record_scan(
                        member_id=one.member_id,
                        staff_id=one.staff_id,
                        external_userid=one.external_userid,
                        state=one.state,
                        at=one.at,
                        is_first=one.is_first,
                    )
            assert FactOutbox.objects.count() == 9
            views = [members.get_member(scope=DataScope.whole_chain(), member_id=pk) for pk in people]
            scans = Scan.unscoped.values_list("member_id", "staff_id", "at", "state", "is_first", "live_code_id")
            told = EventRecord.objects.filter(name__in=["growth.unknown_state_seen", "members.member_tagged"]).count()
            outcomes.append((facts(), [(one.store_id, one.tags) for one in views], sorted(scans), told))
            transaction.set_rollback(True)
    assert outcomes[0] == outcomes[1]
