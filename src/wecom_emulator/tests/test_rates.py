"""Rate limits on the frozen clock: what they count, how long a block lasts, and what it leaves alone."""

import pytest

from wecom_emulator.errors import WeComError
from wecom_emulator.rates import RateMeter, parse_caps
from wecom_emulator.state.settings import Settings
from wecom_emulator.tests.conftest import CORP, PNG, Desk

LIST = "department/list"


def codes(desk: Desk, path: str, number: int, **query: str) -> list[int]:
    return [desk.get(path, **query)["errcode"] for _ in range(number)]


def test_a_minute_block_lasts_a_minute_from_the_call_that_was_over(desk: Desk):
    desk.settings(rate_per_minute=3)
    assert codes(desk, LIST, 5) == [0, 0, 0, 45009, 45009]
    assert codes(desk, "department/simplelist", 1) == [0]
    desk.admin("POST", "/clock", {"advance_seconds": 59})
    assert codes(desk, LIST, 1) == [45009]
    desk.admin("POST", "/clock", {"advance_seconds": 1})
    assert codes(desk, LIST, 1) == [0]


def test_an_hour_block_lasts_an_hour(desk: Desk):
    desk.settings(rate_per_hour=2)
    assert codes(desk, LIST, 3) == [0, 0, 45009]
    desk.admin("POST", "/clock", {"advance_seconds": 3599})
    assert codes(desk, LIST, 1) == [45009]
    desk.admin("POST", "/clock", {"advance_seconds": 1})
    assert codes(desk, LIST, 1) == [0]


def test_an_address_is_counted_over_all_apis(desk: Desk):
    desk.token()
    desk.settings(rate_ip_per_minute=4)
    seen = [desk.get(path)["errcode"] for path in (LIST, "department/simplelist", LIST, LIST)]
    assert seen == [0, 0, 0, 45009]  # gettoken was the first
    desk.admin("POST", "/clock", {"advance_seconds": 60})
    assert codes(desk, LIST, 1) == [0]


def test_debug_calls_are_few(desk: Desk):
    assert codes(desk, LIST, 6, debug="1") == [0, 0, 0, 0, 0, 45009]
    assert codes(desk, LIST, 1) == [0]


def test_wrong_credentials_block_gettoken_for_an_hour(desk: Desk):
    desk.settings(rate_bad_credentials_per_hour=2)
    token = desk.token()

    def ask(secret: str) -> int:
        return int(desk.http.get("/cgi-bin/gettoken", params={"corpid": CORP, "corpsecret": secret}).json()["errcode"])

    good = "emulator-app-secret"
    assert [ask("no"), ask(good), ask("no"), ask(good)] == [40001, 0, 40001, 45009]
    assert desk.http.get(f"/cgi-bin/{LIST}", params={"access_token": token}).json()["errcode"] == 0
    desk.admin("POST", "/clock", {"advance_seconds": 3600})
    assert ask(good) == 0


def test_a_day_cap_lifts_at_the_end_of_the_chinese_day_and_a_month_cap_after_thirty_days(desk: Desk):
    desk.travel("2017-11-27T15:30:00Z")  # half an hour before midnight in China
    desk.settings(rate_caps={"media/uploadimg": "2/day, 3/month"})

    def upload() -> int:
        return int(desk.upload("", PNG, path="media/uploadimg")["errcode"])

    assert [upload(), upload(), upload()] == [0, 0, 45009]
    desk.travel("2017-11-27T15:59:59Z")
    assert upload() == 45009
    desk.travel("2017-11-27T16:00:00Z")
    assert [upload(), upload()] == [0, 45009]
    desk.travel("2017-12-27T15:59:59Z")
    assert upload() == 45009
    desk.travel("2017-12-27T16:00:00Z")
    assert upload() == 0


def test_a_cap_per_app_counts_each_app_by_itself():
    meter, settings = RateMeter(), Settings()
    for _ in range(100):
        meter.check("ticket/get", now=0, settings=settings, agent_id=1)
    with pytest.raises(WeComError, match="45009"):
        meter.check("ticket/get", now=0, settings=settings, agent_id=1)
    meter.check("ticket/get", now=0, settings=settings, agent_id=2)
    for _ in range(400):
        meter.check("get_jsapi_ticket", now=0, settings=settings, agent_id=1)
    with pytest.raises(WeComError, match="45009"):
        meter.check("get_jsapi_ticket", now=0, settings=settings, agent_id=2)


def test_limits_as_documented():
    meter, settings = RateMeter(), Settings()
    for _ in range(10_000):
        meter.check(LIST, now=1_000_000, settings=settings)
    with pytest.raises(WeComError, match="45009"):
        meter.check(LIST, now=1_000_000, settings=settings)
    assert (settings.rate_per_hour, settings.rate_ip_per_minute, settings.rate_ip_per_hour) == (
        150_000,
        20_000,
        600_000,
    )


def test_one_api_may_have_a_concurrency_limit_of_its_own(desk: Desk):
    desk.settings(concurrency_limits={LIST: 1})
    assert desk.admin("GET", "/settings")["concurrency_limits"] == {LIST: 1}
    assert codes(desk, LIST, 2) == [0, 0]


@pytest.mark.parametrize("text", ["5", "5/year", "x/day", "5/day per corp"])
def test_senseless_caps_are_refused(desk: Desk, text: str):
    with pytest.raises(ValueError, match="no cap"):
        parse_caps(text)
    assert desk.admin("PATCH", "/settings", {"rate_caps": {LIST: text}}, status=400)["error"] == "bad_request"
