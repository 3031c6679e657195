import csv
from datetime import datetime

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from django.utils import translation

from juqun.domains.commerce import operations
from juqun.domains.commerce.errors import OrderInvalidError
from juqun.domains.commerce.operations import order_sink
from juqun.kernel.imports.errors import ImportHeaderError
from juqun.lake.engine import get_engine

HEADER = [
    "order_ref",
    "line_no",
    "member_key",
    "store_code",
    "product_ref",
    "quantity",
    "amount_yuan",
    "coupon_yuan",
    "paid_at",
]
GOOD = [
    ["O1", "1", "C1", "S001", "A", "1", "10.00", "", "2026-03-01 09:00:00"],
    ["O1", "2", "C1", "S001", "B", "0.356", "2.50", "0.50", "2026-03-01 09:00:00"],
    ["O2", "1", "", "S002", "A", "2", "20", "", "2026-03-02T18:30:00+08:00"],
]


@pytest.fixture
def write(tmp_path):
    """A function that writes rows as a CSV file under the standard header."""

    def to_file(rows, name="orders.csv", header=HEADER):
        path = tmp_path / name
        with path.open("w", newline="") as file:
            csv.writer(file).writerows([header, *rows])
        return path

    return to_file


@pytest.fixture(autouse=True)
def _english(chain, new_member, settings, tmp_path):
    settings.JUQUN_IMPORT_DIR = tmp_path / "imports"
    new_member("C1")
    new_member("C2")
    with translation.override("en"):
        yield


def run(path, **options):
    result = operations.import_orders(path=path, actor="Hong", **options)
    return result, (result.rows_ok, result.rows_skipped, result.rows_rejected)


def orders():
    sql = "SELECT order_key, amount_fen, discount_fen, line_count FROM orders ORDER BY order_key"
    return [tuple(row.values()) for row in get_engine().query(sql).to_pylist()]


def lines():
    sql = "SELECT order_key, line_no, product_ref, amount_fen FROM order_lines ORDER BY order_key, line_no"
    return [tuple(row.values()) for row in get_engine().query(sql).to_pylist()]


def test_lines_become_lines_and_orders(write, chain):
    _, counts = run(write(GOOD))
    assert counts == (3, 0, 0)
    assert orders() == [("import:O1", 1_250, 50, 2), ("import:O2", 2_000, 0, 1)]
    row = get_engine().query("SELECT * FROM orders WHERE order_key = 'import:O2'").to_pylist()[0]
    assert (row["member_id"], row["store_id"], row["source"], row["refunded"]) == (-1, chain.yuexiu.id, "import", False)
    assert row["ts"] == datetime(2026, 3, 2, 18, 30)  # noqa: DTZ001 - the lake's times are business time
    quantities = (
        get_engine().query("SELECT quantity FROM order_lines ORDER BY order_key, line_no").column(0).to_pylist()
    )
    assert quantities == [1.0, 0.356, 2.0]


def test_same_and_overlapping_files_add_only_what_is_missing(write):
    path = write(GOOD)
    run(path)
    assert run(path)[1] == (0, 3, 0)
    more = [["O3", "1", "C2", "S001", "A", "1", "7", "", "2026-03-03 09:00"]]
    assert run(write([*GOOD[1:], *more], "next.csv"))[1] == (1, 2, 0)
    assert [row[0] for row in orders()] == ["import:O1", "import:O2", "import:O3"]
    assert len(lines()) == 4


def test_duplicates_inside_a_file_are_skipped_and_counted(write):
    assert run(write([*GOOD, GOOD[0], GOOD[1]]))[1] == (3, 2, 0)
    assert orders()[0] == ("import:O1", 1_250, 50, 2)


def test_sources_are_apart(write):
    run(write(GOOD))
    assert run(write(GOOD), source="jd")[1] == (3, 0, 0)
    assert len(orders()) == 4
    with pytest.raises(OrderInvalidError):
        run(write(GOOD), source="j:d")


