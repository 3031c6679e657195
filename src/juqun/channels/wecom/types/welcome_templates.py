"""The library of group welcomes."""

from dataclasses import dataclass

from juqun.channels.wecom.types.drift import Document
from juqun.channels.wecom.types.messages import Attachment, ImageAttachment, LinkAttachment


@dataclass(frozen=True, slots=True, kw_only=True)
class WelcomeTemplate:
    """A group welcome as WeCom's library has it: text with %NICKNAME% and at most one attachment."""

    text: str
    attachment: Attachment | None = None

    @property
    def document(self) -> Document:
        """The template as a document of DriftKind.GROUP_WELCOME."""
        one = self.attachment
        shown: dict[str, str] = {}
        if isinstance(one, LinkAttachment):
            shown = {"kind": "link", "title": one.title, "url": one.url, "desc": one.desc, "picurl": one.picurl}
        elif isinstance(one, ImageAttachment):
            shown = {"kind": "image"}
        elif one is not None:
            shown = {"kind": one.msgtype}
        return {"text": self.text, "attachment": shown}
