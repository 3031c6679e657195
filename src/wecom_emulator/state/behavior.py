"""What staff did with customers on one day, as the platform counts it."""

from dataclasses import dataclass, field


@dataclass(slots=True, kw_only=True)
class ChatDay:
    """One 1:1 chat on one day: when the customer opened it (0: did not), when it was first answered, messages sent."""

    asked_at: int = 0
    answered_at: int = 0
    sent: int = 0


@dataclass(slots=True, kw_only=True)
class BehaviorDay:
    """The counts of one staff member on one Chinese calendar day; `chats` is keyed by external_userid."""

    new_apply: int = 0
    new_contact: int = 0
    negative_feedback: int = 0
    chats: dict[str, ChatDay] = field(default_factory=dict)
