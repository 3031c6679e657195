"""Live codes and group codes as WeCom knows them."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactWay:
    """A contact way (live code) as WeCom knows it. Losing `config_id` is losing control over the code."""

    config_id: str
    qr_code: str
    state: str = ""
    userids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class JoinWay:
    """A group join way as WeCom knows it. `qr_code` is "" when WeCom took the way but the re-reading failed: read it again later."""

    config_id: str
    qr_code: str
    chat_ids: tuple[str, ...] = ()
    state: str = ""
    room_base_name: str = ""
    room_base_id: int = 0
