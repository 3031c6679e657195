"""The retailer's files hold the whole year, cut at the campaign's day, on real places."""

import csv
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from juqun_town import files, plan, year


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.slow
def test_files_hold_the_whole_year(tmp_path):
    town = files.write_files(tmp_path, 1)
    assert len(town.stores) == year.STORES
    assert len(town.households) == year.HOUSEHOLDS
    assert sum(store.gathers for store in town.stores) == plan.GATHERING_STORES
    lines = [pq.read_metadata(tmp_path / f"orders-{side}.parquet").num_rows for side in ("before", "after")]
    assert sum(lines) == year.ORDER_LINES
    assert lines[1] == 143_734
    redeemed = [rows(tmp_path / f"redemptions-{side}.csv") for side in ("before", "after")]
    assert sum(len(part) for part in redeemed) == year.REDEMPTIONS
    assert (
        max(row["redeemed_on"] for row in redeemed[0]) < year.CAMPAIGN_DAY.isoformat() <= redeemed[1][0]["redeemed_on"]
    )

    tree = rows(tmp_path / "tree.csv")
    assert [sum(row["kind"] == kind for row in tree) for kind in ("chain", "province", "city", "store")] == [
        1,
        8,
        32,
        year.STORES,
    ]
    assert len({(row["parent_code"], row["name"]) for row in tree}) == len(tree)
    assert all(97 < float(row["longitude"]) < 123 and 20 < float(row["latitude"]) < 39 for row in tree[1:])
    assert (
        len({one.phone for one in town.households}) == len({one.unionid for one in town.households}) == year.HOUSEHOLDS
    )
    again = files.write_files(tmp_path / "again", 1)
    assert (tmp_path / "members.csv").read_bytes() == again.file("members.csv").read_bytes()


def test_usual_baskets_are_real_and_repeatable():
    with year.connect() as real:
        found = files.usual_baskets(real, 1)
        assert found == files.usual_baskets(real, 1)
    assert len(found) > 2_000
    assert all(3_000 <= sum(fen for _, fen in lines) <= 12_000 for baskets in found.values() for lines in baskets)
