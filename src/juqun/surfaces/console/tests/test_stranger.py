"""A stranger (the manager of a store in another city) walks the whole URL map: refused or shown nothing foreign, changes nothing."""

import hashlib
from collections.abc import Iterator

import pytest
from django.apps import apps
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from juqun.domains.org.models import Account
from juqun.surfaces.console.testing import World
from juqun.surfaces.console.urls import PAGES

pytestmark = pytest.mark.django_db

# What belongs to Guangzhou carries one of these in its name.
FOREIGN = ("天河", "越秀", "广州")
OPEN_TO_ALL = {"login", "logout", "jsi18n"}


WORLD_SIZE = 12


def signed_in(username: str) -> Client:
    client = Client()
    account = Account.objects.get(username=username)
    client.force_login(account, backend="django.contrib.auth.backends.ModelBackend")
    return client


def digest() -> dict[str, str]:
    """What all tables hold, but for logins' own book-keeping."""
    found = {}
    for model in apps.get_models(include_auto_created=True):
        if model._meta.app_label in {"sessions", "axes", "contenttypes"}:
            continue
        rows = model._base_manager.order_by("pk").values_list(
            *[field.attname for field in model._meta.concrete_fields if field.attname != "last_login"]
        )
        found[model._meta.label] = hashlib.sha256(repr(list(rows)).encode()).hexdigest()
    return found


def foreign_ids(world: World) -> dict[str, int]:
    return {
        "node_id": world.chain.tianhe.id,
        "member_id": world.tianhe.members[0],
        "code_id": world.tianhe.code_id,
        "segment_id": world.tianhe.segment_id,
        "campaign_id": world.tianhe.campaign_id,
        "run_id": 1,
        "entry_id": world.tianhe.way_id,
        "kind_id": 1,
        "handover_id": world.tianhe.handover_id,
        "account_id": world.tianhe.account_id,
        "session_id": world.tianhe.session_id,
    }


def console_urls(world: World) -> list[str]:
    ids = foreign_ids(world)
    return [
        reverse(f"console:{name}", kwargs={key: value for key, value in ids.items() if f":{key}>" in route})
        for route, _page, name in PAGES
    ]


def all_patterns(resolver: URLResolver | None = None, prefix: str = "") -> Iterator[tuple[str, URLPattern]]:
    for one in (resolver or get_resolver()).url_patterns:
        if isinstance(one, URLResolver):
            yield from all_patterns(one, prefix + str(one.pattern))
        else:
            yield prefix + str(one.pattern), one


def filled(route: str, world: World) -> str:
    """A route of the map with the ids of what is foreign in the places of its arguments."""
    for key, value in {**foreign_ids(world), "kind": "members", "code": "x", "token": "x"}.items():
        for converter in ("int:", "str:", "slug:", ""):
            route = route.replace(f"<{converter}{key}>", str(value))
    return "/" + route


def leaks(text: str) -> list[str]:
    return [name for name in FOREIGN if name in text]


def test_the_stranger_sees_nothing_foreign(world):
    client = signed_in("zhao")
    statuses = {}
    for url in console_urls(world):
        answer = client.get(url)
        text = b"".join(answer) if answer.streaming else answer.content
        statuses[url] = answer.status_code
        assert answer.status_code in {200, 403, 404, 405}, url
        assert leaks(text.decode()) == [], url
    assert any(status == 200 for status in statuses.values())
    shared = reverse(
        "console:group_welcome", args=[1]
    )  # a kind is the chain's own: its welcome is for everybody to attach
    detail = [url for url in console_urls(world) if any(part.isdecimal() for part in url.split("/")) and url != shared]
    assert {statuses[url] for url in detail} <= {403, 404}


def test_what_is_asked_for_by_query_shows_nothing_foreign(world):
    client = signed_in("zhao")
    for url in (
        f"/console/?node={world.chain.tianhe.id}",
        f"/console/?node={world.chain.chain.id}",
        "/console/members/?q=天河",
        "/console/members/?q=13800040000",
        "/console/members/export.csv?q=天",
        "/console/search/?s=天河&extended=1",
        "/console/search/?s=广州&extended=1",
        f"/console/sources/models/?node={world.chain.tianhe.id}",
        "/console/groups/ways/?state=waiting",
        "/console/groups/ways/?page=-1",
        f"/console/campaigns/new/?segment={world.tianhe.segment_id}",
    ):
        answer = client.get(url)
        shown = answer.content.decode().replace('value="天河"', "")  # what was typed is shown again
        assert leaks(shown) == [], url


