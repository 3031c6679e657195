"""The message archive: what an adapter hands out, and the adapter's own shape."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol


class ArchiveAdapter(Protocol):
    """Something that reads WeCom's message archive, such as a class round the native SDK, or a gateway to one.

    It is made with no argument. `pull` answers the decrypted rows beyond `seq` in their order, at most `limit`, each WeCom's own
    object of GetChatData: seq, msgid, action, from, tolist, roomid, msgtime (milliseconds), msgtype.
    """

    def pull(self, *, seq: int, limit: int) -> Sequence[Mapping[str, Any]]:
        """Answer the rows beyond `seq`; raises WecomError, WecomBusyError where waiting helps."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchiveRow:
    """Who wrote where and when; what was written is not taken over. `chat_id` is "" outside of groups."""

    seq: int
    msgid: str
    action: str
    sender: str
    chat_id: str
    msgtype: str
    at: datetime | None
