"""What staff do with app messages: press a card's button."""

from wecom_emulator.actors.verbs import Action, Result, text, verb
from wecom_emulator.callbacks import EventField
from wecom_emulator.errors import ActorError
from wecom_emulator.rules.friendships import staff_of
from wecom_emulator.world import World


@verb("staff", "press_card")
def _press_card(world: World, userid: str, action: Action) -> Result:
    """Press a button (or submit choices) of a template card: the app is told by template_card_event."""
    staff = staff_of(world, userid)
    message = world.corp.app_messages.get(text(action, "msgid"))
    if message is None or not any(letter.get("msgid") == message.msgid for letter in staff.inbox):
        raise ActorError("unknown_card", "no such card in this member's inbox", status=404)
    if not message.response_code:
        raise ActorError("not_interactive", "this message has no button")
    key = text(action, "key")
    fields: list[EventField] = [
        ("EventKey", key),
        ("TaskId", message.task_id),
        ("CardType", message.card_type),
        ("ResponseCode", message.response_code),
        ("AgentID", message.agent_id),
    ]
    world.emit("template_card_event", "", fields, subject=message.msgid, concerns=[userid], from_user=userid)
    return {"msgid": message.msgid, "key": key}
