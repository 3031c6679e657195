"""Two records of one person: open messages and places follow the kept one."""

import pytest

from juqun.domains.campaigns.handlers import on_members_merged
from juqun.domains.campaigns.models import Message, PressureEntry
from juqun.domains.campaigns.outbox import pressure
from juqun.domains.campaigns.testing import FRIDAY, NOON, make_campaign_row, make_candidate
from juqun.domains.campaigns.types import MessageState
from juqun.domains.members.events import MembersMerged
from juqun.domains.org.testing import make_small_chain

KEPT, ABSORBED = 1, 2


@pytest.fixture
def node_id(db) -> int:
    return make_small_chain().chain.id


def queue(campaign_id: int, member_id: int, state: MessageState = MessageState.QUEUED) -> int:
    row = Message(campaign_id=campaign_id, member_id=member_id, state=state)
    row.save(force_insert=True)
    pressure.reserve(
        purpose=pressure.Purpose(campaign_id=campaign_id, day=FRIDAY),
        candidates=[make_candidate(member_id, cap_day=5)],
    )
    return row.pk


def merge() -> None:
    for _ in range(2):
        on_members_merged(MembersMerged(keep_id=KEPT, absorb_id=ABSORBED))


def test_open_message_and_place_move_to_the_kept_record(node_id):
    other, campaign_id = make_campaign_row(node_id=node_id), make_campaign_row(node_id=node_id)
    queue(other, KEPT)
    message_id = queue(campaign_id, ABSORBED)
    merge()
    assert Message.unscoped.get(pk=message_id).member_id == KEPT
    places = PressureEntry.objects.filter(member_id=KEPT).order_by("pk").values_list("day_slot", "month_slot")
    assert list(places) == [(1, 1), (2, 2)]


def test_person_planned_twice_gets_one_message(node_id):
    campaign_id = make_campaign_row(node_id=node_id)
    kept, double = queue(campaign_id, KEPT), queue(campaign_id, ABSORBED)
    merge()
    assert Message.unscoped.get(pk=kept).state == MessageState.QUEUED
    row = Message.unscoped.get(pk=double)
    assert (row.state, row.reason, row.member_id) == (MessageState.SKIPPED, "merged", ABSORBED)
    assert PressureEntry.objects.filter(released_at=None).count() == 1


def test_message_that_was_sent_keeps_its_history(node_id):
    message_id = queue(make_campaign_row(node_id=node_id), ABSORBED)
    Message.unscoped.filter(pk=message_id).update(state=MessageState.SENT, ended_at=NOON)
    merge()
    assert Message.unscoped.get(pk=message_id).member_id == ABSORBED
