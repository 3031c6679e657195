"""Counting what staff do with customers: requests, new customers, chats, answers, and customers who leave."""

from wecom_emulator.clock import china_date
from wecom_emulator.state.behavior import BehaviorDay, ChatDay
from wecom_emulator.world import World


def behavior_key(userid: str, day: str) -> str:
    """Return the key of a staff member's day (ISO date)."""
    return f"{userid}/{day}"


def today(world: World, userid: str) -> BehaviorDay:
    """Return the counts of a staff member for the current Chinese day."""
    day = china_date(world.clock.now()).date().isoformat()
    return world.corp.behavior.setdefault(behavior_key(userid, day), BehaviorDay())


def note_customer_message(world: World, userid: str, external_userid: str) -> None:
    """Count that a customer wrote; the first message of the day opens the chat unless the staff member did."""
    chat = today(world, userid).chats.setdefault(external_userid, ChatDay())
    if not chat.asked_at and not chat.sent:
        chat.asked_at = world.clock.seconds()


def note_staff_message(world: World, userid: str, external_userid: str) -> None:
    """Count that a staff member wrote; the first message after the customer's is the answer."""
    chat = today(world, userid).chats.setdefault(external_userid, ChatDay())
    chat.sent += 1
    if chat.asked_at and not chat.answered_at:
        chat.answered_at = world.clock.seconds()
