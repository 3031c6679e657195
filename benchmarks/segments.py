"""Windowed segment: ours over Parquet beside PostgreSQL with indexes, the Django ORM set-based, and the ORM per member.

The segment: at least 3 orders with a line of category X in the last 90 days, no order in the last 14 days, tag Y.
X is the chain's main category, so that about 0.25 % of the members match. The same generated members, orders and lines lie
in all stores; every answer must name the same members. PostgreSQL gets the category and the refund flag copied into the
line, the composite indexes of a shop's database, fresh statistics, and the better of two hand-written forms; then again
with covering indexes made for this very question (`tailored`), which an operator who invents segments does not have.
Engines are asked in turn, one round to warm up.

`--members 1000000 --orders 10000000` runs the size of a province (PostgreSQL then needs about 5 GB and minutes to load).
"""

# ruff: noqa: E402 - settings come from the environment, which has to be set before anything of Django is imported

import argparse
import math
import os
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

FOLDER = Path(tempfile.mkdtemp(prefix="juqun-bench-segments-"))
os.environ["JUQUN_DATA_DIR"] = str(FOLDER)
os.environ["JUQUN_LAKE_DIR"] = str(FOLDER / "lake")
os.environ.setdefault("JUQUN_SECRET_KEY", "benchmark-only-secret-of-sufficient-length")
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "juqun.config.settings")

import django
from django.conf import settings

settings.INSTALLED_APPS = [*settings.INSTALLED_APPS, "benchmarks"]  # home of the peer's models below
django.setup()

import psycopg
from django.db import connections, models
from django.db.models import Count, Exists, OuterRef, Q
from tests.support import postgres

from juqun.domains.audience.rules.language import parse
from juqun.domains.audience.rules.sql import compile_count_sql, compile_sql
from juqun.kernel.scope import DataScope
from juqun.lake import writer
from juqun.lake.engine import get_engine

AS_OF = 20_500
DAYS = 365
CATEGORY, TAG = "category-1", "tag-3"
TREE = {
    "version": 1,
    "all": [
        {"type": "orders", "measure": "count", "op": "gte", "value": 3, "within_days": 90, "category": [CATEGORY]},
        {"type": "not_since", "event": "order", "days": 14},
        {"type": "tag", "any_of": [TAG]},
    ],
}
SCOPE = DataScope.whole_chain()
ROUNDS = 7
OURS_ROUNDS = 41
PER_MEMBER_SAMPLE = 2_000

# Buyers differ: a member's weight is exponential (many buy little, few a lot), each lapses up to 75 days before the end,
# categories follow Zipf's law over 40 and products over 50 per category. hash() makes the data the same on every run.
_RANDOM = "(hash({seed}, {key}) % 1000003) / 1000003.0"


def _random(seed: int, key: str) -> str:
    return _RANDOM.format(seed=seed, key=key)


