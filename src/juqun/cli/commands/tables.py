"""Commands that touch data need the tables; a fresh installation is told how to get them."""

import click
from django.db import connection
from django.db.migrations.executor import MigrationExecutor


def require_tables() -> None:
    """Raise a sentence with the next step when the database is not there or not up to date."""
    executor = MigrationExecutor(connection)
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        msg = "The tables are not up to date; run `juqun up` (or web) once, it brings them up to date before it serves."
        raise click.ClickException(msg)
