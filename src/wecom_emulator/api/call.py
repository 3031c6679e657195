"""One API call: who asks, with what, readers of its parameters that refuse as WeCom does; and the endpoint table."""

import base64
import binascii
import hashlib
import json
from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, fields, is_dataclass
from itertools import islice
from typing import Any, TypeVar

from wecom_emulator.errors import WeComError
from wecom_emulator.rules.friendships import can_serve
from wecom_emulator.state.corp import Corp
from wecom_emulator.state.people import Staff
from wecom_emulator.state.settings import App, Settings
from wecom_emulator.world import World

T = TypeVar("T")

Answer = dict[str, Any]


@dataclass(slots=True, kw_only=True)
class Upload:
    """A file of a multipart body."""

    filename: str
    content_type: str
    content: bytes


@dataclass(slots=True, kw_only=True)
class RawAnswer:
    """An answer that is a file and not JSON (media/get)."""

    content: bytes
    content_type: str
    filename: str


@dataclass(slots=True, kw_only=True)
class Call:
    """One authenticated call. `body` is the JSON object of a POST, `query` the url's parameters."""

    world: World
    app: App
    path: str
    query: dict[str, str]
    body: dict[str, Any]
    upload: Upload | None = None
    partial: bool = False
    empty: bool = False

    @property
    def corp(self) -> Corp:
        """The corp that is asked."""
        return self.world.corp

    @property
    def settings(self) -> Settings:
        """The corp's settings."""
        return self.world.corp.settings

    def text(self, name: str, *, missing: int | None = None, most: int | None = None) -> str:
        """Return a text parameter or ""; raises WeComError `missing` when empty, 40058 over `most` characters."""
        value = self.body.get(name, self.query.get(name)) or ""
        if not isinstance(value, str):
            raise WeComError(40058, f"invalid Request Parameter: {name} should be a string")
        if not value and missing is not None:
            raise WeComError(missing)
        if most is not None and len(value) > most:
            raise WeComError(40058, f"invalid Request Parameter: {name} exceed max length {most}")
        return value

    def integer(self, name: str, default: int) -> int:
        """Return an integer parameter; query texts and booleans count as numbers. Raises WeComError 40058."""
        value = self.body.get(name, self.query.get(name))
        if value is None or value == "":
            return default
        try:
            return int(value)
        except (TypeError, ValueError, OverflowError):
            raise WeComError(40058, f"invalid Request Parameter: {name} should be an integer") from None

    def flag(self, name: str, *, default: bool) -> bool:
        """Return a boolean parameter; 0 and 1 are accepted."""
        return bool(self.integer(name, int(default)))

    def has(self, name: str) -> bool:
        """Return whether the body carries a parameter at all."""
        return name in self.body

    def texts(self, name: str, *, most: int | None = None) -> list[str]:
        """Return a list of texts, empty when missing; raises WeComError 40058 for another shape or over `most`."""
        value = self.body.get(name) or []
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise WeComError(40058, f"invalid Request Parameter: {name} should be a list of strings")
        self._bound(name, value, most)
        return value

    def integers(self, name: str) -> list[int]:
        """Return a list of integers, empty when missing; raises WeComError 40058."""
        value = self.body.get(name) or []
        if not isinstance(value, list) or not all(isinstance(item, int) for item in value):
            raise WeComError(40058, f"invalid Request Parameter: {name} should be a list of integers")
        return value

    def objects(self, name: str) -> list[dict[str, Any]]:
        """Return a list of objects, empty when missing; raises WeComError 40058."""
        value = self.body.get(name) or []
        if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
            raise WeComError(40058, f"invalid Request Parameter: {name} should be a list of objects")
        return value

    @staticmethod
    def _bound(name: str, value: Sequence[object], most: int | None) -> None:
        if most is not None and len(value) > most:
            raise WeComError(40058, f"invalid Request Parameter: {name} exceed max size {most}")

    def limit(self, *, default: int, most: int) -> int:
        """Return the page size; one outside 1..most falls back to the default, as most of WeCom's lists do."""
        value = self.integer("limit", default)
        return value if 1 <= value <= most else default

    def page(self, items: Iterable[T], *, limit: int, key: Callable[[T], Any] | None = None) -> tuple[list[T], str]:
        """Return one page from the call's cursor and the next cursor ("" at the end); raises WeComError 40058.

        `key` gives each item a sortable mark of its own, and pages go on after the mark of the last item: what is added
        or deleted meanwhile never skips or repeats another. Without it the list keeps its order and goes on after the
        last item handed out, told by its id (its first field), or after one of the few before it if that one is gone.
        """
        given = self.text("cursor")
        if key is not None:
            ordered = sorted(items, key=key)
            mark = decode_cursor(given, self.path)
            start = bisect_right(ordered, _sortable(mark), key=key) if mark else 0
            page, more = self._cut(ordered, start, limit)
            last = key(page[-1]) if page else mark
        else:
            listed = list(items)
            start = _after_last_of(listed, decode_cursor(given, self.path)) if given else 0
            page, more = self._cut(listed, start, limit)
            end = start + len(page)
            last = [end, *(_identity(item) for item in listed[max(0, end - REMEMBERED) : end])]
        return page, encode_cursor(last, self.path) if more else ""

    def page_after(self, rows: Callable[[int], Iterable[tuple[int, T]]], *, limit: int) -> tuple[list[T], str]:
        """Return one page of rows and the next cursor, as `page`; `rows` gives (seq, item) beyond a seq, in order."""
        given = self.text("cursor")
        after = decode_cursor(given, self.path) if given else 0
        if not isinstance(after, int):
            raise bad_cursor()
        size = self.page_size(limit)
        found = list(islice(rows(after), size + 1))
        page, more = found[:size], len(found) > size
        last = page[-1][0] if page else after
        return [item for _, item in page], encode_cursor(last, self.path) if more else ""

    def page_size(self, limit: int) -> int:
        """Return how many rows a page holds: the limit, or less when a fault wants a partial or an empty page."""
        return 0 if self.empty else max(1, limit // 2) if self.partial else limit

    def _cut(self, items: list[T], start: int, limit: int) -> tuple[list[T], bool]:
        end = start + self.page_size(limit)
        return items[start:end], end < len(items)

    def sees(self, staff: Staff) -> bool:
        """Return whether a staff member is employed and in the app's visible range."""
        return self.corp.employed(staff.userid) is not None and self.corp.sees(self.app, staff)

    def member(self, userid: str, *, unknown: int = 60111) -> Staff:
        """Return a visible, employed staff member; raises WeComError 41009, `unknown` or 60011."""
        if not userid:
            raise WeComError(41009)
        staff = self.corp.employed(userid)
        if staff is None:
            raise WeComError(unknown)
        if not self.corp.sees(self.app, staff):
            raise WeComError(60011)
        return staff

    def licensed(self, userid: str) -> bool:
        """Return whether a staff member has an interface licence; the setting unlicensed_userids names who has none."""
        return userid not in self.settings.unlicensed_userids

    def licensed_member(self, userid: str, *, unknown: int = 60111) -> Staff:
        """Return a visible, employed and licensed staff member; raises WeComError as `member` does, or 301002."""
        staff = self.member(userid, unknown=unknown)
        if not self.licensed(userid):
            raise WeComError(301002, f"unlicensed userid: {userid}")
        return staff

    def servants(self) -> list[Staff]:
        """Return the visible staff with the customer-contact feature."""
        return [item for item in self.corp.staff.values() if can_serve(item) and self.corp.sees(self.app, item)]


REMEMBERED = 5
"""Items before a page's end that its cursor tells, in case the last of them is deleted before the next page."""


def encode_cursor(mark: Any, path: str = "") -> str:
    """Return an opaque cursor for one API that holds a JSON mark."""
    text = json.dumps(mark, separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(_seal(text, path) + text).decode().rstrip("=")


def decode_cursor(cursor: str, path: str = "") -> Any:
    """Return the mark of a cursor, 0 for none; raises WeComError 40058 for one that this API did not hand out."""
    if not cursor:
        return 0
    try:
        raw = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
    except (binascii.Error, ValueError):
        raw = b""
    if raw[:SEAL_BYTES] != _seal(raw[SEAL_BYTES:], path) or len(raw) <= SEAL_BYTES:
        raise bad_cursor()
    return json.loads(raw[SEAL_BYTES:])


SEAL_BYTES = 9


def _seal(text: bytes, path: str) -> bytes:
    return hashlib.blake2b(text, key=path.encode()[:64], digest_size=SEAL_BYTES).digest()


def bad_cursor() -> WeComError:
    """Return the refusal of a cursor."""
    return WeComError(40058, "invalid Request Parameter: cursor")


def _sortable(mark: Any) -> Any:
    return tuple(mark) if isinstance(mark, list) else mark


def _identity(item: Any) -> Any:
    """Return what tells an item of a list from the others: itself, or its first field."""
    if isinstance(item, dict):
        return next(iter(item.values()))
    if is_dataclass(item):
        return getattr(item, fields(item)[0].name)
    return item


def _after_last_of(items: list[Any], mark: list[Any]) -> int:
    """Return where a list goes on after the latest item of a mark that is still in it."""
    end, *told = mark
    for known in reversed(told):
        near = sorted(range(len(items)), key=lambda number: abs(number - end + 1))
        place = next((number for number in near if _identity(items[number]) == known), None)
        if place is not None:
            return place + 1
    return min(int(end), len(items))


Handler = Callable[[Call], "Answer | RawAnswer"]

RIGHTS: dict[str, frozenset[str]] = {
    "app": frozenset({"contacts", "customer", "kf", "kf_read", "login", "media", "message"}),
    "contact_sync": frozenset({"contacts", "contacts_write", "media"}),
    "msgaudit": frozenset({"archive"}),
    "customer_contact": frozenset({"contacts", "customer", "media"}),
}
"""Which areas each kind of credential may call; the rest answers 48002."""


KEYED = ""
"""The right of an endpoint that needs no credential of an app."""

NO_APP = App(agent_id=-1, secret="", kind="none", kf=False, customer_contact=False)
"""Who asks at an endpoint without an access token."""


@dataclass(slots=True, kw_only=True)
class Endpoint:
    """One path of the API with its methods and the right it needs."""

    path: str
    methods: tuple[str, ...]
    right: str
    handler: Handler


ENDPOINTS: dict[str, Endpoint] = {}
"""Every endpoint by its path below /cgi-bin/; filled by the area modules."""


def get(path: str, right: str) -> Callable[[Handler], Handler]:
    """Register a handler for a GET endpoint."""
    return _register(path, ("GET",), right)


def post(path: str, right: str) -> Callable[[Handler], Handler]:
    """Register a handler for a POST endpoint."""
    return _register(path, ("POST",), right)


def either(path: str, right: str) -> Callable[[Handler], Handler]:
    """Register a handler for an endpoint that takes GET and POST."""
    return _register(path, ("GET", "POST"), right)


def keyed(path: str) -> Callable[[Handler], Handler]:
    """Register a handler for a POST endpoint that takes no access token: a key in its url is the whole credential."""
    return _register(path, ("POST",), KEYED)


def _register(path: str, methods: tuple[str, ...], right: str) -> Callable[[Handler], Handler]:
    def keep(handler: Handler) -> Handler:
        ENDPOINTS[path] = Endpoint(path=path, methods=methods, right=right, handler=handler)
        return handler

    return keep


def authorize(app: App, endpoint: Endpoint) -> None:
    """Raise WeComError 48002 when the credential may not call the endpoint."""
    allowed = endpoint.right in RIGHTS.get(app.kind, frozenset())
    if endpoint.right == "customer":
        allowed = allowed and app.customer_contact
    if endpoint.right == "kf":
        allowed = allowed and app.kf
    if not allowed:
        raise WeComError(48002)
