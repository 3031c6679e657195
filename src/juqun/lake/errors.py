"""What can go wrong with facts: a table or a column that the lake does not know, a row that cannot be a fact."""

from dataclasses import dataclass
from typing import ClassVar

from django.utils.translation import gettext_noop

from juqun.kernel.errors import InvalidInputError, NotFoundError


@dataclass(eq=False)
class UnknownTableError(NotFoundError):
    """The lake has no fact and no dimension of that name."""

    code: ClassVar[str] = "lake_unknown_table"
    message: ClassVar[str] = gettext_noop("The lake has no table %(table)s; the tables are %(known)s.")
    table: str
    known: str


@dataclass(eq=False)
class FactRowError(InvalidInputError):
    """A row does not fit the fact it was recorded for."""

    code: ClassVar[str] = "lake_fact_row"
    message: ClassVar[str] = gettext_noop("This row is no fact of %(table)s: column %(column)s %(reason)s.")
    table: str
    column: str
    reason: str


@dataclass(eq=False)
class LakeSchemaError(InvalidInputError):
    """A table's columns do not fit the lake's schema."""

    code: ClassVar[str] = "lake_schema"
    message: ClassVar[str] = gettext_noop("The table for %(table)s does not fit the lake's schema: %(reason)s.")
    table: str
    reason: str


@dataclass(eq=False)
class BatchNameError(InvalidInputError):
    """A batch or partition name could leave its folder or hide from the manifest."""

    code: ClassVar[str] = "lake_batch_name"
    message: ClassVar[str] = gettext_noop(
        "%(name)s cannot name a batch or a partition; use letters, digits, dots, dashes and underscores."
    )
    name: str


@dataclass(eq=False)
class UnknownMetricError(NotFoundError):
    """There is no fixed metric of that name."""

    code: ClassVar[str] = "lake_unknown_metric"
    message: ClassVar[str] = gettext_noop("There is no metric %(metric)s; the metrics are %(known)s.")
    metric: str
    known: str
