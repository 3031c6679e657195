"""What people of each role see and do in the console."""

import pytest
from playwright.sync_api import expect

from juqun.channels.wecom import operations as wecom
from juqun.channels.wecom.types import DriftKind
from juqun.domains.groups.testing import refuse_way
from juqun.domains.growth import queries as growth
from juqun.domains.members import operations as members
from juqun.kernel.scope import DataScope

pytestmark = [pytest.mark.browser, pytest.mark.slow]

PAGES = (
    "",
    "organisation/",
    "members/",
    "groups/",
    "codes/",
    "robot/",
    "service/",
    "handovers/",
    "segments/",
    "campaigns/",
    "coupons/",
    "differences/",
    "tags/",
    "imports/",
    "jobs/",
    "connection/",
    "sync/",
)


def links(page):
    hrefs = page.eval_on_selector_all("#nav-sidebar-apps a", "all => all.map(one => one.getAttribute('href'))")
    return {href.removeprefix("/console/").strip("/") for href in hrefs}


def test_each_role_gets_its_own_menu(sign_in, shoot):
    operator = {
        "",
        "organisation",
        "codes",
        "members",
        "groups",
        "robot",
        "service",
        "segments",
        "campaigns",
        "coupons",
    }
    chain = {"differences", "tags", "imports", "jobs", "connection", "sync"}
    expected = {
        "hong": operator | chain | {"handovers", "till-keys"},
        "chen": operator | {"handovers"},
        "li": operator | {"handovers", "redeem", "till-keys"},
        "wang": {"", "members", "groups", "redeem"},
        "cai": {"redeem"},
    }
    for name, wanted in expected.items():
        page = sign_in(name)
        assert links(page) == wanted, name
        shoot(page, f"home-{name}")


def test_headquarters_walk_through_every_page(sign_in, shoot, world):
    page = sign_in("hong")
    for path in PAGES:
        page.goto(f"/console/{path}")
        shoot(page, f"hq-{path.strip('/') or 'dashboard'}")
    page.goto(f"/console/members/{world.tianhe.members[0]}/")
    shoot(page, "hq-member")
    page.goto(f"/console/codes/{world.tianhe.code_id}/")
    shoot(page, "hq-code")
    page.goto("/console/codes/new/")
    shoot(page, "hq-code-new")
    page.goto("/console/campaigns/new/")
    shoot(page, "hq-campaign-new")
    page.goto("/console/")
    expect(page.locator(".jq-chart svg")).to_have_count(3)
    page.click(".jq-table a >> nth=0")
    page.wait_for_url("**node=*")
    shoot(page, "hq-dashboard-city")


def test_the_segment_is_counted_while_it_is_edited(sign_in, shoot, world):
    page = sign_in("hong")
    page.goto("/console/segments/new/")
    page.wait_for_selector("#segment-members")
    first = int(page.inner_text("#segment-members").replace(",", ""))
    assert 0 < first < 72
    page.select_option("select[name=do]", "add:0:tag")
    page.wait_for_selector("input[name='0.2-tags']")
    page.fill("input[name='0.2-tags']", "young family")
    page.wait_for_function(f"document.querySelector('#segment-members')?.textContent !== '{first}'")
    second = int(page.inner_text("#segment-members").replace(",", ""))
    assert 0 < second < first
    shoot(page, "segment-builder")
    page.click("#segment-rows button:has-text('JSON')")
    page.wait_for_selector("textarea[name=raw]")
    assert '"young family"' in page.input_value("textarea[name=raw]")
    page.fill("textarea[name=raw]", '{"version": 1, "type": "tag"}')
    page.wait_for_selector("#segment-result [role=alert]")
    shoot(page, "segment-refused")
    page.fill("textarea[name=raw]", '{"version": 1, "type": "tag", "any_of": ["young family"]}')
    page.wait_for_selector("#segment-members")
    page.fill("input[name=name]", "年轻家庭")
    page.click("button.main:has-text('保存')")
    page.wait_for_url("**/console/segments/")
    expect(page.locator("td >> text=年轻家庭")).to_have_count(1)


def test_the_result_of_a_campaign_tells_effect_and_interval(sign_in, shoot, world):
    page = sign_in("li")
    page.goto(f"/console/campaigns/{world.tianhe.campaign_id}/")
    expect(page.locator("svg.jq-effect circle")).to_have_count(1)
    shoot(page, "campaign-result")


def test_a_cashier_redeems_a_coupon_once(sign_in, shoot, world):
    page = sign_in("cai", width=390, height=844)
    page.wait_for_url("**/redeem/")
    page.fill("input[name=code]", world.tianhe.coupon_code)
    page.fill("input[name=amount]", "88.00")
    page.fill("input[name=receipt]", "R-1")
    page.click("button[value=quote]")
    page.wait_for_selector(".jq-note.good")
    assert "80.00" in page.inner_text(".jq-note.good")
    shoot(page, "redeem-quote")
    page.click("button[value=redeem]")
    page.wait_for_load_state()
    for receipt in ("R-2",):
        page.fill("input[name=code]", world.tianhe.coupon_code)
        page.fill("input[name=amount]", "88.00")
        page.fill("input[name=receipt]", receipt)
        page.click("button[value=quote]")
        page.wait_for_selector("[role=alert]")
    shoot(page, "redeem-refused")


