"""The lake's tables: column names and types of every fact and dimension, and how a row or a table is fitted to them.

`ts` is naive business time (Asia/Shanghai); `day` is days since 1970-01-01 and `week` Monday weeks, both of that same
business time, so that no engine ever needs a time zone. Money is integer fen. An id nobody knows is -1. `UNKNOWN_ID`
stands for it, so that joins stay plain equalities on every engine.
"""

from datetime import datetime, timedelta
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from juqun.kernel import clock
from juqun.lake.errors import FactRowError, LakeSchemaError, UnknownTableError

UNKNOWN_ID: Final = -1
# China has had one time zone without summer time since 1992: for every retail date this equals Asia/Shanghai.
_CHINA_OFFSET: Final = timedelta(hours=8)

_I32, _I64, _F64, _STR, _BOOL, _TS = pa.int32(), pa.int64(), pa.float64(), pa.string(), pa.bool_(), pa.timestamp("us")


def _schema(**columns: pa.DataType) -> pa.Schema:
    return pa.schema([pa.field(name, kind) for name, kind in columns.items()])


FACTS: Final[dict[str, pa.Schema]] = {
    "orders": _schema(
        order_key=_STR, member_id=_I64, store_id=_I64, staff_id=_I64, ts=_TS, day=_I32, week=_I32, amount_fen=_I64,
        discount_fen=_I64, line_count=_I32, source=_STR, campaign_id=_I64, refunded=_BOOL,
    ),
    "order_lines": _schema(
        order_key=_STR, line_no=_I32, member_id=_I64, store_id=_I64, product_ref=_STR, quantity=_F64, amount_fen=_I64,
        discount_fen=_I64, coupon_fen=_I64, ts=_TS, day=_I32, week=_I32,
    ),
    "touches": _schema(
        touch_key=_STR, member_id=_I64, kind=_STR, source=_STR, store_id=_I64, staff_id=_I64, campaign_id=_I64, ts=_TS,
        day=_I32, week=_I32,
    ),
    "memberships": _schema(
        event_key=_STR, group_id=_I64, member_id=_I64, store_id=_I64, kind=_STR, ts=_TS, day=_I32,
    ),
    "messages": _schema(
        message_key=_STR, campaign_id=_I64, member_id=_I64, staff_id=_I64, store_id=_I64, state=_STR, reason=_STR,
        ts=_TS, day=_I32,
    ),
    "exposures": _schema(
        exposure_key=_STR, campaign_id=_I64, member_id=_I64, arm=_STR, unit=_STR, unit_id=_I64, delivered=_BOOL, ts=_TS,
        day=_I32,
    ),
    "redemptions": _schema(
        redemption_key=_STR, member_id=_I64, store_id=_I64, coupon_ref=_STR, campaign_ref=_STR, campaign_type=_STR,
        amount_fen=_I64, ts=_TS, day=_I32,
    ),
}  # fmt: skip

# What makes a row of a fact the same row again.
KEYS: Final[dict[str, tuple[str, ...]]] = {
    "orders": ("order_key",),
    "order_lines": ("order_key", "line_no"),
    "touches": ("touch_key",),
    "memberships": ("event_key",),
    "messages": ("message_key",),
    "exposures": ("exposure_key",),
    "redemptions": ("redemption_key",),
}

DIMS: Final[dict[str, pa.Schema]] = {
    "members": _schema(
        member_id=_I64, store_id=_I64, org_path=_STR, staff_id=_I64, is_friend=_BOOL, in_group=_BOOL, gender=_STR,
        birth_year=_I32, tier=_STR, created_day=_I32, consent_marketing=_BOOL, attributes=_STR,
    ),
    # Facts keep the member they were recorded for; the views put the surviving member in the place of an absorbed one.
    # `member_id` is the last survivor of a chain of merges; an undone merge is left out.
    "member_merges": _schema(absorbed_id=_I64, member_id=_I64),
    "member_tags": _schema(member_id=_I64, tag=_STR, source=_STR),
    "stores": _schema(
        store_id=_I64, path=_STR, store_name=_STR, city_id=_I64, city_name=_STR, province_id=_I64, province_name=_STR,
        longitude=_F64, latitude=_F64,
    ),
    "products": _schema(product_ref=_STR, name=_STR, category=_STR, department=_STR, brand=_STR),
    "group_members": _schema(group_id=_I64, member_id=_I64, kind=_STR, role=_STR),
    # holdout_bp: the share of units to be held out, in basis points (-1 unknown); the sample-ratio test needs it.
    "campaigns": _schema(
        campaign_id=_I64, name=_STR, unit=_STR, starts_day=_I32, ends_day=_I32, holdout_bp=_I32,
    ),
}  # fmt: skip

# Columns that may stay empty (null) because the world leaves them open; everything else gets a neutral value.
_NULLABLE: Final = frozenset({"birth_year", "longitude", "latitude"})
_MINUS_ONE: Final = frozenset({"holdout_bp"})


def fact_schema(fact: str) -> pa.Schema:
    """Return the schema of a fact; raises UnknownTableError."""
    if fact not in FACTS:
        raise UnknownTableError(table=fact, known=", ".join(FACTS))
    return FACTS[fact]


def dim_schema(name: str) -> pa.Schema:
    """Return the schema of a dimension; raises UnknownTableError."""
    if name not in DIMS:
        raise UnknownTableError(table=name, known=", ".join(DIMS))
    return DIMS[name]


def business_ts(value: datetime) -> datetime:
    """Return naive business time: an aware time is moved to Asia/Shanghai, a naive one is taken as business time."""
    return value if value.tzinfo is None else clock.business_time(value)


