import random

import phonenumbers
import pytest

from juqun.domains.members import rules
from juqun.domains.members.types import IdentityKind


def by_library(text: str) -> str | None:
    try:
        number = phonenumbers.parse(text, "CN")
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_valid_number(number):
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def ours(text: str) -> str | None:
    return rules.normalise_phone(text) if rules.is_phone(text) else None


def test_the_fast_way_agrees_with_the_library():
    draw = random.Random(7)
    texts = [f"1{draw.randrange(10**10):010d}" for _ in range(3000)]
    texts += [draw.choice(["+86", "86", "0086", "+86 ", ""]) + f"1{draw.randrange(10**10):010d}" for _ in range(2000)]
    texts += [
        "138 0013 8000",
        "138-0013-8000",
        "(+86)13800138000",
        "021-62345678",
        "010 6234 5678",
        "+1 415 555 2671",
        "110",
    ]
    assert [ours(text) for text in texts] == [by_library(text) for text in texts]
    assert sum(ours(text) is not None for text in texts) > 1000


@pytest.mark.parametrize("text", ["", "abc", "12345", "1380013800", "138001380000", "00000000000"])
def test_what_is_no_phone_is_refused(text):
    assert not rules.is_phone(text)


def test_normal_forms():
    assert rules.normalise(IdentityKind.PHONE, " 138 0013-8000 ") == "+8613800138000"
    assert rules.normalise(IdentityKind.CARD, " ab 12 ") == "AB12"
    assert rules.normalise(IdentityKind.UNIONID, " oAbC ") == "oAbC"
    for bad in ("", " ", "x" * 129):
        with pytest.raises(ValueError, match="card"):
            rules.normalise(IdentityKind.CARD, bad)


def test_masks_show_little():
    assert rules.masked(IdentityKind.PHONE, "+8613800138000") == "138****00"
    assert rules.masked(IdentityKind.CARD, "12") == "1*"


def test_merging_fills_blanks_only():
    blank = {"display_name": "", "store_id": None, "staff_id": None, "tier": "", "gender": "", "birth_year": None}
    keep = {**blank, "display_name": "A", "attributes": {"x": 1}}
    other = {**blank, "display_name": "B", "store_id": 5, "birth_year": 1980, "attributes": {"x": 2, "y": 3}}
    assert rules.fill_blanks(keep, other) == {"store_id": 5, "birth_year": 1980, "attributes": {"x": 1, "y": 3}}


def test_aliases_resolve_over_chains():
    assert rules.resolve_aliases([1, 2, 3, 9], {1: 2, 2: 3}) == {1: 3, 2: 3, 3: 3, 9: 9}


def test_tags_of_a_cell():
    assert rules.split_words("a, b；c、a| ") == ["a", "b", "c"]