def test_bad_lines_are_set_aside_mended_and_complete_their_orders(write):
    bad = [
        ["O1", "1", "C1", "S001", "A", "1", "10.00", "", "2026-03-01 09:00:00"],
        ["O1", "2", "C1", "S001", "B", "1", "2.505", "", "2026-03-01 09:00:00"],
        ["O1", "3", "C1", "S9", "B", "1", "3", "", "2026-03-01 09:00:00"],
        ["O1", "4", "nobody", "S001", "B", "1", "4", "", "2026-03-01 09:00:00"],
        ["O1", "5", "C2", "S001", "B", "1", "5", "", "2026-03-01 09:00:00"],
        ["O1", "6", "C1", "S002", "B", "1", "6", "", "2026-03-01 09:00:00"],
        ["O1", "7", "C1", "S001", "B", "1", "7", "", "yesterday"],
        ["O1", "", "C1", "S001", "B", "1", "8", "", "2026-03-01 09:00:00"],
        ["O1", "1", "C1", "S001", "A", "1", "11.00", "", "2026-03-01 09:00:00"],
    ]
    result, counts = run(write(bad))
    assert counts == (1, 0, 8)
    assert orders() == [("import:O1", 1_000, 0, 1)]
    with result.error_file.open(encoding="utf-8-sig", newline="") as file:
        aside = list(csv.DictReader(file))
    assert [(row["_line"], row["_field"]) for row in aside] == [
        ("3", "amount_yuan"),
        ("4", "store_code"),
        ("5", "member_key"),
        ("6", "member_key"),
        ("7", "store_code"),
        ("8", "paid_at"),
        ("9", "line_no"),
        ("10", "line_no"),
    ]
    assert all(row["_file"] == "orders.csv" and row["_reason"] for row in aside)
    mended = [[*row.values()][: len(HEADER)] for row in aside]
    for row in mended:
        row[2], row[3], row[8] = "C1", "S001", "2026-03-01 09:00:00"
    mended[0][6], mended[6][1], mended[7][1] = "2.50", "8", "9"
    assert run(write(mended, "mended.csv"))[1] == (8, 0, 0)
    total = 1_000 + 250 + 300 + 400 + 500 + 600 + 700 + 800 + 1_100
    assert orders() == [("import:O1", total, 0, 9)]
    assert run(write(mended, "mended.csv"))[1] == (0, 8, 0)


def test_an_order_cut_between_files_is_completed(write):
    run(write(GOOD[:1], "a.csv"))
    run(write(GOOD[1:], "b.csv"))
    assert orders() == [("import:O1", 1_250, 50, 2), ("import:O2", 2_000, 0, 1)]
    assert get_engine().query("SELECT count(*) AS n FROM orders").to_pylist() == [{"n": 2}]


def test_known_line_with_another_amount_is_set_aside(write):
    run(write(GOOD))
    changed = [[*GOOD[0][:6], "11.00", *GOOD[0][7:]]]
    assert run(write(changed))[1] == (0, 0, 1)
    assert orders()[0] == ("import:O1", 1_250, 50, 2)


def test_batches_of_one_file_meet(write, monkeypatch):
    monkeypatch.setattr(order_sink, "BATCH_BYTES", 64)
    monkeypatch.setattr("juqun.domains.commerce.operations.importing.BATCH_BYTES", 64)
    rows = [["O1", str(n), "C1", "S001", "A", "1", "1", "", "2026-03-01 09:00:00"] for n in range(1, 31)]
    assert run(write([*rows, *rows[:5]]))[1] == (30, 5, 0)
    assert orders() == [("import:O1", 3_000, 0, 30)]


