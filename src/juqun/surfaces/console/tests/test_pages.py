"""What the pages do for those whose part of the chain it is."""

import re

import httpx
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from juqun.channels.wecom.client import WecomClient, replaced
from juqun.channels.wecom.settings import corp_settings
from juqun.domains.members import queries as members
from juqun.domains.org import queries as org
from juqun.domains.org.models import Account
from juqun.domains.org.types import PolicyKey
from juqun.domains.promotions import queries as promotions
from juqun.kernel.imports import queries as imports
from juqun.kernel.jobs import run_pending
from juqun.kernel.models import Job
from juqun.kernel.scope import DataScope
from juqun.surfaces.console.pages.imports import safe_name
from juqun.surfaces.console.pages.members import _row

pytestmark = pytest.mark.django_db
ALL = DataScope.whole_chain()


WORLD_SIZE = 8


def signed_in(username: str) -> Client:
    client = Client()
    client.force_login(Account.objects.get(username=username), backend="django.contrib.auth.backends.ModelBackend")
    return client


@pytest.mark.parametrize(
    ("path", "queries"),
    [("members/", 13), ("groups/", 14), ("codes/", 14), ("segments/", 9), ("campaigns/", 12), ("coupons/", 10)],
)
def test_lists_cost_the_same_however_long_they_are(world, django_assert_num_queries, path, queries):
    client = signed_in("hong")
    with django_assert_num_queries(queries):
        assert client.get(f"/console/{path}").status_code == 200


def test_every_role_sees_its_own_menu(world):
    menus = {
        "hong": "Dashboard Organisation Live codes Members Groups Robot Customer service Segments Campaigns Coupons "
        "Differences WeCom tags Till keys Imports Jobs WeCom connection Sync",
        "chen": "Dashboard Organisation Live codes Members Groups Robot Customer service Segments Campaigns Coupons",
        "li": "Dashboard Organisation Live codes Members Groups Robot Customer service Segments Campaigns Coupons Redeem Till keys",
        "wang": "Dashboard Members Groups Redeem",
        "cai": "Redeem",
    }
    for name, expected in menus.items():
        page = signed_in(name).get("/console/", follow=True).content.decode()
        sidebar = page[page.index('id="nav-sidebar-apps"') : page.index('id="main"')]
        items = re.findall(r"<span>([A-Z][\w ]+)</span>", sidebar)
        assert " ".join(items) == expected, name


def test_a_guide_sees_their_own_customers_only(world):
    own = signed_in("wang").get("/console/members/").context["total"]
    assert 0 < own < members.count_members(scope=DataScope(paths=(world.chain.tianhe.path,)))
    assert signed_in("wang").get("/console/segments/").status_code == 403


def test_a_policy_outside_the_guard_rail_is_refused_in_words(world):
    chain, client = world.chain, signed_in("hong")
    form = {"action": "set_policy", "key": "group_capacity", "mode": "range", "value": 200, "low": 100, "high": 300}
    client.post(f"/console/organisation/{chain.chain.id}/", form)
    answer = signed_in("li").post(
        f"/console/organisation/{chain.tianhe.id}/",
        {"action": "set_policy", "key": "group_capacity", "mode": "free", "value": 400},
        follow=True,
    )
    assert "is outside 100 to 300, set by Hong at Juqun Petrol" in answer.content.decode()
    assert org.get_policy(node_id=chain.tianhe.id, key=PolicyKey.GROUP_CAPACITY).value == 200
    signed_in("li").post(
        f"/console/organisation/{chain.tianhe.id}/",
        {"action": "set_policy", "key": "group_capacity", "mode": "free", "value": 150},
    )
    assert org.get_policy(node_id=chain.tianhe.id, key=PolicyKey.GROUP_CAPACITY).value == 150


def test_a_member_is_merged_and_parted_again(world):
    client, (keep, other) = signed_in("li"), world.tianhe.members[:2]
    path = f"/console/members/{keep}/"
    before = members.count_members(scope=ALL)
    client.post(path, {"action": "undo_merge", "merge_id": world.merge_id})
    assert members.count_members(scope=ALL) == before + 1
    public_id = members.get_member(scope=ALL, member_id=other).public_id
    client.post(path, {"action": "merge", "other": public_id, "reason": "same"})
    assert members.get_member(scope=ALL, member_id=other).id == keep
    assert signed_in("wang").post(path, {"action": "merge", "other": public_id}).status_code == 403


