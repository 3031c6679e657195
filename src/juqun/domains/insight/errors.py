"""Why a figure is not given: a number that would mislead is refused, with the way to a sound one."""

from dataclasses import dataclass
from typing import ClassVar

from django.utils.translation import gettext_noop

from juqun.kernel.errors import InvalidInputError, NotFoundError, RefusedError


@dataclass(eq=False)
class NaiveTestRefusedError(RefusedError):
    """Members of a campaign drawn by store or group may not be compared as if each had been drawn alone.

    On real data that calls 14-26 % of campaigns without any effect a success, at a nominal 5 %.
    """

    code: ClassVar[str] = "naive_test_refused"
    message: ClassVar[str] = gettext_noop(
        "This campaign was drawn by %(unit)s: members cannot be compared one by one; compare the drawn units."
    )
    unit: str


@dataclass(eq=False)
class TooFewUnitsError(InvalidInputError):
    """An arm has fewer than two units, so nothing can be said about chance."""

    code: ClassVar[str] = "too_few_units"
    message: ClassVar[str] = gettext_noop(
        "An effect needs at least two units in each arm; treated has %(treated)s, holdout has %(holdout)s."
    )
    treated: int
    holdout: int


@dataclass(eq=False)
class NothingToMeasureError(NotFoundError):
    """The campaign has no exposures that this reader may see."""

    code: ClassVar[str] = "nothing_to_measure"
    message: ClassVar[str] = gettext_noop(
        "Campaign %(campaign_id)s has nobody drawn in it here; plan it first, or wait until its facts are in the lake."
    )
    campaign_id: int


@dataclass(eq=False)
class UnknownChoiceError(InvalidInputError):
    """A report was asked for by something that it cannot be told by."""

    code: ClassVar[str] = "insight_unknown_choice"
    message: ClassVar[str] = gettext_noop("%(given)s is not known here; choose one of %(known)s.")
    given: str
    known: str
