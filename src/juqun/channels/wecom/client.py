"""The thin client: one pooled HTTP client, few calls in flight, shared tokens and budgets, and every outcome typed.

It decides on errcode only (WeCom answers HTTP 200 for its errors), refreshes a dead token once, repeats short blocks of calls
that may be repeated, and says "unknown" instead of guessing when the answer of any other call is lost.
"""

import json as json_lib
import logging
import random
import re
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any

import httpx

from juqun.channels.wecom import rules
from juqun.channels.wecom.budget import Budget
from juqun.channels.wecom.endpoints import AGENT_TICKET, GET_TOKEN, JSAPI_TICKET, Credential, Endpoint
from juqun.channels.wecom.errors import WecomAnswerError, WecomBusyError, WecomError, WecomRefusedError, WecomTokenError
from juqun.channels.wecom.settings import CorpSettings, corp_settings
from juqun.channels.wecom.slots import Slots
from juqun.channels.wecom.tokens import TokenStore
from juqun.channels.wecom.types import JsTicket
from juqun.kernel import clock

TIMEOUT = httpx.Timeout(10.0, connect=3.0, pool=15.0)
KEEP_ALIVE_SECONDS = (
    4.0  # shorter than servers' 5 s, so that a call does not meet a connection that is just being closed
)
REPEATS_IN_PLACE = 2
RENEWALS = 3
FIRST_PAUSE_SECONDS = 0.2
PICTURE_KINDS = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})
PICTURE_BYTES = 2 << 20

Json = dict[str, Any]

_SECRET_PARAMETER = re.compile(r"((?:access_token|corpsecret)=)[^&\s\"']+")
# NUL and halves of surrogate pairs, as they stand or escaped: no database holds them
_UNSTORABLE = re.compile(r"\0|\\u(?:0000|[dD][89a-fA-F])")


