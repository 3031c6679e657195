"""Refusals of the organisation room."""

from dataclasses import dataclass
from typing import ClassVar

from django.utils.translation import gettext_noop

from juqun.kernel.errors import ConflictError, InvalidInputError, NotFoundError, RefusedError


@dataclass(eq=False)
class ChainExistsError(ConflictError):
    """One installation serves one chain."""

    code: ClassVar[str] = "chain_exists"
    message: ClassVar[str] = gettext_noop("This installation already serves the chain %(name)s; add nodes below it.")
    name: str


@dataclass(eq=False)
class NodeNotFoundError(NotFoundError):
    """No such node, or not in the reader's scope."""

    code: ClassVar[str] = "node_not_found"
    message: ClassVar[str] = gettext_noop(
        "There is no node %(node)s that you may see; check the code or ask for access."
    )
    node: str


@dataclass(eq=False)
class NodeCodeTakenError(ConflictError):
    """Codes name nodes in files and are unique."""

    code: ClassVar[str] = "node_code_taken"
    message: ClassVar[str] = gettext_noop("The code %(node_code)s already belongs to %(name)s; choose another.")
    node_code: str
    name: str


@dataclass(eq=False)
class NodePlaceError(InvalidInputError):
    """A tier hangs under the tier above it."""

    code: ClassVar[str] = "node_place"
    message: ClassVar[str] = gettext_noop(
        "A %(kind)s cannot hang under a %(parent_kind)s; choose a node of a higher tier."
    )
    kind: str
    parent_kind: str


@dataclass(eq=False)
class StaffNotFoundError(NotFoundError):
    """No such member of staff, or not in the reader's scope."""

    code: ClassVar[str] = "staff_not_found"
    message: ClassVar[str] = gettext_noop("There is no member of staff %(staff)s that you may see; check the id.")
    staff: str


@dataclass(eq=False)
class StaffUseridTakenError(ConflictError):
    """A WeCom userid belongs to one person."""

    code: ClassVar[str] = "staff_userid_taken"
    message: ClassVar[str] = gettext_noop("The userid %(userid)s already belongs to %(name)s; check the userid.")
    userid: str
    name: str


@dataclass(eq=False)
class AccountNameTakenError(ConflictError):
    """A login name belongs to one person."""

    code: ClassVar[str] = "account_name_taken"
    message: ClassVar[str] = gettext_noop("The login name %(username)s is taken; choose another.")
    username: str


@dataclass(eq=False)
class RolePlaceError(InvalidInputError):
    """Store roles work at a store, operators at their city or province, leads at headquarters."""

    code: ClassVar[str] = "role_place"
    message: ClassVar[str] = gettext_noop(
        "The role %(role)s cannot be held at a %(kind)s; choose another node or role."
    )
    role: str
    kind: str


@dataclass(eq=False)
class PolicyActorError(RefusedError):
    """Only leads, operators and managers set policies, each for their own part of the tree."""

    code: ClassVar[str] = "policy_actor"
    message: ClassVar[str] = gettext_noop("%(actor)s may not set policies at %(node)s; ask whoever runs that part.")
    actor: str
    node: str


@dataclass(eq=False)
class PolicyFixedError(RefusedError):
    """A node above left no room."""

    code: ClassVar[str] = "policy_fixed"
    message: ClassVar[str] = gettext_noop(
        "%(key)s is fixed at %(value)s by %(set_by)s at %(set_at)s; ask them to open a range."
    )
    key: str
    value: int
    set_by: str
    set_at: str


@dataclass(eq=False)
class PolicyOutOfRangeError(RefusedError):
    """The value, or the range given on, leaves the guard-rail."""

    code: ClassVar[str] = "policy_out_of_range"
    message: ClassVar[str] = gettext_noop(
        "%(key)s = %(value)s is outside %(low)s to %(high)s, set by %(set_by)s at %(set_at)s; choose a value inside."
    )
    key: str
    value: int
    low: int
    high: int
    set_by: str
    set_at: str


@dataclass(eq=False)
class PolicyRangeError(InvalidInputError):
    """A range needs low <= value <= high."""

    code: ClassVar[str] = "policy_range"
    message: ClassVar[str] = gettext_noop(
        "The range %(low)s to %(high)s does not hold the value %(value)s; mend the range."
    )
    value: int
    low: int
    high: int
