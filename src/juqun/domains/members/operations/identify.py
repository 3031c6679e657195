"""Who is this? Finding or creating a member by the names that a channel or a till knows."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction

from juqun.domains.members import rules
from juqun.domains.members.errors import ConcurrentIdentifyError, IdentityInvalidError, IdentityMissingError
from juqun.domains.members.events import MemberIdentified
from juqun.domains.members.models import Member, MemberIdentity
from juqun.domains.members.operations.locks import TRIES, lock_rows
from juqun.domains.members.operations.merges import absorb
from juqun.domains.members.types import IdentifyResult, Identity, IdentityKind
from juqun.kernel import ids
from juqun.kernel.events import publish
from juqun.kernel.secrets import keyed_hash, mask, seal

Name = tuple[IdentityKind, bytes]


class OvertakenError(Exception):
    """Somebody merged one of the members between our look and our lock."""


def identify(
    *,
    identities: Sequence[Identity],
    display_name: str = "",
    store_id: int | None = None,
    gender: str = "",
    source: str,
    at: datetime,
) -> IdentifyResult:
    """Find the member who has any of `identities`, create one when nobody has, merge when several members do.

    All identities belong to the answered member afterwards; a name, a store and a gender fill blanks only. Safe when two callbacks
    about one person arrive at once: the unique identity lets one create, the other finds. Raises IdentityMissingError,
    IdentityInvalidError and, when others keep interfering, ConcurrentIdentifyError.
    """
    names = _names(identities)
    blanks = {"display_name": display_name[:120], "store_id": store_id, "gender": gender}
    for _try in range(TRIES):
        try:
            with transaction.atomic():
                return _identify(names, blanks, source, at)
        except (IntegrityError, OvertakenError):
            continue
    raise ConcurrentIdentifyError


def _names(identities: Sequence[Identity]) -> dict[Name, str]:
    names: dict[Name, str] = {}
    for identity in identities:
        kind = IdentityKind(identity.kind)
        try:
            value = rules.normalise(kind, identity.value)
        except ValueError as error:
            raise IdentityInvalidError(kind=kind, masked=mask(identity.value)) from error
        names[kind, keyed_hash(kind, value)] = value
    if not names:
        raise IdentityMissingError
    return names


def _identify(names: Mapping[Name, str], blanks: Mapping[str, Any], source: str, at: datetime) -> IdentifyResult:
    known = owners(names)
    rows = lock_rows(known.values())
    if any(row.absorbed_into_id is not None or row.erased_at is not None for row in rows.values()):
        raise OvertakenError
    created = not rows
    if created:
        keep = Member.unscoped.create(public_id=ids.new_id(), source=source, created_at=at, **blanks)
    else:
        keep, *others = (rows[pk] for pk in sorted(rows))
        for other in others:
            absorb(keep=keep, other=other, actor="", reason=f"identified:{source}", at=at)
        _fill(keep, blanks)
    fresh = {name: value for name, value in names.items() if name not in known}
    attach(keep.pk, fresh, at)
    if created or fresh:
        publish(MemberIdentified(member_id=keep.pk, created=created, source=source))
    return IdentifyResult(member_id=keep.pk, created=created, merged_ids=tuple(sorted(rows)[1:]))


def owners(names: Iterable[Name]) -> dict[Name, int]:
    """Member ids by name, for those names that somebody has."""
    wanted = set(names)
    rows = MemberIdentity.objects.filter(hash__in=[found for _kind, found in wanted])
    found = {(IdentityKind(kind), bytes(key)): pk for kind, key, pk in rows.values_list("kind", "hash", "member_id")}
    return {name: pk for name, pk in found.items() if name in wanted}


def attach(member_id: int, names: Mapping[Name, str], at: datetime) -> None:
    """Give a member further names. Raises IntegrityError when somebody else just got one of them."""
    MemberIdentity.objects.bulk_create(
        [
            MemberIdentity(member_id=member_id, kind=kind, hash=found, sealed=seal(value), created_at=at)
            for (kind, found), value in names.items()
        ]
    )


def _fill(member: Member, blanks: Mapping[str, Any]) -> None:
    """Fill what is blank on a locked member."""
    changed = [
        name for name, value in blanks.items() if value not in ("", None) and getattr(member, name) in ("", None)
    ]
    for name in changed:
        setattr(member, name, blanks[name])
    if changed:
        member.save(update_fields=changed)
