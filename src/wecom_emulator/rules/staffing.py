"""Staff coming and leaving, with the contact events."""

from wecom_emulator.callbacks import EventField
from wecom_emulator.state.people import STAFF_LEFT, Staff
from wecom_emulator.world import World


def note_arrival(world: World, staff: Staff) -> None:
    """Tell the callbacks that a staff member was created."""
    _contact_event(world, "create_user", staff)


def leave_company(world: World, staff: Staff) -> None:
    """Let a staff member leave: friends and groups stay behind without a keeper, and the callbacks are told."""
    _contact_event(world, "delete_user", staff)
    staff.status = STAFF_LEFT
    staff.left_at = world.clock.seconds()
    for chat_id in world.corp.chats_of.get(staff.userid, ()):
        chat = world.corp.chats[chat_id]
        if chat.owner == staff.userid:
            chat.status = 1


def _contact_event(world: World, change_type: str, staff: Staff) -> None:
    fields: list[EventField] = [
        ("UserID", staff.userid),
        ("Department", ",".join(str(item) for item in staff.department)),
    ]
    world.emit("change_contact", change_type, fields, subject=staff.userid, concerns=[staff.userid])
