"""Tags in the hands of the admin: made, renamed, sorted and deleted in the console, with the events of each."""

from wecom_emulator.callbacks import EventField
from wecom_emulator.errors import ActorError
from wecom_emulator.state.tags import Tag, TagGroup
from wecom_emulator.world import World

EVENT = "change_external_tag"


def note_tag(world: World, change_type: str, *, object_id: str, tag_type: str, strategy_id: int = 0) -> None:
    """Tell the callbacks that a tag or tag_group was created, updated or deleted."""
    fields: list[EventField] = [("Id", object_id), ("TagType", tag_type)]
    if strategy_id:
        fields.append(("StrategyId", strategy_id))
    world.emit(EVENT, change_type, fields, subject=object_id)


def living_tags(group: TagGroup) -> list[Tag]:
    """Return the tags of a group that are not deleted."""
    return [tag for tag in group.tags if not tag.deleted]


def delete_group(group: TagGroup) -> None:
    """Delete a group with all its tags."""
    group.deleted = True
    for tag in group.tags:
        tag.deleted = True


def create_in_console(world: World, group_name: str, names: list[str]) -> TagGroup:
    """Make a group with tags, as the admin does; further tags go into a group of that name."""
    corp, now = world.corp, world.clock.seconds()
    group = next(
        (
            item
            for item in corp.tag_groups.values()
            if item.group_name == group_name and not item.deleted and not item.strategy_id
        ),
        None,
    )
    if group is None:
        group = TagGroup(group_id=corp.new_id("tag_group", "et"), group_name=group_name, create_time=now)
        corp.tag_groups[group.group_id] = group
        note_tag(world, "create", object_id=group.group_id, tag_type="tag_group")
    known = {tag.name for tag in living_tags(group)}
    for name in dict.fromkeys(names):
        if name not in known:
            tag = Tag(id=corp.new_id("tag", "et"), name=name, create_time=now)
            group.tags.append(tag)
            corp.tag_index[tag.id] = (group, tag)
            note_tag(world, "create", object_id=tag.id, tag_type="tag")
    return group


def _group_of(world: World, object_id: str) -> tuple[TagGroup, Tag | None]:
    """Return the living group with this id, or the tag with its group; raises ActorError unknown_tag."""
    group = world.corp.tag_groups.get(object_id)
    if group is not None and not group.deleted:
        return group, None
    home, tag = world.corp.tag_index.get(object_id, (None, None))
    if home is None or tag is None or tag.deleted:
        raise ActorError("unknown_tag", "no such tag or group of tags: see get_corp_tag_list", status=404)
    return home, tag


def rename_in_console(world: World, object_id: str, name: str) -> None:
    """Rename a tag or a group, as the admin does; raises ActorError unknown_tag."""
    group, tag = _group_of(world, object_id)
    if tag is None:
        group.group_name = name
    else:
        tag.name = name
    kind = "tag_group" if tag is None else "tag"
    note_tag(world, "update", object_id=object_id, tag_type=kind, strategy_id=group.strategy_id)


def delete_in_console(world: World, object_id: str) -> None:
    """Delete a tag or a group, as the admin does; a group sends one event only. Raises ActorError unknown_tag."""
    group, tag = _group_of(world, object_id)
    if tag is not None:
        tag.deleted = True
        note_tag(world, "delete", object_id=object_id, tag_type="tag", strategy_id=group.strategy_id)
    if not living_tags(group) or tag is None:
        delete_group(group)
        note_tag(world, "delete", object_id=group.group_id, tag_type="tag_group", strategy_id=group.strategy_id)


def shuffle(world: World, group_id: str, ids: list[str]) -> None:
    """Sort the tags of a group, or the groups themselves without `group_id`; the first of `ids` comes first.

    One event says that all orders are to be read again; it names the group whose tags were sorted. Raises ActorError
    unknown_tag when an id is not among those that are sorted.
    """
    corp = world.corp
    strategy_id = 0
    if group_id:
        group, tag = _group_of(world, group_id)
        items: dict[str, Tag | TagGroup] = {item.id: item for item in living_tags(group)} if tag is None else {}
        strategy_id = group.strategy_id
    else:
        items = {item.group_id: item for item in corp.tag_groups.values() if not item.deleted and not item.strategy_id}
    if any(item not in items for item in ids):
        raise ActorError("unknown_tag", "an id is not among those that are sorted: see get_corp_tag_list", status=404)
    for place, item in enumerate(dict.fromkeys([*ids, *items])):
        items[item].order = len(items) - place
    fields: list[EventField] = [("Id", group_id)] if group_id else []
    if strategy_id:
        fields.append(("StrategyId", strategy_id))
    world.emit(EVENT, "shuffle", fields, subject=group_id or "tags")
