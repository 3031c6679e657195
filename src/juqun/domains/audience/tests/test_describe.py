"""Segments in plain words."""

import pytest
from hypothesis import given, settings

from juqun.domains.audience.rules.describe import describe
from juqun.domains.audience.rules.language import parse
from juqun.domains.audience.tests import lakes

TREE = {
    "all": [
        {"type": "orders", "measure": "count", "op": "gte", "value": 3, "within_days": 90, "category": ["coffee"]},
        {"type": "orders", "measure": "sum_fen", "op": "between", "value": [1000, 99950], "since": "2026-01-01"},
        {"type": "not_since", "event": "order", "days": 14},
        {"any": [{"type": "tag", "any_of": ["vip", "young"]}, {"not": {"type": "relation", "is_friend": True}}]},
        {"type": "org", "node_id": 7},
        {"type": "rfm", "r": [5, 4], "m": [5]},
    ]
}


def test_english():
    assert describe(parse(TREE), "en", node_names={7: "Guangzhou"}) == (
        "Members: orders of category coffee in the last 90 days at least 3 and spending since 2026-01-01 between "
        "¥10.00 to ¥999.50 and no order in the last 14 days and (tagged with one of: vip, young or not (friend of "
        "staff)) and in the area of Guangzhou and recency grade 4/5, money grade 5 (orders of 365 days, by quintiles)."
    )


def test_chinese():
    assert describe(parse(TREE), "zh-hans", node_names={7: "广州市"}) == (
        "会员：最近90天品类coffee的订单数至少3，并且2026-01-01以来消费金额在10.00元至999.50元之间，并且最近14天没有下单，并且"
        "（有以下任一标签：vip、young或不满足（是员工好友））"
        "，并且属于广州市，并且最近消费等级4/5、消费金额等级5（365天订单，按五分位）。"
    )


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_tree_has_words(lang):
    @settings(max_examples=60, deadline=None, derandomize=True)
    @given(tree=lakes.trees)
    def check(tree):
        text = describe(parse(tree), lang)
        assert text
        assert "{}" not in text
        assert [text.count(c) for c in "(（"] == [text.count(c) for c in ")）"]

    check()
