"""Errors of the audience room. Those of a tree point at the node by its JSON path and say what is allowed there."""

from dataclasses import dataclass
from typing import ClassVar

from django.utils.translation import gettext_noop

from juqun.kernel.errors import ConflictError, InvalidInputError, NotFoundError


@dataclass(eq=False)
class SegmentError(InvalidInputError):
    """A segment tree cannot be used. ``path`` is the JSON path of the place, ``allowed`` what may stand there."""

    code: ClassVar[str] = "segment_invalid"
    message: ClassVar[str] = gettext_noop("%(path)s: %(found)s cannot stand here. Allowed: %(allowed)s.")
    path: str
    found: str
    allowed: str


class SegmentKeyUnknownError(SegmentError):
    """The node has a key that its type does not know."""

    code: ClassVar[str] = "segment_key_unknown"
    message: ClassVar[str] = gettext_noop("%(path)s: the key %(found)s is not known here. Allowed keys: %(allowed)s.")


class SegmentKeyMissingError(SegmentError):
    """The node lacks a key that its type needs."""

    code: ClassVar[str] = "segment_key_missing"
    message: ClassVar[str] = gettext_noop("%(path)s: %(found)s is missing. Add it; allowed: %(allowed)s.")


class SegmentValueError(SegmentError):
    """A value is of the wrong kind or out of its range."""

    code: ClassVar[str] = "segment_value"
    message: ClassVar[str] = gettext_noop("%(path)s: the value %(found)s does not fit. Allowed: %(allowed)s.")


class SegmentTooLargeError(SegmentError):
    """The tree is deeper or bigger than the language allows."""

    code: ClassVar[str] = "segment_too_large"
    message: ClassVar[str] = gettext_noop("%(path)s: too large (%(found)s). Allowed: %(allowed)s; split the segment.")


class SegmentImpossibleError(SegmentError):
    """The condition can never hold, or always holds."""

    code: ClassVar[str] = "segment_impossible"
    message: ClassVar[str] = gettext_noop("%(path)s: this condition decides nothing: %(found)s. Use %(allowed)s.")


class SegmentNodeUnknownError(SegmentError):
    """An ``org`` condition names a node that the organisation does not have."""

    code: ClassVar[str] = "segment_node_unknown"
    message: ClassVar[str] = gettext_noop("%(path)s: the organisation has no node %(found)s. Choose %(allowed)s.")


@dataclass(eq=False)
class SegmentNotFoundError(NotFoundError):
    """No such segment inside the scope."""

    code: ClassVar[str] = "segment_not_found"
    message: ClassVar[str] = gettext_noop("There is no segment %(segment_id)s in your area; choose one from the list.")
    segment_id: int


@dataclass(eq=False)
class SegmentNameTakenError(ConflictError):
    """Another segment of the same node has this name."""

    code: ClassVar[str] = "segment_name_taken"
    message: ClassVar[str] = gettext_noop("A segment named %(name)s exists already; choose another name.")
    name: str


@dataclass(eq=False)
class SnapshotNotFoundError(NotFoundError):
    """No such finished snapshot."""

    code: ClassVar[str] = "snapshot_not_found"
    message: ClassVar[str] = gettext_noop("There is no finished snapshot %(snapshot_id)s; take a new one.")
    snapshot_id: int


@dataclass(eq=False)
class ClvFitError(InvalidInputError):
    """The customers' history does not determine the model of lifetime value."""

    code: ClassVar[str] = "clv_fit"
    message: ClassVar[str] = gettext_noop(
        "Lifetime values cannot be told from this history: %(reason)s. Take a longer time or more stores."
    )
    reason: str
