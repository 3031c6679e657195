"""Corp tags: externalcontact/{get_corp_tag_list,add,edit,del}_corp_tag and mark_tag."""

from typing import Any

from wecom_emulator.api.call import Answer, Call, post
from wecom_emulator.errors import WeComError
from wecom_emulator.rules.friendships import note_edit
from wecom_emulator.rules.tags import delete_group, living_tags, note_tag
from wecom_emulator.state.tags import Tag, TagGroup

NAME_MOST = 30


def _noted(call: Call, change_type: str, object_id: str, tag_type: str, strategy_id: int) -> None:
    if call.settings.api_changes_emit_events:
        note_tag(call.world, change_type, object_id=object_id, tag_type=tag_type, strategy_id=strategy_id)


def _tag(tag: Tag, *, by_id: bool) -> dict[str, Any]:
    shown = {"id": tag.id, "name": tag.name, "create_time": tag.create_time, "order": tag.order}
    return {**shown, "deleted": tag.deleted} if by_id else shown


def _group(group: TagGroup, tags: list[Tag], *, by_id: bool) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "group_id": group.group_id,
        "group_name": group.group_name,
        "create_time": group.create_time,
        "order": group.order,
    }
    if by_id:
        shown["deleted"] = group.deleted
    shown["tag"] = [_tag(tag, by_id=by_id) for tag in tags]
    return shown


@post("externalcontact/get_corp_tag_list", "customer")
def list_corp_tags(call: Call) -> Answer:
    """Answer get_corp_tag_list; `deleted` is shown, and deleted ones appear, only when ids are given."""
    return {"tag_group": shown_groups(call, [item for item in call.corp.tag_groups.values() if not item.strategy_id])}


def shown_groups(call: Call, groups: list[TagGroup]) -> list[dict[str, Any]]:
    """Return the rows of a tag list: by group_id, else by tag_id, else all that live."""
    group_ids, tag_ids = set(call.texts("group_id")), set(call.texts("tag_id"))
    if group_ids:
        rows = [_group(item, item.tags, by_id=True) for item in groups if item.group_id in group_ids]
    elif tag_ids:
        picked = [(item, [tag for tag in item.tags if tag.id in tag_ids]) for item in groups]
        rows = [_group(item, tags, by_id=True) for item, tags in picked if tags]
    else:
        rows = [_group(item, living_tags(item), by_id=False) for item in groups if not item.deleted]
    return rows


def _target_group(call: Call, strategy_id: int) -> TagGroup:
    corp, group_id = call.corp, call.text("group_id")
    if group_id:
        group = corp.tag_groups.get(group_id)
        if group is None or group.deleted or group.strategy_id != strategy_id:
            raise WeComError(40068)
        return group
    name = call.text("group_name", missing=40071)
    if len(name) > NAME_MOST:
        raise WeComError(40072)
    known = next(
        (
            item
            for item in corp.tag_groups.values()
            if item.group_name == name and item.strategy_id == strategy_id and not item.deleted
        ),
        None,
    )
    return known or TagGroup(
        group_id="",
        group_name=name,
        create_time=call.world.clock.seconds(),
        order=call.integer("order", 0),
        created_by=call.app.agent_id,
        strategy_id=strategy_id,
    )


def _wanted_tags(call: Call) -> dict[str, int]:
    wanted: dict[str, int] = {}
    for item in call.objects("tag"):
        name, order = item.get("name"), item.get("order", 0)
        if not isinstance(name, str) or not name:
            raise WeComError(40071)
        if len(name) > NAME_MOST:
            raise WeComError(40072)
        wanted.setdefault(name, order if isinstance(order, int) else 0)
    if not wanted:
        raise WeComError(40063)
    return wanted


@post("externalcontact/add_corp_tag", "customer")
def add_corp_tag(call: Call) -> Answer:
    """Answer add_corp_tag: the group with the tags of this call; a name that exists there keeps its id."""
    return {"tag_group": add_tags(call, strategy_id=0)}


def add_tags(call: Call, *, strategy_id: int) -> dict[str, Any]:
    """Add the call's tags to its group and return the group as shown; raises WeComError 40126 over the limit."""
    corp, group, wanted = call.corp, _target_group(call, strategy_id), _wanted_tags(call)
    own = {tag.name: tag for tag in living_tags(group)}
    fresh = [name for name in wanted if name not in own]
    living = sum(not tag.deleted for _, tag in corp.tag_index.values())
    if living + len(fresh) > call.settings.corp_tag_limit:
        raise WeComError(40126)
    if not group.group_id:
        group.group_id = corp.new_id("tag_group", "et")
        corp.tag_groups[group.group_id] = group
        _noted(call, "create", group.group_id, "tag_group", group.strategy_id)
    for name in fresh:
        tag = Tag(id=corp.new_id("tag", "et"), name=name, create_time=call.world.clock.seconds(), order=wanted[name])
        group.tags.append(tag)
        corp.tag_index[tag.id] = (group, tag)
        own[name] = tag
        _noted(call, "create", tag.id, "tag", strategy_id)
    return _group(group, [own[name] for name in wanted], by_id=False)


