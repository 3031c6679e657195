"""Refusals of the service room."""

from dataclasses import dataclass
from typing import ClassVar

from django.utils.translation import gettext_noop

from juqun.kernel.errors import ConflictError, InvalidInputError, NotFoundError


@dataclass(eq=False)
class HandoverNotFoundError(NotFoundError):
    """No such hand-over, or not in the reader's scope."""

    code: ClassVar[str] = "handover_not_found"
    message: ClassVar[str] = gettext_noop("There is no hand-over %(handover_id)s that you may see; check the address.")
    handover_id: int


@dataclass(eq=False)
class HandoverStateError(ConflictError):
    """Approved, cancelled or not yet proposed."""

    code: ClassVar[str] = "handover_state"
    message: ClassVar[str] = gettext_noop("This hand-over is %(state)s by now; reload the page.")
    handover_id: int
    state: str


@dataclass(eq=False)
class KeeperUnfitError(InvalidInputError):
    """The giver themselves, somebody who left, or a role that does not talk to customers."""

    code: ClassVar[str] = "keeper_unfit"
    message: ClassVar[str] = gettext_noop("%(name)s cannot keep these customers; choose an active colleague who may.")
    name: str


@dataclass(eq=False)
class NothingToHandOverError(InvalidInputError):
    """The list or segment holds nobody of the giver."""

    code: ClassVar[str] = "nothing_to_hand_over"
    message: ClassVar[str] = gettext_noop("Nobody of this choice is a customer of %(name)s; choose others.")
    name: str


@dataclass(eq=False)
class HandoverMessageError(InvalidInputError):
    """WeCom takes 200 characters."""

    code: ClassVar[str] = "handover_message"
    message: ClassVar[str] = gettext_noop("The message has %(length)s characters; WeCom takes 200. Shorten it.")
    length: int
