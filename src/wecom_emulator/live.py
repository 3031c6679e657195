"""Live updates for phones: every commit tells the open streams what kind of thing changed for their actor.

A stream holds the kinds that wait to be told, not the messages themselves, so it is bounded by nature: a browser that
stopped reading costs its own task and nothing else. The pages read anew what they show.
"""

import asyncio
from collections.abc import AsyncIterator, Iterable
from json import dumps

from wecom_emulator.state.corp import Corp
from wecom_emulator.state.store import Change
from wecom_emulator.state.table import path_of

KINDS = (
    "messages",
    "notices",
    "tasks",
    "friends",
    "groups",
    "kf",
    "moments",
    "codes",
    "corp",
    "callbacks",
    "calls",
    "faults",
    "clock",
)
"""What can change. `corp` is everything that has no kind of its own."""

PREFIXES = (
    ("persons.inbox", "messages"),
    ("talks", "messages"),
    ("staff.inbox", "notices"),
    ("mass_messages", "tasks"),
    ("friend", "friends"),
    ("transfers", "friends"),
    ("chats", "groups"),
    ("kf_", "kf"),
    ("moment", "moments"),
    ("contact_ways", "codes"),
    ("join_ways", "codes"),
    ("acquisition_links", "codes"),
)
OF_THE_CORP = frozenset({"callbacks", "calls", "faults"})
"""Kinds that only a stream of the whole corp gets."""

PAUSE_SECONDS = 0.15
"""Least time between two events of a stream; what happens within it is told together."""

HEARTBEAT_SECONDS = 15
LOOKED_AT = 500
"""So many changes of one commit are looked at one by one; beyond it every stream hears of every kind."""

Actor = tuple[str, str]
"""(corp, ""), (customers, external_userid) or (staff, userid)."""


def kind_of(collection: str) -> str:
    """Return the kind of a collection's changes."""
    return next((kind for prefix, kind in PREFIXES if collection.startswith(prefix)), "corp")


class Stream:
    """One open browser: the kinds that wait to be told, and whether the emulator is going down."""

    def __init__(self, actor: Actor) -> None:
        self.actor = actor
        self.waiting: dict[str, None] = {}
        self.closing = False
        self._woken = asyncio.Event()

    def touch(self, kinds: Iterable[str]) -> None:
        """Let the browser know soon that something of these kinds changed."""
        self.waiting.update(dict.fromkeys(kinds))
        if self.waiting:
            self._woken.set()

    def close(self) -> None:
        """End the stream."""
        self.closing = True
        self._woken.set()

    async def told(self) -> AsyncIterator[str]:
        """Yield server-sent events until the stream is closed."""
        yield "retry: 1000\n\nevent: open\ndata: {}\n\n"
        while not self.closing:
            try:
                async with asyncio.timeout(HEARTBEAT_SECONDS):
                    await self._woken.wait()
            except TimeoutError:
                yield ": still here\n\n"
                continue
            self._woken.clear()
            if self.waiting and not self.closing:
                kinds = list(self.waiting)
                self.waiting.clear()
                yield f"event: changed\ndata: {dumps({'kinds': kinds})}\n\n"
                await self._pause()

    async def _pause(self) -> None:
        deadline = asyncio.get_running_loop().time() + PAUSE_SECONDS
        while not self.closing and (left := deadline - asyncio.get_running_loop().time()) > 0:
            await asyncio.sleep(min(left, 0.05))


class Live:
    """The open streams of one world."""

    def __init__(self) -> None:
        self.streams: set[Stream] = set()

    def open(self, corp: Corp, actor: Actor) -> Stream:
        """Return a new stream, told of everything that changes from now on."""
        stream = Stream(actor)
        self.streams.add(stream)
        corp.store.listened = True
        return stream

    def drop(self, corp: Corp, stream: Stream) -> None:
        """Forget a stream whose browser is gone."""
        self.streams.discard(stream)
        corp.store.listened = bool(self.streams)
        corp.store.take_noted()

    def touch(self, *kinds: str) -> None:
        """Tell all streams that may know of these kinds."""
        for stream in self.streams:
            whole = stream.actor[0] == "corp"
            stream.touch(kind for kind in kinds if whole or kind not in OF_THE_CORP)

    def corp_replaced(self, corp: Corp) -> None:
        """Go on with another corp: everything may be different."""
        corp.store.listened = bool(self.streams)
        self.touch(*KINDS)

    def committed(self, corp: Corp) -> None:
        """Tell the streams what the last request changed."""
        if not self.streams:
            return
        noted = corp.store.take_noted()
        if len(noted) > LOOKED_AT:
            self.touch(*{kind_of(change[0]) for change in noted})
            return
        for stream in self.streams:
            stream.touch({kind_of(change[0]): None for change in noted if concerns(corp, stream.actor, change)})

    def close(self) -> None:
        """End all streams."""
        for stream in list(self.streams):
            stream.close()


def concerns(corp: Corp, actor: Actor, change: Change) -> bool:
    """Return whether a change may show on an actor's phone; said too often is harmless, too seldom is not."""
    who, name = actor
    collection, parent, key = change
    if who == "corp":
        return True
    if collection in ("persons.inbox", "persons"):
        return who == "staff" or name in (parent, key)
    if collection.startswith("talks"):
        return _in_talk(corp, actor, parent or key)
    if collection == "friendships":
        return name == (parent if who == "staff" else key)
    if collection == "staff.inbox":
        return who == "staff" and parent == name
    return collection.startswith(("mass_messages", "kf_")) is False or who == "staff"


def _in_talk(corp: Corp, actor: Actor, talk: str) -> bool:
    who, name = actor
    kind, _, rest = talk.partition("/")
    if kind == "group":
        return corp.keeper.tables["chats"].children["members"].has(path_of("", rest), name)
    if kind == "staff":
        return name in rest.split("/")
    return who == "staff" or rest.endswith(f"/{name}")