def test_a_file_is_imported_and_its_bad_lines_come_back(world):
    client = signed_in("hong")
    content = b"product_ref,name,price_yuan\nP-1,Milk,12.50\nP-2,Tea,cheap\n"
    form = {"action": "upload", "kind": "products", "file": SimpleUploadedFile("../evil/products.csv", content)}
    assert client.post("/console/imports/", form).status_code == 302
    assert "1 waiting" in client.get("/console/imports/runs/").content.decode()
    run_pending(["bulk"])
    (run,) = imports.list_runs(scope=ALL, kind="products")
    assert (run.filename, run.rows_ok, run.rows_rejected, run.actor_name) == ("products.csv", 1, 1, "Hong")
    errors = b"".join(client.get(f"/console/imports/{run.id}/errors.csv")).decode()
    assert "P-2,Tea,cheap" in errors
    assert "price_yuan" in errors
    for name in ("chen", "li", "cai"):
        assert signed_in(name).get(f"/console/imports/{run.id}/errors.csv").status_code == 403


def test_a_file_that_is_no_table_is_refused_before_it_is_queued(world):
    form = {"action": "upload", "kind": "products", "file": SimpleUploadedFile("photo.png", b"x")}
    assert signed_in("hong").post("/console/imports/", form).status_code == 422
    assert not Job.objects.filter(name__endswith="import_file").exists()


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\x\\会员 1.csv", "会员 1.csv"),
        ("..", "upload"),
        ("a\x00b/../c;rm.csv", "c_rm.csv"),
    ],
)
def test_names_of_files_lead_nowhere_else(given, kept):
    assert safe_name(given) == kept


def test_dead_letters_are_shown_tried_again_and_discarded(world):
    client = signed_in("hong")
    Job.objects.all().update(state="dead", last_error="Traceback\nValueError: no such thing")
    ids = list(Job.objects.values_list("pk", flat=True)[:2])
    page = client.get("/console/jobs/").content.decode()
    assert "ValueError: no such thing" in page
    client.post("/console/jobs/", {"action": "retry", "job": ids[:1]})
    client.post("/console/jobs/", {"action": "discard", "job": ids[1:]})
    assert Job.objects.get(pk=ids[0]).state == "waiting"
    assert not Job.objects.filter(pk=ids[1]).exists()


def test_a_coupon_is_used_once_per_receipt(world):
    client, code = signed_in("cai"), world.tianhe.coupon_code
    form = {"code": code, "amount": "88", "receipt": "R-1"}
    assert client.post("/console/redeem/", form | {"action": "quote"}).context["off_fen"] == 800
    assert promotions.get_coupon_by_code(code=code).state == "issued"
    for _ in range(2):  # the same receipt again is the same redemption
        assert client.post("/console/redeem/", form | {"action": "redeem"}).status_code == 302
    again = client.post("/console/redeem/", form | {"action": "redeem", "receipt": "R-2"})
    assert again.status_code == 422
    assert promotions.get_template(scope=ALL, template_id=world.tianhe.template_id).redeemed == 1


def test_the_picture_of_a_code_is_the_channels_own(world):
    def wecom(request: httpx.Request) -> httpx.Response:
        return httpx.Response(
            200, content=b"PNG of " + str(request.url).encode(), headers={"content-type": "image/png"}
        )

    path = f"/console/codes/{world.tianhe.code_id}/picture"
    with replaced(WecomClient(corp_settings(), transport=httpx.MockTransport(wecom))):
        answer = signed_in("li").get(path)
    assert (answer.status_code, answer["Content-Type"]) == (200, "image/png")
    assert answer.content == f"PNG of https://qr.example/{world.tianhe.code_id}".encode()


def test_what_is_no_picture_is_not_handed_on(world):
    def wecom(request: httpx.Request) -> httpx.Response:
        del request
        return httpx.Response(200, content=b"<script>", headers={"content-type": "text/html"})

    with replaced(WecomClient(corp_settings(), transport=httpx.MockTransport(wecom))):
        answer = signed_in("li").get(f"/console/codes/{world.tianhe.code_id}/picture")
    assert answer.status_code >= 400
    assert b"<script>" not in answer.content.split(b"</head>")[-1][:50]


