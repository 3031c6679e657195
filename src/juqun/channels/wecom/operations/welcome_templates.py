"""The library of group welcomes: what a customer who enters a group is greeted with.

WeCom's API keeps the library only: attaching a template to a group is done by the group's owner in the client. It can neither
list the library, so a template whose id is lost stays there as one of the hundred.
"""

from typing import Any

from juqun.channels.wecom import endpoints, mappers, rules
from juqun.channels.wecom.client import get_client
from juqun.channels.wecom.endpoints import Endpoint
from juqun.channels.wecom.errors import WecomLimitError, WecomRefusedError
from juqun.channels.wecom.types import SendableAttachment, WelcomeTemplate

WELCOME_TEMPLATES = 100  # of one corp
TEMPLATE_BYTES = 3000
_UNKNOWN_TEMPLATE = frozenset({40058, 41054})


def add_welcome_template(*, text: str, attachment: SendableAttachment | None = None, notify: bool = False) -> str:
    """Put a welcome into the library; returns its template_id. `notify` tells all staff of it.

    Raises WecomRefusedError 41055 when the library holds 100, WecomUnknownOutcomeError when the answer is lost.
    """
    endpoint = endpoints.GROUP_WELCOME_ADD
    answer = get_client().call(endpoint, {**_body(endpoint, text, attachment), "notify": int(notify)})
    with mappers.reading(endpoint):
        return str(answer["template_id"])


def edit_welcome_template(*, template_id: str, text: str, attachment: SendableAttachment | None = None) -> None:
    """Overwrite a welcome whole; the groups it is attached to keep it. Only the app's own ones."""
    endpoint = endpoints.GROUP_WELCOME_EDIT
    get_client().call(endpoint, {"template_id": template_id, **_body(endpoint, text, attachment)})


def read_welcome_template(*, template_id: str) -> WelcomeTemplate | None:
    """Read a welcome as WeCom has it; None when the library does not hold it any more."""
    endpoint = endpoints.GROUP_WELCOME_GET
    try:
        answer = get_client().call(endpoint, {"template_id": template_id})
    except WecomRefusedError as refused:
        if refused.errcode in _UNKNOWN_TEMPLATE:
            return None
        raise
    with mappers.reading(endpoint):
        return mappers.welcome_template(answer)


def delete_welcome_template(*, template_id: str) -> None:
    """Take a welcome out of the library; one that is gone already is no error."""
    try:
        get_client().call(endpoints.GROUP_WELCOME_DELETE, {"template_id": template_id})
    except WecomRefusedError as refused:
        if refused.errcode not in _UNKNOWN_TEMPLATE:
            raise


def _body(endpoint: Endpoint, text: str, attachment: SendableAttachment | None) -> dict[str, Any]:
    """Text and attachment as the library wants them: the attachment is a field of its own, not a list."""
    rules.check_message(endpoint, text, [] if attachment is None else [attachment])
    if len(text.encode()) > TEMPLATE_BYTES:
        raise WecomLimitError(endpoint=endpoint.path, detail=f"text longer than {TEMPLATE_BYTES} bytes")
    body: dict[str, Any] = {"text": {"content": text}} if text else {}
    if attachment is not None:
        shown = mappers.attachment_body(attachment)
        body[shown["msgtype"]] = shown[shown["msgtype"]]
    return body
