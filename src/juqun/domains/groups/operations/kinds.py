"""The matrix of kinds."""

from collections.abc import Sequence

from django.db import IntegrityError, transaction

from juqun.domains.groups import rules
from juqun.domains.groups.errors import GroupCapacityError, GroupKindExistsError, GroupKindNotFoundError
from juqun.domains.groups.models import Kind, KindTag
from juqun.domains.groups.types import GroupKind


def create_kind(
    *,
    code: str,
    name: str,
    theme: str,
    capacity: int,
    member_tags: Sequence[str] = (),
    is_default: bool | None = None,
    priority: int = 0,
) -> GroupKind:
    """Add a kind; the first one is the default unless said otherwise. ``capacity`` counts people, staff included.

    Raises GroupCapacityError outside 3..500 and GroupKindExistsError for a code already used.
    """
    if not rules.is_capacity_possible(capacity):
        raise GroupCapacityError(capacity=capacity)
    with transaction.atomic():
        if is_default is None:
            is_default = not Kind.objects.filter(is_default=True).exists()
        elif is_default:
            Kind.objects.filter(is_default=True).update(is_default=False)
        try:
            with transaction.atomic():
                kind = Kind.objects.create(
                    code=code, name=name, theme=theme, capacity=capacity, is_default=is_default, priority=priority
                )
        except IntegrityError as error:
            raise GroupKindExistsError(kind_code=code) from error
        tags = tuple(dict.fromkeys(member_tags))
        KindTag.objects.bulk_create([KindTag(kind=kind, tag=tag) for tag in tags])
    return view_of(kind, tags)


def update_kind(
    *, code: str, name: str, theme: str, capacity: int, member_tags: Sequence[str] = (), priority: int = 0
) -> GroupKind:
    """Write a kind anew; groups take the new capacity over at their next reading.

    Raises GroupKindNotFoundError and GroupCapacityError.
    """
    if not rules.is_capacity_possible(capacity):
        raise GroupCapacityError(capacity=capacity)
    with transaction.atomic():
        kind = Kind.objects.select_for_update().filter(code=code).first()
        if kind is None:
            raise GroupKindNotFoundError(kind_code=code)
        kind.name, kind.theme, kind.capacity, kind.priority = name, theme, capacity, priority
        kind.save(update_fields=["name", "theme", "capacity", "priority"])
        kind.tags.all().delete()
        tags = tuple(dict.fromkeys(member_tags))
        KindTag.objects.bulk_create([KindTag(kind=kind, tag=tag) for tag in tags])
    return view_of(kind, tags)


def view_of(kind: Kind, tags: Sequence[str]) -> GroupKind:
    """Return the value of a kind for other rooms."""
    return GroupKind(
        id=kind.pk,
        code=kind.code,
        name=kind.name,
        theme=kind.theme,
        capacity=kind.capacity,
        member_tags=tuple(tags),
        is_default=kind.is_default,
        priority=kind.priority,
    )
