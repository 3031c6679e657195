"""The lane itself: a plain WSGI function that stands before Django and takes the paths under /callbacks/wecom/.

Beside full Django middleware it takes ten times the requests per CPU second. WeCom cuts after 5 s, tries three times, and repeats
only after a network failure or time-out: so "success" is said after the commit, and trouble with the database is waited out.
"""

import logging
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Protocol
from urllib.parse import parse_qsl

from juqun.channels.wecom.errors import CallbackRefusedError
from juqun.channels.wecom.operations import MAX_CALLBACK_BYTES, check_url, open_callback, store_callbacks
from juqun.channels.wecom.types import VerifiedCallback
from juqun.surfaces.callbacks.group_commit import GroupCommit, NotCommittedError

log = logging.getLogger(__name__)

PREFIX = "/callbacks/wecom/"
PATIENCE_SECONDS = (
    6.0  # a second more than WeCom's own: it shall see a time-out, which it repeats, not an error, which it does not
)

OK, BAD_REQUEST, FORBIDDEN, NOT_FOUND = "200 OK", "400 Bad Request", "403 Forbidden", "404 Not Found"
BAD_METHOD, TOO_BIG, BUSY = "405 Method Not Allowed", "413 Content Too Large", "503 Service Unavailable"


class _StartResponse(Protocol):
    def __call__(self, status: str, headers: list[tuple[str, str]], /) -> Any: ...


WsgiApplication = Callable[[dict[str, Any], Any], Iterable[bytes]]


def _commit(callbacks: Sequence[VerifiedCallback]) -> None:
    store_callbacks(callbacks=callbacks)


writer: GroupCommit[VerifiedCallback] = GroupCommit(_commit, name="callback-inbox")


def wsgi_lane(environ: dict[str, Any], start_response: _StartResponse) -> Iterable[bytes] | None:
    """Answer a request under /callbacks/wecom/; None for any other path, which is somebody else's."""
    path = environ.get("PATH_INFO", "")
    if not path.startswith(PREFIX):
        return None
    status, body = _answer(environ) if path == PREFIX else (NOT_FOUND, b"")
    start_response(status, [("Content-Type", "text/plain; charset=utf-8"), ("Content-Length", str(len(body)))])
    return [body]


def beside(application: WsgiApplication) -> WsgiApplication:
    """Put the lane before a WSGI application."""

    def serve(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        answer = wsgi_lane(environ, start_response)
        return application(environ, start_response) if answer is None else answer

    return serve


def _answer(environ: dict[str, Any]) -> tuple[str, bytes]:
    method = environ.get("REQUEST_METHOD")
    if method not in {"GET", "POST"}:
        return BAD_METHOD, b""
    try:
        query = dict(parse_qsl(environ.get("QUERY_STRING", ""), max_num_fields=20))
        signed = {"signature": query["msg_signature"], "timestamp": query["timestamp"], "nonce": query["nonce"]}
        echostr = query["echostr"].replace(" ", "+") if method == "GET" else ""
    except (KeyError, ValueError):
        return BAD_REQUEST, b""
    try:
        if method == "GET":
            return OK, check_url(**signed, echostr=echostr)
        body = _body(environ)
        if body is None:
            return TOO_BIG, b""
        writer.submit(open_callback(**signed, body=body), timeout_seconds=PATIENCE_SECONDS)
    except CallbackRefusedError as error:
        log.info("callback refused: %s", error.reason)
        return FORBIDDEN, b""
    except NotCommittedError as error:
        log.error("callback lost unless WeCom repeats it: %s", error)  # noqa: TRY400 - one line, the cause is logged by the writer
        return BUSY, b""
    return OK, b"success"


def _body(environ: dict[str, Any]) -> bytes | None:
    """The body; None when it is over the limit, of which at most one byte too many is ever read."""
    declared = environ.get("CONTENT_LENGTH") or ""
    length = int(declared) if declared.isascii() and declared.isdigit() else MAX_CALLBACK_BYTES + 1
    if declared and length > MAX_CALLBACK_BYTES:
        return None
    body = bytes(environ["wsgi.input"].read(length))  # never more than declared: some servers would wait for it
    return body if len(body) <= MAX_CALLBACK_BYTES else None
