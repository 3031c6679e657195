import re

from wecom_emulator.tests.conftest import CORP, Desk


def gettoken(desk: Desk, **query: str):
    return desk.http.get("/cgi-bin/gettoken", params=query).json()


def test_token_is_the_same_until_it_expires(desk: Desk):
    first = gettoken(desk, corpid=CORP, corpsecret="emulator-app-secret")
    assert first["expires_in"] == 7200
    desk.advance(7199)
    again = gettoken(desk, corpid=CORP, corpsecret="emulator-app-secret")
    assert (again["access_token"], again["expires_in"]) == (first["access_token"], 1)
    desk.advance(1)
    fresh = gettoken(desk, corpid=CORP, corpsecret="emulator-app-secret")
    assert fresh["access_token"] != first["access_token"]
    answer = desk.http.get("/cgi-bin/department/list", params={"access_token": first["access_token"]}).json()
    assert answer["errcode"] == 42001


def test_wrong_credentials_have_their_codes(desk: Desk):
    assert gettoken(desk, corpid="wwother", corpsecret="x")["errcode"] == 40013
    assert gettoken(desk, corpid=CORP, corpsecret="x")["errcode"] == 40001
    assert gettoken(desk, corpsecret="x")["errcode"] == 41002
    assert gettoken(desk, corpid=CORP)["errcode"] == 41004
    assert desk.http.get("/cgi-bin/department/list").json()["errcode"] == 41001
    assert desk.http.get("/cgi-bin/department/list", params={"access_token": "x"}).json()["errcode"] == 40014


def test_each_secret_has_its_own_token_and_rights(desk: Desk):
    assert desk.token() != desk.token("emulator-contact-secret")
    assert desk.get("externalcontact/get_follow_user_list", secret="emulator-contact-secret")["errcode"] == 48002
    assert desk.post("user/create", userid="a")["errcode"] == 48002


def test_all_tokens_can_die_early(desk: Desk):
    desk.token()
    assert desk.admin("DELETE", "/tokens") == {"tokens": 1}
    assert desk.get("department/list")["errcode"] == 40014


def test_errmsg_has_the_documented_form(desk: Desk):
    answer = desk.get("user/get", userid="nobody")
    form = r"userid not found, hint: \[1511755200_\d+_[0-9a-f]{32}\], from ip: 127\.0\.0\.1, more info at "
    assert re.match(form + r"https://open\.work\.weixin\.qq\.com/devtool/query\?e=60111$", answer["errmsg"])


def test_malformed_json_is_named(desk: Desk):
    answer = desk.http.post(
        "/cgi-bin/externalcontact/mark_tag", params={"access_token": desk.token()}, content=b"{broken"
    ).json()
    assert answer["errcode"] == 41009
    assert answer["errmsg"].startswith("Warning: wrong json format.")


def test_method_must_fit(desk: Desk):
    assert desk.post("externalcontact/list", userid="a")["errcode"] == 43001
    assert desk.get("externalcontact/mark_tag")["errcode"] == 43002


def test_endpoint_that_does_not_exist_is_loud(desk: Desk):
    assert desk.http.get("/cgi-bin/externalcontact/nothing").status_code == 404


def test_only_trusted_addresses_may_call(desk: Desk):
    desk.settings(trusted_ips=["10.0.0.1"])
    assert desk.get("department/list")["errcode"] == 60020


def test_minute_limit_blocks_for_sixty_seconds(desk: Desk):
    desk.settings(rate_per_minute=3)
    codes = [desk.get("department/list")["errcode"] for _ in range(5)]
    assert codes == [0, 0, 0, 45009, 45009]
    assert desk.get("department/simplelist")["errcode"] == 0
    desk.advance(59)
    assert desk.get("department/list")["errcode"] == 45009
    desk.advance(1)
    assert desk.get("department/list")["errcode"] == 0


def test_hour_limit_blocks_for_sixty_minutes(desk: Desk):
    desk.settings(rate_per_hour=2)
    assert [desk.get("department/list")["errcode"] for _ in range(3)] == [0, 0, 45009]
    desk.advance(3599)
    assert desk.get("department/list")["errcode"] == 45009
    desk.advance(1)
    assert desk.get("department/list")["errcode"] == 0
