"""What can go wrong with WeCom, and whether repeating helps: every error carries `retry` and names the next step.

The tree has four answers to "again?": never (`WecomRefusedError`, `WecomCredentialError` and below), later after n seconds
(`WecomBusyError`), with a new token (`WecomTokenError`), and find out first (`WecomUnknownOutcomeError`). Which errcode is which
error, and what to do about it, stands in the table of `errcodes`.
"""

from dataclasses import dataclass
from typing import ClassVar

from django.utils.translation import gettext, gettext_noop

from juqun.channels.wecom.types import Retry, RetryLater, RetryNever, RetryWithNewToken
from juqun.kernel.errors import ConflictError, DomainError, NotFoundError


@dataclass(eq=False)
class WecomError(DomainError):
    """Base of everything that a call to WeCom can raise. `endpoint` is the path; `errcode` WeCom's own code (0 = none was given).

    `remedy` is the sentence for this very code; `next_step` that of the class, where the code has none of its own.
    """

    code: ClassVar[str] = "wecom_failed"
    message: ClassVar[str] = gettext_noop("WeCom did not do %(endpoint)s (code %(errcode)s): %(detail)s")
    next_step: ClassVar[str] = ""
    endpoint: str
    errcode: int = 0
    detail: str = ""
    remedy: str = ""

    @property
    def retry(self) -> Retry:
        """Whether and when to repeat the call."""
        return RetryNever()

    def __str__(self) -> str:
        step = self.remedy or self.next_step
        return f"{super().__str__()} {gettext(step)}" if step else super().__str__()


@dataclass(eq=False)
class WecomRefusedError(WecomError):
    """WeCom understood and said no; the same request will be refused again."""

    code: ClassVar[str] = "wecom_refused"
    message: ClassVar[str] = gettext_noop("WeCom refused %(endpoint)s with code %(errcode)s: %(detail)s.")
    next_step: ClassVar[str] = gettext_noop("Change the request or the corp's settings, then try again.")


@dataclass(eq=False)
class WecomLimitError(WecomRefusedError):
    """The request exceeds a documented limit of WeCom; it was not sent."""

    code: ClassVar[str] = "wecom_limit"
    message: ClassVar[str] = gettext_noop("%(endpoint)s was not sent to WeCom: %(detail)s. Shorten or split it.")
    next_step: ClassVar[str] = ""


@dataclass(eq=False)
class WecomRequestError(WecomRefusedError):
    """A parameter of the request is wrong, missing or too long: the same words are refused for ever."""

    code: ClassVar[str] = "wecom_request"
    next_step: ClassVar[str] = gettext_noop("Correct the values that were entered, then try again.")


@dataclass(eq=False)
class WelcomeSpentError(WecomRefusedError):
    """The welcome code was used, is older than 20 s, or the chat had already started: final."""

    code: ClassVar[str] = "wecom_welcome_spent"
    message: ClassVar[str] = gettext_noop(
        "The welcome was not sent (code %(errcode)s): its code was already used or is too old. Write to the customer by a task instead."
    )
    next_step: ClassVar[str] = ""


@dataclass(eq=False)
class NotAContactError(WecomRefusedError):
    """The customer is not (or no longer) a friend of this member of staff, or WeCom does not know the id."""

    code: ClassVar[str] = "wecom_not_a_contact"
    next_step: ClassVar[str] = gettext_noop(
        "They are no longer friends: read the customer again and take the link away."
    )


@dataclass(eq=False)
class VisibleRangeError(WecomRefusedError):
    """The person, department, tag or group lies outside of what our app may see or change."""

    code: ClassVar[str] = "wecom_visible_range"
    next_step: ClassVar[str] = gettext_noop("In WeCom's console put them into the app's visible range, then try again.")


@dataclass(eq=False)
class StaffRefusedError(WecomRefusedError):
    """The member of staff does not exist at WeCom, or may not do this: not activated, not verified, feature off."""

    code: ClassVar[str] = "wecom_staff"
    next_step: ClassVar[str] = gettext_noop(
        "Check this person in WeCom's address book and in its customer-contact settings."
    )


@dataclass(eq=False)
class WecomQuotaError(WecomRefusedError):
    """A number that the corp may have of something is reached; only making room or buying more helps."""

    code: ClassVar[str] = "wecom_quota"
    next_step: ClassVar[str] = gettext_noop("Delete what is no longer used, or ask WeCom for more.")


@dataclass(eq=False)
class TransferRefusedError(WecomRefusedError):
    """A customer or group cannot be handed over (now, to this person)."""

    code: ClassVar[str] = "wecom_transfer"
    next_step: ClassVar[str] = gettext_noop("Choose another keeper, or wait until the running hand-over has ended.")


@dataclass(eq=False)
class TagRefusedError(WecomRefusedError):
    """A tag does not exist, exists already, or has a bad name."""

    code: ClassVar[str] = "wecom_tag"
    next_step: ClassVar[str] = gettext_noop("Read the tags again and compare them with ours.")


@dataclass(eq=False)
class WayRefusedError(WecomRefusedError):
    """A contact way or join way is not known, or its description is wrong."""

    code: ClassVar[str] = "wecom_way"
    next_step: ClassVar[str] = gettext_noop("Read the code back from WeCom; if it is gone there, make it anew.")


