import json
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client, override_settings

from juqun.domains.commerce import operations as commerce
from juqun.domains.commerce import queries as orders
from juqun.domains.members import operations as members
from juqun.domains.members.types import Identity, IdentityKind
from juqun.domains.org.testing import make_small_chain
from juqun.domains.promotions.testing import give_coupon, make_template
from juqun.kernel import clock
from juqun.kernel.scope import DataScope
from juqun.lake.testing import fresh_lake


@pytest.fixture
def chain(db, settings, tmp_path):
    fresh_lake(settings, tmp_path)
    settings.JUQUN_IMPORT_DIR = tmp_path / "imports"
    return make_small_chain()


@pytest.fixture
def member_id(chain):
    card = Identity(kind=IdentityKind.CARD, value="C1")
    return members.identify(
        identities=[card], display_name="Mei", store_id=chain.tianhe.id, source="test", at=clock.now()
    ).member_id


@pytest.fixture
def call(chain):
    """A function that calls the API as English-speaking Tianhe's till, or with another node's key."""
    keys = {}

    def send(method, url, body=None, node=None, key=None, **extra):
        node = node or chain.tianhe
        if node.id not in keys:
            keys[node.id] = commerce.create_till_key(store_id=node.id, name=node.name).secret
        headers = {"authorization": f"Bearer {keys[node.id] if key is None else key}", "accept-language": "en"}
        data = {"data": json.dumps(body), "content_type": "application/json"} if body is not None else extra
        answer = getattr(Client(), method)(f"/api/v1{url}", headers=headers, **data)
        return answer.status_code, answer.json()

    return send


def order(**changes):
    lines = [{"product_ref": "A", "quantity": 1, "amount_fen": 3_000}]
    return {"external_ref": "T-1", "paid_at": clock.now().isoformat(), "lines": lines, **changes}


def give(chain, member_id, **changes):
    at = clock.now()
    template_id = make_template(at=at, store_id=chain.tianhe.id, **changes)
    return give_coupon(template_id=template_id, member_id=member_id, at=at)


def test_order_with_coupon_and_its_repeat(call, chain, member_id):
    coupon = give(chain, member_id)
    status, quote = call("post", "/coupons/quote", {"code": coupon.code, "amount_fen": 3_000, "member_card": "C1"})
    assert (status, quote) == (200, {"discount_fen": 500, "payable_fen": 2_500})
    body = order(coupon_code=coupon.code, member_card="C1", staff_userid="wang")
    status, first = call("post", "/orders", body)
    assert status == 200
    assert (first["order_key"], first["state"], first["amount_fen"], first["discount_fen"]) == (
        "pos:T-1",
        "paid",
        2_500,
        500,
    )
    assert call("post", "/orders", body) == (200, first)
    assert orders.count_orders(scope=DataScope.whole_chain()) == 1
    status, refusal = call("post", "/orders", {**body, "lines": [{"product_ref": "A", "amount_fen": 1}]})
    assert (status, refusal["code"]) == (409, "order_repeated_differently")
    assert refusal["fields"] == {"order_key": "pos:T-1"}
    assert "new number" in refusal["message"]


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"coupon_code": "NOSUCH"}, 404, "coupon_unknown"),
        ({"member_card": "C9"}, 422, "order_invalid"),
        ({"member_card": "C2"}, 403, "coupon_wrong_member"),
        ({"store_code": "S002"}, 422, "order_invalid"),
        ({"staff_userid": "zhao"}, 422, "order_invalid"),
        ({"lines": [{"product_ref": "A", "amount_fen": 1_999}]}, 409, "coupon_below_threshold"),
        ({"lines": []}, 422, "invalid_input"),
        ({"lines": [{"product_ref": "A", "amount_fen": 10.5}]}, 422, "invalid_input"),
        ({"lines": [{"product_ref": "A", "amount_fen": -1}]}, 422, "invalid_input"),
        ({"paid_at": "2026-03-01T09:00:00"}, 422, "invalid_input"),
        ({"external_ref": ""}, 422, "invalid_input"),
    ],
)
def test_refusals_have_a_code_a_sentence_and_change_nothing(call, chain, member_id, changes, status, code):
    members.identify(identities=[Identity(kind=IdentityKind.CARD, value="C2")], source="test", at=clock.now())
    coupon = give(chain, member_id)
    got, refusal = call("post", "/orders", order(**{"coupon_code": coupon.code, "member_card": "C1", **changes}))
    assert (got, refusal["code"]) == (status, code)
    assert set(refusal) == {"code", "message", "fields"}
    assert refusal["message"]
    assert orders.count_orders(scope=DataScope.whole_chain()) == 0