def generate(members: int, orders: int) -> None:
    """Make the lake: dimensions, orders and lines in one file per month sorted by member, as compaction leaves them."""
    engine = get_engine()
    with engine.cursor() as cursor:
        cursor.execute(
            f"CREATE TEMP TABLE people AS SELECT i AS member_id, -ln(1 - {_random(1, 'i')} * 0.9999) AS weight, "
            f"CAST({_random(2, 'i')} * 75 AS INTEGER) AS lapse FROM range(1, {members} + 1) AS t(i)"
        )
        total = cursor.execute("SELECT sum(weight) FROM people").fetchone()[0]
        cursor.execute(
            "CREATE TEMP TABLE heads AS SELECT 'pos:' || row_number() OVER () AS order_key, member_id, "
            f"1 + CAST({_random(3, 'member_id * 100003 + n')} * 456 AS BIGINT) AS store_id, "
            f"{AS_OF} - lapse - CAST({_random(4, 'member_id * 100003 + n')} * {DAYS} AS INTEGER) AS day "
            f"FROM (SELECT *, unnest(range(CAST(round(weight / {total} * {orders}) AS BIGINT))) AS n FROM people)"
        )
        category = f"CAST(floor(exp({_random(5, 'order_key || line_no')} * {math.log(41)})) AS INTEGER)"
        cursor.execute(
            "CREATE TEMP TABLE lines AS SELECT *, "
            f"'P' || {category} || '-' || (hash(6, order_key, line_no) % 50) AS product_ref, "
            "CAST(100 + hash(7, order_key, line_no) % 9900 AS BIGINT) AS amount_fen FROM "
            "(SELECT *, unnest(range(1, 2 + CAST(hash(8, order_key) % 2 AS BIGINT))) AS line_no FROM heads)"
        )
        months = "date_trunc('month', DATE '1970-01-01' + day)"
        for (month,) in cursor.execute(f"SELECT DISTINCT {months} FROM heads ORDER BY 1").fetchall():
            inside = f"{months} = DATE '{month:%Y-%m-%d}' ORDER BY member_id, day"
            ts = "CAST(DATE '1970-01-01' + day AS TIMESTAMP) AS ts"
            lines = cursor.execute(f"SELECT *, {ts} FROM lines WHERE {inside}").to_arrow_table()
            paid = cursor.execute(
                f"SELECT order_key, member_id, store_id, day, sum(amount_fen)::BIGINT AS amount_fen, {ts} "
                f"FROM lines WHERE {months} = DATE '{month:%Y-%m-%d}' GROUP BY ALL ORDER BY member_id, day"
            ).to_arrow_table()
            writer.replace_partition("orders", f"month={month:%Y-%m}", paid)
            writer.replace_partition("order_lines", f"month={month:%Y-%m}", lines)
        writer.replace_dims(
            {
                "members": cursor.execute(
                    "SELECT member_id, '0001' || lpad(CAST(member_id % 21 + 1 AS VARCHAR), 4, '0') AS org_path, "
                    "member_id % 3 = 0 AS is_friend, member_id % 2 = 0 AS consent_marketing FROM people"
                ).to_arrow_table(),
                "member_tags": cursor.execute(
                    "SELECT member_id, 'tag-' || t AS tag FROM people, range(10) AS r(t) "
                    "WHERE hash(9, member_id, t) % 100 < 15"
                ).to_arrow_table(),
                "products": cursor.execute(
                    "SELECT 'P' || c || '-' || p AS product_ref, 'category-' || c AS category "
                    "FROM range(1, 42) AS a(c), range(50) AS b(p)"
                ).to_arrow_table(),
            }
        )


def load_postgres(url: str) -> None:
    """Copy the lake's rows into PostgreSQL, then index and analyse."""
    tables = {
        "bench_member": ("id bigint PRIMARY KEY, org_path text", "SELECT member_id, org_path FROM members"),
        "bench_tag": (
            "id bigint PRIMARY KEY, member_id bigint, tag text",
            "SELECT row_number() OVER (), member_id, tag FROM member_tags",
        ),
        "bench_order": (
            "id bigint PRIMARY KEY, member_id bigint, day int, refunded bool",
            "SELECT CAST(substr(order_key, 5) AS BIGINT), member_id, day, refunded FROM orders",
        ),
        "bench_line": (
            "id bigint PRIMARY KEY, order_id bigint, member_id bigint, category text, day int, refunded bool",
            """SELECT row_number() OVER (), CAST(substr(order_key, 5) AS BIGINT), member_id, category, day, FALSE
               FROM order_lines JOIN products USING (product_ref)""",
        ),
    }
    with psycopg.connect(url, autocommit=True) as connection, get_engine().cursor() as lake:
        for name, (columns, query) in tables.items():
            path = FOLDER / f"{name}.csv"
            lake.execute(f"COPY ({query}) TO '{path}' (HEADER FALSE)")
            connection.execute(f"CREATE UNLOGGED TABLE {name} ({columns})")
            with path.open("rb") as source, connection.cursor().copy(f"COPY {name} FROM STDIN (FORMAT csv)") as copy:
                while block := source.read(1 << 20):
                    copy.write(block)
            path.unlink()
        make_indexes(connection, USUAL_INDEXES)


USUAL_INDEXES = (
    "bench_tag (tag, member_id)",
    "bench_tag (member_id, tag)",
    "bench_order (member_id, day)",
    "bench_order (day)",
    "bench_line (member_id, category, day)",
    "bench_line (category, day)",
    "bench_line (order_id)",
)
TAILORED_INDEXES = (
    "bench_order (day, member_id) INCLUDE (refunded)",
    "bench_line (member_id, category, day) INCLUDE (order_id, refunded)",
    "bench_line (category, day) INCLUDE (member_id, order_id, refunded)",
)


def make_indexes(connection: psycopg.Connection, indexes: tuple[str, ...]) -> None:
    for index in indexes:
        connection.execute(f"CREATE INDEX ON {index}")
    connection.execute("VACUUM ANALYZE")


