"""What the robot room refuses."""

from dataclasses import dataclass
from typing import ClassVar

from django.utils.translation import gettext_noop

from juqun.kernel.errors import ConflictError, InvalidInputError, NotFoundError


@dataclass(eq=False)
class ReplyNotFoundError(NotFoundError):
    code: ClassVar[str] = "reply_not_found"
    message: ClassVar[str] = gettext_noop("Keyword reply %(reply_id)s is not known here; choose one of the list.")
    reply_id: int


@dataclass(eq=False)
class NoWordsError(InvalidInputError):
    code: ClassVar[str] = "no_words"
    message: ClassVar[str] = gettext_noop("A keyword reply needs at least one word; write the words customers use.")


@dataclass(eq=False)
class ReplyTextError(InvalidInputError):
    code: ClassVar[str] = "reply_text"
    message: ClassVar[str] = gettext_noop(
        "The text has %(byte_count)s bytes; it must not be empty and WeCom takes %(limit)s. Change its length."
    )
    byte_count: int
    limit: int


@dataclass(eq=False)
class ServiceAccountNotFoundError(NotFoundError):
    code: ClassVar[str] = "service_account_not_found"
    message: ClassVar[str] = gettext_noop(
        "Customer-service account %(account_id)s is not known here; choose one of the list."
    )
    account_id: int


@dataclass(eq=False)
class ServiceSessionNotFoundError(NotFoundError):
    code: ClassVar[str] = "service_session_not_found"
    message: ClassVar[str] = gettext_noop("Conversation %(session_id)s is not known here; choose one of the list.")
    session_id: int


@dataclass(eq=False)
class ServiceSessionMovedError(ConflictError):
    code: ClassVar[str] = "service_session_moved"
    message: ClassVar[str] = gettext_noop(
        "This conversation cannot be moved so: it has ended, or somebody else has moved it. Reload the page."
    )


@dataclass(eq=False)
class ServicerNotServingError(ConflictError):
    code: ClassVar[str] = "servicer_not_serving"
    message: ClassVar[str] = gettext_noop(
        "%(userid)s does not serve this account now; choose somebody who is serving, or ask them to start in WeCom."
    )
    userid: str


@dataclass(eq=False)
class MenuError(InvalidInputError):
    code: ClassVar[str] = "service_menu"
    message: ClassVar[str] = gettext_noop(
        "A menu has at most %(most)s lines, each with its own id and a text of at most 128 bytes. Shorten it."
    )
    most: int


@dataclass(eq=False)
class ServiceSceneError(InvalidInputError):
    code: ClassVar[str] = "service_scene"
    message: ClassVar[str] = gettext_noop("A scene has at most 32 letters, digits, - and _. Choose a shorter code.")


@dataclass(eq=False)
class ServicerRefusedError(ConflictError):
    code: ClassVar[str] = "servicer_refused"
    message: ClassVar[str] = gettext_noop(
        "WeCom does not take %(userid)s as a servicer (code %(errcode)s); check that the app sees them in WeCom's console."
    )
    userid: str
    errcode: int
