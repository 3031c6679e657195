import hashlib
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from wecom_emulator.tests.conftest import CORP, Desk

PAGE = "https://shop.example.com/in?x=1"
PATH = "/connect/oauth2/authorize"


def visit(desk: Desk, path: str = PATH, **query: Any) -> Any:
    given = {"appid": CORP, "redirect_uri": PAGE, "response_type": "code", "state": "s1", "agentid": "1000002"}
    desk.http.cookies.clear()
    return desk.http.get(path, params={**given, **query})


def code_of(answer: Any) -> str:
    assert answer.status_code == 302, answer.text
    return parse_qs(urlsplit(answer.headers["location"]).query)["code"][0]


def test_a_member_comes_back_with_a_code_that_works_once(desk: Desk):
    desk.staff("li")
    answer = visit(desk, **{"as": "li", "scope": "snsapi_base"})
    url = urlsplit(answer.headers["location"])
    query = parse_qs(url.query)
    assert (url.netloc, query["x"], query["state"]) == ("shop.example.com", ["1"], ["s1"])
    code = query["code"][0]
    assert len(code.encode()) <= 512
    assert desk.get("auth/getuserinfo", code=code) == {"errcode": 0, "errmsg": "ok", "userid": "li"}
    assert desk.get("auth/getuserinfo", code=code)["errcode"] == 40029
    late = code_of(visit(desk, **{"as": "li"}))
    desk.advance(300)
    assert desk.get("auth/getuserinfo", code=late)["errcode"] == 40029
    assert desk.get("auth/getuserinfo")["errcode"] == 40029


def test_private_fields_need_the_members_consent(desk: Desk):
    desk.staff("li", mobile="138", email="li@x.cn", gender=1)
    told = desk.get("auth/getuserinfo", code=code_of(visit(desk, **{"as": "li", "scope": "snsapi_privateinfo"})))
    detail = desk.ok("auth/getuserdetail", user_ticket=told["user_ticket"])
    assert (detail["userid"], detail["gender"], detail["mobile"], detail["email"]) == ("li", "1", "138", "li@x.cn")
    old = desk.get("user/getuserinfo", code=code_of(visit(desk, **{"as": "li", "scope": "snsapi_privateinfo"})))
    assert (old["UserId"], old["expires_in"]) == ("li", 1800)
    desk.advance(1800)
    assert desk.post("auth/getuserdetail", user_ticket=told["user_ticket"])["errcode"] == 40058
    assert desk.post("auth/getuserdetail")["errcode"] == 40063


def test_customers_and_strangers_are_told_apart(desk: Desk):
    desk.staff("li")
    friend, stranger = desk.customers(2)
    desk.befriend("li", friend)
    known = desk.get("auth/getuserinfo", code=code_of(visit(desk, **{"as": friend})))
    assert known["external_userid"] == friend
    unknown = desk.get("auth/getuserinfo", code=code_of(visit(desk, **{"as": stranger})))
    assert "external_userid" not in unknown
    assert unknown["openid"] != known["openid"]
    assert desk.ok("externalcontact/convert_to_openid", external_userid=friend)["openid"] == known["openid"]
    assert desk.post("externalcontact/convert_to_openid", external_userid=stranger)["errcode"] == 84061
    assert visit(desk, "/wwopen/sso/qrConnect", **{"as": stranger}).status_code == 400


@pytest.mark.parametrize(
    ("path", "query", "code"),
    [
        (PATH, {"appid": "wx0"}, "40013"),
        (PATH, {"redirect_uri": "https://evil.example.org/"}, "50001"),
        (PATH, {"redirect_uri": "javascript:alert(1)"}, "50001"),
        (PATH, {"state": "a b"}, "40058"),
        (PATH, {"state": "a" * 129}, "40058"),
        (PATH, {"response_type": "token"}, "40058"),
        (PATH, {"as": "ghost"}, "60111"),
        ("/wwopen/sso/qrConnect", {"agentid": "7"}, "40056"),
    ],
)
def test_a_wrong_request_shows_an_error_page(desk: Desk, path: str, query: dict[str, str], code: str):
    desk.settings(trusted_domains=["shop.example.com"])
    answer = visit(desk, path, **query)
    assert (answer.status_code, f"errcode {code}:" in answer.text) == (400, True)


