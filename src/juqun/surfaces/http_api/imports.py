"""Calls of head-office programs: files to import."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from ninja import File, Router
from ninja.files import UploadedFile

from juqun.domains.catalog import operations as catalog
from juqun.domains.commerce import operations as commerce
from juqun.domains.members import operations as members
from juqun.domains.org import operations as org
from juqun.domains.org.types import NodeKind
from juqun.kernel.errors import InvalidInputError, RefusedError
from juqun.kernel.ids import new_id
from juqun.kernel.imports.types import ImportResult
from juqun.surfaces.http_api.auth import caller
from juqun.surfaces.http_api.schemas import ErrorOut, ImportOut

router = Router(tags=["imports"])
ENDINGS = {".csv", ".tsv", ".txt", ".xlsx", ".parquet"}
IMPORTS: dict[str, Callable[..., ImportResult]] = {
    "tree": org.import_tree,
    "staff": org.import_staff,
    "members": members.import_members,
    "products": catalog.import_products,
    "orders": commerce.import_orders,
    "redemptions": commerce.import_redemptions,
}


@router.post(
    "/imports/{kind}",
    response={200: ImportOut, 401: ErrorOut, 403: ErrorOut, 422: ErrorOut},
    summary="Import a file: tree, staff, members, products, orders, redemptions",
)
def post_import(request: HttpRequest, kind: str, file: File[UploadedFile]) -> ImportOut:
    """The file's own keys make a repeat harmless. Only keys of the whole chain may import."""
    key = caller(request)
    if key.node_kind != NodeKind.CHAIN:
        raise RefusedError
    ending = Path(file.name or "").suffix.lower()
    if kind not in IMPORTS or ending not in ENDINGS:
        raise InvalidInputError
    path = _store(file, ending)
    try:
        result = IMPORTS[kind](path=path, actor=key.name)
    finally:
        path.unlink(missing_ok=True)
    return _answer(result)


def _store(file: UploadedFile, ending: str) -> Path:
    folder = Path(settings.JUQUN_IMPORT_DIR)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"upload-{new_id()}{ending}"
    with path.open("wb") as target:
        for chunk in file.chunks():
            target.write(chunk)
    return path


def _answer(result: ImportResult) -> ImportOut:
    fields: dict[str, Any] = {
        "run_id": result.run_id,
        "rows_ok": result.rows_ok,
        "rows_skipped": result.rows_skipped,
        "rows_rejected": result.rows_rejected,
    }
    return ImportOut(**fields, error_file=result.error_file.name if result.error_file else None)
