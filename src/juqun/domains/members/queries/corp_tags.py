"""WeCom's corp tags as headquarters sees them."""

from django.db.models import Count, Q

from juqun.domains.members.models import ManagedTag, TagMark
from juqun.domains.members.types import ManagedTagView, TagState
from juqun.kernel.scope import DataScope


def list_managed_tags(*, scope: DataScope) -> list[ManagedTagView]:
    """All corp tags known here, by group and order as WeCom shows them; the chain's own, so a smaller scope sees none."""
    if not scope.is_whole_chain:
        return []
    counts = {
        row["tag_id"]: row
        for row in TagMark.objects.values("tag_id")
        .order_by()
        .annotate(
            applied=Count("pk", filter=Q(is_applied=True, is_wanted=True)),
            pending=Count("pk", filter=Q(is_pending=True)),
            refused=Count("pk", filter=~Q(refusal="")),
        )
    }
    return [
        ManagedTagView(
            id=row.pk,
            group_name=row.group_name,
            name=row.name,
            word=row.word,
            is_managed=row.is_managed,
            is_ours=row.source == "juqun",
            state=TagState(row.state),
            refusal=row.refusal if row.state == TagState.REFUSED else "",
            applied=counts.get(row.pk, {}).get("applied", 0),
            pending=counts.get(row.pk, {}).get("pending", 0),
            refused=counts.get(row.pk, {}).get("refused", 0),
        )
        for row in ManagedTag.objects.order_by("group_order", "group_name", "order", "pk")
    ]


def list_unwritten_tag_ids() -> list[int]:
    """Managed tags that WeCom has not taken yet; for the reconciler only. (System look-up.)"""
    found = ManagedTag.objects.filter(is_managed=True, state=TagState.PENDING)
    return list(found.order_by("pk").values_list("pk", flat=True))


def list_waiting_staff_ids() -> list[int]:
    """Staff on whose friendships marks wait to be pushed; for the reconciler only. (System look-up.)"""
    found = TagMark.objects.filter(is_pending=True, tag__state=TagState.READY, link__lost_at__isnull=True)
    return sorted(set(found.values_list("link__staff_id", flat=True)))


def has_managed_tags() -> bool:
    """Whether any tag is managed at all. (System look-up.)"""
    return ManagedTag.objects.filter(is_managed=True).exists()
