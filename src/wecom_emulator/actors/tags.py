"""What the admin does with tags in WeCom's console."""

from wecom_emulator.actors.verbs import Action, Result, text, texts, verb
from wecom_emulator.rules import tags
from wecom_emulator.world import World


@verb("admin", "create_tags")
def _create_tags(world: World, _: str, action: Action) -> Result:
    group = tags.create_in_console(world, text(action, "group_name"), texts(action, "names"))
    living = {tag.name: tag.id for tag in tags.living_tags(group)}
    return {"group_id": group.group_id, "tags": living}


@verb("admin", "rename_tag")
def _rename_tag(world: World, _: str, action: Action) -> Result:
    object_id = text(action, "id")
    tags.rename_in_console(world, object_id, text(action, "name"))
    return {"id": object_id}


@verb("admin", "delete_tag")
def _delete_tag(world: World, _: str, action: Action) -> Result:
    object_id = text(action, "id")
    tags.delete_in_console(world, object_id)
    return {"id": object_id}


@verb("admin", "shuffle_tags")
def _shuffle_tags(world: World, _: str, action: Action) -> Result:
    group_id = text(action, "group_id", required=False)
    tags.shuffle(world, group_id, texts(action, "ids"))
    return {"group_id": group_id}
