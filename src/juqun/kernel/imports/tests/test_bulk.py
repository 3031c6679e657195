import threading

import pytest

from juqun.kernel import ids
from juqun.kernel.imports.ahead import one_ahead
from juqun.kernel.imports.bulk import insert_rows, reserve_ids
from juqun.kernel.imports.models import ImportRun
from juqun.kernel.secrets import keyed_hash, keyed_hashes, seal_many, unseal


def test_many_ids_are_what_single_ones_are(monkeypatch):
    monkeypatch.setattr("juqun.kernel.ids._last", (1 << 45, (1 << 40) - 3))  # the low letters are about to overflow
    many = ids.new_ids(6)
    expected = [ids._encode((1 << 45 << 80) + (1 << 40) - 2 + number, 26) for number in range(6)]
    assert many == expected
    assert ids.new_id() == ids._encode((1 << 45 << 80) + (1 << 40) + 4, 26)
    assert ids.new_ids(0) == []


def test_hashes_and_seals_of_a_batch_are_those_of_single_values():
    values = ["+8613800138000", "", "王" * 100]
    assert keyed_hashes("phone", values) == [keyed_hash("phone", value) for value in values]
    assert [unseal(sealed) for sealed in seal_many(values)] == values
    assert seal_many([]) == []


def test_working_ahead_keeps_order_passes_errors_on_and_stops_when_left():
    assert list(one_ahead(iter(range(5)))) == [0, 1, 2, 3, 4]

    def broken():
        yield 1
        raise ValueError("second")

    taken = one_ahead(broken())
    assert next(taken) == 1
    with pytest.raises(ValueError, match="second"):
        next(taken)
    left = one_ahead(iter(range(1000)))
    assert next(left) == 0
    left.close()
    assert not [thread for thread in threading.enumerate() if thread.name == "import-ahead"]


@pytest.mark.django_db
def test_reserved_ids_are_nobody_elses():
    first = list(reserve_ids(ImportRun, 3))
    columns = ("id", "public_id", "kind", "filename", "actor_name", "state", "started_at", "progress", "rows_total",
               "rows_ok", "rows_skipped", "rows_rejected", "error_file", "failure")  # fmt: skip
    at = "2026-01-01 00:00:00"
    insert_rows(
        ImportRun, columns, [(pk, f"p{pk}", "k", "f", "a", "done", at, 1.0, 0, 0, 0, 0, "", "") for pk in first]
    )
    later = ImportRun.objects.create(public_id="x", kind="k", filename="f", actor_name="a", started_at=f"{at}+00:00")
    assert later.pk > max(first)
    second, third = reserve_ids(ImportRun, 2), reserve_ids(ImportRun, 2)
    assert later.pk < min(second) < max(second) < min(third)
    assert len(reserve_ids(ImportRun, 0)) == 0