WINDOW = {"x": CATEGORY, "tag": TAG, "first": AS_OF - 89, "recent": AS_OF - 13, "last": AS_OF}
POSTGRES_FORMS = {
    "grouped": """
        SELECT m.id FROM bench_member m
        WHERE EXISTS (SELECT 1 FROM bench_tag t WHERE t.member_id = m.id AND t.tag = %(tag)s)
        AND NOT EXISTS (SELECT 1 FROM bench_order o WHERE o.member_id = m.id AND o.day BETWEEN %(recent)s AND %(last)s
                        AND NOT o.refunded)
        AND m.id IN (SELECT member_id FROM bench_line WHERE category = %(x)s AND day BETWEEN %(first)s AND %(last)s
                     AND NOT refunded GROUP BY member_id HAVING count(DISTINCT order_id) >= 3)""",
    "correlated": """
        SELECT m.id FROM bench_member m
        WHERE EXISTS (SELECT 1 FROM bench_tag t WHERE t.member_id = m.id AND t.tag = %(tag)s)
        AND NOT EXISTS (SELECT 1 FROM bench_order o WHERE o.member_id = m.id AND o.day BETWEEN %(recent)s AND %(last)s
                        AND NOT o.refunded)
        AND EXISTS (SELECT 1 FROM bench_line l WHERE l.member_id = m.id AND l.category = %(x)s
                    AND l.day BETWEEN %(first)s AND %(last)s AND NOT l.refunded
                    HAVING count(DISTINCT l.order_id) >= 3)""",
}


class Member(models.Model):
    class Meta:
        app_label, db_table, managed = "benchmarks", "bench_member", False


class MemberTag(models.Model):
    member = models.ForeignKey(Member, models.CASCADE, related_name="tags")
    tag = models.TextField()

    class Meta:
        app_label, db_table, managed = "benchmarks", "bench_tag", False


class Order(models.Model):
    member = models.ForeignKey(Member, models.CASCADE, related_name="orders")
    day = models.IntegerField()
    refunded = models.BooleanField()

    class Meta:
        app_label, db_table, managed = "benchmarks", "bench_order", False


class Line(models.Model):
    order = models.ForeignKey(Order, models.CASCADE, related_name="lines")
    member = models.ForeignKey(Member, models.CASCADE, related_name="lines")
    category = models.TextField()
    day = models.IntegerField()
    refunded = models.BooleanField()

    class Meta:
        app_label, db_table, managed = "benchmarks", "bench_line", False


def ours() -> list[int]:
    """Parse, compile, ask: what a page does for each change of a condition, with all ids as the answer."""
    sql, params = compile_sql(parse(TREE), as_of_day=AS_OF, scope=SCOPE)
    return get_engine().query(sql, params).column("member_id").to_pylist()


def ours_count() -> int:
    """The live count as an operator sees it."""
    sql, params = compile_count_sql(parse(TREE), as_of_day=AS_OF, scope=SCOPE)
    return get_engine().query(sql, params).column("members")[0].as_py()


def by_orm() -> list[int]:
    """The natural set-based form: annotate, filter, exclude."""
    bought = Q(lines__category=CATEGORY, lines__day__gte=AS_OF - 89, lines__day__lte=AS_OF, lines__refunded=False)
    recent = Order.objects.filter(member=OuterRef("pk"), day__gte=AS_OF - 13, day__lte=AS_OF, refunded=False)
    found = (
        Member.objects.using("peer")
        .filter(Exists(MemberTag.objects.filter(member=OuterRef("pk"), tag=TAG)))
        .annotate(bought=Count("lines__order_id", filter=bought, distinct=True))
        .filter(~Exists(recent), bought__gte=3)
    )
    return list(found.values_list("id", flat=True))


def by_orm_per_member(ids: list[int]) -> list[int]:
    """One member after the other, as row-by-row products evaluate a segment."""
    found = []
    for member in Member.objects.using("peer").filter(id__in=ids):
        if not member.tags.filter(tag=TAG).exists():
            continue
        if member.orders.filter(day__gte=AS_OF - 13, day__lte=AS_OF, refunded=False).exists():
            continue
        lines = member.lines.filter(category=CATEGORY, day__gte=AS_OF - 89, day__lte=AS_OF, refunded=False)
        if lines.values("order_id").distinct().count() >= 3:
            found.append(member.id)
    return found


