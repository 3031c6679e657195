"""What will happen by itself at an instant: take-overs, ends of temporary chats, expiring quota."""

from dataclasses import dataclass


@dataclass(slots=True, kw_only=True)
class Timer:
    """Something of a kind that is due for a subject (the id of what it is about) at an instant in epoch seconds."""

    timer_id: str
    kind: str
    subject: str
    due_at: int