def test_anonymous_is_led_to_the_login_from_every_page_of_the_map(world):
    client = Client()
    for route, pattern in all_patterns():
        if not route.startswith("console/") or pattern.name in OPEN_TO_ALL:
            continue
        answer = client.get(filled(route, world))
        assert answer.status_code == 302, route
        assert answer["Location"].startswith("/console/login/"), route


def test_the_api_answers_neither_anonymous_nor_a_session(world):
    for client in (Client(), signed_in("zhao")):
        for route, _pattern in all_patterns():
            if not route.startswith("api/v1/"):
                continue
            url = filled(route, world)
            for method in ("get", "post"):
                answer = getattr(client, method)(url)
                text = b"".join(answer) if answer.streaming else answer.content
                assert leaks(text.decode(errors="replace")) == [], url
                is_open = url in {"/api/v1/", "/api/v1/health", "/api/v1/docs", "/api/v1/openapi.json"}
                assert is_open or answer.status_code >= 400, (url, method)


def test_posts_of_the_stranger_change_nothing_foreign(world):
    client = signed_in("zhao")
    before = digest()
    for route, page, name in PAGES:
        kwargs = {key: value for key, value in foreign_ids(world).items() if f":{key}>" in route}
        url = reverse(f"console:{name}", kwargs=kwargs)
        for action in [*page.actions, ""]:
            answer = client.post(url, foreign_form(world) | {"action": action})
            assert answer.status_code != 500, (url, action)
            shown = answer.content.decode().replace("天河店好友", "")  # what was typed is shown again
            if name == "redeem" and action:
                # A code is itself the right to learn where its coupon holds: the till must send the customer there.
                assert answer.status_code == 422
                continue
            assert leaks(shown) == [], (url, action)
    assert digest() == before


def foreign_form(world: World) -> dict[str, object]:
    """One form that names only what is foreign, for every action of every page."""
    ids = world.tianhe
    tree = f'{{"version":1,"type":"org","node_id":{world.chain.tianhe.id}}}'
    return {
        "key": "group_capacity", "value": "77", "mode": "json", "raw": tree, "low": "1", "high": "2",
        "tag": "stolen", "other": "13800040001", "reason": "x", "merge_id": world.merge_id,
        "store": world.chain.tianhe.id, "node": world.chain.tianhe.id, "source": "till", "label": "x",
        "staff": [world.chain.wang.id], "welcome_text": "x", "kind": "members", "reply": ids.reply_id, "words": "x",
        "text": "x", "name": "天河店好友", "entry": ids.waiting_way_id,
        "key_id": ids.key_id, "chat": "", "theme": "x", "owner": world.chain.wang.id, "capacity": "100", "tags": "x", "priority": "1",
        "segment": ids.segment_id, "coupon": ids.template_id, "holdout": "10",
        "unit": "member", "starts_at": "2030-01-01T10:00", "measure_days": "28", "amount": "100", "days": "10",
        "giver": world.chain.wang.id, "to": world.chain.wang.id, "of": "0", "members": str(ids.members[0]), "keeper": "",
        "message": "x", "total": "5", "code": ids.coupon_code, "receipt": "R-1", "job": "1", "do": "mode:rows",
        "file": SimpleUploadedFile("m.csv", b"key\n1\n"),
    }  # fmt: skip


def test_a_tree_that_names_a_foreign_store_is_not_put_into_words(world):
    client = signed_in("zhao")
    for leaf in (
        f'{{"type":"org","node_id":{world.chain.tianhe.id}}}',
        f'{{"type":"relation","staff_id":[{world.chain.wang.id}]}}',
        f'{{"type":"orders","measure":"count","op":"gte","value":1,"store":[{world.chain.tianhe.id}]}}',
    ):
        form = {"mode": "json", "raw": f'{{"version":1,"not":{leaf}}}'}
        answer = client.post("/console/segments/count/", form)
        text = answer.content.decode()
        assert leaks(text) == []
        assert "Wang" not in text
        assert 'role="alert"' in text


def test_whoever_left_the_company_is_shut_out(world):
    from juqun.domains.org import operations as org  # noqa: PLC0415 - this test alone changes the staff

    client = signed_in("zhao")
    assert client.get("/console/").status_code == 200
    org.staff_left(staff_id=world.chain.zhao.id, at=world.at)
    assert client.get("/console/").status_code == 302
