"""A day on which callbacks are lost, doubled and out of order; one reconcile, and both sides are equal."""

import random
from collections.abc import Iterator
from typing import Any

import pytest

from juqun.channels.wecom.types import FindingKind, SyncKind, SyncMode
from juqun.config import wiring
from juqun.domains.members.models import FriendLink
from juqun.domains.org.testing import make_small_chain
from juqun.kernel.models import EventRecord
from juqun.lake.testing import fresh_lake
from tests.journeys.rehearsal import Stage, running_stage
from tests.journeys.test_sync import fire_cast, hire, is_exact_copy, ours, read_all
from tests.support.corp import EmulatedCorp

pytestmark = pytest.mark.django_db(transaction=True)
ROUNDS, DEEDS = 8, 40
LOSSY = {
    "callback_loss_probability": 0.05,
    "callback_duplicate_probability": 0.1,
    "callback_reorder_probability": 0.3,
    "callback_order": "none",
}


@pytest.fixture
def stage(settings: Any, tmp_path) -> Iterator[Stage]:
    fresh_lake(settings, tmp_path)
    with running_stage(tmp_path, settings) as running:
        wiring.connect()
        yield running


class Day:
    """Random deeds that are possible at the moment they are done."""

    def __init__(self, corp: EmulatedCorp, rng: random.Random) -> None:
        self.corp, self.rng, self.fresh = corp, rng, 0

    def live(self) -> None:
        """Do one round, all within one second; what became impossible meanwhile is refused by the emulator and does not matter."""
        actions = [self._deed() for _deed in range(DEEDS)]
        self.corp.http.post("actors/batch", json={"actions": [one for one in actions if one]})

    def _deed(self) -> dict[str, Any]:
        truth = self._truth
        rng = self.rng
        pair = rng.choice(self._friends)
        chat_id = rng.choice(sorted(truth.chats))
        owner = self._owners[chat_id]
        guide = rng.choice(sorted(truth.staff))
        inside = sorted(truth.chats[chat_id])
        person = rng.choice(self._friends)[1]
        match rng.choice(
            ["new", "add", "customer_ends", "staff_ends", "again", "edit", "join", "leave", "remove", "rename"]
        ):
            case "new":
                self.fresh += 1
                self.corp.http.post(
                    "customers", json={"customers": [{"external_userid": f"wmNEW{self.fresh:025d}", "name": "Neu"}]}
                )
                return {"actor": "customer", "id": f"wmNEW{self.fresh:025d}", "do": "add", "userid": guide}
            case "add" | "again" as deed:
                who = person if deed == "add" else pair[1]
                return {"actor": "customer", "id": who, "do": "add", "userid": guide if deed == "add" else pair[0]}
            case "customer_ends":
                return {"actor": "customer", "id": pair[1], "do": "delete_staff", "userid": pair[0]}
            case "staff_ends":
                return {"actor": "staff", "id": pair[0], "do": "delete_customer", "external_userid": pair[1]}
            case "edit":
                return {
                    "actor": "staff",
                    "id": pair[0],
                    "do": "edit_customer",
                    "external_userid": pair[1],
                    "remark": "x",
                }
            case "join":
                return {"actor": "customer", "id": person, "do": "join", "chat_id": chat_id}
            case "leave" if inside:
                return {"actor": "customer", "id": rng.choice(inside), "do": "leave", "chat_id": chat_id}
            case "remove" if inside:
                who = rng.choice(inside)
                return {
                    "actor": "staff",
                    "id": owner,
                    "do": "remove_member",
                    "chat_id": chat_id,
                    "external_userid": who,
                }
            case _:
                return {
                    "actor": "staff",
                    "id": owner,
                    "do": "change_group",
                    "chat_id": chat_id,
                    "name": f"N{rng.random()}",
                }

    def look(self) -> None:
        """See what is so now, for the next round."""
        self._truth = self.corp.truth()
        self._friends = sorted(self._truth.friends)
        chats = self.corp.http.get("corp").json()["chats"]
        self._owners = {chat_id: chat["owner"] for chat_id, chat in chats.items()}


@pytest.mark.parametrize("seed", [1, 2])
def test_a_lossy_day_is_healed_to_an_exact_copy_by_one_reconcile(stage: Stage, seed: int):
    userids = hire(make_small_chain(), 16)
    fire_cast()
    corp = EmulatedCorp(str(stage.emulator.base_url).rstrip("/"))
    corp.load(userids=userids, contacts=300, chats=8, chat_size=15)
    read_all(SyncMode.TAKE_UP)
    is_exact_copy(corp)
    stage.emulator.patch("/emulator/settings", json={**LOSSY, "callback_seed": seed})
    day = Day(corp, random.Random(seed))
    for number in range(ROUNDS):
        day.look()
        day.live()
        if number == ROUNDS // 2:
            corp.act([{"actor": "staff", "id": userids[0], "do": "leave_company"}])
            corp.act([{"actor": "staff", "id": userids[1], "do": "dismiss_group", "chat_id": f"wrc{1:028d}"}])
        stage.work()
        stage.advance(minutes=40)
        stage.work()
    stage.advance(hours=8)
    stage.work()
    lost = stage.get("callbacks")
    assert lost["lost"] > 5
    assert lost["duplicated"] > 10
    stage.emulator.patch("/emulator/settings", json={"callback_loss_probability": 0})
    before = ours()
    truth = corp.truth()
    assert (before[0], before[1]) != (truth.friends, truth.chats), "the day must have left something wrong"

    runs = read_all(SyncMode.RECONCILE)
    is_exact_copy(corp)
    healed = runs[SyncKind.CONTACTS]
    assert (healed.added, healed.lost) == (
        len(truth.friends - before[0]),
        len(_gone(before[0], truth.friends, truth.staff)),
    )
    assert {one.kind for one in healed.findings} <= {FindingKind.ADDED, FindingKind.LOST, FindingKind.EDITED}
    told = EventRecord.objects.filter(name="members.friend_lost", payload__by="reconcile").count()
    assert told == healed.lost == FriendLink.objects.filter(lost_by="reconcile").count()

    again = read_all(SyncMode.RECONCILE)
    assert {kind: run.healed for kind, run in again.items()} == dict.fromkeys(SyncKind, 0)
    corp.close()


def _gone(ours: set[tuple[str, str]], theirs: set[tuple[str, str]], staff: set[str]) -> set[tuple[str, str]]:
    """Friendships that only we still have, with staff who are there: those of staff who left wait for a hand-over."""
    return {one for one in ours - theirs if one[0] in staff}
