"""The fixed metrics: one `.sql` file each, in canonical DuckDB SQL that sqlglot turns into Spark SQL unchanged.

To stay portable they use grouping, filters, semi and anti joins, equi and range joins, `row_number`, integer arithmetic
and bit masks only: no as-of joins, no shifts of literals, no epoch arithmetic (compare `day` and `week`), no window over
all members. Every file names its parameters in its first lines.
"""

import re
from functools import cache
from pathlib import Path
from typing import Any, Final

import pyarrow as pa

from juqun.kernel.scope import DataScope
from juqun.lake.engine import get_engine
from juqun.lake.errors import UnknownMetricError
from juqun.lake.schemas import UNKNOWN_ID

FOLDER: Final = Path(__file__).parent
_SEES_NOTHING: Final = "^$"  # no organisation path is empty


def names() -> list[str]:
    """Return the names of all metrics."""
    return sorted(path.stem for path in FOLDER.glob("*.sql"))


@cache
def sql(name: str) -> str:
    """Return the canonical SQL of a metric; raises UnknownMetricError."""
    if name not in names():
        raise UnknownMetricError(metric=name, known=", ".join(names()))
    return (FOLDER / f"{name}.sql").read_text(encoding="utf-8")


def run(name: str, *, scope: DataScope, **params: Any) -> pa.Table:
    """Return a metric's rows inside a scope. Raises UnknownMetricError."""
    return get_engine().query(sql(name), params | scope_params(scope))


def scope_params(scope: DataScope) -> dict[str, Any]:
    """Return the scope as the three parameters that every metric takes.

    `scope_pattern` matches the organisation paths that may be seen, `whole_chain` also lets in what belongs to no known
    store, `staff_id` (-1: anybody's) narrows to one guide's members.
    """
    everything = "" in scope.paths
    prefixes = "|".join(re.escape(path) for path in scope.paths)
    pattern = "^" if everything else f"^({prefixes})" if scope.paths else _SEES_NOTHING
    staff_id = UNKNOWN_ID if scope.staff_id is None else scope.staff_id
    return {"scope_pattern": pattern, "whole_chain": everything, "staff_id": staff_id}
