"""Reading WeCom's XML without trusting it: no document types, no entities of its own, bounded size and depth."""

from dataclasses import dataclass, field
from xml.parsers import expat

from juqun.channels.wecom.errors import CallbackRefusedError

MAX_BYTES = 64 * 1024
MAX_DEPTH = 12


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
