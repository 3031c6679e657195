"""Live codes and group codes as WeCom knows them."""

from dataclasses import dataclass

from juqun.channels.wecom.types.drift import Document


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactWay:
    """A contact way (live code) as WeCom knows it. Losing `config_id` is losing control over the code."""

    config_id: str
    qr_code: str
    state: str = ""
    userids: tuple[str, ...] = ()
    parties: tuple[int, ...] = ()
    remark: str = ""
    skip_verify: bool = True

    @property
    def document(self) -> Document:
        """The way as a document of DriftKind.CONTACT_WAY."""
        return {
            "users": list(self.userids),
            "parties": list(self.parties),
            "remark": self.remark,
            "state": self.state,
            "skip_verify": self.skip_verify,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class JoinWay:
    """A group join way as WeCom knows it. `qr_code` is "" when WeCom took the way but the re-reading failed: read it again later."""

    config_id: str
    qr_code: str
    chat_ids: tuple[str, ...] = ()
    state: str = ""
    room_base_name: str = ""
    room_base_id: int = 0
    auto_create_room: bool = True
    remark: str = ""

    @property
    def document(self) -> Document:
        """The way as a document of DriftKind.JOIN_WAY."""
        return {
            "chat_ids": list(self.chat_ids),
            "auto_create_room": self.auto_create_room,
            "room_base_name": self.room_base_name,
            "room_base_id": self.room_base_id,
            "state": self.state,
            "remark": self.remark,
        }
