"""Customer groups as WeCom knows them."""

from collections.abc import Iterator, Sequence

from juqun.channels.wecom import endpoints, mappers, rules
from juqun.channels.wecom.client import get_client
from juqun.channels.wecom.errors import WecomRefusedError
from juqun.channels.wecom.operations.staff import list_follow_userids
from juqun.channels.wecom.types import GroupChat

OWNERS_PER_CALL = 100
CHATS_PER_PAGE = 1000


def get_group_chat(*, chat_id: str) -> GroupChat:
    """Read a group with everybody in it. It may lag behind the event that told of a change: compare `member_version`."""
    endpoint = endpoints.GROUP_CHAT_GET
    answer = get_client().call(endpoint, {"chat_id": chat_id, "need_name": 1})
    with mappers.reading(endpoint):
        return mappers.group_chat(answer["group_chat"])


def iter_group_chat_ids(*, owners: Sequence[str] | None = None) -> Iterator[str]:
    """List the ids of all groups, or of those owned by `owners`.

    With more than 1,000 visible staff WeCom wants owners named (81017): then the staff with customer contact are asked by hundreds.
    """
    if owners is None:
        try:
            yield from _listed({})
        except WecomRefusedError as error:
            if error.errcode != rules.OWNER_FILTER_NEEDED:
                raise
            owners = list_follow_userids()
        else:
            return
    for start in range(0, len(owners), OWNERS_PER_CALL):
        yield from _listed({"owner_filter": {"userid_list": list(owners[start : start + OWNERS_PER_CALL])}})


def _listed(condition: dict[str, object]) -> Iterator[str]:
    endpoint = endpoints.GROUP_CHAT_LIST
    body = {"status_filter": 0, "limit": CHATS_PER_PAGE, **condition}
    for page in get_client().pages(endpoint, body):
        with mappers.reading(endpoint):
            chat_ids = [str(row["chat_id"]) for row in page.get("group_chat_list", ())]
        yield from chat_ids
