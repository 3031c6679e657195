"""The query, the predicate and the naive oracle mean the same members, for random trees on random lakes."""

import hypothesis
import sqlglot
from hypothesis import given, settings

from juqun.domains.audience.rules.language import dump, parse, walk
from juqun.domains.audience.rules.sql import compile_count_sql, compile_sql
from juqun.domains.audience.tests import lakes, oracle
from juqun.domains.audience.tests.lakes import PATHS, TODAY, connect, facts_of, ids, predicate_ids, rfm_windows
from juqun.kernel.scope import DataScope

EVERYTHING = DataScope.whole_chain()
RELAXED = settings(
    max_examples=150, deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow], derandomize=True
)


@RELAXED
@given(lake=lakes.lakes(), tree=lakes.trees)
def test_query_predicate_and_oracle_are_equal(lake, tree):
    segment = parse(tree)
    assert parse(dump(segment)) == segment
    wanted = oracle.select(lake, tree, TODAY, PATHS)
    connection = connect(lake)
    sql, params = compile_sql(segment, as_of_day=TODAY, scope=EVERYTHING, node_paths=PATHS)
    assert ids(connection, sql, params) == sorted(wanted)
    windows = rfm_windows([node for _, node in walk(segment)])
    assert predicate_ids(segment, facts_of(lake, connection, windows)) == wanted
    # A round trip through Spark SQL keeps the meaning, and Spark's text names every parameter.
    spark = sqlglot.transpile(sql, read="duckdb", write="spark")[0]
    assert all(f":{name}" in spark for name in params)
    back = sqlglot.transpile(spark, read="spark", write="duckdb")[0]
    assert ids(connection, back, params) == sorted(wanted)


@settings(RELAXED, max_examples=60)
@given(lake=lakes.lakes(), tree=lakes.trees)
def test_scope_and_counts_are_part_of_the_query(lake, tree):
    segment = parse(tree)
    scope = DataScope(paths=("00010001",), staff_id=21)
    visible = [m for m in lake.members if m["org_path"].startswith("00010001") and m["staff_id"] == 21]
    inside = oracle.select(lake, tree, TODAY, PATHS)
    wanted = [m for m in visible if m["member_id"] in inside]
    connection = connect(lake)
    sql, params = compile_sql(segment, as_of_day=TODAY, scope=scope, node_paths=PATHS)
    assert ids(connection, sql, params) == sorted(m["member_id"] for m in wanted)
    sql, params = compile_count_sql(segment, as_of_day=TODAY, scope=scope, node_paths=PATHS)
    friends = [m["is_friend"] and m["consent_marketing"] for m in wanted]
    assert connection.execute(sql, params).fetchall() == [
        (
            len(wanted),
            sum(m["is_friend"] for m in wanted),
            sum(m["in_group"] for m in wanted),
            sum(m["consent_marketing"] for m in wanted),
            sum(friends),
            sum(f or m["in_group"] for f, m in zip(friends, wanted, strict=True)),
        )
    ]
    sql, params = compile_sql(segment, as_of_day=TODAY, scope=DataScope.nothing(), node_paths=PATHS)
    assert ids(connection, sql, params) == []
