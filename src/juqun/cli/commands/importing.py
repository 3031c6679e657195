"""Commands that bring the retailer's files in: the tree, the staff, the members, the products, the orders, the redemptions."""

from collections.abc import Callable
from pathlib import Path

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskProgressColumn, TextColumn, TimeElapsedColumn

from juqun.cli.commands.tables import require_tables
from juqun.config import wiring
from juqun.domains.catalog import operations as catalog
from juqun.domains.commerce import operations as commerce
from juqun.domains.members import operations as members
from juqun.domains.org import operations as org
from juqun.kernel.errors import DomainError
from juqun.kernel.imports.types import ImportResult
from juqun.kernel.imports.types import Progress as ImportProgress
from juqun.lake import feed

KINDS: dict[str, Callable[..., ImportResult]] = {
    "tree": org.import_tree,
    "staff": org.import_staff,
    "members": members.import_members,
    "products": catalog.import_products,
    "orders": commerce.import_orders,
    "redemptions": commerce.import_redemptions,
}
# What of the lake's dimensions a file changes; reports and segments see it as soon as the command has ended.
DIMS: dict[str, tuple[str, ...]] = {
    "tree": ("stores",),
    "members": ("members", "member_tags"),
    "products": ("products",),
}
NEEDS: dict[str, str] = {
    "tree": "code*, kind* (chain, province, city, store), name*, parent_code, longitude, latitude, opened_at",
    "staff": "userid* (as in WeCom), name*, role* (hq_lead, city_operator, store_manager, store_operator, guide, cashier), node_code*",
    "members": "key* (card number), name, phone, unionid, store_code, gender, birth_year, tier, tags, consent_marketing, joined_at; "
    "every other column becomes an attribute",
    "products": "product_ref*, name, category, department, brand, price_yuan",
    "orders": "order_ref*, line_no, member_key (card), store_code*, product_ref*, quantity, amount_yuan*, discount_yuan, coupon_yuan, "
    "paid_at*",
    "redemptions": "member_key* (card), coupon_ref*, campaign_ref, campaign_type, store_code, amount_yuan, redeemed_on*",
}
HELP = """Import a file (CSV, XLSX or Parquet).

The same file imported twice changes nothing: what makes a line the same line is its own key. Lines that cannot be taken
are set aside with their reason in an error file; mend it and import it like any other file.

\b
The way: tree, staff, members, products, orders, redemptions. An order names a store and a card, so these come first.
"""


@click.group("import", help=HELP)
def import_group() -> None:
    """Hold the kinds of files together."""


def _command(kind: str) -> click.Command:
    @click.command(
        kind, help=f"Import {kind}.\n\nColumns (* required; Chinese names are understood too): {NEEDS[kind]}."
    )
    @click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
    @click.option("--actor", default="command line", show_default=True, help="Who is named in the list of imports.")
    def command(file: Path, actor: str) -> None:
        require_tables()
        try:
            result = _run(kind, file, actor)
        except DomainError as error:
            raise click.ClickException(str(error)) from error
        _tell(kind, result)

    return command


for _kind in KINDS:
    import_group.add_command(_command(_kind))


def _run(kind: str, file: Path, actor: str) -> ImportResult:
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TextColumn("{task.fields[lines]:,} lines"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=Console(stderr=True)) as shown:
        task = shown.add_task(f"{kind}: {file.name}", total=1.0, lines=0)

        def on_progress(step: ImportProgress) -> None:
            shown.update(task, completed=step.fraction, lines=step.rows_total)

        result = KINDS[kind](path=file, actor=actor, on_progress=on_progress)
        shown.update(task, completed=1.0)
    if kind in DIMS:
        wiring.connect()
        feed.flush()
        feed.refresh_dims(DIMS[kind])
    return result


def _tell(kind: str, result: ImportResult) -> None:
    click.echo(
        f"{kind}: {result.rows_ok:,} taken over, {result.rows_skipped:,} known already, {result.rows_rejected:,} set aside"
    )
    if result.error_file is not None:
        click.echo(f"Set aside: {result.error_file}")
        click.echo(
            f"Each line there says in _field and _reason what is wrong. Mend it, then: juqun import {kind} {result.error_file}"
        )
