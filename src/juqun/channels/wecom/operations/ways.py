"""Contact ways (live codes) and group join ways: what a customer scans.

WeCom does not show API-made ways in its console: whoever loses a config_id has lost the code. Store it, and store the whole
wanted configuration, because updates of join ways overwrite everything.
"""

from collections.abc import Sequence
from datetime import datetime

from juqun.channels.wecom import endpoints, mappers, rules
from juqun.channels.wecom.client import get_client
from juqun.channels.wecom.endpoints import Endpoint
from juqun.channels.wecom.errors import WecomAnswerError, WecomError, WecomRefusedError
from juqun.channels.wecom.types import ContactWay, JoinWay

_TYPE_MULTI = 2  # a single-person way could never get a second person: the type cannot be changed
_SCENE_QR = 2
_MAX_REMARK = 30
_WAYS_PER_PAGE = 1000
_UNKNOWN_CONFIG = frozenset({41044})


def create_contact_way(*, userids: Sequence[str], state: str, remark: str, skip_verify: bool = True) -> ContactWay:
    """Make a live code that adds one of `userids` (1..100) without their confirmation.

    Raises WecomUnknownOutcomeError when the answer is lost: look for it with `find_contact_way` before making another.
    """
    endpoint = endpoints.CONTACT_WAY_ADD
    _check_contact_way(endpoint, userids, state)
    body = {
        "type": _TYPE_MULTI,
        "scene": _SCENE_QR,
        "remark": remark[:_MAX_REMARK],
        "skip_verify": skip_verify,
        "state": state,
        "user": list(userids),
    }
    answer = get_client().call(endpoint, body)
    with mappers.reading(endpoint):
        return ContactWay(
            config_id=answer["config_id"],
            qr_code=answer["qr_code"],
            state=state,
            userids=tuple(userids),
            remark=remark[:_MAX_REMARK],
            skip_verify=skip_verify,
        )


def update_contact_way(
    *, config_id: str, userids: Sequence[str], state: str, remark: str, skip_verify: bool = True
) -> None:
    """Set people, state, remark and whether they confirm; the list of people replaces the old one, departments go."""
    endpoint = endpoints.CONTACT_WAY_UPDATE
    _check_contact_way(endpoint, userids, state)
    body = {
        "config_id": config_id,
        "remark": remark[:_MAX_REMARK],
        "skip_verify": skip_verify,
        "state": state,
        "user": list(userids),
        "party": [],
    }
    get_client().call(endpoint, body)


def delete_contact_way(*, config_id: str) -> None:
    """Delete a live code; printed copies stop working. One that is gone already is no error."""
    try:
        get_client().call(endpoints.CONTACT_WAY_DELETE, {"config_id": config_id})
    except WecomRefusedError as refused:
        if refused.errcode not in _UNKNOWN_CONFIG:
            raise


def get_contact_way(*, config_id: str) -> ContactWay:
    """Read a live code as WeCom has it."""
    endpoint = endpoints.CONTACT_WAY_GET
    answer = get_client().call(endpoint, {"config_id": config_id})
    with mappers.reading(endpoint):
        return mappers.contact_way(answer["contact_way"])


def read_contact_way(*, config_id: str) -> ContactWay | None:
    """Read a live code as WeCom has it; None when WeCom does not know it any more."""
    try:
        return get_contact_way(config_id=config_id)
    except WecomRefusedError as refused:
        if refused.errcode in _UNKNOWN_CONFIG:
            return None
        raise


def find_contact_way(*, state: str, created_since_at: datetime) -> ContactWay | None:
    """Look for a live code by its state among those made since a time; for the unknown outcome of `create_contact_way`.

    Costs one call per way made since then, so give the time of the lost call.
    """
    endpoint = endpoints.CONTACT_WAY_LIST
    body = {"start_time": int(created_since_at.timestamp()), "limit": _WAYS_PER_PAGE}
    for page in get_client().pages(endpoint, body):
        with mappers.reading(endpoint):
            config_ids = [row["config_id"] for row in page.get("contact_way", ())]
        for config_id in config_ids:
            way = get_contact_way(config_id=config_id)
            if way.state == state:
                return way
    return None


