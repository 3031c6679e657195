import re
from datetime import UTC, datetime, timedelta

import pytest

from juqun.domains.robot import rules
from juqun.domains.robot.types import Candidate

NOW = datetime(2026, 3, 10, 4, 0, tzinfo=UTC)


def test_welcome_code_lives_twenty_seconds():
    assert not rules.is_welcome_late(at=NOW, now=NOW + timedelta(seconds=19.9))
    assert rules.is_welcome_late(at=NOW, now=NOW + timedelta(seconds=20))


def test_five_replies_in_forty_eight_hours():
    def may(replies: int, hours: float) -> bool:
        now = NOW + timedelta(hours=hours)
        return rules.may_reply(last_written_at=NOW, replies_since=replies, now=now, most=rules.REPLIES_PER_WINDOW)

    assert may(4, 47.9)
    assert not may(5, 0)
    assert not may(0, 48)
    assert not rules.may_reply(last_written_at=NOW, replies_since=4, now=NOW, most=rules.ANSWERS_PER_WINDOW)
    assert not rules.may_reply(last_written_at=None, replies_since=0, now=NOW, most=5)


def test_a_welcome_is_tried_for_fifteen_seconds():
    assert not rules.is_event_code_late(at=NOW, now=NOW + timedelta(seconds=14.9))
    assert rules.is_event_code_late(at=NOW, now=NOW + timedelta(seconds=15))


def test_hours_may_go_over_midnight_and_equal_ones_mean_always():
    assert rules.is_staffed(minute=0, opens=0, closes=0)
    assert [rules.is_staffed(minute=m, opens=540, closes=1260) for m in (539, 540, 1259, 1260)] == [
        False,
        True,
        True,
        False,
    ]
    assert [rules.is_staffed(minute=m, opens=1260, closes=120) for m in (1259, 1260, 119, 120)] == [
        False,
        True,
        True,
        False,
    ]


def test_servicers_of_the_store_then_the_least_busy_are_asked_first():
    people = [
        Candidate(userid="a", load=0, is_stores=False),
        Candidate(userid="b", load=3, is_stores=True),
        Candidate(userid="c", load=1, is_stores=True),
        Candidate(userid="d", load=0, is_stores=False),
    ]
    assert rules.rank_servicers(people) == ["c", "b", "a", "d"]


def test_ids_of_ours_fit_and_differ_by_purpose():
    ids = {rules.send_msgid("wk1", "m1", purpose) for purpose in ("queue", "person")} | {rules.reply_msgid("wk1", "m1")}
    assert len(ids) == 3
    assert all(len(one) <= 32 for one in ids)


def test_leftmost_then_longest_word_answers():
    words = ["会员", "会员日", "停车"]
    assert rules.first_word(words, "请问会员日停车免费吗") == 1
    assert rules.first_word(words, "停车和会员日") == 2
    assert rules.first_word(words, "几点开门") is None
    assert rules.first_word([], "会员") is None


def test_width_and_case_do_not_matter():
    assert rules.first_word([rules.normalise("ＶＩＰ")], "How do I become a vip?") == 0
    assert rules.normalise("  ＷｉＦｉ ") == "wifi"


def test_reply_msgid_is_stable_distinct_and_in_the_channels_alphabet():
    first = rules.reply_msgid("wk1", "m1")
    assert first == rules.reply_msgid("wk1", "m1")
    assert (
        len({first, rules.reply_msgid("wk1", "m2"), rules.reply_msgid("wk2", "m1"), rules.reply_msgid("wk", "1m1")})
        == 4
    )
    assert re.fullmatch(r"[0-9a-zA-Z_-]{1,32}", first)


@pytest.mark.parametrize(
    ("text", "nickname", "filled"),
    [
        ("{nickname}，欢迎光临", "小美", "小美，欢迎光临"),
        ("{nickname}，欢迎光临", "", "欢迎光临"),
        ("Hi {nickname}!", "", "Hi"),
        ("欢迎", "小美", "欢迎"),
    ],
)
def test_nickname(text: str, nickname: str, filled: str):
    assert rules.fill_nickname(text, nickname).strip() == filled


def test_cut_never_breaks_a_character():
    assert rules.cut("好好", 5) == "好"
    assert rules.cut("abc", 5) == "abc"


@pytest.mark.parametrize(("share", "count", "place"), [(0.5, 1, 0), (0.5, 4, 1), (0.99, 100, 98), (0.99, 10, 9)])
def test_rank(share: float, count: int, place: int):
    assert rules.rank(share, count) == place