def test_the_page_asks_who_looks_and_remembers(desk: Desk):
    desk.staff("li", name="<b>Li</b>")
    page = visit(desk, "/wwopen/sso/qrConnect", response_type="")
    assert "as=li" in page.text
    assert "&lt;b&gt;Li" in page.text
    answer = visit(desk, "/wwopen/sso/qrConnect", **{"as": "li"})
    desk.http.cookies.set("wecom_emulator_as", answer.cookies["wecom_emulator_as"])
    again = desk.http.get(PATH, params={"appid": CORP, "redirect_uri": PAGE, "response_type": "code"})
    assert desk.get("auth/getuserinfo", code=code_of(again))["userid"] == "li"
    desk.http.cookies.clear()


def verify(desk: Desk, **fields: Any) -> bool:
    return bool(desk.admin("POST", "/jssdk/verify", fields)["valid"])


def test_js_signatures_are_checked_against_the_living_ticket(desk: Desk):
    given = {"noncestr": "n", "timestamp": "1511755200", "url": "https://shop.example.com/p?a=1"}
    plain = "jsapi_ticket={}&noncestr=n&timestamp=1511755200&url=https://shop.example.com/p?a=1"
    assert not verify(desk, kind="corp", signature="x", **given)
    corp, app = desk.get("get_jsapi_ticket"), desk.get("ticket/get", type="agent_config")
    assert corp["expires_in"] == app["expires_in"] == 7200
    assert desk.get("get_jsapi_ticket")["ticket"] == corp["ticket"] != app["ticket"]
    signed = {
        kind: hashlib.sha1(plain.format(item["ticket"]).encode()).hexdigest()  # noqa: S324 - the protocol's own
        for kind, item in (("corp", corp), ("agent", app))
    }
    assert verify(desk, kind="corp", signature=signed["corp"], **given)
    assert verify(desk, kind="corp", signature=signed["corp"], **{**given, "url": given["url"] + "#/top"})
    assert verify(desk, kind="agent", agent_id=1000002, signature=signed["agent"], **given)
    assert not verify(desk, kind="agent", agent_id=1000002, signature=signed["corp"], **given)
    assert not verify(desk, kind="corp", signature=signed["corp"], **{**given, "noncestr": "m"})
    desk.settings(trusted_domains=["other.example.com"])
    assert not verify(desk, kind="corp", signature=signed["corp"], **given)
    desk.settings(trusted_domains=[])
    desk.advance(7200)
    assert not verify(desk, kind="corp", signature=signed["corp"], **given)
    assert desk.get("get_jsapi_ticket")["ticket"] != corp["ticket"]
    assert desk.get("ticket/get", type="x")["errcode"] == 40058
    desk.admin("POST", "/jssdk/verify", {"kind": "agent", "agent_id": 9}, status=404)


def test_unionids_wait_for_a_friendship(desk: Desk):
    desk.staff("li")
    (customer,) = desk.customers(1)
    ask = {"unionid": "union0", "openid": "o1"}
    pending = desk.ok("idconvert/unionid_to_external_userid", **ask)["pending_id"]
    assert desk.ok("idconvert/unionid_to_external_userid", **ask)["pending_id"] == pending
    assert desk.post("externalcontact/unionid_to_external_userid", **ask)["errcode"] == 84061
    desk.advance(90 * 86_400)
    assert desk.ok("idconvert/unionid_to_external_userid", **ask)["pending_id"] != pending
    desk.befriend("li", customer)
    assert desk.ok("idconvert/unionid_to_external_userid", **ask)["external_userid"] == customer
    assert desk.ok("externalcontact/unionid_to_external_userid", **ask)["external_userid"] == customer
    assert desk.post("idconvert/unionid_to_external_userid", unionid="none", openid="o")["errcode"] == 40058
    assert desk.post("idconvert/unionid_to_external_userid", subject_type=5, **ask)["errcode"] == 40058
    desk.settings(corp_verified=False)
    assert desk.post("idconvert/unionid_to_external_userid", **ask)["errcode"] == 48002


def test_members_have_openids(desk: Desk):
    desk.staff("li")
    openid = desk.ok("user/convert_to_openid", userid="li")["openid"]
    assert desk.ok("user/convert_to_userid", openid=openid)["userid"] == "li"
    assert desk.post("user/convert_to_userid", openid="x")["errcode"] == 60111
