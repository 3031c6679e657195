"""Staff coming and leaving, with the contact events."""

from wecom_emulator.callbacks import EventField
from wecom_emulator.state.people import STAFF_LEFT, Staff
from wecom_emulator.world import World


def note_arrival(world: World, staff: Staff) -> None:
    """Tell the callbacks that a staff member was created."""
    _contact_event(world, "create_user", staff)


def note_change(world: World, staff: Staff) -> None:
    """Tell the callbacks that a staff member's entry changed."""
    _contact_event(world, "update_user", staff)


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
    """Tell the callbacks; those configured after 2022-08-15 get userid and departments only."""
    fields: list[EventField] = [
        ("UserID", staff.userid),
        ("Department", ",".join(str(item) for item in staff.department)),
    ]
    if world.corp.settings.contact_events_full and change_type != "delete_user":
        shown = (("Name", staff.name), ("Mobile", staff.mobile), ("Position", staff.position), ("Email", staff.email))
        fields += [(name, value) for name, value in shown if value]
        fields.append(("Status", staff.status))
    world.emit("change_contact", change_type, fields, subject=staff.userid, concerns=[staff.userid])
