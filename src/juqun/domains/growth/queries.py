"""Reads of the growth room."""

from collections.abc import Iterable, Sequence

from django.db.models import Count, Q, QuerySet

from juqun.domains.growth.errors import LiveCodeNotFoundError
from juqun.domains.growth.models import LiveCode, LiveCodeStaff, Scan
from juqun.domains.growth.types import CodeState, LiveCodeView, SourceCount, SourceKind, UnknownScan
from juqun.kernel.scope import DataScope
from juqun.kernel.secrets import mask, unseal


def list_live_codes(
    *,
    scope: DataScope,
    store_id: int | None = None,
    source: SourceKind | None = None,
    is_active: bool | None = None,
    limit: int | None = None,
    offset: int = 0,
) -> list[LiveCodeView]:
    """Return the live codes inside a scope, newest first; ``limit`` None means all."""
    found = LiveCode.objects.within(scope).select_related("store").order_by("-created_at", "-pk")
    if store_id is not None:
        found = found.filter(store_id=store_id)
    if source is not None:
        found = found.filter(source=source)
    if is_active is not None:
        found = found.filter(is_active=is_active)
    return _views(found[offset : None if limit is None else offset + limit])


def get_live_code(*, scope: DataScope, live_code_id: int) -> LiveCodeView:
    """Return one code; raises LiveCodeNotFoundError outside the scope as well as for an unknown id."""
    found = _views(LiveCode.objects.within(scope).select_related("store").filter(pk=live_code_id))
    if not found:
        raise LiveCodeNotFoundError(live_code_id=live_code_id)
    return found[0]


def view_live_code(*, live_code_id: int) -> LiveCodeView:
    """Return one code; a system look-up without scope. Raises LiveCodeNotFoundError."""
    return get_live_code(scope=DataScope.whole_chain(), live_code_id=live_code_id)


def get_live_code_by_state(*, state: str) -> LiveCodeView | None:
    """Return the code of a state, retired ones too; a system look-up without scope."""
    found = _views(LiveCode.unscoped.select_related("store").filter(state=state))
    return found[0] if found else None


def list_store_code_ids(*, store_id: int) -> list[int]:
    """Return the ids of a store's active codes; a system look-up without scope."""
    return list(LiveCode.unscoped.filter(store_id=store_id, is_active=True).order_by("pk").values_list("pk", flat=True))


def list_unwritten_code_ids() -> list[int]:
    """Return the ids of codes that the channel has not taken as wanted; for the reconciler only, no scope."""
    found = LiveCode.unscoped.filter(status__in=[CodeState.PENDING, CodeState.RETIRED])
    behind = [pk for pk, done, wanted in found.values_list("pk", "applied_version", "wanted_version") if done < wanted]
    return sorted(behind)


def list_written_code_ids() -> list[int]:
    """Return the ids of active codes that the channel has, for the nightly comparison; no scope."""
    return list(
        LiveCode.unscoped.filter(is_active=True).exclude(config_id="").order_by("pk").values_list("pk", flat=True)
    )


def list_unknown_scans(*, scope: DataScope, limit: int = 200) -> list[UnknownScan]:
    """Return friendships of the scope's staff whose state nobody here knows, newest first; identities are masked."""
    found = (
        Scan.objects.within(scope).filter(live_code__isnull=True).select_related("staff").order_by("-at", "-pk")[:limit]
    )
    return [
        UnknownScan(
            state=scan.state,
            external_userid=mask(unseal(scan.external_userid)) if scan.external_userid else "",
            userid=scan.staff.userid,
            member_id=scan.member_id,
            at=scan.at,
        )
        for scan in found
    ]


def recruits_by_source(*, scope: DataScope) -> list[SourceCount]:
    """Return what each source brought inside a scope, most recruits first; every source is there, with zero too."""
    codes = LiveCode.objects.within(scope).order_by()
    by_source = dict(codes.values_list("source").annotate(n=Count("pk", distinct=True)))
    ids = codes.values("pk")
    rows = {
        row["live_code__source"]: row
        for row in Scan.unscoped.filter(live_code__in=ids)
        .order_by()
        .values("live_code__source")
        .annotate(
            scans=Count("pk"),
            friends=Count("member_id", distinct=True),
            recruits=Count("member_id", distinct=True, filter=Q(is_first=True)),
        )
    }
    counts = [
        SourceCount(
            source=source,
            codes=by_source.get(source.value, 0),
            scans=rows.get(source.value, {}).get("scans", 0),
            friends=rows.get(source.value, {}).get("friends", 0),
            recruits=rows.get(source.value, {}).get("recruits", 0),
        )
        for source in SourceKind
    ]
    return sorted(counts, key=lambda count: (-count.recruits, count.source))


def _views(found: QuerySet[LiveCode]) -> list[LiveCodeView]:
    codes = list(found)
    userids = _userids(codes)
    counts = {
        row["live_code_id"]: row
        for row in Scan.unscoped.filter(live_code__in=[code.pk for code in codes])
        .order_by()
        .values("live_code_id")
        .annotate(scans=Count("pk"), friends=Count("member_id", distinct=True))
    }
    return [_view(code, userids.get(code.pk, ()), counts.get(code.pk, {})) for code in codes]


def _userids(codes: Iterable[LiveCode]) -> dict[int, list[str]]:
    found: dict[int, list[str]] = {}
    rows = LiveCodeStaff.objects.filter(live_code__in=[code.pk for code in codes]).order_by("pk")
    for code_id, userid in rows.values_list("live_code_id", "staff__userid"):
        found.setdefault(code_id, []).append(userid)
    return found


def _view(code: LiveCode, userids: Sequence[str], counts: dict[str, int]) -> LiveCodeView:
    return LiveCodeView(
        id=code.pk,
        state=code.state,
        store_id=code.store_id,
        store_name=code.store.name,
        source=SourceKind(code.source),
        label=code.label,
        kind_code=code.kind_code,
        staff_userids=tuple(userids),
        qr_code=code.qr_code,
        config_id=code.config_id,
        status=CodeState(code.status),
        refusal=code.refusal,
        scans=counts.get("scans", 0),
        friends=counts.get("friends", 0),
        welcome_text=code.welcome_text,
        created_at=code.created_at,
        is_active=code.is_active,
        checked_at=code.checked_at,
        welcome_image=code.welcome_image,
    )
