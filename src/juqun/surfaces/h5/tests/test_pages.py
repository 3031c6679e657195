import re
from datetime import timedelta

import pytest
from django.apps import apps
from django.test import Client

from juqun.domains.campaigns import testing as campaign_testing
from juqun.domains.campaigns.operations import plan_campaign
from juqun.domains.catalog.testing import make_product
from juqun.domains.commerce import operations as commerce
from juqun.domains.commerce.testing import line
from juqun.domains.members import operations as members
from juqun.domains.members.types import Identity, IdentityKind
from juqun.domains.org.testing import make_small_chain
from juqun.domains.promotions import operations as promotions
from juqun.domains.promotions import queries as coupons
from juqun.domains.promotions.testing import give_coupon, make_template
from juqun.kernel import clock
from juqun.lake import feed
from juqun.lake.engine import get_engine
from juqun.lake.testing import fresh_lake


@pytest.fixture
def chain(db, settings, tmp_path):
    fresh_lake(settings, tmp_path)
    return make_small_chain()


@pytest.fixture
def member_id(chain):
    card = Identity(kind=IdentityKind.CARD, value="C1")
    return members.identify(
        identities=[card], display_name="Mei", store_id=chain.tianhe.id, source="test", at=clock.now()
    ).member_id


@pytest.fixture
def coupon(chain, member_id):
    at = clock.now()
    return give_coupon(template_id=make_template(at=at, store_id=chain.tianhe.id), member_id=member_id, at=at)


@pytest.fixture
def phone():
    """An English phone that keeps its cookies."""
    return Client(headers={"accept-language": "en"})


def text_of(response):
    body = response.content.decode()
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", re.sub(r"<svg.*?</svg>", " [QR] ", body, flags=re.S)))


def test_coupon_page(phone, coupon, chain):
    response = phone.get(f"/h5/c/{coupon.code}")
    text = text_of(response)
    assert response.status_code == 200
    spaced = " ".join(coupon.code[n : n + 4] for n in range(0, 16, 4))
    for shown in ("¥5 off", "on ¥20 or more", "Ready to use", "[QR]", spaced, chain.tianhe.name):
        assert shown in text
    assert "Mei" not in text
    assert response["Cache-Control"] == "private, no-store"
    assert response["Referrer-Policy"] == "no-referrer"
    body = response.content.decode()
    assert re.findall(r'(?:src|href)="([^"]+)"', body) == ["/static/vendor/weui.min.css", "/static/h5/h5.css"]


def test_coupon_page_says_its_state_and_shows_no_code_then(phone, coupon, chain):
    with clock.travelled(coupon.valid_until):
        text = text_of(phone.get(f"/h5/c/{coupon.code}"))
    assert "Expired" in text
    assert "[QR]" not in text
    promotions.redeem_coupon(
        code=coupon.code, store_id=chain.tianhe.id, order_key="pos:1", amount_fen=3_000, at=clock.now()
    )
    text = text_of(phone.get(f"/h5/c/{coupon.code}"))
    assert "Used" in text
    assert "Used at" in text
    assert "[QR]" not in text


def test_unknown_code_is_a_page_that_says_what_to_do(phone, chain):
    response = phone.get("/h5/c/NOSUCHCODE")
    assert response.status_code == 404
    assert "scan it again" in text_of(response)
    assert phone.post("/h5/c/NOSUCHCODE").status_code == 405


def test_markup_in_names_is_shown_as_text(phone, chain, member_id):
    at = clock.now()
    template_id = promotions.create_template(
        name="<script>alert(1)</script>",
        kind="percent",
        percent_bp=1_250,
        valid_from=at,
        valid_until=at + timedelta(days=1),
        total=1,
        actor="Hong",
    )
    code = give_coupon(template_id=template_id, member_id=member_id, at=at).code
    body = phone.get(f"/h5/c/{code}").content.decode()
    assert "<script>" not in body
    assert "12.5% off" in body


