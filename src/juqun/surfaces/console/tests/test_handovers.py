"""Hand-overs in the console: who sees them, changes the proposals, approves, and reads what is next."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.test import Client

from juqun.config import wiring
from juqun.domains.members import queries as members
from juqun.domains.org import operations as org
from juqun.domains.org.models import Account
from juqun.domains.service import operations, queries
from juqun.domains.service.testing import TransferWecom, transfer_wecom
from juqun.domains.service.types import HandoverState, ItemState
from juqun.kernel import clock
from juqun.kernel.models import Job
from juqun.kernel.scope import DataScope
from juqun.kernel.testing import run_all_jobs
from juqun.lake.testing import fresh_lake
from juqun.surfaces.console.testing import World, make_world

pytestmark = pytest.mark.django_db
ALL = DataScope.whole_chain()
LIST = "/console/handovers/"


@pytest.fixture
def world(settings, tmp_path) -> World:
    fresh_lake(settings, tmp_path)
    return make_world(size=6)


@pytest.fixture
def wecom(world: World) -> Iterator[TransferWecom]:
    wiring.connect()
    Job.objects.all().delete()  # what the making of the world asked of WeCom is another test's affair
    with transfer_wecom(["li", "wang", "chen", "hong", "zhao"]) as found:
        yield found


def signed_in(username: str) -> Client:
    client = Client(headers={"accept-language": "en"})
    client.force_login(Account.objects.get(username=username), backend="django.contrib.auth.backends.ModelBackend")
    return client


def shown(answer) -> str:
    return answer.content.decode()


def test_each_sees_their_part_and_guides_none(world):
    tianhe, nanshan = world.tianhe.handover_id, world.nanshan.handover_id
    for name, ids in (("hong", {tianhe, nanshan}), ("chen", {tianhe}), ("li", {tianhe}), ("zhao", {nanshan})):
        text = shown(signed_in(name).get(LIST))
        assert {one for one in (tianhe, nanshan) if f"{LIST}{one}/" in text} == ids, name
    assert signed_in("wang").get(LIST).status_code == 403


def test_pages_cost_the_same_however_many_customers_there_are(world, django_assert_num_queries):
    client = signed_in("hong")
    path = f"{LIST}{world.tianhe.handover_id}/"
    client.get(path)
    with django_assert_num_queries(15):
        client.get(path)
    with django_assert_num_queries(14):
        client.get(LIST)


def test_proposals_are_changed_and_approved(world, wecom: TransferWecom):
    path, chain = f"{LIST}{world.tianhe.handover_id}/", world.chain
    client = signed_in("chen")
    text = shown(client.get(path))
    assert "Check the proposals" in text
    name = members.get_member(scope=ALL, member_id=world.tianhe.members[0]).display_name
    assert name in text
    first = queries.list_items(scope=ALL, handover_id=world.tianhe.handover_id)[0]
    client.post(path, {"action": "change", "to": chain.chen.id, "item": [first.id]})
    keepers = [one.keeper_id for one in queries.list_items(scope=ALL, handover_id=world.tianhe.handover_id)]
    assert keepers == [chain.chen.id, chain.li.id]
    # nobody outside the reader's part can be chosen
    answer = client.post(path, {"action": "change", "to": chain.zhao.id, "of": chain.li.id})
    assert answer.status_code == 404
    client.post(path, {"action": "change", "to": chain.chen.id, "of": chain.li.id})
    client.post(path, {"action": "approve"})
    run_all_jobs()
    found = queries.get_handover(scope=ALL, handover_id=world.tianhe.handover_id)
    assert (found.state, found.approved_by, found.counts) == (HandoverState.RUNNING, "Chen", {ItemState.WAITING: 2})
    assert "within 24 hours" in shown(client.get(path))
    assert "by now; reload the page" in shown(client.post(path, {"action": "approve"}, follow=True))


def test_a_hand_over_is_opened_by_hand_and_withdrawn(world, wecom: TransferWecom):
    client, chain = signed_in("li"), world.chain
    text = shown(client.get(f"{LIST}new/?giver={chain.wang.id}"))
    assert f'<option value="{chain.wang.id}" selected>' in text
    assert "Zhao" not in text
    form = {"action": "open", "giver": chain.wang.id, "reason": "moved", "segment": "0", "members": "", "keeper": "0"}
    assert client.post(f"{LIST}new/", form | {"members": "x"}).status_code == 422
    foreign = client.post(f"{LIST}new/", form | {"members": str(world.nanshan.members[0])})
    assert foreign.status_code == 422
    answer = client.post(f"{LIST}new/", form | {"members": str(world.tianhe.members[4]), "message": "以后由李店长服务"})
    assert answer.status_code == 302
    run_all_jobs()
    (item,) = queries.list_items(scope=ALL, handover_id=int(answer["Location"].split("/")[-2]))
    assert (item.member_id, item.keeper_id) == (world.tianhe.members[4], chain.li.id)
    client.post(answer["Location"], {"action": "cancel"})
    assert client.get(answer["Location"]).status_code == 200
    assert "withdrawn" in shown(client.get(answer["Location"]))


def test_a_leaver_without_successor_is_shown_on_the_dashboard(world, wecom: TransferWecom, settings):
    wecom.follow = []
    operations.cancel(handover_id=world.tianhe.handover_id)
    org.staff_left(staff_id=world.chain.wang.id, at=world.at)
    run_all_jobs()
    found = next(one for one in queries.list_handovers(scope=ALL) if one.reason == "left")
    client = signed_in("li")
    text = shown(client.get(f"{LIST}{found.id}/"))
    assert "nobody yet" in text
    assert "choose somebody" in text
    assert "no keeper for too long" not in shown(client.get("/console/"))

    with clock.travelled(clock.now() + timedelta(days=8)):
        waiting = f"{found.customers} customers have had no keeper for too long"
        assert found.customers > 1
        assert waiting in shown(signed_in("li").get("/console/"))
        assert "no keeper for too long" not in shown(signed_in("zhao").get("/console/"))


def test_the_organisation_leads_to_a_hand_over_and_the_empty_list_explains(world):
    text = shown(signed_in("li").get("/console/organisation/"))
    assert f"/console/handovers/new/?giver={world.chain.wang.id}" in text
    operations.cancel(handover_id=world.nanshan.handover_id)
    assert "None in this state" in shown(signed_in("zhao").get(f"{LIST}?state=proposed"))


def test_members_are_named_by_hand_in_bounds(world, django_assert_max_num_queries):
    client = signed_in("li")
    member = world.tianhe.members[4]
    form = {"action": "open", "giver": world.chain.wang.id, "reason": "moved", "segment": "0", "keeper": "0"}
    with django_assert_max_num_queries(60):
        answer = client.post(f"{LIST}new/", form | {"members": f"{member}," * 20_000, "message": "聚" * 201})
    assert answer.status_code == 422
    answer = client.post(f"{LIST}new/", form | {"members": ",".join(str(n) for n in range(501))})
    assert answer.status_code == 422
    assert "At most 500 members" in shown(answer)