def timed(ask: Callable[[], object]) -> tuple[float, object]:
    started = time.perf_counter()
    answer = ask()
    return (time.perf_counter() - started) * 1000, answer


def in_turn(asks: dict[str, Callable[[], object]], wanted: list[int]) -> tuple[dict[str, list[float]], bool]:
    """Ask each in every round; return milliseconds by name and whether all answers were the wanted members."""
    taken: dict[str, list[float]] = {name: [] for name in asks}
    equal = True
    for round_number in range(ROUNDS + 1):
        for name, ask in asks.items():
            spent, answer = timed(ask)
            equal = equal and sorted(answer) == wanted
            if round_number:
                taken[name].append(spent)
    return taken, equal


def best_of(taken: dict[str, list[float]]) -> float:
    return min(statistics.median(times) for name, times in taken.items() if name.startswith("postgres"))


def compare(url: str, members: int) -> str:
    """Ask all in turn and return the final line."""
    connections.databases["peer"] = {
        **connections.databases["default"],
        "ENGINE": "django.db.backends.postgresql",
        "NAME": "postgres",
        "USER": "juqun",
        "PASSWORD": "",
        **_address(url),
        "OPTIONS": {},
    }
    connection = psycopg.connect(url, autocommit=True)
    forms = {
        f"postgres {name}": lambda sql=sql: [row[0] for row in connection.execute(sql, WINDOW)]
        for name, sql in POSTGRES_FORMS.items()
    }
    wanted = sorted(ours())
    taken, equal = in_turn({"ours": ours, "orm": by_orm, **forms}, wanted)
    make_indexes(connection, TAILORED_INDEXES)
    tailored, tailored_equal = in_turn({"ours": ours, **forms}, wanted)
    equal = equal and tailored_equal
    counting = [timed(ours_count) for _ in range(OURS_ROUNDS + 1)][1:]
    equal = equal and all(answer == len(wanted) for _, answer in counting)
    step = max(1, members // PER_MEMBER_SAMPLE)
    sample = list(range(1, members + 1, step))
    spent, answer = timed(lambda: by_orm_per_member(sample))
    equal = equal and sorted(answer) == [m for m in wanted if m in set(sample)]
    per_member = spent / len(sample) * members
    for name, times in [*taken.items(), *((f"{name}, tailored", times) for name, times in tailored.items())]:
        print(f"{name:32} median {statistics.median(times):9.1f} ms  min {min(times):9.1f} ms")
    print(
        f"{'orm per member':32} {spent:9.1f} ms for {len(sample)} members, extrapolated {per_member / 1000:.1f} s for all"
    )
    count_ms = sorted(spent for spent, _ in counting)
    base = statistics.median(taken["ours"])
    costs = {
        "postgres": best_of(taken) / base,
        "postgres_tailored": best_of(tailored) / statistics.median(tailored["ours"]),
        "orm": statistics.median(taken["orm"]) / base,
        "orm_per_member": per_member / base,
    }
    figures = " ".join(f"ratio_{name}={value:.2f}" for name, value in costs.items())
    p95 = count_ms[math.ceil(len(count_ms) * 0.95) - 1]
    print(f"members found {len(wanted)}")
    return f"p50_ms={statistics.median(count_ms):.1f} p95_ms={p95:.1f} {figures} equal={str(equal).lower()}"


def _address(url: str) -> dict[str, object]:
    parts = psycopg.conninfo.conninfo_to_dict(url)
    return {"HOST": parts["host"], "PORT": parts.get("port", ""), "USER": parts["user"], "NAME": parts["dbname"]}


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--members", type=int, default=200_000)
    options.add_argument("--orders", type=int, default=2_000_000)
    wanted = options.parse_args()
    try:
        spent, _ = timed(lambda: generate(wanted.members, wanted.orders))
        rows = get_engine().query("SELECT (SELECT count(*) FROM orders) AS o, (SELECT count(*) FROM order_lines) AS l")
        orders, lines = rows.to_pylist()[0].values()
        print(f"lake: {orders} orders, {lines} lines made in {spent / 1000:.1f} s", flush=True)
        url = postgres.start()
        spent, _ = timed(lambda: load_postgres(url))
        print(f"postgres: loaded and indexed in {spent / 1000:.1f} s", flush=True)
        line = compare(url, wanted.members)
        print(f"segments: members={wanted.members} orders={orders} {line}")
        return 0 if line.endswith("equal=true") else 1
    finally:
        shutil.rmtree(FOLDER, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
