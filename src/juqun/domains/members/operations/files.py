"""Members from the retailer's files: a door over `bulk_import`, which holds the work on one batch."""

from pathlib import Path

from django.db import transaction

from juqun.domains.members.events import MembersImported
from juqun.domains.members.operations.bulk_import import COLUMNS, MemberSink, prepare
from juqun.kernel.events import publish
from juqun.kernel.imports.operations import run_import
from juqun.kernel.imports.types import ImportResult, OnProgress


def import_members(*, path: Path | str, actor: str, on_progress: OnProgress | None = None) -> ImportResult:
    """Import members from CSV, XLSX or Parquet.

    Columns: key* (the retailer's own member number; it becomes a card), name, phone, card, unionid, store_code, gender,
    birth_year, tier, tags (separated by comma, semicolon or bar), consent_marketing, joined_at; every other column becomes
    an attribute. A key that is known already is skipped when its line has not changed and updated when it has: filled
    cells overwrite, empty ones leave, tags are added; but no file gives back a consent that was withdrawn elsewhere. A
    line whose phone, card or unionid belongs to a member without a key (known from WeCom) becomes that member. Two
    different keys never share a phone, card or unionid: the later line is set aside. One MembersImported is told for
    the run. Raises ImportFileError and ImportHeaderError.
    """
    sink = MemberSink()
    try:
        return run_import(
            kind="members",
            path=path,
            columns=COLUMNS,
            prepare=prepare,
            sink=sink,
            actor=actor,
            on_progress=on_progress,
        )
    finally:
        if sink.rows_ok:  # also of a run that failed half way: its earlier batches are in
            with transaction.atomic():
                publish(MembersImported(run_id=sink.run_id))
