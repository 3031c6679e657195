"""Refusals of the imports room: the whole file cannot be used (single bad lines are rejects, not errors)."""

from dataclasses import dataclass
from typing import ClassVar

from django.utils.translation import gettext_noop

from juqun.kernel.errors import InvalidInputError, NotFoundError


@dataclass(eq=False)
class ImportFileError(InvalidInputError):
    """The file is missing, empty, of an unknown kind or broken."""

    code: ClassVar[str] = "import_file"
    message: ClassVar[str] = gettext_noop(
        "The file %(filename)s cannot be read: %(reason)s. Save it as CSV, XLSX or Parquet."
    )
    filename: str
    reason: str


@dataclass(eq=False)
class ImportHeaderError(InvalidInputError):
    """A required column is missing, or two columns mean the same."""

    code: ClassVar[str] = "import_header"
    message: ClassVar[str] = gettext_noop(
        "The header of %(filename)s does not fit (%(reason)s: %(columns)s). It has: %(found)s. Mend the first line."
    )
    filename: str
    reason: str
    columns: str
    found: str


@dataclass(eq=False)
class ImportRunNotFoundError(NotFoundError):
    """No such run, or not for this reader."""

    code: ClassVar[str] = "import_run_not_found"
    message: ClassVar[str] = gettext_noop("There is no import %(run)s that you may see; look at the list of imports.")
    run: str
