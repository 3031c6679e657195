"""Desired documents: their normal form, and how one that was read back compares to ours. Pure.

WeCom gives back more than it was sent, in an order of its own, and cuts remarks at 30 characters: none of this is a difference.
"""

import hashlib
import json
from collections.abc import Callable, Collection, Mapping
from typing import Any

from juqun.channels.wecom.types import Difference, Document, DriftKind, Verdict

REMARK_CHARACTERS = 30
EARLIER_KEPT = 20
"""Fingerprints of earlier documents that are remembered: a lost write is noticed within a night, not after twenty changes."""


def _text(value: Any) -> str:
    return str(value or "")


def _remark(value: Any) -> str:
    return _text(value)[:REMARK_CHARACTERS]


def _names(value: Any) -> list[str]:
    return sorted({str(one) for one in value or ()})


def _numbers(value: Any) -> list[int]:
    return sorted({int(one) for one in value or ()})


def _number(value: Any) -> int:
    return int(value or 0)


def _on(value: Any) -> bool:
    return value is None or bool(value)


def _attachment(value: Any) -> dict[str, str]:
    given: Mapping[str, Any] = value or {}
    kind = _text(given.get("kind"))
    if kind != "link":
        return {
            "kind": kind
        }  # a picture's media_id is another one after each upload: only that there is one can be compared
    return {"kind": kind, **{name: _text(given.get(name)) for name in ("title", "url", "desc", "picurl")}}


_FIELDS: Mapping[DriftKind, Mapping[str, Callable[[Any], Any]]] = {
    DriftKind.CONTACT_WAY: {
        "users": _names,
        "parties": _numbers,
        "remark": _remark,
        "state": _text,
        "skip_verify": _on,
    },
    DriftKind.JOIN_WAY: {
        "chat_ids": _names,
        "auto_create_room": _on,
        "room_base_name": _text,
        "room_base_id": _number,
        "state": _text,
        "remark": _remark,
    },
    DriftKind.CORP_TAG: {"name": _text, "group_name": _text},
    DriftKind.GROUP_WELCOME: {"text": _text, "attachment": _attachment},
}


def normalise(kind: DriftKind, document: Document) -> dict[str, Any]:
    """The comparable form of a document: known fields only, defaults filled in, lists sorted, remarks cut."""
    normal = {name: read(document.get(name)) for name, read in _FIELDS[kind].items()}
    if kind is DriftKind.JOIN_WAY and not (normal["auto_create_room"] and normal["room_base_name"]):
        # without next groups their name says nothing, and a number without a name is WeCom's own
        normal |= {"room_base_name": "", "room_base_id": 0}
    return normal


def fingerprint(kind: DriftKind, document: Document) -> str:
    """A short mark of a document's normal form."""
    text = json.dumps(normalise(kind, document), sort_keys=True, ensure_ascii=False)
    return hashlib.blake2b(text.encode(), digest_size=12).hexdigest()


def remember(earlier: Collection[str], mark: str) -> list[str]:
    """`earlier` with `mark` as its newest, at most EARLIER_KEPT."""
    return [*[one for one in earlier if one != mark], mark][-EARLIER_KEPT:]


def judge(kind: DriftKind, wanted: Document, found: Document | None, earlier: Collection[str]) -> Verdict:
    """How what was found compares to what is wanted; `earlier` are the fingerprints of what we ever wrote or may overwrite."""
    if found is None:
        return Verdict.GONE
    mark = fingerprint(kind, found)
    if mark == fingerprint(kind, wanted):
        return Verdict.EQUAL
    return Verdict.OLDER if mark in earlier else Verdict.FOREIGN


def differences(kind: DriftKind, ours: Document, theirs: Document | None) -> tuple[Difference, ...]:
    """The fields that differ, in the order of the kind's document; all of them when the object is gone."""
    mine = normalise(kind, ours)
    if theirs is None:
        return tuple(Difference(field=name, ours=value, theirs=None) for name, value in mine.items() if value)
    other = normalise(kind, theirs)
    return tuple(
        Difference(field=name, ours=mine[name], theirs=other[name])
        for name in _FIELDS[kind]
        if mine[name] != other[name]
    )