def neutral(name: str, kind: pa.DataType) -> Any:
    """Return what a column holds when nobody gave a value: -1 for ids, "" for text, 0, False, or null where allowed."""
    if name in _NULLABLE:
        return None
    if name.endswith("_id") or name in _MINUS_ONE:
        return UNKNOWN_ID
    if pa.types.is_string(kind):
        return "{}" if name == "attributes" else ""
    if pa.types.is_boolean(kind):
        return False
    return 0.0 if pa.types.is_floating(kind) else 0


def fit_row(fact: str, key: str, row: dict[str, Any]) -> dict[str, Any]:
    """Return the row with every column of the fact, JSON-ready (`ts` as ISO text of business time).

    `ts` is required and may be aware (any zone) or naive business time; `day` and `week` are computed from it. A
    single-column key that the row leaves out is filled with `key`; other missing columns get their neutral value.
    Raises FactRowError for unknown columns, a missing time or a value of the wrong kind, UnknownTableError.
    """
    schema = fact_schema(fact)
    unknown = sorted(set(row) - set(schema.names))
    if unknown:
        raise FactRowError(table=fact, column=unknown[0], reason="is not one of its columns")
    moment = row.get("ts")
    if not isinstance(moment, datetime):
        raise FactRowError(table=fact, column="ts", reason="must be a time")
    ts = business_ts(moment)
    computed: dict[str, Any] = {
        "ts": ts.isoformat(),
        "day": clock.day_number(ts.date()),
        "week": clock.week_number(ts.date()),
    }
    if len(KEYS[fact]) == 1:
        computed[KEYS[fact][0]] = row.get(KEYS[fact][0]) or key
    fitted = {}
    for field in schema:
        value = computed[field.name] if field.name in computed else row.get(field.name)
        fitted[field.name] = neutral(field.name, field.type) if value is None else value
        _check_kind(fact, field, fitted[field.name])
    return fitted


_PYTHON_KINDS: Final = ((pa.types.is_boolean, bool), (pa.types.is_string, str), (pa.types.is_integer, int))


def _check_kind(fact: str, field: pa.Field, value: Any) -> None:
    for is_kind, python_kind in _PYTHON_KINDS:
        if is_kind(field.type):
            fits = isinstance(value, python_kind) and (python_kind is not int or not isinstance(value, bool))
            if not fits:
                raise FactRowError(table=fact, column=field.name, reason=f"must be {python_kind.__name__}")
            return
    if pa.types.is_floating(field.type) and not isinstance(value, int | float):
        raise FactRowError(table=fact, column=field.name, reason="must be a number")


def rows_to_table(fact: str, rows: list[dict[str, Any]]) -> pa.Table:
    """Return the fitted rows (of `fit_row`) as one Arrow table of the fact's schema."""
    schema = fact_schema(fact)
    columns = []
    for field in schema:
        values = [row[field.name] for row in rows]
        if field.name == "ts":
            values = [datetime.fromisoformat(value) for value in values]
        columns.append(pa.array(values, type=field.type))
    return pa.table(columns, schema=schema)


def fit_table(name: str, schema: pa.Schema, table: pa.Table) -> pa.Table:
    """Return the table in the schema's column order and types, missing columns and nulls filled with neutral values.

    When a fact's table has `ts` but no `day` or `week`, they are computed. Raises LakeSchemaError for unknown columns
    or values that do not fit.
    """
    unknown = sorted(set(table.column_names) - set(schema.names))
    if unknown:
        raise LakeSchemaError(table=name, reason=f"unknown column {unknown[0]}")
    if "ts" in schema.names:
        table = _with_calendar(name, schema, table)
    columns = []
    for field in schema:
        fallback = neutral(field.name, field.type)
        if field.name not in table.column_names:
            columns.append(pa.repeat(pa.scalar(fallback, type=field.type), table.num_rows))
            continue
        try:
            column = table.column(field.name).cast(field.type)
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
            raise LakeSchemaError(table=name, reason=f"column {field.name}: {error}") from error
        if fallback is not None and column.null_count:
            column = pc.fill_null(column, pa.scalar(fallback, type=field.type))
        columns.append(column)
    return pa.table(columns, schema=schema)


def _with_calendar(name: str, schema: pa.Schema, table: pa.Table) -> pa.Table:
    if "ts" not in table.column_names:
        raise LakeSchemaError(table=name, reason="column ts is missing")
    ts = table.column("ts")
    if ts.null_count:
        raise LakeSchemaError(table=name, reason="column ts holds empty times")
    if pa.types.is_timestamp(ts.type) and ts.type.tz is not None:
        ts = pc.add(ts.cast(pa.timestamp("us", tz="UTC")).cast(_TS), pa.scalar(_CHINA_OFFSET, pa.duration("us")))
        table = table.set_column(table.column_names.index("ts"), "ts", ts)
    if "day" not in table.column_names:
        table = table.append_column("day", pc.cast(ts, pa.date32()).cast(_I32) if ts.type == _TS else _days(ts))
    if "week" in schema.names and "week" not in table.column_names:
        # Monday weeks; all days since 1970 are positive, so integer division floors as the clock's does.
        table = table.append_column("week", pc.divide(pc.add(table.column("day").cast(_I32), 3), 7).cast(_I32))
    return table


def _days(ts: pa.ChunkedArray) -> pa.ChunkedArray:
    return pc.cast(ts.cast(_TS), pa.date32(), safe=False).cast(_I32)
