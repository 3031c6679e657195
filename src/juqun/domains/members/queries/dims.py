"""The dimensions that this room owns in the lake. Chain-wide and without a scope: for the lake only."""

import json
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

import pyarrow as pa

from juqun.domains.members import rules
from juqun.domains.members.models import Member, MemberTag
from juqun.kernel import clock
from juqun.lake import schemas

UNKNOWN_ID = -1
CHUNK_ROWS = 20_000


def export_members_dim() -> pa.Table:
    """The dimension `members`: who stands (no absorbed, no erased ones). -1: no store or guide yet. Lake only, no scope.

    `in_group` is false here; the lake fills it from `group_members`.
    """
    rows = (
        Member.unscoped.filter(absorbed_into__isnull=True, erased_at__isnull=True)
        .order_by("pk")
        .values_list(
            "pk",
            "store_id",
            "store__path",
            "staff_id",
            "is_friend",
            "gender",
            "birth_year",
            "tier",
            "created_at",
            "consent_marketing",
            "attributes",
        )
    )
    schema = schemas.DIMS["members"]
    names = [
        "member_id", "store_id", "org_path", "staff_id", "is_friend", "gender", "birth_year", "tier", "created_day",
        "consent_marketing", "attributes", "in_group",
    ]  # fmt: skip

    def typed() -> Iterator[tuple[Any, ...]]:
        for pk, store, path, staff, friend, gender, year, tier, created, consent, attributes in rows.iterator(
            CHUNK_ROWS
        ):
            day = clock.day_number(clock.business_day(created))
            text = json.dumps(attributes, ensure_ascii=False)
            yield (
                pk,
                store or UNKNOWN_ID,
                path or "",
                staff or UNKNOWN_ID,
                friend,
                gender,
                year,
                tier,
                day,
                consent,
                text,
                False,
            )

    return _table(names, typed(), schema)


def export_member_tags_dim() -> pa.Table:
    """The dimension `member_tags`: one row per tag on a member. Lake only, no scope."""
    rows = MemberTag.objects.order_by("member_id", "tag").values_list("member_id", "tag", "source")
    return _table(["member_id", "tag", "source"], rows.iterator(CHUNK_ROWS), schemas.DIMS["member_tags"])


def export_member_merges_dim() -> pa.Table:
    """The dimension `member_merges`: for each absorbed id the member who is kept at the end of its chain of merges.

    Undone merges are left out, for their ids are nobody's alias any more. Lake only, no scope.
    """
    absorbed = dict(
        Member.unscoped.filter(absorbed_into__isnull=False).order_by("pk").values_list("pk", "absorbed_into_id")
    )
    kept = rules.resolve_aliases(list(absorbed), absorbed)
    return _table(["absorbed_id", "member_id"], kept.items(), schemas.DIMS["member_merges"])


def _table(names: list[str], rows: Iterable[tuple[Any, ...]], schema: pa.Schema) -> pa.Table:
    """Rows as one Arrow table of `schema`, built in chunks."""
    left = iter(rows)
    tables = [schema.empty_table()]
    while chunk := list(islice(left, CHUNK_ROWS)):
        columns = dict(zip(names, zip(*chunk, strict=True), strict=True))
        tables.append(pa.table({name: list(columns[name]) for name in schema.names}, schema=schema))
    return pa.concat_tables(tables)
