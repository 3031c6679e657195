"""Pure decisions of the members room: normal forms of identities, what merging fills in, how values are shown."""

import re
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, Final

import phonenumbers

from juqun.domains.members.types import IdentityKind
from juqun.kernel.secrets import mask

REGION: Final = "CN"
MAX_LENGTH: Final = 128
GENDERS: Final[Mapping[str, str]] = {
    "m": "male", "male": "male", "男": "male", "1": "male",
    "f": "female", "female": "female", "女": "female", "2": "female",
}  # fmt: skip
BIRTH_YEARS: Final = (1900, 2100)
A_MOMENT: Final = timedelta(seconds=1)  # WeCom's times are whole seconds

# The numbering plan itself comes from the phonenumbers library; reading its pattern once makes the common case, a Chinese
# mobile number, twenty times faster than parsing, with the same answer.
_METADATA: Any = phonenumbers.PhoneMetadata.metadata_for_region(REGION)
_MOBILE: Final = re.compile(rf"(?:(?:\+|00)?86)?({_METADATA.mobile.national_number_pattern})")
_SEPARATORS: Final = str.maketrans("", "", " -.()\u00a0\u3000")

# Fields that an absorbed member lends to the kept one where it has nothing.
FILLED_ON_MERGE: Final = ("display_name", "store_id", "staff_id", "tier", "gender", "birth_year")


def normalise(kind: IdentityKind, value: str) -> str:
    """The form in which an identity is compared and stored. Raises ValueError when it cannot be one.

    phone: E.164, China when no country is given · card: without spaces, upper case · WeChat ids: as they are.
    """
    if kind is IdentityKind.PHONE:
        return normalise_phone(value)
    plain = "".join(value.split()).upper() if kind is IdentityKind.CARD else value.strip()
    if not plain or len(plain) > MAX_LENGTH:
        raise ValueError(kind)
    return plain


def normalise_many(kind: IdentityKind, values: Sequence[str | None]) -> list[str | None]:
    """`normalise()` for a column: None stays None, and "" stands for what cannot be an identity."""
    normal: list[str | None] = []
    for value in values:
        if value is None:
            normal.append(None)
        elif kind is IdentityKind.CARD and value.isascii() and value.isalnum() and len(value) <= MAX_LENGTH:
            normal.append(value.upper())
        else:
            try:
                normal.append(normalise(kind, value))
            except ValueError:
                normal.append("")
    return normal


def normalise_phone(value: str) -> str:
    """E.164 of a phone number as people write it. Raises ValueError when no such number can exist."""
    match = _MOBILE.fullmatch(value) or _MOBILE.fullmatch(value.translate(_SEPARATORS))
    if match is not None:
        return f"+86{match[1]}"
    try:
        number = phonenumbers.parse(value, REGION)
    except phonenumbers.NumberParseException as error:
        raise ValueError(value) from error
    if not phonenumbers.is_valid_number(number):
        raise ValueError(value)
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def is_phone(value: str) -> bool:
    """Whether `value` can be a phone number."""
    try:
        normalise_phone(value)
    except ValueError:
        return False
    return True


def masked(kind: IdentityKind, value: str) -> str:
    """A normalised identity for the screen: `138****12` for a Chinese phone."""
    return mask(value.removeprefix("+86") if kind is IdentityKind.PHONE else value)


def normalise_gender(value: str) -> str:
    """`male`, `female`, or "" for anything else that people write there."""
    return GENDERS.get(value.strip().lower(), "")


def fill_blanks(keep: Mapping[str, Any], absorb: Mapping[str, Any]) -> dict[str, Any]:
    """The values of `keep` that change when `absorb` is merged into it: only blanks are filled, nothing is overwritten."""
    changes = {
        name: absorb[name] for name in FILLED_ON_MERGE if keep[name] in ("", None) and absorb[name] not in ("", None)
    }
    lent = {key: value for key, value in absorb["attributes"].items() if key not in keep["attributes"]}
    if lent:
        changes["attributes"] = {**keep["attributes"], **lent}
    return changes


def split_words(text: str) -> list[str]:
    """Tags of one cell: separated by comma, semicolon or bar, also the Chinese ones; each once, in order."""
    words = (word.strip()[:64] for word in re.split(r"[,;|，；、]", text))
    return list(dict.fromkeys(word for word in words if word))


def resolve_aliases(ids: Sequence[int], absorbed_into: Mapping[int, int]) -> dict[int, int]:
    """Follow aliases to the member that is kept at the end of each chain."""
    resolved = {}
    for given in ids:
        at = given
        while at in absorbed_into:
            at = absorbed_into[at]
        resolved[given] = at
    return resolved
