"""Reading WeCom's XML without trusting it: no document types, no entities of its own, bounded size and depth."""

import re
from dataclasses import dataclass, field
from xml.parsers import expat

from juqun.channels.wecom.errors import CallbackRefusedError

MAX_BYTES = 64 * 1024
MAX_DEPTH = 12

# The short way takes a message that is wholly made of children as WeCom writes them, and nothing that XML reads otherwise than it
# stands: markup, references, line ends, what may not be in XML at all.
_child = re.compile(r"<([A-Za-z][A-Za-z0-9]*)>(?:<!\[CDATA\[([^\]]*)\]\]>|([^<>&\]]*))</\1>")
_READ_OTHERWISE = bytes({*range(0x20)} - {0x09, 0x0A})
_FFFE, _FFFF = "\ufffe".encode(), "\uffff".encode()


@dataclass(frozen=True, slots=True)
class Envelope:
    """The children of the root: `texts` by tag, and for children that hold lists (`<X><Item>..</Item></X>`) their `items` by tag."""

    texts: dict[str, str] = field(default_factory=dict)
    items: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def get(self, tag: str) -> str:
        """The text of a child, "" when there is none."""
        return self.texts.get(tag, "")

    def listed(self, tag: str) -> tuple[str, ...]:
        """The members of a list child in either format: one `<Item>` each (newer), or one comma list (older)."""
        found = self.items.get(tag)
        if found is None:
            found = tuple(self.get(tag).split(","))
        return tuple(stripped for member in found if (stripped := member.strip()))


class _Reader:
    def __init__(self) -> None:
        self.path: list[str] = []
        self.chunks: list[str] = []
        self.texts: dict[str, str] = {}
        self.items: dict[str, list[str]] = {}

    def start(self, tag: str, _attributes: dict[str, str]) -> None:
        self.path.append(tag)
        if len(self.path) > MAX_DEPTH:
            raise CallbackRefusedError(reason="XML nested too deep")
        self.chunks.clear()

    def end(self, _tag: str) -> None:
        if len(self.path) == 2:
            self.texts.setdefault(self.path[1], "".join(self.chunks))
        elif len(self.path) == 3:
            self.items.setdefault(self.path[1], []).append("".join(self.chunks))
        self.path.pop()
        self.chunks.clear()

    @staticmethod
    def refuse(*_args: object) -> None:
        raise CallbackRefusedError(reason="XML with a document type")


def parse(xml: bytes) -> Envelope:
    """Read one flat message; raises CallbackRefusedError for anything that is not one, in constant memory."""
    if len(xml) > MAX_BYTES:
        raise CallbackRefusedError(reason="XML too big")
    return _scan(xml) or _parse(xml)


def _scan(xml: bytes) -> Envelope | None:
    """Read the flat form that nearly all messages have, three times as fast as the parser; None: not that form, ask the parser."""
    if len(xml.translate(None, _READ_OTHERWISE)) != len(xml) or _FFFE in xml or _FFFF in xml:
        return None
    try:
        text = xml.decode()
    except UnicodeDecodeError:
        return None
    if not (text.startswith("<xml>") and text.endswith("</xml>")):
        return None
    texts: dict[str, str] = {}
    at, end = 5, len(text) - 6
    match = _child.match
    while at < end:
        child = match(text, at, end)
        if child is None:
            return None
        tag, marked, plain = child.groups()
        texts.setdefault(tag, plain if marked is None else marked)
        at = child.end()
    return Envelope(texts, {})


def _parse(xml: bytes) -> Envelope:
    reader = _Reader()
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.chunks.append
    parser.StartDoctypeDeclHandler = reader.refuse
    parser.EntityDeclHandler = reader.refuse
    try:
        parser.Parse(xml, True)  # noqa: FBT003 - expat's own signature
    except (expat.ExpatError, UnicodeError, LookupError, ValueError):
        raise CallbackRefusedError(reason="not readable XML") from None
    return Envelope(reader.texts, {tag: tuple(found) for tag, found in reader.items.items()})
