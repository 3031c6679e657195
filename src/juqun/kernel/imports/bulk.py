"""Bulk insertion of plain rows, for sinks: whole batches without an object per row, with ids known beforehand."""

from collections.abc import Iterable, Sequence
from itertools import chain, islice
from typing import Any, Final

from django.db import connections, models, router

MAX_VALUES: Final = 30_000  # SQLite binds at most 32,766 values in one statement


def reserve_ids(model: type[models.Model], count: int) -> Sequence[int]:
    """Ids that no other row will get. The caller is in a transaction (on SQLite it holds the only write lock)."""
    if count == 0:
        return range(0)
    connection = connections[router.db_for_write(model)]
    table, key = model._meta.db_table, model._meta.pk.column
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(
                "SELECT nextval(pg_get_serial_sequence(%s, %s)) FROM generate_series(1, %s)", [f'"{table}"', key, count]
            )
            return [row[0] for row in cursor.fetchall()]
        # AUTOINCREMENT's own counter is never below the highest id; moved on, it will not give these to anybody else.
        cursor.execute("UPDATE sqlite_sequence SET seq = seq + %s WHERE name = %s", [count, table])
        if cursor.rowcount == 0:
            cursor.execute("INSERT INTO sqlite_sequence (name, seq) VALUES (%s, %s)", [table, count])
        cursor.execute("SELECT seq FROM sqlite_sequence WHERE name = %s", [table])
        last = cursor.fetchone()[0]
        return range(last - count + 1, last + 1)


def insert_rows(model: type[models.Model], columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Insert rows of database values (booleans, integers, text, bytes, times and JSON as the database's own text)
    in the order of `columns`."""
    connection = connections[router.db_for_write(model)]
    quote = connection.ops.quote_name
    target = f"{quote(model._meta.db_table)} ({', '.join(quote(column) for column in columns)})"
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            # Django does not see what the driver's own COPY raises; callers wait for Django's errors.
            with connection.wrap_database_errors, cursor.copy(f"COPY {target} FROM STDIN") as copy:
                for row in rows:
                    copy.write_row(row)
            return
        # Many rows per statement: a quarter faster than one by one, and the interpreter is let go for long stretches,
        # in which the next batch is prepared.
        left = iter(rows)
        place = f"({', '.join(['%s'] * len(columns))})"
        per_statement = MAX_VALUES // len(columns)
        while part := list(islice(left, per_statement)):
            places = ", ".join([place] * len(part))
            cursor.execute(f"INSERT INTO {target} VALUES {places}", list(chain.from_iterable(part)))
