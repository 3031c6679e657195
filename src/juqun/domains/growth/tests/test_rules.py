from juqun.domains.growth import rules


def test_staff_and_text_bounds():
    assert [rules.is_staff_count_possible(count) for count in (0, 1, 100, 101)] == [False, True, True, False]
    assert rules.is_welcome_possible("")
    assert rules.is_welcome_possible("好" * 1333)
    assert not rules.is_welcome_possible("好" * 1334)


def test_remark_is_cut_to_thirty_characters():
    assert rules.remark("天河店", "") == "天河店"
    assert rules.remark("店" * 25, "till poster") == "店" * 25 + " till"


def test_source_of_a_touch():
    assert rules.touch_source("c123", "till") == "till"
    assert rules.touch_source("zzz", None) == "unknown"
    assert rules.touch_source("", None) == "organic"
    assert rules.source_tag("till") == "source:till"
