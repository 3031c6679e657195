"""From raw values to typed columns, by DuckDB's TRY_CAST over whole batches; what does not fit becomes a reject."""

from collections.abc import Sequence
from typing import Final

import duckdb
import numpy as np
import pyarrow as pa
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from juqun.kernel import clock
from juqun.kernel.imports.errors import ImportHeaderError
from juqun.kernel.imports.types import Column, ColumnKind, Reject

# Columns of our own error files; they are left out when such a file comes back.
OWN_COLUMNS: Final = frozenset({"_file", "_line", "_field", "_reason"})

CHUNK_ROWS = 16_384  # DuckDB works on the chunks of a batch in parallel; on two cores this halves the time

# Nobody's birthday, order or visit lies outside; 'infinity' and the ends of the calendar would break whoever counts days.
_SENSIBLE = {
    ColumnKind.DATE: "BETWEEN DATE '1900-01-01' AND DATE '2199-12-31'",
    ColumnKind.DATETIME: "BETWEEN TIMESTAMP '1900-01-01' AND TIMESTAMP '2199-12-31 23:59:59.999999'",
    ColumnKind.NUMBER: "BETWEEN -1e300 AND 1e300",
}

_DATE_FORMATS = "['%Y年%m月%d日', '%Y.%m.%d', '%Y%m%d']"
_TIME_FORMATS = "['%Y年%m月%d日 %H:%M:%S', '%Y年%m月%d日 %H:%M', '%Y%m%d%H%M%S', '%Y%m%d']"
_ZONED = r":\d\d.*([Zz]|[+-]\d\d(:?\d\d)?)$"

# {x} is the trimmed text of a value. DuckDB would round '12.5' to 13 and read '0x10' and '1_000': only plain digits pass.
_EXPRESSIONS: Final[dict[ColumnKind, str]] = {
    ColumnKind.TEXT: "CASE WHEN NOT contains({x}, chr(0)) THEN {x} END",
    ColumnKind.INT: r"CASE WHEN regexp_full_match({x}, '[+-]?\d+(\.0*)?') THEN TRY_CAST({x} AS BIGINT) END",
    ColumnKind.NUMBER: r"CASE WHEN regexp_full_match({x}, '[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?') THEN TRY_CAST({x} AS DOUBLE) END",
    ColumnKind.YUAN: (
        r"CASE WHEN regexp_full_match({x}, '[+-]?\d+(\.\d{{0,2}}0*)?') "
        r"THEN CAST(TRY_CAST({x} AS DECIMAL(15, 2)) * 100 AS BIGINT) "
        r"WHEN regexp_full_match({x}, '[¥￥]?[+-]?(\d+|\d{{1,3}}(,\d{{3}})+)(\.\d{{0,2}}0*)?') "
        r"THEN CAST(TRY_CAST(regexp_replace({x}, '[¥￥,]', '', 'g') AS DECIMAL(15, 2)) * 100 AS BIGINT) END"
    ),
    ColumnKind.DATE: (
        "COALESCE(TRY_CAST({x} AS DATE), CAST(TRY_CAST({x} AS TIMESTAMP) AS DATE), "
        f"CAST(TRY_STRPTIME({{x}}, {_DATE_FORMATS}) AS DATE))"
    ),
    ColumnKind.DATETIME: (
        f"CASE WHEN regexp_matches({{x}}, '{_ZONED}') "
        "THEN CASE WHEN year(TRY_CAST({x} AS TIMESTAMPTZ)) BETWEEN 1900 AND 2199 "
        f"THEN timezone('{clock.BUSINESS_ZONE.key}', TRY_CAST({{x}} AS TIMESTAMPTZ)) END "
        f"ELSE COALESCE(TRY_CAST({{x}} AS TIMESTAMP), TRY_STRPTIME({{x}}, {_TIME_FORMATS})) END"
    ),
    ColumnKind.BOOL: (
        "CASE WHEN lower({x}) IN ('1', 'true', 'yes', 'y', 't', 'on', '是', '1.0') THEN true "
        "WHEN lower({x}) IN ('0', 'false', 'no', 'n', 'f', 'off', '否', '0.0') THEN false END"
    ),
}

_REASONS: Final[dict[ColumnKind, str | Promise]] = {
    ColumnKind.TEXT: gettext_lazy("holds a zero byte"),
    ColumnKind.INT: gettext_lazy("is not a whole number"),
    ColumnKind.NUMBER: gettext_lazy("is not a number"),
    ColumnKind.YUAN: gettext_lazy("is not an amount in yuan with at most two decimals"),
    ColumnKind.DATE: gettext_lazy("is not a date; write 2026-03-31"),
    ColumnKind.DATETIME: gettext_lazy("is not a time; write 2026-03-31 18:05:00"),
    ColumnKind.BOOL: gettext_lazy("is neither yes nor no"),
}

_ARROW_TYPES: Final = {
    ColumnKind.TEXT: pa.string(),
    ColumnKind.INT: pa.int64(),
    ColumnKind.NUMBER: pa.float64(),
    ColumnKind.YUAN: pa.int64(),
    ColumnKind.DATE: pa.date32(),
    ColumnKind.DATETIME: pa.timestamp("us"),
    ColumnKind.BOOL: pa.bool_(),
}


