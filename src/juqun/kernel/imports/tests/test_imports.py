import csv
from datetime import date, datetime

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from juqun.kernel.imports import errors, operations, queries
from juqun.kernel.imports.models import ImportRun
from juqun.kernel.imports.types import BatchOutcome, Column, ColumnKind, Reject
from juqun.kernel.scope import DataScope

COLUMNS = (
    Column(name="key", required=True, aliases=("编号",)),
    Column(name="name", aliases=("姓名",)),
    Column(name="visits", kind=ColumnKind.INT),
    Column(name="paid", kind=ColumnKind.YUAN),
    Column(name="born", kind=ColumnKind.DATE),
    Column(name="seen_at", kind=ColumnKind.DATETIME),
    Column(name="is_new", kind=ColumnKind.BOOL),
)
HEADER = "编号,姓名,visits,paid,born,seen_at,is_new,colour\n"


@pytest.fixture(autouse=True)
def _import_dir(settings, tmp_path):
    settings.JUQUN_IMPORT_DIR = tmp_path / "imports"


def write(path, text, encoding="utf-8"):
    path.write_bytes(text.encode(encoding))
    return path


def read(path, **kwargs):
    return list(operations.read_batches(path=path, columns=COLUMNS, **kwargs))


def rows(batches):
    return [row for batch in batches for row in batch.table.to_pylist()]


def test_values_become_typed(tmp_path):
    text = HEADER + (
        'a,王小明,3,"1,234.50",2017/1/2,2017-01-02 03:04:05,是,red\n'
        "b,,4.0,¥3.1,2017年01月02日,2017-01-01T19:04:05Z,0,\n"
    )
    (batch,) = read(write(tmp_path / "a.csv", text))
    at = datetime(2017, 1, 2, 3, 4, 5)  # noqa: DTZ001 - naive business time is the column's meaning
    born = date(2017, 1, 2)
    assert batch.table.to_pylist() == [
        {
            "line_no": 2,
            "key": "a",
            "name": "王小明",
            "visits": 3,
            "paid": 123450,
            "born": born,
            "seen_at": at,
            "is_new": True,
        },
        {
            "line_no": 3,
            "key": "b",
            "name": None,
            "visits": 4,
            "paid": 310,
            "born": born,
            "seen_at": at,
            "is_new": False,
        },
    ]
    assert batch.extras.to_pylist() == [{"colour": "red"}, {"colour": None}]
    assert batch.rejects == ()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_encodings_and_delimiters_are_found(tmp_path, encoding, delimiter):
    text = "编号,姓名\nk1,王小明\nk2,李娜\n".replace(",", delimiter)
    found = rows(read(write(tmp_path / "a.csv", text, encoding)))
    assert [(row["key"], row["name"]) for row in found] == [("k1", "王小明"), ("k2", "李娜")]


def test_values_that_do_not_fit_are_set_aside_each_with_its_reason(tmp_path):
    text = (
        "key,visits,paid,born,seen_at,is_new\n"
        "a,12.5,1.234,2017-02-30,yesterday,maybe\n,1,1,2017-01-01,2017-01-01,1\nb,0x10,1e3,20170102,20170102,1\nc,1,,,,\n"
    )
    (batch,) = read(write(tmp_path / "a.csv", text))
    assert [row["key"] for row in batch.table.to_pylist()] == ["c"]
    assert {(r.line_no, r.field, r.value) for r in batch.rejects} == {
        (2, "visits", "12.5"), (2, "paid", "1.234"), (2, "born", "2017-02-30"), (2, "seen_at", "yesterday"),
        (2, "is_new", "maybe"), (3, "key", ""), (4, "visits", "0x10"), (4, "paid", "1e3"),
    }  # fmt: skip


def test_physical_lines_are_named_across_line_breaks_empty_and_broken_lines(tmp_path):
    text = 'key,name,visits\n"a\nb",x,1\n\nc,y\nd,z,bad\ne,z,2,3\nf,"q\nr",worse\ng,z,3\n'
    path = write(tmp_path / "a.csv", text)
    result = run(path)
    assert (result.rows_ok, result.rows_rejected) == (2, 4)
    assert [(line["key"], line["_line"], line["_field"]) for line in error_lines(result)] == [
        ("c", "5", ""), ("d", "6", "visits"), ("e", "7", ""), ("f", "8", "visits"),
    ]  # fmt: skip


def test_small_blocks_number_the_records_the_same_way(tmp_path):
    lines = [f"k{i},n,{i}" if i % 7 else f"k{i},n" for i in range(2000)]
    lines[1234] = "k1234,n,many"
    path = write(tmp_path / "a.csv", "key,name,visits\n" + "\n".join(lines) + "\n")
    batches = read(path, batch_bytes=512)
    assert len(batches) > 20
    numbers = {row["key"]: row["line_no"] for row in rows(batches)}
    assert numbers == {f"k{i}": i + 2 for i in range(2000) if i % 7 and i != 1234}
    rejected = sorted(reject.line_no for batch in batches for reject in batch.rejects)
    assert rejected == sorted([*(i + 2 for i in range(0, 2000, 7)), 1236])
    assert batches[-1].progress == 1.0


def sink(batch):
    return BatchOutcome(rows_ok=batch.table.num_rows)


def run(path, given=sink, **kwargs):
    return operations.run_import(kind="test", path=path, columns=COLUMNS, sink=given, actor="Hong", **kwargs)