class _HideSecrets(logging.Filter):
    """httpx logs whole addresses at INFO, and WeCom wants token and secret in the address."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg, record.args = _SECRET_PARAMETER.sub(r"\1***", record.getMessage()), ()
        return True


logging.getLogger("httpx").addFilter(_HideSecrets())


class _ExchangeFailed(Exception):  # noqa: N818 - a signal inside this module
    def __init__(self, fault: rules.Fault) -> None:
        super().__init__(fault.name)
        self.fault = fault


class WecomClient:
    """Calls WeCom for one corp. Thread-safe; `transport` replaces the network in tests."""

    def __init__(self, settings: CorpSettings, transport: httpx.BaseTransport | None = None) -> None:
        self.settings = settings
        self._http = httpx.Client(
            base_url=f"{settings.base_url}/cgi-bin/",
            timeout=TIMEOUT,
            limits=httpx.Limits(
                max_connections=settings.in_flight,
                max_keepalive_connections=settings.in_flight,
                keepalive_expiry=KEEP_ALIVE_SECONDS,
            ),
            transport=transport,
            trust_env=False,
        )
        self._slots = Slots(settings.corp_id, settings.in_flight)
        self._budget = Budget(settings.corp_id)
        self._tokens: TokenStore[Credential] = TokenStore(settings.corp_id, settings.token_key, self._fetch_token)
        self._tickets: TokenStore[JsTicket] = TokenStore(settings.corp_id, self._ticket_key, self._fetch_ticket)
        self._told: tuple[str | None, datetime] = None, clock.wall()

    def close(self) -> None:
        """Close the pooled connections and give back the places in flight."""
        self._slots.close()
        self._http.close()

    def call(
        self,
        endpoint: Endpoint,
        body: Mapping[str, Any] | None = None,
        *,
        params: Mapping[str, Any] | None = None,
        files: Mapping[str, Any] | None = None,
    ) -> Json:
        """Do one call and return its answer; raises the WecomError tree."""
        token = self._tokens.get(endpoint.credential)
        renewals, repeats = 0, 0
        while True:
            try:
                answer = self._exchange(endpoint, body, {**(params or {}), "access_token": token.value}, files)
            except _ExchangeFailed as failed:
                error = rules.error_of_fault(endpoint, failed.fault)
            else:
                errcode = _errcode(endpoint, answer)
                if errcode == rules.OK:
                    return answer
                error = self._refused(endpoint, errcode, answer)
                if isinstance(error, WecomTokenError):
                    # a token that others fetched meanwhile may be dead again; one that was fetched for this call is the last
                    if not renewals or (renewals < RENEWALS and not token.is_new):
                        token, renewals = self._tokens.renew(endpoint.credential, token), renewals + 1
                        continue
                    error.is_renewed = True
            if repeats >= REPEATS_IN_PLACE or not rules.may_repeat_in_place(endpoint, error):
                raise error
            time.sleep(FIRST_PAUSE_SECONDS * 2**repeats * random.uniform(0.5, 1.5))
            repeats += 1

    def picture(self, url: str) -> tuple[bytes, str]:
        """Load a picture that WeCom gave the address of: its bytes and media type; needs no token. Raises the WecomError tree."""
        try:
            response = self._http.get(url)
        except httpx.HTTPError as error:
            raise WecomBusyError(endpoint="picture", detail=type(error).__name__) from None
        kind = response.headers.get("content-type", "").split(";")[0].strip().lower()
        if response.status_code != httpx.codes.OK or kind not in PICTURE_KINDS or len(response.content) > PICTURE_BYTES:
            raise WecomAnswerError(endpoint="picture", detail=f"HTTP {response.status_code} {kind}")
        return response.content, kind

    def pages(self, endpoint: Endpoint, body: Mapping[str, Any]) -> Iterator[Json]:
        """Do a paged call to its end, one answer per page; an empty or repeated cursor is the end."""
        cursor = ""
        while True:
            if endpoint.method == "GET":
                answer = self.call(endpoint, params={**body, **({"cursor": cursor} if cursor else {})})
            else:
                answer = self.call(endpoint, {**body, "cursor": cursor})
            yield answer
            following = answer.get("next_cursor") or ""
            if not following or following == cursor:
                return
            cursor = following

    def check_token(self, credential: Credential) -> None:
        """Make sure that a token can be had, asking WeCom anew where it refused the secret before; raises the WecomError tree."""
        self._tokens.get(credential, is_insisting=True)

    def ticket(self, kind: JsTicket) -> str:
        """A living ticket for signing pages, shared like the tokens; raises the WecomError tree."""
        return self._tickets.get(kind).value

    def skew_seconds(self) -> float | None:
        """How far this machine's clock is ahead of WeCom's, by the date of its latest answer; None when it told none."""
        date, seen_at = self._told
        try:
            return (seen_at - parsedate_to_datetime(date)).total_seconds() if date else None
        except ValueError:
            return None

    def _fetch_token(self, credential: Credential) -> tuple[str, int]:
        params = {"corpid": self.settings.corp_id, "corpsecret": self.settings.secrets.of(credential)}
        try:
            answer = self._exchange(GET_TOKEN, None, params, None)
        except _ExchangeFailed as failed:
            raise rules.error_of_fault(GET_TOKEN, failed.fault) from None
        errcode = _errcode(GET_TOKEN, answer)
        if errcode != rules.OK:
            raise self._refused(GET_TOKEN, errcode, answer)
        try:
            return str(answer["access_token"]), int(answer["expires_in"])
        except (KeyError, TypeError, ValueError):
            raise WecomAnswerError(endpoint=GET_TOKEN.path, detail="no token") from None

    def _ticket_key(self, kind: JsTicket) -> str:
        return f"{kind.value}:{self.settings.token_key(Credential.APP).partition(':')[2]}"

    def _fetch_ticket(self, kind: JsTicket) -> tuple[str, int]:
        endpoint = JSAPI_TICKET if kind is JsTicket.CORP else AGENT_TICKET
        answer = self.call(endpoint, params={"type": kind.value} if kind is JsTicket.APP else None)
        try:
            return str(answer["ticket"]), int(answer["expires_in"])
        except (KeyError, TypeError, ValueError):
            raise WecomAnswerError(endpoint=endpoint.path, detail="no ticket") from None

    def _refused(self, endpoint: Endpoint, errcode: int, answer: Json) -> WecomError:
        error = rules.error_of(endpoint, errcode, str(answer.get("errmsg", "")))
        if errcode == rules.FREQUENCY and isinstance(error, WecomBusyError):
            error.seconds = self._budget.block(endpoint)
        return error

    def _exchange(
        self,
        endpoint: Endpoint,
        body: Mapping[str, Any] | None,
        params: Mapping[str, Any],
        files: Mapping[str, Any] | None,
    ) -> Json:
        self._budget.take(endpoint)
        # WeCom reads UTF-8 JSON; \\u escapes would only make texts longer than its byte limits expect
        content = json_lib.dumps(body, ensure_ascii=False).encode() if body is not None else None
        headers = {"content-type": "application/json"} if content is not None else None
        with self._slots.place(endpoint.path, is_urgent=endpoint.is_urgent):
            try:
                response = self._http.request(
                    endpoint.method, endpoint.path, params=params, content=content, headers=headers, files=files
                )
            except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout):
                raise _ExchangeFailed(rules.Fault.NOT_SENT) from None
            except httpx.TransportError:
                raise _ExchangeFailed(rules.Fault.ANSWER_LOST) from None
        self._told = response.headers.get("date"), clock.wall()
        return _answer(endpoint, response)


def _answer(endpoint: Endpoint, response: httpx.Response) -> Json:
    if 400 <= response.status_code < 500:
        raise WecomRefusedError(endpoint=endpoint.path, detail=f"HTTP {response.status_code}")
    try:
        answer = _read(response.content)
    except (ValueError, RecursionError):
        answer = None
    if response.status_code != httpx.codes.OK or not isinstance(answer, dict):
        raise _ExchangeFailed(rules.Fault.ANSWER_LOST)
    return answer


def _read(content: bytes) -> Any:
    """The JSON of an answer with texts that every database can hold: people write their own names, and some are cut in half."""
    text = content.decode("utf-8-sig", "replace")
    answer = json_lib.loads(text, strict=False)
    return _storable(answer) if _UNSTORABLE.search(text) else answer


def _storable(value: Any) -> Any:
    if isinstance(value, str):
        whole = value.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
        return whole.replace("\0", "")
    if isinstance(value, list):
        return [_storable(one) for one in value]
    if isinstance(value, dict):
        return {_storable(name): _storable(one) for name, one in value.items()}
    return value


def _errcode(endpoint: Endpoint, answer: Json) -> int:
    try:
        return int(answer.get("errcode", rules.OK))
    except (TypeError, ValueError):
        raise WecomAnswerError(endpoint=endpoint.path, detail="errcode is not a number") from None


_lock = threading.Lock()
_current: WecomClient | None = None
_replacement: WecomClient | None = None


def get_client() -> WecomClient:
    """The client of the present settings; made anew when they change."""
    global _current  # noqa: PLW0603 - one pooled client per process
    if _replacement is not None:
        return _replacement
    wanted = corp_settings()
    with _lock:
        if _current is None or _current.settings != wanted:
            if _current is not None:
                _current.close()
            _current = WecomClient(wanted)
        return _current


@contextmanager
def replaced(client: WecomClient) -> Iterator[WecomClient]:
    """Let `get_client()` answer `client` in this process: for tests and rehearsals."""
    global _replacement  # noqa: PLW0603 - see get_client
    before, _replacement = _replacement, client
    try:
        yield client
    finally:
        _replacement = before
        client.close()