def test_wrong_store_and_expired(call, chain, member_id):
    coupon = give(chain, member_id)
    quote = {"code": coupon.code, "amount_fen": 3_000}
    status, refusal = call("post", "/coupons/quote", quote, node=chain.yuexiu)
    assert (status, refusal["code"]) == (409, "coupon_wrong_store")
    assert chain.tianhe.name in refusal["message"]
    with clock.travelled(clock.now() + timedelta(days=31)):
        assert call("post", "/coupons/quote", quote)[1]["code"] == "coupon_expired"


def test_head_office_key_names_the_store(call, chain, member_id):
    status, refusal = call("post", "/orders", order(), node=chain.chain)
    assert (status, refusal["fields"]["field"]) == (422, "store_code")
    status, _ = call("post", "/orders", order(store_code="S003"), node=chain.chain)
    assert status == 200
    assert orders.list_orders(scope=DataScope.whole_chain())[0].store_id == chain.nanshan.id


def test_member_lookup_stays_inside_the_node(call, chain, member_id):
    coupon = give(chain, member_id)
    status, found = call("get", "/members/lookup?card=C1")
    assert (status, found["display_name"], [one["code"] for one in found["coupons"]]) == (200, "Mei", [coupon.code])
    assert call("get", "/members/lookup?card=C1", node=chain.guangzhou)[0] == 200
    assert call("get", "/members/lookup?card=C1", node=chain.nanshan)[0] == 404


@pytest.mark.parametrize("key", ["", "jq_wrong"])
def test_without_a_valid_key_nothing_is_answered(call, chain, member_id, key):
    for method, url, body in [
        ("post", "/orders", order()),
        ("post", "/coupons/quote", {"code": "X", "amount_fen": 1}),
        ("get", "/members/lookup?card=C1", None),
        ("post", "/imports/products", {}),
    ]:
        status, refusal = call(method, url, body, key=key)
        assert (status, refusal["code"]) == (401, "till_key_unknown")
    assert orders.count_orders(scope=DataScope.whole_chain()) == 0


def test_import_products_by_the_chain_only(call, chain):
    def upload():
        return {"file": SimpleUploadedFile("products.csv", b"product_ref,name,price_yuan\nA,Milk,12.50\nB,Tea,x\n")}

    status, refusal = call("post", "/imports/products", data=upload())
    assert (status, refusal["code"]) == (403, "refused")
    status, result = call("post", "/imports/products", node=chain.chain, data=upload())
    assert (status, result["rows_ok"], result["rows_rejected"]) == (200, 1, 1)
    assert result["error_file"].endswith("-errors.csv")
    assert call("post", "/imports/nothing", node=chain.chain, data=upload())[0] == 422


def test_health_and_description(client, db):
    assert client.get("/api/v1/health").json()["status"] == "ok"
    description = client.get("/api/v1/openapi.json").json()
    assert {"/api/v1/orders", "/api/v1/coupons/quote", "/api/v1/members/lookup", "/api/v1/imports/{kind}"} <= set(
        description["paths"]
    )
    with override_settings(DEBUG=False):
        page = client.get("/api/v1/docs")
    assert page.status_code == 404 or b"cdn" not in page.content.lower()
