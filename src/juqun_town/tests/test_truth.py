"""The town's true effect against the product's interval, full size, without HTTP."""

import pytest

from juqun.lake.testing import fresh_lake
from juqun_town import truth

SEEDS = range(1, 21)
FEWEST = 18


@pytest.mark.slow
def test_true_effect_lies_inside_the_interval_in_at_least_18_of_20_seeds(settings, tmp_path):
    real = truth.read_year()
    found = []
    for seed in SEEDS:
        fresh_lake(settings, tmp_path / str(seed))
        found.append(truth.measure(real, seed))
    outside = [one for one in found if not one.holds]
    assert len(found) - len(outside) >= FEWEST, outside
    assert all(one.treated > 500 and one.holdout > 200 for one in found)
    assert all(one.truth_fen > 0 for one in found)
