"""The pages of customer service: who waits, a conversation, an account's links and rules."""

from typing import Any

import pytest
from django.test import Client

from juqun.channels.wecom.testing import ScriptedWecom, scripted_wecom
from juqun.channels.wecom.types import KfState
from juqun.domains.org.models import Account
from juqun.domains.org.testing import SmallChain, make_small_chain
from juqun.domains.robot import queries
from juqun.domains.robot.testing import make_conversation
from juqun.domains.robot.types import SendPurpose
from juqun.kernel import clock
from juqun.kernel.scope import DataScope

pytestmark = pytest.mark.django_db
EVERYTHING = DataScope.whole_chain()
URL = "https://work.weixin.qq.com/kf/kfc1?enc_scene=x"


@pytest.fixture
def chain() -> SmallChain:
    return make_small_chain(with_accounts=True)


@pytest.fixture
def ids(chain: SmallChain) -> tuple[int, int]:
    return make_conversation(
        open_kfid="wk1", store_id=chain.tianhe.id, at=clock.now(), text="有停车场吗", name="天河客服"
    )


@pytest.fixture
def wecom() -> Any:
    with scripted_wecom() as script:
        yield script


def client(username: str) -> Client:
    made = Client(headers={"accept-language": "en"})
    made.force_login(Account.objects.get(username=username), backend="django.contrib.auth.backends.ModelBackend")
    return made


def test_without_accounts_the_page_says_where_they_come_from(chain: SmallChain):
    page = client("li").get("/console/service/").content.decode()
    assert "No accounts yet" in page
    assert "Nobody waits" in page


def test_who_waits_and_what_they_said(chain: SmallChain, ids: tuple[int, int]):
    page = client("li").get("/console/service/").content.decode()
    assert "天河客服" in page
    assert f"/console/service/conversations/{ids[1]}/" in page
    talk = client("li").get(f"/console/service/conversations/{ids[1]}/").content.decode()
    assert "有停车场吗" in talk
    assert "waiting for a person" in talk
    assert client("zhao").get(f"/console/service/conversations/{ids[1]}/").status_code == 404
    assert "天河客服" not in client("zhao").get("/console/service/").content.decode()


def test_a_conversation_is_given_to_a_servicer_and_ended(chain: SmallChain, ids: tuple[int, int], wecom: ScriptedWecom):
    wecom.script("kf/service_state/get", {"service_state": 2}, {"service_state": 3, "servicer_userid": "wang"})
    wecom.script("kf/service_state/trans", {"msg_code": "c"})
    url = f"/console/service/conversations/{ids[1]}/"
    client("li").post(url, {"action": "give", "userid": "wang"})
    given = queries.get_session(scope=EVERYTHING, session_id=ids[1])
    assert (given.state, given.servicer_userid) == (KfState.SERVICER, "wang")
    client("li").post(url, {"action": "end"})
    assert queries.get_session(scope=EVERYTHING, session_id=ids[1]).state == KfState.ENDED
    assert [body["service_state"] for body in wecom.bodies("kf/service_state/trans")] == [3, 4]


def test_a_refused_move_is_said_in_words(chain: SmallChain, ids: tuple[int, int], wecom: ScriptedWecom):
    wecom.script("kf/service_state/get", {"service_state": 2})
    wecom.script("kf/service_state/trans", {"errcode": 95014})
    answer = client("li").post(
        f"/console/service/conversations/{ids[1]}/", {"action": "give", "userid": "wang"}, follow=True
    )
    assert "wang does not serve this account now" in answer.content.decode()


def test_a_link_is_made_once_and_shown_with_its_code(chain: SmallChain, ids: tuple[int, int], wecom: ScriptedWecom):
    wecom.script("kf/add_contact_way", {"url": URL})
    url = f"/console/service/{ids[0]}/"
    for _ in range(2):
        client("li").post(url, {"action": "link", "scene": "g1", "label": "Poster", "store": chain.tianhe.id})
    assert len(wecom.bodies("kf/add_contact_way")) == 1
    page = client("li").get(url).content.decode()
    assert URL.replace("&", "&amp;") in page
    assert "<svg" in page


def test_rules_are_written_and_a_broken_menu_is_refused_in_words(chain: SmallChain, ids: tuple[int, int]):
    url = f"/console/service/{ids[0]}/"
    given = {"action": "rules", "welcome": "您好", "menu": "hours | 几点开门 | 九点\nperson | 人工", "words": "人工，客服",
             "misses": "2", "opens": "09:00", "closes": "21:30"}  # fmt: skip
    client("li").post(url, given)
    service = queries.get_service_rules(scope=EVERYTHING, account_id=ids[0])
    assert service.texts[SendPurpose.WELCOME] == "您好"
    assert [(one.choice_id, one.text, one.answer) for one in service.menu] == [
        ("hours", "几点开门", "九点"),
        ("person", "人工", ""),
    ]
    assert (service.person_words, service.misses_allowed) == (("人工", "客服"), 2)
    assert (service.opens_minute, service.closes_minute) == (540, 1290)
    answer = client("li").post(url, {**given, "menu": "几点开门"}, follow=True)
    assert "A menu has at most 10 lines" in answer.content.decode()
    assert client("zhao").post(url, given).status_code == 404