class Caster:
    """Typed columns for one file; one DuckDB connection for all of its batches."""

    def __init__(self, columns: Sequence[Column], *, filename: str) -> None:
        self._columns = columns
        self._filename = filename
        self._connection = duckdb.connect()
        self._connection.execute(f"SET TimeZone = '{clock.BUSINESS_ZONE.key}'")
        self._found: dict[str, str] | None = None

    def close(self) -> None:
        """Give the connection back."""
        self._connection.close()

    def match(self, names: Sequence[str]) -> dict[str, str]:
        """Which column of the file holds which `Column`. Raises ImportHeaderError."""
        if self._found is not None:
            return self._found
        wanted = {_plain(alias): column.name for column in self._columns for alias in (column.name, *column.aliases)}
        found: dict[str, str] = {}
        twice = []
        for name in names:
            meaning = wanted.get(_plain(name.split("#")[0]))
            if meaning is not None and meaning in found:
                twice.append(name)
            elif meaning is not None:
                found[meaning] = name
        missing = [column.name for column in self._columns if column.required and column.name not in found]
        for reason, faulty in ((_("missing"), missing), (_("twice"), twice)):
            if faulty:
                raise ImportHeaderError(
                    filename=self._filename, reason=reason, columns=", ".join(faulty), found=", ".join(names)
                )
        self._found = found
        return found

    def extra_names(self, names: Sequence[str]) -> list[str]:
        """The columns that no `Column` claims and that are not our own."""
        claimed = set(self.match(names).values())
        return [name for name in names if name not in claimed and name not in OWN_COLUMNS and name.strip()]

    def cast(self, raw: pa.Table, line_no: pa.Array) -> tuple[pa.Table, pa.Table, list[Reject]]:
        """Typed columns with `line_no`, the extra columns, and the rejects, of the same rows (rejected ones included)."""
        found = self.match(raw.column_names)
        extras = self.extra_names(raw.column_names)
        # Positions instead of names: DuckDB's names ignore case, a file's may differ by nothing else.
        position = {name: f"r{index}" for index, name in enumerate(raw.column_names)}
        inner, outer = [], []
        for i, column in enumerate(self._columns):
            if column.name in found:
                name = found[column.name]
                inner.append(f"{_text(position[name], raw.schema.field(name).type, column.kind)} AS t{i}")
                outer.append(f"{_EXPRESSIONS[column.kind].format(x=f't{i}')} AS w{i}, t{i} IS NOT NULL AS f{i}")
                sensible = _SENSIBLE.get(column.kind)
                outer.append(f"CASE WHEN w{i} {sensible} THEN w{i} END AS v{i}" if sensible else f"w{i} AS v{i}")
        for i, name in enumerate(extras):
            inner.append(f"{_text(position[name], raw.schema.field(name).type, ColumnKind.TEXT)} AS e{i}")
            outer.append(f"replace(e{i}, chr(0), '') AS e{i}")
        chunks = raw.rename_columns(list(position.values())).combine_chunks().to_batches(max_chunksize=CHUNK_ROWS)
        self._connection.register(
            "raw", pa.Table.from_batches(chunks) if chunks else raw.rename_columns(list(position.values()))
        )
        sql = f"SELECT {', '.join(outer)} FROM (SELECT {', '.join(inner)} FROM raw)"
        result = self._connection.sql(sql).to_arrow_table()
        self._connection.unregister("raw")
        values, rejects = {}, []
        for i, column in enumerate(self._columns):
            kind = _ARROW_TYPES[column.kind]
            if column.name not in found:
                values[column.name] = pa.nulls(raw.num_rows, kind)
                continue
            value, is_filled = result.column(f"v{i}"), result.column(f"f{i}")
            values[column.name] = value.cast(kind)
            rejects.extend(_judge(column, value, is_filled, raw.column(found[column.name]), line_no))
        table = pa.table({"line_no": line_no, **values})
        return table, pa.table({name: result.column(f"e{i}") for i, name in enumerate(extras)}), rejects


def _judge(
    column: Column, value: pa.ChunkedArray, is_filled: pa.ChunkedArray, raw: pa.ChunkedArray, line_no: pa.Array
) -> list[Reject]:
    """Rejects of one column: values that did not fit, and required ones that are missing."""
    if value.null_count == 0:
        return []
    is_null = value.is_null().to_numpy()
    is_misfit = is_null & is_filled.to_numpy()
    reason = str(_REASONS.get(column.kind, ""))
    rejects = [
        Reject(line_no=line_no[index].as_py(), field=column.name, value=str(raw[index].as_py()).strip(), reason=reason)
        for index in np.flatnonzero(is_misfit)
    ]
    if column.required:
        rejects += [
            Reject(line_no=line_no[index].as_py(), field=column.name, value="", reason=_("is missing"))
            for index in np.flatnonzero(is_null & ~is_misfit)
        ]
    return rejects


def _plain(name: str) -> str:
    return name.strip().lstrip("\ufeff").casefold().replace(" ", "_")


def _text(source: str, kind: pa.DataType, wanted: ColumnKind) -> str:
    """The SQL of a raw value as trimmed text. Binary fractions (Parquet) lose the noise that arithmetic left in them."""
    if pa.types.is_floating(kind) and wanted is ColumnKind.YUAN:
        return f"CAST(TRY_CAST({source} AS DECIMAL(24, 6)) AS VARCHAR)"
    if pa.types.is_floating(kind) and wanted is ColumnKind.TEXT:
        whole = f"CAST(TRY_CAST({source} AS BIGINT) AS VARCHAR)"
        return f"CASE WHEN {source} = FLOOR({source}) AND ABS({source}) < 1e15 THEN {whole} ELSE CAST({source} AS VARCHAR) END"
    return f"NULLIF(TRIM(CAST({source} AS VARCHAR)), '')"
