"""What a hostile or broken till sends: always a clear JSON refusal, never a 500, and nothing changed."""

import json

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from juqun.domains.commerce import operations as commerce
from juqun.domains.commerce import queries as orders
from juqun.domains.org.testing import make_small_chain
from juqun.kernel import clock
from juqun.kernel.scope import DataScope
from juqun.lake.testing import fresh_lake


@pytest.fixture
def chain(db, settings, tmp_path):
    fresh_lake(settings, tmp_path)
    settings.JUQUN_IMPORT_DIR = tmp_path / "imports"
    return make_small_chain()


@pytest.fixture
def send(chain):
    """A function that sends raw bytes as Tianhe's till and answers (status, JSON body)."""
    key = commerce.create_till_key(store_id=chain.tianhe.id, name="till").secret

    def post(url, content, content_type="application/json", method="post", key=key):
        client = Client(raise_request_exception=False)
        headers = {"authorization": f"Bearer {key}", "accept-language": "en"}
        extra = {"data": content, "content_type": content_type} if content is not None else {}
        answer = getattr(client, method)(f"/api/v1{url}", headers=headers, **extra)
        return answer.status_code, json.loads(answer.content)

    return post


def order(**changes):
    lines = [{"product_ref": "A", "quantity": 1, "amount_fen": 3_000}]
    return {"external_ref": "T-1", "paid_at": clock.now().isoformat(), "lines": lines, **changes}


def line(**changes):
    return {"lines": [{"product_ref": "A", "quantity": 1, "amount_fen": 3_000, **changes}]}


def refused(answer, *statuses):
    status, body = answer
    assert status in statuses, (status, body)
    assert set(body) == {"code", "message", "fields"}
    assert body["message"]
    assert orders.count_orders(scope=DataScope.whole_chain()) == 0


@pytest.mark.parametrize(
    "changes",
    [
        {"external_ref": "A\x00B"},
        {"external_ref": "\x00"},
        {"external_ref": "\ud800"},
        {"external_ref": "x" * 81},
        {"external_ref": None},
        {"external_ref": 7},
        {"store_code": "S\x00001"},
        {"store_code": "x" * 10_000},
        {"store_code": "' OR 1=1 --"},
        {"member_card": "\x00"},
        {"member_card": "x" * 10_000},
        {"staff_userid": "wang\x00"},
        {"staff_userid": "x" * 10_000},
        {"coupon_code": "\x00\x00"},
        {"coupon_code": "'; DROP TABLE promotions_coupon; --"},
        {"coupon_code": "x" * 10_000},
        {"paid_at": "9999-12-31T23:59:59Z"},
        {"paid_at": "9999-12-31T23:59:59-14:00"},
        {"paid_at": "0001-01-01T00:00:00Z"},
        {"paid_at": "0001-01-01T00:00:00+14:00"},
        {"paid_at": 1e300},
        {"paid_at": -(2**70)},
        {"paid_at": 253402300799},
        {"lines": [[[[[]]]]]},
        {"lines": {}},
        line(product_ref="A\x00"),
        line(product_ref="\ud83d"),
        line(product_ref=""),
        line(quantity=-1),
        line(quantity="NaN"),
        line(quantity="Infinity"),
        line(quantity=1e308),
        line(quantity="1E+6"),
        line(quantity=10**400),
        line(amount_fen=2**63),
        line(amount_fen=2**63 - 1),
        line(amount_fen=10**30),
        line(amount_fen=10**400),
        line(amount_fen=-(2**63)),
        line(amount_fen=True),
        line(amount_fen="3000"),
        {"lines": line(amount_fen=2**62)["lines"] * 3},
        {"lines": line()["lines"] * 1001},
    ],
)
def test_order_that_cannot_be(send, changes):
    refused(send("/orders", json.dumps(order(**changes))), 404, 422)


@pytest.mark.parametrize(
    ("content", "content_type", "status"),
    [
        ("", "application/json", 422),
        ("{", "application/json", 400),
        ("[]", "application/json", 422),
        ("null", "application/json", 422),
        ("NaN", "application/json", 422),
        ("[" * 100_000, "application/json", 400),
        ('{"a":' * 50_000 + "1" + "}" * 50_000, "application/json", 400),
        (b"\xff\xfe\x00", "application/json", 400),
        (b"\x00" * 100, "application/json", 400),
        ('{"external_ref": ' + "9" * 5_000 + "}", "application/json", 400),
        (b'{"x": "' + b"y" * 3_000_000 + b'"}', "application/json", 413),
        ("external_ref=1", "application/x-www-form-urlencoded", 400),
        ("--x\r\nbroken", "multipart/form-data; boundary=x", 400),
        ("<order/>", "application/xml", 400),
    ],
)
def test_body_that_cannot_be(send, content, content_type, status):
    refused(send("/orders", content, content_type), status)


@pytest.mark.parametrize(
    "changes",
    [
        {"code": "\x00"},
        {"code": "\ud800"},
        {"amount_fen": 2**63},
        {"amount_fen": 10**400},
        {"amount_fen": -1},
        {"store_code": "\x00"},
        {"member_card": "\x00"},
    ],
)
def test_quote_that_cannot_be(send, changes):
    refused(send("/coupons/quote", json.dumps({"code": "NOSUCH", "amount_fen": 1, **changes})), 404, 422)


@pytest.mark.parametrize("card", ["", "%00", "%F0%9F%98%80", "'%20OR%201=1", "%ff%fe", "x" * 3_000])
def test_card_that_cannot_be(send, card):
    refused(send(f"/members/lookup?card={card}", None, method="get"), 404, 422)


@pytest.mark.parametrize(
    ("url", "method", "status"),
    [
        ("/nothing", "get", 404),
        ("/orders", "get", 405),
        ("/orders", "delete", 405),
        ("/imports/orders", "get", 405),
    ],
)
def test_no_such_call(send, url, method, status):
    refused(send(url, None, method=method), status)


@pytest.mark.parametrize("key", ["", "x", "jq_" + "A" * 43, "\x00", "é", "' OR 1=1 --", "x" * 7_000])
def test_key_that_is_none(send, key):
    refused(send("/orders", json.dumps(order()), key=key), 401)


def test_only_the_chain_imports(send):
    refused(send("/imports/orders", {"file": SimpleUploadedFile("a.csv", b"x")}, "multipart/form-data"), 400, 403)
