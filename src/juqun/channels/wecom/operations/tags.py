"""Corp tags: WeCom's own tags, shown to staff beside the customer."""

from collections.abc import Sequence

from juqun.channels.wecom import endpoints, mappers, rules
from juqun.channels.wecom.client import get_client
from juqun.channels.wecom.errors import WecomError, WecomRefusedError, WecomUnknownOutcomeError
from juqun.channels.wecom.types import CorpTag

_MAX_NAME = 30


def list_corp_tags() -> list[CorpTag]:
    """List all corp tags with their groups."""
    endpoint = endpoints.CORP_TAG_LIST
    answer = get_client().call(endpoint, {})
    with mappers.reading(endpoint):
        return mappers.corp_tags(answer.get("tag_group") or ())


def ensure_corp_tags(*, group_name: str, names: Sequence[str]) -> dict[str, str]:
    """Make sure that the group has all of `names`; returns name -> tag id. Safe to repeat and beside itself.

    WeCom appends to an existing group of that name. A rival who was faster (301021) or a lost answer is settled by reading again;
    the error is raised only when the tags are not there then: repeating is safe.
    """
    endpoint = endpoints.CORP_TAG_ADD
    for name in (group_name, *names):
        rules.check_count(endpoint, "characters in a tag name", len(name), most=_MAX_NAME)
    wanted = dict.fromkeys(names)
    found = _ids(group_name)
    missing = [name for name in wanted if name not in found]
    if not missing:
        return {name: found[name] for name in wanted}
    doubt: WecomError | None = None
    try:
        get_client().call(endpoint, {"group_name": group_name, "tag": [{"name": name} for name in missing]})
    except (WecomRefusedError, WecomUnknownOutcomeError) as error:
        if isinstance(error, WecomRefusedError) and error.errcode != rules.TAG_NAME_EXISTS:
            raise
        doubt = error
    found = _ids(group_name)
    if doubt is not None and any(name not in found for name in missing):
        raise doubt
    with mappers.reading(endpoint):
        return {name: found[name] for name in wanted}


def add_corp_tag(*, group_name: str, name: str) -> CorpTag:
    """Make one tag, or find it when the group has it already; returns it whole. Safe to repeat: see `ensure_corp_tags`."""
    tag_id = ensure_corp_tags(group_name=group_name, names=[name])[name]
    found = [tag for tag in list_corp_tags() if tag.id == tag_id]
    return found[0] if found else CorpTag(id=tag_id, name=name, group_name=group_name)


def edit_corp_tag(*, tag_id: str, name: str, order: int = 0) -> None:
    """Rename a tag; only the app's own ones unless the secret is the system's (301002)."""
    endpoint = endpoints.CORP_TAG_EDIT
    rules.check_count(endpoint, "characters in a tag name", len(name), most=_MAX_NAME)
    get_client().call(endpoint, {"id": tag_id, "name": name, "order": order})


def delete_corp_tags(*, tag_ids: Sequence[str]) -> None:
    """Delete tags for everybody; their marks go with them, and the last tag takes its group along."""
    get_client().call(endpoints.CORP_TAG_DELETE, {"tag_id": list(tag_ids)})


def mark_tags(*, userid: str, external_userid: str, add_ids: Sequence[str], remove_ids: Sequence[str] = ()) -> None:
    """Set and take away tags of one staff member's friend; nothing to do is no call. 84061 when they are no friends."""
    if not add_ids and not remove_ids:
        return
    body: dict[str, object] = {"userid": userid, "external_userid": external_userid}
    if add_ids:
        body["add_tag"] = list(add_ids)
    if remove_ids:
        body["remove_tag"] = list(remove_ids)
    get_client().call(endpoints.TAG_MARK, body)


def _ids(group_name: str) -> dict[str, str]:
    return {tag.name: tag.id for tag in list_corp_tags() if tag.group_name == group_name}
