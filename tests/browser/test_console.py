"""What people of each role see and do in the console."""

import pytest
from playwright.sync_api import expect

pytestmark = [pytest.mark.browser, pytest.mark.slow]

PAGES = (
    "",
    "organisation/",
    "members/",
    "groups/",
    "codes/",
    "robot/",
    "segments/",
    "campaigns/",
    "coupons/",
    "imports/",
    "jobs/",
)


def links(page):
    hrefs = page.eval_on_selector_all("#nav-sidebar-apps a", "all => all.map(one => one.getAttribute('href'))")
    return {href.removeprefix("/console/").strip("/") for href in hrefs}


def test_each_role_gets_its_own_menu(sign_in, shoot):
    expected = {
        "hong": {
            "",
            "organisation",
            "codes",
            "members",
            "groups",
            "robot",
            "segments",
            "campaigns",
            "coupons",
            "till-keys",
            "imports",
            "jobs",
        },
        "chen": {"", "organisation", "codes", "members", "groups", "robot", "segments", "campaigns", "coupons"},
        "li": {
            "",
            "organisation",
            "codes",
            "members",
            "groups",
            "robot",
            "segments",
            "campaigns",
            "coupons",
            "redeem",
            "till-keys",
        },
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
