import re
from datetime import UTC, datetime, timedelta

import pytest

from juqun.domains.robot import rules

NOW = datetime(2026, 3, 10, 4, 0, tzinfo=UTC)


def test_welcome_code_lives_twenty_seconds():
    assert not rules.is_welcome_late(at=NOW, now=NOW + timedelta(seconds=19.9))
    assert rules.is_welcome_late(at=NOW, now=NOW + timedelta(seconds=20))


def test_five_replies_in_forty_eight_hours():
    def may(replies: int, hours: float) -> bool:
        return rules.may_reply(last_written_at=NOW, replies_since=replies, now=NOW + timedelta(hours=hours))

    assert may(4, 47.9)
    assert not may(5, 0)
    assert not may(0, 48)


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
