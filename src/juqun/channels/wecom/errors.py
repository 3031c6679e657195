"""What can go wrong with WeCom, and whether repeating helps: every error carries `retry`, never or later (after n seconds)."""

from dataclasses import dataclass
from typing import ClassVar

from django.utils.translation import gettext_noop

from juqun.channels.wecom.types import Retry, RetryLater, RetryNever
from juqun.kernel.errors import ConflictError, DomainError, NotFoundError


@dataclass(eq=False)
class WecomError(DomainError):
    """Base of everything that a call to WeCom can raise. `endpoint` is the path; `errcode` WeCom's own code (0 = none was given)."""

    code: ClassVar[str] = "wecom_failed"
    message: ClassVar[str] = gettext_noop("WeCom did not do %(endpoint)s (code %(errcode)s): %(detail)s")
    endpoint: str
    errcode: int = 0
    detail: str = ""

    @property
    def retry(self) -> Retry:
        """Whether and when to repeat the call."""
        return RetryNever()


@dataclass(eq=False)
class WecomRefusedError(WecomError):
    """WeCom understood and said no; the same request will be refused again."""

    code: ClassVar[str] = "wecom_refused"
    message: ClassVar[str] = gettext_noop(
        "WeCom refused %(endpoint)s with code %(errcode)s: %(detail)s. Change the request or the corp's settings, then try again."
    )


@dataclass(eq=False)
class WecomLimitError(WecomRefusedError):
    """The request exceeds a documented limit of WeCom; it was not sent."""

    code: ClassVar[str] = "wecom_limit"
    message: ClassVar[str] = gettext_noop("%(endpoint)s was not sent to WeCom: %(detail)s. Shorten or split it.")


@dataclass(eq=False)
class WelcomeSpentError(WecomRefusedError):
    """The welcome code was used, is older than 20 s, or the chat had already started: final."""

    code: ClassVar[str] = "wecom_welcome_spent"
    message: ClassVar[str] = gettext_noop(
        "The welcome was not sent (code %(errcode)s): its code was already used or is too old. Write to the customer by a task instead."
    )


@dataclass(eq=False)
class WecomCredentialError(WecomError):
    """Corp id, secret, agent or trusted IP is wrong; nothing works until somebody mends the settings."""

    code: ClassVar[str] = "wecom_credential"
    message: ClassVar[str] = gettext_noop(
        "WeCom does not accept our credentials for %(endpoint)s (code %(errcode)s): %(detail)s. "
        "Check corp id, secret and trusted IPs, then run the self-check."
    )


@dataclass(eq=False)
class WecomBusyError(WecomError):
    """WeCom is busy, a rate limit is reached, or it could not be reached; the call did not take effect. Repeat after `seconds`."""

    code: ClassVar[str] = "wecom_busy"
    message: ClassVar[str] = gettext_noop(
        "WeCom is busy or out of reach for %(endpoint)s (code %(errcode)s). It is tried again in %(seconds)s seconds."
    )
    http_status: ClassVar[int] = 503
    seconds: float = 5.0

    @property
    def retry(self) -> Retry:
        """Later, after `seconds`."""
        return RetryLater(self.seconds)


@dataclass(eq=False)
class WecomUnknownOutcomeError(WecomError):
    """The request went out and the answer was lost, for a call that must not be repeated blindly: find out, then decide."""

    code: ClassVar[str] = "wecom_unknown_outcome"
    message: ClassVar[str] = gettext_noop(
        "The answer to %(endpoint)s was lost, so it is not known whether WeCom did it. Compare with WeCom before repeating it."
    )
    http_status: ClassVar[int] = 503


@dataclass(eq=False)
class WecomAnswerError(WecomError):
    """WeCom answered with success, but not with what its documentation promises."""

    code: ClassVar[str] = "wecom_answer"
    message: ClassVar[str] = gettext_noop("WeCom answered %(endpoint)s without what was asked for: %(detail)s.")


@dataclass(eq=False)
class CallbackRefusedError(DomainError):
    """A callback that is not genuine, not for us, too old, too big or not readable. `reason` never holds any of its content."""

    code: ClassVar[str] = "wecom_callback_refused"
    message: ClassVar[str] = gettext_noop(
        "The callback was refused: %(reason)s. Check token, AES key and corp id on both sides."
    )
    reason: str
    http_status: ClassVar[int] = 403


@dataclass(eq=False)
class DriftNotFoundError(NotFoundError):
    """There is no such difference."""

    code: ClassVar[str] = "wecom_drift_not_found"
    message: ClassVar[str] = gettext_noop("Difference %(drift_id)s is not known; open the list of differences again.")
    drift_id: int


@dataclass(eq=False)
class DriftClosedError(ConflictError):
    """Somebody decided it already, or it went away by itself."""

    code: ClassVar[str] = "wecom_drift_closed"
    message: ClassVar[str] = gettext_noop(
        "This difference is closed already: somebody was faster, or it went away by itself. Reload the page."
    )
    drift_id: int


@dataclass(eq=False)
class DriftChoiceError(ConflictError):
    """Juqun cannot hold WeCom's version; `blocker` says why."""

    code: ClassVar[str] = "wecom_drift_choice"
    message: ClassVar[str] = gettext_noop(
        "WeCom's version cannot be taken over (%(blocker)s). Put ours back, or leave both as they are."
    )
    drift_id: int
    blocker: str
