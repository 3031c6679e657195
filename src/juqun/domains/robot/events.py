"""What the robot room tells of. Ids and times only."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from juqun.kernel.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceMessageArrived(Event):
    """A customer wrote to customer service and waits for an answer."""

    NAME: ClassVar[str] = "robot.service_message_arrived"
    message_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplySent(Event):
    """A keyword reply was taken by the channel."""

    NAME: ClassVar[str] = "robot.reply_sent"
    reply_id: int
    member_id: int | None
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class HandedToStaff(Event):
    """Staff were told of a message the robot could not answer; ``staff_id`` None means that nobody was found to tell."""

    NAME: ClassVar[str] = "robot.handed_to_staff"
    message_id: int
    member_id: int | None
    staff_id: int | None
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class WelcomeSettled(Event):
    """The outcome of a welcome is known, as far as it can be; ``state`` is a WelcomeState."""

    NAME: ClassVar[str] = "robot.welcome_settled"
    attempt_id: int
    state: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceSendPlanned(Event):
    """Something is to be said under a code that an event of customer service gave; a welcome or goodbye within 20 seconds."""

    NAME: ClassVar[str] = "robot.service_send_planned"
    send_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceCustomerSeen(Event):
    """A customer whom no member is known for entered customer service or wrote there."""

    NAME: ClassVar[str] = "robot.service_customer_seen"
    session_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceCustomerRefused(Event):
    """A message could not be delivered because the customer takes none from the account."""

    NAME: ClassVar[str] = "robot.service_customer_refused"
    session_id: int
    at: datetime
