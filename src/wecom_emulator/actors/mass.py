"""What staff send to many on their own account."""

from wecom_emulator.actors.verbs import Action, Result, text, texts, verb
from wecom_emulator.errors import ActorError
from wecom_emulator.rules import mass
from wecom_emulator.rules.friendships import staff_of
from wecom_emulator.state.messages import MassMessage, SendRow, StaffTask
from wecom_emulator.world import World


@verb("staff", "mass_send")
def _mass_send(world: World, userid: str, action: Action) -> Result:
    """Send a personal mass message at once; it counts for the receivers' cap like one of the corp."""
    staff, corp = staff_of(world, userid), world.corp
    chat_type = text(action, "chat_type", required=False) or "single"
    if chat_type not in ("single", "group"):
        raise ActorError("bad_field", "chat_type is single or group", status=400)
    if chat_type == "group":
        own = [chat.chat_id for chat in mass.groups_of(world, staff.userid)]
    else:
        own = list(corp.friendships.get(staff.userid, {}))
    targets = texts(action, "targets") or own
    if not targets or any(item not in own for item in targets):
        raise ActorError("not_friends", "there are no such receivers: name own customers or own groups")
    rows = {item: SendRow(target=item) for item in targets}
    message = MassMessage(
        msgid=corp.new_id("mass", "msg", length=34),
        chat_type=chat_type,
        create_time=world.clock.seconds(),
        creator=staff.userid,
        text={"content": text(action, "text")},
        tasks={staff.userid: StaffTask(userid=staff.userid, rows=rows)},
    )
    mass.store(world, message)
    mass.confirm(world, staff.userid, message.msgid)
    return {"msgid": message.msgid}
