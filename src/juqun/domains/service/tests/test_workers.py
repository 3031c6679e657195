"""Workers that run at once, die, or come late: nothing is asked for twice, nothing is forgotten."""

import threading
from collections import Counter
from datetime import timedelta

import pytest
from django.db import connection

from juqun.config import wiring
from juqun.domains.members import queries as members
from juqun.domains.members.testing import AT, make_friend
from juqun.domains.org import operations as org
from juqun.domains.org.testing import make_small_chain
from juqun.domains.service import jobs, operations, queries
from juqun.domains.service.testing import transfer_wecom
from juqun.domains.service.types import ItemState
from juqun.kernel import clock
from juqun.kernel.scope import DataScope
from juqun.kernel.testing import run_all_jobs

pytestmark = pytest.mark.django_db(transaction=True)
EVERYTHING = DataScope.whole_chain()
LEFT_AT = AT + timedelta(days=30)
RESIGNED = "externalcontact/resigned/transfer_customer"


class Killed(BaseException):
    """What a killed process leaves behind: nothing after this point runs."""


def approved(count: int) -> int:
    wiring.connect()
    chain = make_small_chain()
    for number in range(count):
        make_friend(staff_id=chain.wang.id, store_id=chain.tianhe.id, external_userid=f"wm{number:04d}")
    org.staff_left(staff_id=chain.wang.id, at=LEFT_AT)
    run_all_jobs()
    (found,) = queries.list_handovers(scope=EVERYTHING)
    operations.approve(handover_id=found.id, actor="Chen")
    return found.id


def states(handover_id: int) -> Counter[ItemState]:
    return Counter(one.state for one in queries.list_items(scope=EVERYTHING, handover_id=handover_id))


def at_once(times: int, handover_id: int, at) -> list[BaseException]:
    errors: list[BaseException] = []
    start = threading.Barrier(times)

    def run() -> None:
        try:
            start.wait()
            with clock.travelled(at):
                operations.work(handover_id=handover_id)
        except BaseException as error:
            errors.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run) for _ in range(times)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return errors


def test_workers_at_once_ask_for_each_customer_once_and_hand_over_once():
    with transfer_wecom(["li", "chen"]) as wecom, clock.travelled(LEFT_AT):
        handover_id = approved(130)
        assert at_once(3, handover_id, LEFT_AT) == []
        asked = Counter(one for body in wecom.script.bodies(RESIGNED) for one in body["external_userid"])
        assert len(asked) == 130
        assert set(asked.values()) == {1}
        assert states(handover_id) == {ItemState.WAITING: 130}
        assert at_once(3, handover_id, LEFT_AT + timedelta(hours=25)) == []
        assert states(handover_id) == {ItemState.DONE: 130}
        for item in queries.list_items(scope=EVERYTHING, handover_id=handover_id, limit=20):
            lines = members.get_timeline(scope=EVERYTHING, member_id=item.member_id)
            assert [line.kind for line in lines].count("handed_over") == 1


@pytest.mark.parametrize("takes_effect", [True, False])
def test_a_worker_that_is_killed_in_the_call_leaves_a_row_from_which_the_next_goes_on(settings, takes_effect):
    settings.JUQUN_SEND_GRACE_SECONDS = 3600
    with transfer_wecom(["li", "chen"]) as wecom, clock.travelled(LEFT_AT):
        handover_id = approved(5)

        def die(body):
            if takes_effect:
                wecom.customers(body)
            raise Killed

        wecom.script.script(RESIGNED, die, wecom.customers)
        with pytest.raises(Killed):
            operations.work(handover_id=handover_id)
        jobs.push()
        run_all_jobs()
        assert states(handover_id) == {ItemState.REQUESTED: 5}
        settings.JUQUN_SEND_GRACE_SECONDS = 0
        jobs.push()
        run_all_jobs()
        assert states(handover_id) == {ItemState.WAITING: 5}
        assert len(wecom.script.bodies(RESIGNED)) == (1 if takes_effect else 2)


def test_busy_hands_back_and_comes_again():
    with transfer_wecom(["li", "chen"]) as wecom, clock.travelled(LEFT_AT):
        handover_id = approved(2)
        wecom.script.script(RESIGNED, {"errcode": 45009, "errmsg": "too often"}, wecom.customers)
        run_all_jobs()
        assert states(handover_id) == {ItemState.PLANNED: 2}
    later = LEFT_AT + timedelta(minutes=2)
    with transfer_wecom(["li", "chen"]) as wecom, clock.travelled(later):
        operations.work(handover_id=handover_id)
        assert states(handover_id) == {ItemState.WAITING: 2}
