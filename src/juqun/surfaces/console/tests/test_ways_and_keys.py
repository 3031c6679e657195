"""Kinds of groups, ways in and till keys: who makes them, for whom, and what the pages tell to do next."""

import io
import re

import httpx
import pytest
import segno
from django.test import Client

from juqun.channels.wecom.client import WecomClient, replaced
from juqun.channels.wecom.settings import corp_settings
from juqun.domains.commerce import operations as commerce
from juqun.domains.commerce import queries as keys
from juqun.domains.groups import queries as groups
from juqun.domains.groups.testing import make_group, refuse_way
from juqun.domains.groups.types import EntryState
from juqun.domains.org.models import Account
from juqun.kernel.scope import DataScope

pytestmark = pytest.mark.django_db
ALL = DataScope.whole_chain()
WAYS, KEYS = "/console/groups/ways/", "/console/till-keys/"
WORLD_SIZE = 4


def signed_in(username: str) -> Client:
    client = Client(headers={"accept-language": "en"})
    client.force_login(Account.objects.get(username=username), backend="django.contrib.auth.backends.ModelBackend")
    return client


def shown(answer) -> str:
    return answer.content.decode()


@pytest.mark.parametrize(("path", "queries"), [(WAYS, 13), ("/console/groups/ways/new/", 14), (KEYS, 12)])
def test_pages_cost_the_same_however_much_is_on_them(world, django_assert_num_queries, path, queries):
    client = signed_in("hong")
    for _ in range(2):
        with django_assert_num_queries(queries):
            assert client.get(path).status_code == 200
        for number in range(5):
            commerce.create_till_key(store_id=world.chain.tianhe.id, name=f"till {number}")
            make_group(store_id=world.chain.tianhe.id, owner_staff_id=world.chain.wang.id, at=world.at)


def test_headquarters_makes_a_kind_and_writes_it_anew(world):
    client = signed_in("hong")
    form = {"action": "save", "code": "night", "name": "夜宵群", "theme": "22 点后", "capacity": 150, "tags": "night owl，late;  ",
            "priority": 3}  # fmt: skip
    assert client.post("/console/groups/kinds/new/", form)["Location"] == "/console/groups/"
    kind = next(one for one in groups.list_kinds() if one.code == "night")
    assert (kind.name, kind.theme, kind.capacity, kind.member_tags, kind.priority, kind.is_default) == (
        "夜宵群", "22 点后", 150, ("night owl", "late"), 3, False,
    )  # fmt: skip
    again = client.post("/console/groups/kinds/new/", form)
    assert again.status_code == 422
    assert "exists already; choose another code" in shown(again)
    path = f"/console/groups/kinds/{kind.id}/"
    assert 'value="night owl, late"' in shown(client.get(path))
    client.post(path, form | {"name": "宵夜群", "capacity": 90, "tags": ""})
    kind = next(one for one in groups.list_kinds() if one.code == "night")
    assert (kind.name, kind.capacity, kind.member_tags) == ("宵夜群", 90, ())
    assert client.post(path, form | {"capacity": 501}).status_code == 422
    for name in ("chen", "li", "wang"):
        for one in (path, "/console/groups/kinds/new/"):
            assert signed_in(name).get(one).status_code == 403
            assert signed_in(name).post(one, form).status_code == 403


def test_the_kind_that_is_made_default_takes_over(world):
    form = {"action": "save", "code": "new", "name": "新人群", "capacity": 100, "priority": 0, "is_default": "on"}
    signed_in("hong").post("/console/groups/kinds/new/", form)
    assert [one.code for one in groups.list_kinds() if one.is_default] == ["new"]


def test_a_store_opens_a_way_in_and_is_told_what_its_owner_does(world):
    chain, client = world.chain, signed_in("chen")
    form = {"action": "create", "store": chain.yuexiu.id, "kind": "deals", "owner": chain.chen.id, "chat": ""}
    refused = client.post(WAYS + "new/", form | {"owner": chain.wang.id})
    assert refused.status_code == 422
    assert refused.context["form"].errors  # a guide of Tianhe does not own Yuexiu's groups
    assert groups.get_entry(store_id=chain.yuexiu.id, kind_code="deals") is None


def test_a_way_in_with_a_group_that_is_there(world):
    chain, client = world.chain, signed_in("li")
    group_id = make_group(store_id=chain.tianhe.id, owner_staff_id=chain.wang.id, at=world.at, chat_id="wr-loose")
    foreign = make_group(store_id=chain.nanshan.id, owner_staff_id=chain.zhao.id, at=world.at, chat_id="wr-foreign")
    page = shown(client.get(WAYS + "new/"))
    assert 'value="wr-loose"' in page
    assert "wr-foreign" not in page
    form = {"action": "create", "store": chain.tianhe.id, "kind": "parents", "owner": chain.wang.id}
    assert client.post(WAYS + "new/", form | {"chat": "wr-foreign"}).status_code == 422
    answer = client.post(WAYS + "new/", form | {"chat": "wr-loose"}, follow=True)
    assert "open already" in shown(answer)  # the world opened it without a group
    entry = groups.get_entry(store_id=chain.tianhe.id, kind_code="parents")
    assert (entry.state, entry.chat_ids) == (EntryState.PENDING, ("wr-loose",))
    assert groups.get_group(scope=ALL, group_id=group_id).kind_code == "parents"
    assert groups.get_group(scope=ALL, group_id=foreign).store_id == chain.nanshan.id
    assert "WeCom is asked for the picture" in shown(client.get(WAYS))