class TestWithoutLineNumbers:
    HEADER = ["order_ref", "member_key", "store_code", "product_ref", "amount_yuan", "paid_at"]
    ROWS = [
        ["O1", "C1", "S001", "A", "1", "2026-03-01 09:00:00"],
        ["O1", "C1", "S001", "B", "2", "2026-03-01 09:00:00"],
        ["O2", "C1", "S001", "A", "3", "2026-03-01 10:00:00"],
    ]

    def test_lines_are_known_by_product_and_numbered_here(self, write):
        path = write(self.ROWS, header=self.HEADER)
        assert run(path)[1] == (3, 0, 0)
        assert lines() == [("import:O1", 1, "A", 100), ("import:O1", 2, "B", 200), ("import:O2", 1, "A", 300)]
        assert run(path)[1] == (0, 3, 0)
        late = [["O1", "C1", "S001", "C", "4", "2026-03-01 09:00:00"]]
        assert run(write([*late, *self.ROWS], "late.csv", self.HEADER))[1] == (1, 3, 0)
        assert orders()[0] == ("import:O1", 700, 0, 3)
        assert lines()[2] == ("import:O1", 3, "C", 400)

    @pytest.mark.parametrize("batch_bytes", [1 << 20, 64])
    def test_a_product_twice_is_set_aside_and_never_lost(self, write, monkeypatch, batch_bytes):
        monkeypatch.setattr("juqun.domains.commerce.operations.importing.BATCH_BYTES", batch_bytes)
        rows = [*self.ROWS, self.ROWS[0]]
        assert run(write(rows, header=self.HEADER))[1] == (3, 0, 1)
        assert orders()[0] == ("import:O1", 300, 0, 2)


def test_parquet_with_its_own_types(tmp_path, chain):
    path = tmp_path / "orders.parquet"
    table = pa.table(
        {
            "order_ref": pa.array([5, 5]),
            "line_no": pa.array([1, 2]),
            "member_key": pa.array(["C1", None]),
            "store_code": ["S001", "S001"],
            "product_ref": pa.array([11, 12]),
            "quantity": pa.array([1, 89_638]),
            "amount_yuan": pa.array([4.39, 0.1]),
            "paid_at": pa.array([datetime(2026, 3, 1, 9)] * 2),  # noqa: DTZ001 - business time
        }
    )
    pq.write_table(table, path)
    assert run(path)[1] == (2, 0, 0)
    assert lines() == [("import:5", 1, "11", 439), ("import:5", 2, "12", 10)]
    members = get_engine().query("SELECT DISTINCT member_id > 0 AS known FROM order_lines").to_pylist()
    assert members == [{"known": True}], "a line without a card is the member's of the order's other lines"


def test_a_file_without_a_required_column_is_refused_whole(write):
    with pytest.raises(ImportHeaderError) as refused:
        run(write([["O1"]], header=["order_ref"]))
    assert "paid_at" in str(refused.value)
    assert orders() == []


def test_redemptions(write, chain):
    header = ["member_key", "coupon_ref", "campaign_ref", "campaign_type", "redeemed_on"]
    rows = [
        ["C1", "U1", "26", "Type A", "2026-03-01"],
        ["C1", "U1", "26", "Type A", "2026-03-01"],
        ["C1", "U1", "27", "Type B", "2026-03-01"],
        ["nobody", "U1", "27", "Type B", "2026-03-01"],
        ["C2", "U1", "27", "Type B", "soon"],
    ]
    path = write(rows, header=header)
    result = operations.import_redemptions(path=path, actor="Hong")
    assert (result.rows_ok, result.rows_skipped, result.rows_rejected) == (2, 1, 2)
    again = operations.import_redemptions(path=path, actor="Hong")
    assert (again.rows_ok, again.rows_skipped, again.rows_rejected) == (0, 3, 2)
    found = get_engine().query("SELECT campaign_ref, campaign_type FROM redemptions ORDER BY 1").to_pylist()
    assert found == [
        {"campaign_ref": "26", "campaign_type": "Type A"},
        {"campaign_ref": "27", "campaign_type": "Type B"},
    ]
