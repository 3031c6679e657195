"""A sender leaves: what they have not sent goes to another friend or ends with that reason, and nothing goes out twice."""

from pathlib import Path
from typing import Any

import pytest

from juqun.channels.wecom.testing import scripted_wecom
from juqun.domains.campaigns import handlers, jobs, operations
from juqun.domains.campaigns.models import Message, MessageBatch
from juqun.domains.campaigns.outbox import leaving
from juqun.domains.campaigns.testing import NOON, external_userids, make_draft, make_friends, refresh_dims
from juqun.domains.campaigns.types import BatchState, MessageState, SkipReason
from juqun.domains.members import operations as members
from juqun.domains.org import operations as org
from juqun.domains.org.events import StaffLeft
from juqun.domains.org.testing import SmallChain, make_small_chain
from juqun.kernel import clock
from juqun.kernel.jobs import run_pending
from juqun.lake import feed
from juqun.lake.testing import fresh_lake

pytestmark = pytest.mark.django_db


@pytest.fixture
def chain(settings: Any, tmp_path: Path) -> SmallChain:
    fresh_lake(settings, tmp_path)
    return make_small_chain()


def launched(chain: SmallChain) -> dict[str, int]:
    """Six friends of Wang, two of whom know Li too; a campaign whose tasks wait."""
    people = make_friends(store_id=chain.tianhe.id, guides=[chain.wang], external_userids=external_userids(6), at=NOON)
    refresh_dims()
    feed.flush()
    campaign_id = make_draft(node_id=chain.tianhe.id)
    operations.plan_campaign(campaign_id=campaign_id, at=NOON)
    operations.launch_campaign(campaign_id=campaign_id, at=NOON)
    for external_userid in list(people)[:2]:
        members.add_friend(
            member_id=people[external_userid], staff_id=chain.li.id, external_userid=external_userid, state="", at=NOON
        )
    return people


def test_waiting_tasks_are_planned_anew_or_end_honestly(chain: SmallChain):
    with clock.travelled(NOON):
        people = launched(chain)
        org.staff_left(staff_id=chain.wang.id, at=NOON)
        assert leaving.replan(staff_id=chain.wang.id) == 2
        assert leaving.replan(staff_id=chain.wang.id) == 0
        found = {one.member_id: one for one in Message.unscoped.all()}
        for place, member_id in enumerate(people.values()):
            message = found[member_id]
            if place < 2:
                assert (message.staff_id, message.state, message.batch.userid) == (
                    chain.li.id, MessageState.QUEUED, "li",
                )  # fmt: skip
            else:
                assert (message.state, message.reason) == (MessageState.SKIPPED, SkipReason.SENDER_LEFT)
        states = dict(MessageBatch.unscoped.values_list("userid", "state"))
        assert states == {"wang": BatchState.CANCELLED, "li": BatchState.WAITING}
        assert MessageBatch.unscoped.get(userid="li").size == 2


def test_tasks_that_wecom_knows_are_taken_back(chain: SmallChain):
    with clock.travelled(NOON), scripted_wecom() as wecom:
        launched(chain)
        wecom.script("externalcontact/add_msg_template", {"msgid": "msg1", "fail_list": []})
        wecom.script("externalcontact/get_groupmsg_task", {"task_list": [{"userid": "wang", "status": 0}]})
        wecom.script("externalcontact/cancel_groupmsg_send", {})
        jobs.push()
        run_pending()
        assert MessageBatch.unscoped.get().state == BatchState.CREATED
        org.staff_left(staff_id=chain.wang.id, at=NOON)
        handlers.on_staff_left(StaffLeft(staff_id=chain.wang.id))
        assert leaving.list_orphaned_batches() == [MessageBatch.unscoped.get().pk]
        run_pending()
        assert MessageBatch.unscoped.get().state == BatchState.CANCELLED
        assert wecom.bodies("externalcontact/cancel_groupmsg_send") == [{"msgid": "msg1", "access_token": "token-1"}]
        assert set(Message.unscoped.values_list("state", "reason")) == {(MessageState.CANCELLED, "sender_left")}
