"""Welcome messages and mass sending: tasks that staff confirm, and what became of them."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from juqun.channels.wecom import endpoints, mappers, rules
from juqun.channels.wecom.client import get_client
from juqun.channels.wecom.endpoints import Endpoint
from juqun.channels.wecom.types import MassMessage, MassMessageSummary, SendableAttachment, SendResult, TaskState

_ROWS_PER_PAGE = 1000
_MESSAGES_PER_PAGE = 100
_LONGEST_RANGE = timedelta(days=30)
_MADE_BY_CORP = 0


def send_welcome(*, welcome_code: str, text: str, attachments: Sequence[SendableAttachment] = ()) -> None:
    """Greet a new friend, within 20 s of the event and once.

    Raises WelcomeSpentError (final: used, too old, or the chat had started), WecomBusyError (may be repeated, e.g. 41096 another app
    is sending), WecomUnknownOutcomeError (repeat once: WelcomeSpentError then means that the first one arrived).
    """
    endpoint = endpoints.WELCOME_SEND
    body = {"welcome_code": welcome_code, **_message_body(endpoint, text, attachments)}
    get_client().call(endpoint, body)


def create_mass_message(
    *, sender_userid: str, external_userids: Sequence[str], text: str, attachments: Sequence[SendableAttachment]
) -> MassMessage:
    """Ask one staff member to send a message to 1..10,000 friends; nothing goes out before they confirm.

    `failed_external_userids` are those WeCom dropped at once. Raises WecomUnknownOutcomeError when the answer is lost: compare with
    `iter_mass_messages` before asking again.
    """
    endpoint = endpoints.MASS_ADD
    rules.check_count(endpoint, "recipients", len(external_userids), most=rules.MAX_RECIPIENTS)
    return _create(
        endpoint,
        {"chat_type": "single", "external_userid": list(external_userids), "sender": sender_userid},
        text,
        attachments,
    )


def create_group_mass_message(
    *, sender_userid: str, chat_ids: Sequence[str], text: str, attachments: Sequence[SendableAttachment]
) -> MassMessage:
    """Ask a group owner to send a message into 1..2,000 of their groups; like `create_mass_message` in all else."""
    endpoint = endpoints.MASS_ADD
    rules.check_count(endpoint, "chats", len(chat_ids), most=rules.MAX_CHATS)
    return _create(
        endpoint, {"chat_type": "group", "chat_id_list": list(chat_ids), "sender": sender_userid}, text, attachments
    )


def iter_mass_messages(*, chat_type: str, start_at: datetime, end_at: datetime) -> Iterator[MassMessageSummary]:
    """List the tasks made by the corp in [start_at, end_at], "single" or "group"; ranges over a month are asked in parts."""
    endpoint = endpoints.MASS_LIST
    while start_at <= end_at:
        part_end = min(end_at, start_at + _LONGEST_RANGE)
        body = {
            "chat_type": chat_type,
            "start_time": int(start_at.timestamp()),
            "end_time": int(part_end.timestamp()),
            "filter_type": _MADE_BY_CORP,
            "limit": _MESSAGES_PER_PAGE,
        }
        for page in get_client().pages(endpoint, body):
            with mappers.reading(endpoint):
                found = [mappers.mass_message(row) for row in page.get("group_msg_list", ())]
            yield from found
        start_at = part_end + timedelta(seconds=1)


def list_message_tasks(*, msgid: str) -> list[TaskState]:
    """List who was asked to send a message and who has confirmed."""
    endpoint = endpoints.MASS_TASKS
    tasks: list[TaskState] = []
    for page in get_client().pages(endpoint, {"msgid": msgid, "limit": _ROWS_PER_PAGE}):
        with mappers.reading(endpoint):
            tasks += [mappers.task_state(row) for row in page.get("task_list", ())]
    return tasks


def iter_send_results(*, msgid: str, userid: str) -> Iterator[SendResult]:
    """Read what became of each target of one staff member's task; group tasks list sent groups only."""
    endpoint = endpoints.MASS_RESULTS
    for page in get_client().pages(endpoint, {"msgid": msgid, "userid": userid, "limit": _ROWS_PER_PAGE}):
        with mappers.reading(endpoint):
            found = [mappers.send_result(row) for row in page.get("send_list", ())]
        yield from found


def remind_message(*, msgid: str) -> None:
    """Remind the staff who have not confirmed; at most three times a day per message."""
    get_client().call(endpoints.MASS_REMIND, {"msgid": msgid})


def cancel_message(*, msgid: str) -> None:
    """Stop the part of a message that is not sent yet; what was sent stays."""
    get_client().call(endpoints.MASS_CANCEL, {"msgid": msgid})


def _message_body(endpoint: Endpoint, text: str, attachments: Sequence[SendableAttachment]) -> dict[str, Any]:
    rules.check_message(endpoint, text, attachments)
    body: dict[str, Any] = {}
    if text:
        body["text"] = {"content": text}
    if attachments:
        body["attachments"] = [mappers.attachment_body(attachment) for attachment in attachments]
    return body


def _create(
    endpoint: Endpoint, target: dict[str, Any], text: str, attachments: Sequence[SendableAttachment]
) -> MassMessage:
    answer = get_client().call(endpoint, {**target, **_message_body(endpoint, text, attachments)})
    with mappers.reading(endpoint):
        return MassMessage(msgid=answer["msgid"], failed_external_userids=tuple(answer.get("fail_list") or ()))