def error_lines(result):
    with result.error_file.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


pytestmark = pytest.mark.django_db


def test_a_run_keeps_its_books_and_the_error_file_can_be_mended_and_imported(tmp_path):
    path = write(tmp_path / "来客.csv", HEADER + "a,王,x,1,,,,red\nb,李,2,1.5,,,,\nc,张,3,2,,,,blue\n")

    def picky(batch):
        line_no = next((r["line_no"] for r in batch.table.to_pylist() if r["key"] == "c" and r["name"] == "张"), None)
        refused = [Reject(line_no=line_no, field="name", value="张", reason="is not welcome")] if line_no else []
        return BatchOutcome(rows_ok=batch.table.num_rows - len(refused), rejects=refused)

    seen = []
    result = run(path, picky, on_progress=seen.append)
    assert (result.rows_ok, result.rows_skipped, result.rows_rejected) == (1, 0, 2)
    assert (seen[-1].fraction, seen[-1].rows_total) == (1.0, 3)
    lines = error_lines(result)
    assert lines[0] == {
        "编号": "a", "姓名": "王", "visits": "x", "paid": "1", "born": "", "seen_at": "", "is_new": "", "colour": "red",
        "_file": "来客.csv", "_line": "2", "_field": "visits", "_reason": lines[0]["_reason"],
    }  # fmt: skip
    assert (lines[1]["编号"], lines[1]["_reason"]) == ("c", "name is not welcome")
    mended = result.error_file.read_text("utf-8-sig").replace(",x,", ",1,").replace("张", "章")
    again = run(write(tmp_path / "mended.csv", mended), picky)
    assert (again.rows_ok, again.rows_rejected, again.error_file) == (2, 0, None)
    view = queries.get_run(scope=DataScope.whole_chain(), run_id=result.run_id)
    assert (view.state, view.rows_total, view.rows_rejected, view.progress, view.actor_name) == (
        "done",
        3,
        2,
        1.0,
        "Hong",
    )
    assert view.error_file == result.error_file
    assert queries.list_runs(scope=DataScope(paths=("0001",))) == []
    with pytest.raises(errors.ImportRunNotFoundError):
        queries.get_run(scope=DataScope(paths=("0001",)), run_id=result.run_id)


def test_files_that_cannot_be_used_are_refused_and_noted(tmp_path):
    with pytest.raises(errors.ImportHeaderError, match="key"):
        run(write(tmp_path / "a.csv", "name\nx\n"))
    with pytest.raises(errors.ImportHeaderError):
        run(write(tmp_path / "b.csv", "key,编号\nx,y\n"))
    for name, text in (("c.csv", ""), ("d.pdf", "x"), ("e.parquet", "x"), ("f.xlsx", "x")):
        with pytest.raises(errors.ImportFileError):
            run(write(tmp_path / name, text))
    with pytest.raises(errors.ImportFileError):
        run(tmp_path / "nowhere.csv")
    assert set(ImportRun.objects.values_list("state", flat=True)) == {"failed"}


def test_a_failing_sink_leaves_a_failed_run(tmp_path):
    def broken(batch):
        raise RuntimeError("disk full")

    with pytest.raises(RuntimeError):
        run(write(tmp_path / "a.csv", "key\nx\n"), broken)
    (view,) = queries.list_runs(scope=DataScope.whole_chain())
    assert (view.state, view.failure) == ("failed", "RuntimeError: disk full")


def test_xlsx(tmp_path):
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.append(["编号", "姓名", "visits", "paid", "born", "seen_at", "is_new"])
    sheet.append(["a", "王", 3, 1.5, date(2017, 1, 2), datetime(2017, 1, 2, 3, 4, 5), True])  # noqa: DTZ001
    sheet.append([])
    sheet.append([6222021234567890123, "李", 1, 1, None, None, False])
    sheet.append([13800138000, "张", 1, 1, None, None, False])
    book.save(tmp_path / "a.xlsx")
    (batch,) = read(tmp_path / "a.xlsx")
    first, second = batch.table.to_pylist()
    assert (first["line_no"], first["visits"], first["paid"], first["born"]) == (2, 3, 150, date(2017, 1, 2))
    assert (first["seen_at"], first["is_new"]) == (datetime(2017, 1, 2, 3, 4, 5), True)  # noqa: DTZ001
    assert (second["line_no"], second["key"]) == (5, "13800138000")
    assert [(reject.line_no, reject.field) for reject in batch.rejects] == [(4, "编号")]


def test_parquet_with_binary_fractions(tmp_path):
    pq.write_table(
        pa.table({"key": [1.0, 2.0], "paid": [0.1 + 0.2, 1.005], "visits": [1, None]}), tmp_path / "a.parquet"
    )
    (batch,) = read(tmp_path / "a.parquet")
    assert [(row["line_no"], row["key"], row["paid"]) for row in batch.table.to_pylist()] == [(1, "1", 30)]
    assert [(reject.line_no, reject.field) for reject in batch.rejects] == [(2, "paid")]


def test_old_error_files_go(tmp_path, settings):
    result = run(write(tmp_path / "a.csv", "key\n\n x ,y\n"))
    assert result.error_file.exists()
    assert operations.discard_error_files(older_than_days=30) == 0
    ImportRun.objects.update(finished_at=datetime.fromisoformat("2020-01-01T00:00:00+00:00"))
    assert operations.discard_error_files(older_than_days=30) == 1
    assert not result.error_file.exists()