def test_my_coupons_by_signed_link(phone, coupon, member_id):
    token = coupons.wallet_token(member_id=member_id)
    response = phone.get(f"/h5/m/{token}")
    assert response.status_code == 200
    assert f'href="/h5/c/{coupon.code}"' in response.content.decode()
    cookie = response.cookies["juqun_wallet"]
    assert (cookie["httponly"], cookie["samesite"], cookie["path"]) == (True, "Lax", "/h5/")
    for spoilt in (token[:-1], token.replace(token[0], "x", 1), "1"):
        refused = phone.get(f"/h5/m/{spoilt}")
        assert refused.status_code == 404
        assert coupon.code not in refused.content.decode()


def test_wallet_without_coupons_says_where_they_come_from(phone, member_id):
    assert "No coupons yet" in text_of(phone.get(f"/h5/m/{coupons.wallet_token(member_id=member_id)}"))


@pytest.fixture
def campaign_link(chain):
    """A function that plans a campaign to one friend and answers (path of its tracked link, the friend)."""

    def plan(**changes):
        at = campaign_testing.NOON
        guides = campaign_testing.make_guides(store_id=chain.tianhe.id, count=1)
        external = campaign_testing.external_userids(1)
        friends = campaign_testing.make_friends(
            store_id=chain.tianhe.id, guides=guides, external_userids=external, at=at
        )
        campaign_testing.refresh_dims()
        campaign_id = campaign_testing.make_draft(node_id=chain.chain.id, **changes)
        plan_campaign(campaign_id=campaign_id, at=at)
        token = apps.get_model("campaigns", "MessageBatch").unscoped.get().token
        return f"/h5/l/{token}", friends[external[0]]

    return plan


def link_touches():
    feed.flush()
    sql = "SELECT member_id FROM touches WHERE kind = 'link' ORDER BY member_id"
    return get_engine().query(sql).column("member_id").to_pylist()


def test_tracked_link_records_the_opening_and_sends_on(phone, campaign_link):
    url, _ = campaign_link()
    for _ in range(2):
        response = phone.get(url)
        assert (response.status_code, response["Location"]) == (302, "https://shop.example/weekend")
    assert link_touches() == [-1]
    assert phone.get("/h5/l/unknown").status_code == 404


def test_tracked_link_shows_a_known_member_the_coupon_and_gives_nobody_one(phone, campaign_link):
    template_id = make_template(at=campaign_testing.NOON)
    url, friend = campaign_link(coupon_template_id=template_id, link_url="")
    stranger_text = text_of(phone.get(url))
    assert "Your coupon waits in your own list" in stranger_text
    known = f"{url}?m={coupons.wallet_token(member_id=friend)}"
    assert "No coupons yet" in text_of(phone.get(known)), "opening the link gives no coupon: the draw decided"
    coupon = give_coupon(template_id=template_id, member_id=friend, at=campaign_testing.NOON)
    response = phone.get(url)
    assert (response.status_code, response["Location"]) == (302, f"/h5/c/{coupon.code}"), "the phone is known by now"
    assert link_touches() == [-1, friend]


def test_pickup_page(phone, chain, member_id):
    at = clock.now()
    held = commerce.place_order(
        intent_key="tap",
        store_id=chain.tianhe.id,
        member_id=member_id,
        lines=[line(make_product("P-1", name="Milk"), 1_250)],
        at=at,
    )
    paid = commerce.pay_order(order_id=held.id, paid_at=at)
    text = text_of(phone.get(f"/h5/pickup/{paid.pickup_code}"))
    for shown in ("[QR]", "Milk", "× 1", "¥12.50", "it works once"):
        assert shown in text
    commerce.redeem_pickup(code=paid.pickup_code, store_id=chain.tianhe.id, staff_id=chain.li.id, at=at)
    text = text_of(phone.get(f"/h5/pickup/{paid.pickup_code}"))
    assert "handed over" in text
    assert "[QR]" not in text
    assert phone.get("/h5/pickup/NOSUCH").status_code == 404


@pytest.mark.parametrize("page", ["c", "l", "m", "pickup"])
@pytest.mark.parametrize("code", ["%00", "a%00b", "%ff%fe", "%F0%9F%98%80", "'%20OR%201=1--", "A" * 5_000])
def test_forged_addresses_are_pages_that_say_what_to_do(phone, chain, page, code):
    response = phone.get(f"/h5/{page}/{code}")
    assert response.status_code == 404
    assert "weui" in response.content.decode()