def test_a_phone_never_scrolls_sideways(sign_in, shoot, world):
    page = sign_in("hong", width=390, height=844)
    more = (
        f"members/{world.tianhe.members[0]}/", f"campaigns/{world.tianhe.campaign_id}/", "segments/new/", "campaigns/new/",
        f"codes/{world.tianhe.code_id}/",
    )  # fmt: skip
    for path in (*PAGES, *more):
        page.goto(f"/console/{path}")
        page.wait_for_load_state("networkidle")
        assert page.evaluate("document.documentElement.scrollWidth") <= 390, path
        shoot(page, f"phone-{path.strip('/').replace('/', '-') or 'dashboard'}")


def test_the_login_speaks_both_languages(browser, live_server, world, shoot):
    context = browser.new_context(locale="zh-CN", base_url=live_server.url)
    page = context.new_page()
    page.goto("/console/login/")
    assert "登录" in page.inner_text("#login-form")
    shoot(page, "login-zh")
    page.click("button[lang=en]")
    page.wait_for_load_state()
    assert "Log in" in page.inner_text("#login-form")
    shoot(page, "login-en")
    context.close()


def test_headquarters_makes_a_kind_and_a_store_opens_its_way_in(sign_in, shoot, world):
    page = sign_in("hong")
    page.goto("/console/groups/")
    shoot(page, "groups-board")
    page.goto("/console/groups/kinds/new/")
    shoot(page, "kind-new")
    for name, value in (
        ("code", "night"),
        ("name", "夜宵群"),
        ("theme", "22 点后"),
        ("capacity", "150"),
        ("tags", "夜猫子"),
    ):
        page.fill(f"input[name={name}]", value)
    page.click("button.main:has-text('保存社群类型')")
    page.wait_for_url("**/console/groups/")
    assert page.locator("td >> text=夜宵群").count() == 1
    page = sign_in("li")
    page.goto("/console/groups/ways/new/")
    page.select_option("select[name=kind]", "night")
    shoot(page, "way-new")
    page.click("button.main:has-text('开通入口')")
    page.wait_for_url("**/groups/ways/")
    assert page.locator("text=“天河店夜宵群1”").count() == 1
    refuse_way(entry_id=world.tianhe.waiting_way_id, refusal="84074 no right to the group")
    page.goto("/console/groups/ways/")
    page.wait_for_load_state("networkidle")
    assert page.eval_on_selector("img.jq-qr", "one => one.naturalWidth") > 100
    shoot(page, "ways")
    page = sign_in("hong", width=390, height=844)
    for path in ("groups/", "groups/ways/", "groups/ways/new/", "groups/kinds/new/", "till-keys/"):
        page.goto(f"/console/{path}")
        page.wait_for_load_state("networkidle")
        assert page.evaluate("document.documentElement.scrollWidth") <= 390, path
        shoot(page, f"phone-{path.strip('/').replace('/', '-')}")


def test_differences_stand_side_by_side_and_a_group_welcome_is_shown_as_on_the_phone(sign_in, shoot, world):
    code = growth.get_live_code(scope=DataScope.whole_chain(), live_code_id=world.tianhe.code_id)
    ours = {"users": list(code.staff_userids), "remark": "天河店 收银台", "state": code.state}
    for key, theirs, blocker in (
        (str(code.id), {**ours, "users": ["li", "wang"], "remark": "促销"}, ""),
        (str(code.id + 1), {**ours, "state": "other"}, "state"),
        (str(code.id + 2), None, ""),
    ):
        wecom.note_drift(
            kind=DriftKind.CONTACT_WAY,
            key=key,
            label="天河店 · 收银台",
            ours=ours,
            theirs=theirs,
            blocker=blocker,
            at=world.at,
        )
    members.add_managed_tag(group_name="客户等级", name="VIP", word="vip", at=world.at)
    page = sign_in("hong")
    page.goto("/console/differences/")
    assert page.locator("button[value=put_ours_back]").count() == 3
    assert page.locator("button[value=take_theirs][disabled]").count() == 1
    shoot(page, "differences")
    page.locator("button[value=ignore]").first.click()
    expect(page.locator("button[value=ignore]")).to_have_count(2)
    shoot(page, "differences-decided")
    page.goto("/console/tags/")
    shoot(page, "tags")
    page.goto("/console/groups/")
    page.locator("a[href$='/welcome/']").first.click()
    page.fill("textarea[name=text]", "%NICKNAME% 欢迎来到福利群！每天 10 点上新。")
    page.fill("input[name=link_title]", "今日菜单")
    page.fill("input[name=link_url]", "https://shop.example/menu")
    page.locator("button[value=save]").click()
    expect(page.locator("text=%NICKNAME%").first).to_be_visible()
    shoot(page, "group-welcome")


def test_a_till_key_is_seen_once(sign_in, shoot, world):
    page = sign_in("li")
    page.goto("/console/till-keys/")
    page.fill("input[name=name]", "二号收银台")
    page.click("button.main:has-text('生成密钥')")
    page.wait_for_selector("[role=status] input")
    secret = page.input_value("[role=status] input")
    assert secret.startswith("jq_")
    shoot(page, "till-key-made")
    page.goto("/console/till-keys/")
    assert secret not in page.content()
    shoot(page, "till-keys")


def test_six_models_unfold_under_the_sources(sign_in, shoot, world):
    page = sign_in("hong")
    page.goto("/console/?days=90")
    page.click("details.jq-more > summary")
    page.wait_for_selector("details.jq-more table")
    assert page.locator("details.jq-more tbody tr").count() > 1
    shoot(page, "dashboard-models")
