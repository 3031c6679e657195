"""Files as broken as the world makes them: refused with a sentence, or read with the bad lines set aside; never a crash."""

import os
import zipfile
from datetime import timedelta

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from juqun.kernel import clock
from juqun.kernel.imports import errors, operations, readers
from juqun.kernel.imports.models import ImportRun
from juqun.kernel.imports.types import BatchOutcome, Column, ColumnKind

COLUMNS = (
    Column(name="key", required=True),
    Column(name="count", kind=ColumnKind.INT),
    Column(name="paid", kind=ColumnKind.YUAN),
    Column(name="born", kind=ColumnKind.DATE),
    Column(name="seen_at", kind=ColumnKind.DATETIME),
    Column(name="weight", kind=ColumnKind.NUMBER),
)
HEADER = "key,count,paid,born,seen_at,weight\n"


def read(path):
    batches = list(operations.read_batches(path=path, columns=COLUMNS))
    rows = [row for batch in batches for row in batch.table.to_pylist()]
    return rows, [reject for batch in batches for reject in batch.rejects]


def write(path, content):
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("count", str(2**63)),
        ("paid", "99999999999999999.99"),
        ("paid", "¥99,999,999,999,999,999"),
        ("born", "infinity"),
        ("born", "-infinity"),
        ("born", "0001-01-01"),
        ("born", "9999-12-31"),
        ("born", "290000-01-01"),
        ("seen_at", "infinity"),
        ("seen_at", "9999-12-31T23:59:59-14:00"),
        ("seen_at", "294247-01-10T04:00:54Z"),
        ("weight", "1e309"),
    ],
)
def test_values_beyond_all_measure_are_set_aside(tmp_path, field, value):
    quoted = f'"{value}"'
    rows, rejects = read(write(tmp_path / "a.csv", f"key,{field}\nA,{quoted}\nB,\n"))
    assert [row["key"] for row in rows] == ["B"]
    assert [(reject.line_no, reject.field, reject.value) for reject in rejects] == [(2, field, value)]


def test_quote_that_is_never_closed_becomes_one_bad_line(tmp_path):
    rows, rejects = read(write(tmp_path / "a.csv", HEADER + 'A,1,,,,\n"B,2,,,,\n' + "C,3,,,,\n" * 100_000))
    assert [row["key"] for row in rows] == ["A"]
    assert [reject.line_no for reject in rejects] == [3]


def test_blank_lines_before_the_header(tmp_path):
    rows, rejects = read(write(tmp_path / "a.csv", "\n\r\n" + HEADER + "A,1,,,,\n"))
    assert (rows[0]["key"], rejects) == ("A", [])


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (HEADER + "A" * 5_000_000 + ",1,,,,\n", "never closed"),
        (HEADER + "A\0B,1,,,,\n", "zero bytes"),
        (b"\0" * 5_000, "zero bytes"),
        ("\n\n\n", "empty"),
        (HEADER.encode() + b"\xff\xff,1,,,,\n", "gb18030"),
        ("key" + ",c" * 1_000 + "\n", "thousand columns"),
    ],
)
def test_files_that_are_no_tables(tmp_path, content, reason):
    with pytest.raises(errors.ImportFileError) as refusal:
        read(write(tmp_path / "a.csv", content))
    assert reason in refusal.value.reason


def test_zero_bytes_from_parquet_reach_no_table(tmp_path):
    table = pa.table({"key": ["A", "B\0"], "colour": ["r\0d", "blue"]})
    pq.write_table(table, tmp_path / "a.parquet")
    (batch,) = operations.read_batches(path=tmp_path / "a.parquet", columns=COLUMNS)
    assert batch.table.column("key").to_pylist() == ["A"]
    assert batch.extras.column("colour").to_pylist() == ["rd"]
    assert [(reject.line_no, reject.field) for reject in batch.rejects] == [(2, "key")]


def test_zip_bomb(tmp_path, monkeypatch):
    monkeypatch.setattr(readers, "MAX_XLSX_BYTES", 1 << 20)
    with zipfile.ZipFile(tmp_path / "a.xlsx", "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("xl/worksheets/sheet1.xml", b" " * (2 << 20))
    with pytest.raises(errors.ImportFileError) as refusal:
        read(tmp_path / "a.xlsx")
    assert "unpacked" in refusal.value.reason


@pytest.mark.django_db
def test_what_killed_imports_left_behind(tmp_path, settings):
    settings.JUQUN_IMPORT_DIR = tmp_path
    old, young = write(tmp_path / "upload-1.csv", "phone"), write(tmp_path / "upload-2.csv", "phone")
    long_ago = (clock.wall() - timedelta(hours=7)).timestamp()
    os.utime(old, (long_ago, long_ago))
    for name, hours in (("a", 7), ("b", 1)):
        ImportRun.objects.create(
            public_id=name, kind="members", filename="x", started_at=clock.now() - timedelta(hours=hours)
        )
    assert operations.end_broken_runs() == 1
    assert (old.exists(), young.exists()) == (False, True)
    assert dict(ImportRun.objects.values_list("public_id", "state")) == {"a": "failed", "b": "running"}


@pytest.mark.django_db
def test_longest_name_that_a_file_may_have(tmp_path, settings):
    settings.JUQUN_IMPORT_DIR = tmp_path / "imports"
    path = write(tmp_path / ("名" * 80 + ".csv"), HEADER + "A,x,,,,\n")
    result = operations.run_import(
        kind="test", path=path, columns=COLUMNS, sink=lambda batch: BatchOutcome(rows_ok=0), actor="x"
    )
    assert result.error_file is not None
    assert result.error_file.exists()