def _own(call: Call, group: TagGroup, *, of_strategy: bool) -> TagGroup:
    if bool(group.strategy_id) != of_strategy:
        raise WeComError(40068)
    if call.app.kind == "app" and group.created_by != call.app.agent_id:
        raise WeComError(301002)
    return group


@post("externalcontact/edit_corp_tag", "customer")
def edit_corp_tag(call: Call) -> Answer:
    """Answer edit_corp_tag for a tag or a group; 40071 for a name its neighbours have, 301002 for others' tags."""
    return edit_tag(call, of_strategy=False)


def edit_tag(call: Call, *, of_strategy: bool) -> Answer:
    """Rename or reorder the call's tag or group, of strategies or of the corp."""
    object_id, name = call.text("id", missing=40068), call.text("name")
    if len(name) > NAME_MOST:
        raise WeComError(40072)
    group = call.corp.tag_groups.get(object_id)
    if group is not None and not group.deleted:
        _own(call, group, of_strategy=of_strategy)
        others = (
            item.group_name
            for item in call.corp.tag_groups.values()
            if item is not group and not item.deleted and item.strategy_id == group.strategy_id
        )
        if name and name in others:
            raise WeComError(40071)
        group.group_name = name or group.group_name
        group.order = call.integer("order", group.order)
        _noted(call, "update", object_id, "tag_group", group.strategy_id)
        return {}
    home, tag = call.corp.tag_index.get(object_id, (None, None))
    if home is None or tag is None or tag.deleted:
        raise WeComError(40068)
    _own(call, home, of_strategy=of_strategy)
    if name and any(item.name == name for item in living_tags(home) if item is not tag):
        raise WeComError(40071)
    tag.name = name or tag.name
    tag.order = call.integer("order", tag.order)
    _noted(call, "update", object_id, "tag", home.strategy_id)
    return {}


@post("externalcontact/del_corp_tag", "customer")
def delete_corp_tag(call: Call) -> Answer:
    """Answer del_corp_tag: a group takes its tags along, the last tag takes its group along."""
    return delete_tags(call, of_strategy=False)


def delete_tags(call: Call, *, of_strategy: bool) -> Answer:
    """Delete the call's tags and groups, of strategies or of the corp."""
    group_ids, tag_ids = call.texts("group_id"), call.texts("tag_id")
    if not group_ids and not tag_ids:
        raise WeComError(40063)
    groups = [call.corp.tag_groups.get(item) for item in group_ids]
    tags = [call.corp.tag_index.get(item) for item in tag_ids]
    if None in groups or None in tags:
        raise WeComError(40068)
    for group in (item for item in groups if item is not None):
        _own(call, group, of_strategy=of_strategy)
    for home, _ in (item for item in tags if item is not None):
        _own(call, home, of_strategy=of_strategy)
    for group in (item for item in groups if item is not None):
        delete_group(group)
        _noted(call, "delete", group.group_id, "tag_group", group.strategy_id)
    for home, tag in (item for item in tags if item is not None):
        tag.deleted = True
        _noted(call, "delete", tag.id, "tag", home.strategy_id)
        if not living_tags(home) and not home.deleted:
            delete_group(home)
            _noted(call, "delete", home.group_id, "tag_group", home.strategy_id)
    return {}


@post("externalcontact/mark_tag", "customer")
def mark_tag(call: Call) -> Answer:
    """Answer mark_tag; 84061 when the customer is not this staff member's, 40068 for an unknown tag."""
    staff = call.licensed_member(call.text("userid"), unknown=40003)
    friend = call.corp.friendship(staff.userid, call.text("external_userid", missing=41035))
    if friend is None:
        raise WeComError(84061)
    added, removed = call.texts("add_tag"), call.texts("remove_tag")
    if not added and not removed:
        raise WeComError(40063)
    for tag_id in (*added, *removed):
        _, tag = call.corp.tag_index.get(tag_id, (None, None))
        if tag is None or (tag.deleted and tag_id in added):
            raise WeComError(40068)
    gone = set(removed)
    friend.tag_ids = [item for item in dict.fromkeys([*friend.tag_ids, *added]) if item not in gone]
    if call.settings.api_changes_emit_events:
        note_edit(call.world, staff.userid, friend.external_userid)
    return {}