def create_join_way(
    *,
    chat_ids: Sequence[str],
    state: str,
    room_base_name: str,
    room_base_id: int,
    auto_create_room: bool = True,
    remark: str = "",
) -> JoinWay:
    """Make a group code over at most five chats; when all are full WeCom makes the next group `room_base_name` + number.

    `qr_code` is "" when WeCom took the way but did not let it be read back: the config_id is safe, read it again later.
    Raises WecomUnknownOutcomeError when the answer to the making itself is lost (WeCom cannot list join ways).
    """
    endpoint = endpoints.JOIN_WAY_ADD
    body = _join_way_body(endpoint, chat_ids, state, room_base_name, room_base_id, remark, is_auto=auto_create_room)
    answer = get_client().call(endpoint, body)
    with mappers.reading(endpoint):
        config_id = str(answer["config_id"])
    try:
        return get_join_way(config_id=config_id)
    except WecomError:
        return JoinWay(
            config_id=config_id,
            qr_code=str(answer.get("qr_code") or ""),
            chat_ids=tuple(chat_ids),
            state=state,
            room_base_name=room_base_name,
            room_base_id=room_base_id,
            auto_create_room=auto_create_room and bool(room_base_name),
            remark=remark[:_MAX_REMARK],
        )


def update_join_way(
    *,
    config_id: str,
    chat_ids: Sequence[str],
    state: str,
    room_base_name: str,
    room_base_id: int,
    auto_create_room: bool = True,
    remark: str = "",
) -> None:
    """Overwrite the whole configuration of a group code: everything is sent again, because what is left out is lost."""
    endpoint = endpoints.JOIN_WAY_UPDATE
    body = _join_way_body(endpoint, chat_ids, state, room_base_name, room_base_id, remark, is_auto=auto_create_room)
    get_client().call(endpoint, {"config_id": config_id, **body})


def get_join_way(*, config_id: str) -> JoinWay:
    """Read a group code as WeCom has it."""
    endpoint = endpoints.JOIN_WAY_GET
    answer = get_client().call(endpoint, {"config_id": config_id})
    with mappers.reading(endpoint):
        row = answer["join_way"]
        if not row.get("qr_code"):
            raise WecomAnswerError(endpoint=endpoint.path, detail="no qr_code")
        return mappers.join_way({"config_id": config_id, **row})


def delete_join_way(*, config_id: str) -> None:
    """Delete a group code; printed copies stop working. One that is gone already is no error."""
    try:
        get_client().call(endpoints.JOIN_WAY_DELETE, {"config_id": config_id})
    except WecomRefusedError as refused:
        if refused.errcode not in _UNKNOWN_CONFIG:
            raise


def read_join_way(*, config_id: str) -> JoinWay | None:
    """Read a group code as WeCom has it; None when WeCom does not know it any more."""
    try:
        return get_join_way(config_id=config_id)
    except WecomRefusedError as refused:
        if refused.errcode in _UNKNOWN_CONFIG:
            return None
        raise


def _check_contact_way(endpoint: Endpoint, userids: Sequence[str], state: str) -> None:
    rules.check_count(endpoint, "people", len(userids), most=rules.MAX_WAY_USERS)
    rules.check_state(endpoint, state)


def _join_way_body(
    endpoint: Endpoint,
    chat_ids: Sequence[str],
    state: str,
    room_base_name: str,
    room_base_id: int,
    remark: str,
    *,
    is_auto: bool,
) -> dict[str, object]:
    # an empty list is left to WeCom to judge: with auto_create_room a way may start without a group
    rules.check_count(endpoint, "chats", len(chat_ids), most=rules.MAX_WAY_CHATS, least=0)
    rules.check_state(endpoint, state)
    body: dict[str, object] = {
        "scene": _SCENE_QR,
        "auto_create_room": 1 if room_base_name and is_auto else 0,
        "chat_id_list": list(chat_ids),
        "state": state,
        "remark": remark[:_MAX_REMARK],
    }
    if room_base_name:
        body |= {"room_base_name": room_base_name, "room_base_id": room_base_id}
    return body


def get_picture(*, url: str) -> tuple[bytes, str]:
    """Return the picture behind a `qr_code` address (WeCom gives addresses of pictures, not what they encode): bytes, media type.

    Raises WecomBusyError when it cannot be reached and WecomAnswerError when there is no picture at the address.
    """
    return get_client().picture(url)