@dataclass(eq=False)
class ChatUnknownError(WecomRefusedError):
    """The group does not exist (any more), or is no customer group."""

    code: ClassVar[str] = "wecom_chat"
    next_step: ClassVar[str] = gettext_noop("Read the list of groups again; a dismissed group is closed here too.")


@dataclass(eq=False)
class MediaRefusedError(WecomRefusedError):
    """A file is of the wrong kind or size, or its media_id is older than 3 days."""

    code: ClassVar[str] = "wecom_media"
    next_step: ClassVar[str] = gettext_noop("Upload the file again, in a format and size that WeCom takes.")


@dataclass(eq=False)
class MomentRefusedError(WecomRefusedError):
    """A moment cannot be published like this."""

    code: ClassVar[str] = "wecom_moment"
    next_step: ClassVar[str] = gettext_noop("Change text, pictures or receivers of the moment, then publish it again.")


@dataclass(eq=False)
class SendTaskRefusedError(WecomRefusedError):
    """A send task has nobody to go to, or WeCom does not know it."""

    code: ClassVar[str] = "wecom_send_task"
    next_step: ClassVar[str] = gettext_noop("Look at who was chosen: nobody of them can be reached this way.")


@dataclass(eq=False)
class AddressBookError(WecomRefusedError):
    """A department or member cannot be made, changed or deleted as things stand."""

    code: ClassVar[str] = "wecom_address_book"
    next_step: ClassVar[str] = gettext_noop("Read the address book again and compare it with ours.")


@dataclass(eq=False)
class LoginRefusedError(WecomRefusedError):
    """The code of a WeCom login is used, too old, or not ours: the person starts again."""

    code: ClassVar[str] = "wecom_login"
    next_step: ClassVar[str] = gettext_noop("Open the page from WeCom again.")


@dataclass(eq=False)
class KfWindowClosedError(WecomRefusedError):
    """Customer service may not write: five messages or 48 hours since the customer's last word, or the session has ended."""

    code: ClassVar[str] = "wecom_kf_window"
    next_step: ClassVar[str] = gettext_noop(
        "Wait until the customer writes again; there is no other way to reach them here."
    )


@dataclass(eq=False)
class KfStateError(WecomRefusedError):
    """The session is not in a state for this, or the servicer is not serving: read the state, then decide."""

    code: ClassVar[str] = "wecom_kf_state"
    next_step: ClassVar[str] = gettext_noop("Read the state of the session again: somebody else may be talking there.")


@dataclass(eq=False)
class KfTokenOldError(WecomRefusedError):
    """The token of a bell is older than 10 minutes or not ours: pull without it."""

    code: ClassVar[str] = "wecom_kf_token"
    next_step: ClassVar[str] = gettext_noop("The messages are pulled without it.")


@dataclass(eq=False)
class KfSettingsError(WecomRefusedError):
    """A customer-service account is not set up for this."""

    code: ClassVar[str] = "wecom_kf_settings"
    next_step: ClassVar[str] = gettext_noop("Check the account under customer service in WeCom's console.")


@dataclass(eq=False)
class WecomCredentialError(WecomError):
    """Corp id, secret, agent, right or trusted IP is wrong; nothing works until somebody mends the settings."""

    code: ClassVar[str] = "wecom_credential"
    message: ClassVar[str] = gettext_noop(
        "WeCom does not accept our credentials for %(endpoint)s (code %(errcode)s): %(detail)s."
    )
    next_step: ClassVar[str] = gettext_noop("Check corp id, secret and trusted IPs, then run the self-check.")


@dataclass(eq=False)
class NoApiRightError(WecomCredentialError):
    """The app of this secret may not call this part of the API at all."""

    code: ClassVar[str] = "wecom_no_right"
    next_step: ClassVar[str] = gettext_noop(
        "In WeCom's console add the app to those that may call this part (customer contact, customer service), then try again."
    )


@dataclass(eq=False)
class TrustedIpError(WecomCredentialError):
    """The call came from an address that the app does not trust. `ip` is the one that WeCom saw ("" when it did not say)."""

    code: ClassVar[str] = "wecom_trusted_ip"
    next_step: ClassVar[str] = gettext_noop("In WeCom's console add this address to the app's trusted IPs.")
    ip: str = ""


@dataclass(eq=False)
class WecomTokenError(WecomCredentialError):
    """WeCom does not know our access token (any more). `is_renewed`: a new one was fetched already and did not help either."""

    code: ClassVar[str] = "wecom_token"
    next_step: ClassVar[str] = gettext_noop("Is another program using the same app's secret? Run the self-check.")
    is_renewed: bool = False

    @property
    def retry(self) -> Retry:
        """With a new token, once."""
        return RetryNever() if self.is_renewed else RetryWithNewToken()


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


@dataclass(eq=False)
class SyncRunningError(DomainError):
    """A run of that kind is still going on; there is at most one."""

    code: ClassVar[str] = "wecom_sync_running"
    message: ClassVar[str] = gettext_noop(
        "WeCom is being read already (%(kind)s); wait until that has ended, then ask again."
    )
    http_status: ClassVar[int] = 409
    kind: str
