"""What the growth room refuses."""

from dataclasses import dataclass
from typing import ClassVar

from django.utils.translation import gettext_noop

from juqun.kernel.errors import ConflictError, InvalidInputError, NotFoundError


@dataclass(eq=False)
class LiveCodeNotFoundError(NotFoundError):
    code: ClassVar[str] = "live_code_not_found"
    message: ClassVar[str] = gettext_noop("Live code %(live_code_id)s is not known here; choose one of the list.")
    live_code_id: int


@dataclass(eq=False)
class LiveCodeRetiredError(ConflictError):
    code: ClassVar[str] = "live_code_retired"
    message: ClassVar[str] = gettext_noop("Live code %(live_code_id)s is retired; create a new one.")
    live_code_id: int


@dataclass(eq=False)
class StaffCountError(InvalidInputError):
    code: ClassVar[str] = "staff_count"
    message: ClassVar[str] = gettext_noop(
        "A live code needs between 1 and 100 active staff, not %(count)s; choose again."
    )
    count: int


@dataclass(eq=False)
class NotAStoreError(InvalidInputError):
    code: ClassVar[str] = "not_a_store"
    message: ClassVar[str] = gettext_noop("Node %(node_id)s is not a store; choose the store the code hangs in.")
    node_id: int


@dataclass(eq=False)
class WelcomeTextError(InvalidInputError):
    code: ClassVar[str] = "welcome_text"
    message: ClassVar[str] = gettext_noop(
        "The welcome text has %(byte_count)s bytes; WeCom takes 4000. Shorten it to about 1300 Chinese characters."
    )
    byte_count: int


@dataclass(eq=False)
class StateTakenError(ConflictError):
    code: ClassVar[str] = "state_taken"
    message: ClassVar[str] = gettext_noop(
        "State %(state)s belongs to a live code already; nothing needs to be assigned."
    )
    state: str