def test_each_state_says_what_to_do_next(world):
    client = signed_in("li")
    page = shown(client.get(WAYS))
    assert "Wang makes the group “天河店妈妈群1” in WeCom" in page
    assert "who scans it joins the group that has room" in page
    assert 'value="retry"' not in page
    refuse_way(entry_id=world.tianhe.way_id, refusal="WeCom refused: 84074 no right")
    page = shown(client.get(WAYS + "?state=refused"))
    assert "84074 no right" in page
    assert "Mend that in WeCom, then try again" in page
    assert "妈妈群" not in page[page.index("jq-ways") :]
    form = {"action": "retry", "entry": world.tianhe.way_id}
    assert client.post(WAYS, form).status_code == 302
    assert signed_in("zhao").post(WAYS, form).status_code == 404
    assert signed_in("wang").post(WAYS, form).status_code == 403
    assert 'value="retry"' not in shown(signed_in("wang").get(WAYS))


def test_the_picture_of_a_way_in_is_the_channels_own(world):
    def wecom(request: httpx.Request) -> httpx.Response:
        picture = io.BytesIO()
        segno.make(str(request.url)).save(picture, kind="png")
        return httpx.Response(200, content=picture.getvalue(), headers={"content-type": "image/png"})

    path = f"{WAYS}{world.tianhe.way_id}/picture"
    with replaced(WecomClient(corp_settings(), transport=httpx.MockTransport(wecom))):
        answer = signed_in("li").get(path)
        assert (answer.status_code, answer["Content-Type"]) == (200, "image/png")
        assert answer.content.startswith(b"\x89PNG")
        assert signed_in("zhao").get(path).status_code == 404
        assert signed_in("li").get(f"{WAYS}{world.tianhe.waiting_way_id}/picture").status_code == 404


def test_a_till_key_is_shown_once_and_works_until_it_is_withdrawn(world):
    chain, client = world.chain, signed_in("li")
    answer = client.post(KEYS, {"action": "create", "store": chain.tianhe.id, "name": "till 2"})
    assert "no-store" in answer["Cache-Control"]
    (secret,) = set(re.findall(r"jq_[\w-]{40,}", shown(answer)))
    key = keys.check_till_key(secret=secret)
    assert (key.name, key.node_id, key.last_used_at) == ("till 2", chain.tianhe.id, None)
    assert secret not in shown(client.get(KEYS))
    assert "never" in shown(client.get(KEYS))
    headers = {"authorization": f"Bearer {secret}"}
    assert Client().get("/api/v1/members/lookup?card=nobody", headers=headers).status_code == 422
    assert keys.get_till_key(scope=ALL, key_id=key.id).last_used_at is not None
    revoke = {"action": "revoke", "key_id": key.id}
    assert signed_in("zhao").post(KEYS, revoke).status_code == 404
    assert client.post(KEYS, revoke).status_code == 302
    assert Client().get("/api/v1/members/lookup?card=nobody", headers=headers).status_code == 401
    assert client.post(KEYS, revoke).status_code == 404


def test_a_key_is_made_for_the_own_store_only_and_for_the_chain_by_headquarters(world):
    chain = world.chain
    before = keys.list_till_keys(scope=ALL)
    for node in (chain.nanshan, chain.guangzhou, chain.chain):
        form = {"action": "create", "store": node.id, "name": "x"}
        assert signed_in("li").post(KEYS, form).status_code == 422
    assert keys.list_till_keys(scope=ALL) == before
    for name in ("chen", "wang", "cai"):
        assert signed_in(name).get(KEYS).status_code == 403
        assert (
            signed_in(name).post(KEYS, {"action": "create", "store": chain.tianhe.id, "name": "x"}).status_code == 403
        )
    assert signed_in("hong").post(KEYS, {"action": "create", "store": chain.chain.id, "name": "ERP"}).status_code == 200
    assert [one.node_kind for one in keys.list_till_keys(scope=ALL) if one.name == "ERP"] == ["chain"]
    assert "ERP" not in shown(signed_in("li").get(KEYS))


def test_six_models_of_credit_side_by_side(world):
    answer = signed_in("hong").get("/console/sources/models/?days=90")
    models = answer.context["models"]
    assert len(models) > 1
    names = ("first", "last", "position", "linear", "markov", "shapley")
    totals = [sum(getattr(one, name) for one in models) for name in names]
    assert totals == pytest.approx([totals[0]] * 6)
    assert totals[0] > 0
    assert signed_in("zhao").get(f"/console/sources/models/?node={world.chain.tianhe.id}").status_code == 404
    assert signed_in("cai").get("/console/sources/models/").status_code == 403
