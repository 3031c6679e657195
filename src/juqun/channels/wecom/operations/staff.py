"""The corp's own people: who they are, who may talk to customers, and how to tell them something."""

from collections.abc import Iterator, Sequence

from juqun.channels.wecom import endpoints, mappers, rules
from juqun.channels.wecom.client import get_client
from juqun.channels.wecom.errors import WecomLimitError, WecomRefusedError
from juqun.channels.wecom.types import StaffUser

MEDIA_LIMIT_BYTES = {"image": 10 << 20, "voice": 2 << 20, "video": 10 << 20, "file": 20 << 20}
_SAME_NOTICE_SECONDS = 60
_STATUS_LEFT = 5
_NOTICE_BYTES = {"title": 128, "description": 512}


def list_follow_userids() -> list[str]:
    """List the staff that have the customer-contact feature and that the app may see."""
    endpoint = endpoints.FOLLOW_USER_LIST
    answer = get_client().call(endpoint)
    with mappers.reading(endpoint):
        return list(answer["follow_user"])


def iter_staff_users() -> Iterator[StaffUser]:
    """Read the staff of all departments that the app may see; somebody in several departments comes once."""
    seen = set[str]()
    for department_id in list_department_ids():
        users = list_department_users(department_id=department_id)
        yield from (user for user in users if user.userid not in seen)
        seen.update(user.userid for user in users)


def list_department_ids() -> list[int]:
    """List the departments that the app may see."""
    answer = get_client().call(endpoints.DEPARTMENT_SIMPLE_LIST)
    with mappers.reading(endpoints.DEPARTMENT_SIMPLE_LIST):
        return [int(row["id"]) for row in answer["department_id"]]


def list_department_users(*, department_id: int) -> list[StaffUser]:
    """Read the direct members of one department."""
    answer = get_client().call(endpoints.USER_SIMPLE_LIST, params={"department_id": department_id})
    with mappers.reading(endpoints.USER_SIMPLE_LIST):
        return [
            StaffUser(
                userid=row["userid"],
                name=row["name"],
                department_ids=tuple(row.get("department") or (department_id,)),
            )
            for row in answer["userlist"]
        ]


def is_employed(*, userid: str) -> bool:
    """Whether the address book still has somebody (WeCom says 60111 when not); also true for whoever is disabled for a while.

    Raises WecomRefusedError for somebody whom the app may not see: then nobody knows.
    """
    try:
        answer = get_client().call(endpoints.USER_GET, params={"userid": userid})
    except WecomRefusedError as error:
        if error.errcode == rules.NO_SUCH_USER:
            return False
        raise
    with mappers.reading(endpoints.USER_GET):
        return int(answer.get("status", 1)) != _STATUS_LEFT


def upload_media(*, kind: str, filename: str, content: bytes) -> str:
    """Upload a picture, voice, video or file; returns its media_id, which lives 3 days and is shared by the corp's apps."""
    endpoint = endpoints.MEDIA_UPLOAD
    limit = MEDIA_LIMIT_BYTES.get(kind)
    if limit is None or not 5 < len(content) <= limit:
        raise WecomLimitError(endpoint=endpoint.path, detail=f"{len(content)} bytes of kind {kind}")
    answer = get_client().call(endpoint, params={"type": kind}, files={"media": (filename, content)})
    with mappers.reading(endpoint):
        return str(answer["media_id"])


def send_staff_notice(*, userids: Sequence[str], title: str, description: str, url: str) -> None:
    """Tell staff something by the app: a card with a link, or plain text when `url` is "". Too long texts are cut.

    The same notice to the same people within a minute is shown once, so that a repeated call annoys nobody.
    """
    endpoint = endpoints.NOTICE_SEND
    rules.check_count(endpoint, "receivers", len(userids), most=rules.MAX_NOTICE_USERS)
    client = get_client()
    body: dict[str, object] = {
        "touser": "|".join(userids),
        "agentid": client.settings.agent_id,
        "enable_duplicate_check": 1,
        "duplicate_check_interval": _SAME_NOTICE_SECONDS,
    }
    title, description = _cut(title, _NOTICE_BYTES["title"]), _cut(description, _NOTICE_BYTES["description"])
    if url:
        body |= {"msgtype": "textcard", "textcard": {"title": title, "description": description, "url": url}}
    else:
        body |= {"msgtype": "text", "text": {"content": f"{title}\n{description}".strip()}}
    client.call(endpoint, body)


def _cut(text: str, limit: int) -> str:
    return text.encode()[:limit].decode(errors="ignore")
