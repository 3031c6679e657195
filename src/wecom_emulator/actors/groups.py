"""What people do with groups beyond the everyday: attach a welcome of the library, open a mini-program in a group."""

from wecom_emulator.actors.staff import own_group
from wecom_emulator.actors.verbs import Action, Result, text, verb
from wecom_emulator.errors import ActorError
from wecom_emulator.rules import groups
from wecom_emulator.world import World


@verb("staff", "attach_welcome")
def _attach_welcome(world: World, userid: str, action: Action) -> Result:
    chat = own_group(world, userid, action)
    template_id = text(action, "template_id", required=False)
    if template_id and template_id not in world.corp.welcome_templates:
        raise ActorError("unknown_template", "no such group welcome: add one by group_welcome_template/add", status=404)
    chat.welcome_template_id = template_id
    return {"chat_id": chat.chat_id, "template_id": template_id}


@verb("customer", "open_in_group")
def _open_in_group(world: World, customer: str, action: Action) -> Result:
    """Open a mini-program inside a group; it learns the group's opengid."""
    chat = groups.open_group(world, text(action, "chat_id"))
    if customer not in chat.members:
        raise ActorError("not_member", "this person is not in the group")
    return {"opengid": groups.opengid_of(chat)}
