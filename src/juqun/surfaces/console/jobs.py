"""Queue entry point of the console: a file that somebody uploaded is taken over by the room that owns its rows."""

import logging
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from juqun.domains.catalog import operations as catalog
from juqun.domains.commerce import operations as commerce
from juqun.domains.members import operations as members
from juqun.domains.org import operations as org
from juqun.kernel.errors import BusyError, DomainError
from juqun.kernel.jobs import inspection, job
from juqun.lake import feed

log = logging.getLogger(__name__)

IMPORTERS: Final[Mapping[str, Callable[..., Any]]] = {
    "tree": org.import_tree,
    "staff": org.import_staff,
    "members": members.import_members,
    "products": catalog.import_products,
    "orders": commerce.import_orders,
    "redemptions": commerce.import_redemptions,
}
# What the file's first line may name; * must be there.
COLUMNS: Final[Mapping[str, str]] = {
    "tree": "code*, kind*, name*, parent_code, longitude, latitude",
    "staff": "userid*, name*, role*, node_code*",
    "members": "key*, name, phone, card, unionid, store_code, gender, birth_year, tier, tags, consent_marketing, …",
    "products": "product_ref*, name, category, department, brand, price_yuan",
    "orders": "order_ref*, line_no, member_key, store_code*, product_ref*, quantity, amount_yuan*, discount_yuan, paid_at*",
    "redemptions": "member_key*, coupon_ref*, campaign_ref, campaign_type, redeemed_on*",
}


@job(queue="bulk", atomic=False)
def import_file(*, kind: str, path: str, actor: str) -> None:
    """Run the import; a file that cannot be read is told by its run and not tried again, a killed worker starts anew."""
    try:
        IMPORTERS[kind](path=Path(path), actor=actor)
    except BusyError:
        raise
    except DomainError as error:
        log.warning("import of %s refused: %s", Path(path).name, error)
    else:
        feed.refresh_dims()
    shutil.rmtree(Path(path).parent, ignore_errors=True)


def count_waiting_imports() -> int:
    """How many uploaded files wait for a worker."""
    return inspection.count_waiting(name=import_file.name)
