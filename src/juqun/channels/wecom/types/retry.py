"""Whether and when to repeat a call."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryNever:
    """Repeating the call cannot help: something about the request or the set-up has to change first."""


@dataclass(frozen=True, slots=True)
class RetryLater:
    """Repeating the call can help; `seconds` is how long to wait at least, None = the caller's own back-off."""

    seconds: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryWithNewToken:
    """The access token died before its time: fetch another one and repeat once, which the client does by itself."""


Retry = RetryNever | RetryLater | RetryWithNewToken