def test_five_wrong_passwords_close_the_login(world, settings):
    client = Client()
    form = {"username": "li", "password": "wrong"}
    statuses = [client.post("/console/login/", form).status_code for _ in range(5)]
    assert statuses == [200, 200, 200, 200, 429]
    assert client.post("/console/login/", form | {"password": "juqun-li"}).status_code == 429
    other = client.post("/console/login/", {"username": "wang", "password": "juqun-wang"})
    assert other.status_code == 302


def test_the_login_answers_in_the_readers_language():
    assert 'lang="zh-hans"' in Client().get("/console/login/", HTTP_ACCEPT_LANGUAGE="zh-CN").content.decode()
    assert 'lang="en"' in Client().get("/console/login/", HTTP_ACCEPT_LANGUAGE="en").content.decode()


def test_an_export_holds_no_formula_and_no_bare_identity(world):
    text = signed_in("li").get("/console/members/export.csv").content.decode()
    assert "138" not in re.sub(r"138\*+\d+", "", text)
    one = members.get_member(scope=ALL, member_id=world.tianhe.members[0])
    object.__setattr__(one, "display_name", "=HYPERLINK(1)")
    assert _row(one)[1] == "'=HYPERLINK(1)"


def test_a_campaign_seen_from_a_store_is_run_by_its_owner_only(world):
    path = f"/console/campaigns/{world.tianhe.campaign_id}/"
    assert signed_in("li").get(path).context["may_run"] is True
    for action in ("plan", "launch", "stop", "dry_run"):
        assert signed_in("zhao").post(path, {"action": action}).status_code == 404


def test_the_connection_is_checked_line_by_line_for_headquarters_only(world, settings):
    settings.JUQUN_WECOM_BASE_URL = "http://127.0.0.1:9"
    hong = signed_in("hong")
    page = hong.get("/console/connection/").content.decode()
    assert 'hx-get="/console/connection/line/?at=0' in page
    url, seen = "/console/connection/line/?at=0&bad=0", []
    while url:
        part = hong.get(url).content.decode()
        seen.append(re.findall(r'data-check="(\w+)"', part)[0])
        found = re.search(r'hx-get="(/console/connection/line/[^"]+)"', part)
        url = found[1].replace("&amp;", "&") if found else ""
    assert (seen[:2], seen[-1], len(seen)) == (["corp", "token"], "blocks", 17)
    assert "lines have to be mended" in part
    assert "hx-get" not in hong.get("/console/connection/line/?at=-5&bad=x").content.decode().split("data-check")[0]
    assert hong.get("/console/connection/line/?at=999").status_code == 200
    for name in ("chen", "li", "wang"):
        assert signed_in(name).get("/console/connection/line/?at=0").status_code == 403


@pytest.mark.parametrize("given", ["--5", "-", "9" * 18, "9" * 19, "9" * 5_000, "²", "٣"])
def test_numbers_that_are_none_are_answered(world, given):
    client = signed_in("hong")
    handover = f"handovers/{world.tianhe.handover_id}/"
    for path in ("members/", "groups/", "groups/ways/", "codes/", "campaigns/", "handovers/", handover, "jobs/"):
        answer = client.get(f"/console/{path}", {"page": given, "keeper": given})
        assert answer.status_code == 200, path
    for action in ("retry", "discard"):
        assert client.post("/console/jobs/", {"action": action, "job": given}).status_code == 302
    form = {"action": "change", "item": given, "to": world.chain.li.id, "of": given}
    assert client.post(f"/console/{handover}", form).status_code == 302


def test_a_character_that_postgresql_cannot_hold_is_refused(world):
    client = signed_in("hong")
    assert client.get("/console/members/", {"q": "a\x00b"}).status_code == 400
    assert client.get("/console/members/export.csv", {"q": "a\x00b"}).status_code == 400
    for page, form in (
        ("tags/", {"action": "add", "group": "g\x00", "name": "n", "word": "w"}),
        ("robot/", {"action": "save", "words": "w", "text": "t\x00"}),
        (f"members/{world.tianhe.members[0]}/", {"action": "add_tag", "tag": "a\x00b"}),
    ):
        assert client.post(f"/console/{page}", form).status_code == 400, page
