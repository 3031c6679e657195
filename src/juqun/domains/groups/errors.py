"""What the groups room refuses."""

from dataclasses import dataclass
from typing import ClassVar

from django.utils.translation import gettext_noop

from juqun.kernel.errors import ConflictError, InvalidInputError, NotFoundError


@dataclass(eq=False)
class GroupKindNotFoundError(NotFoundError):
    code: ClassVar[str] = "group_kind_not_found"
    message: ClassVar[str] = gettext_noop("There is no kind of group %(kind_code)s; create it in the matrix first.")
    kind_code: str


@dataclass(eq=False)
class GroupKindExistsError(ConflictError):
    code: ClassVar[str] = "group_kind_exists"
    message: ClassVar[str] = gettext_noop("A kind of group %(kind_code)s exists already; choose another code.")
    kind_code: str


@dataclass(eq=False)
class GroupCapacityError(InvalidInputError):
    code: ClassVar[str] = "group_capacity"
    message: ClassVar[str] = gettext_noop(
        "A group holds between 3 and 500 people, not %(capacity)s; choose a number between."
    )
    capacity: int


@dataclass(eq=False)
class GroupNotFoundError(NotFoundError):
    code: ClassVar[str] = "group_not_found"
    message: ClassVar[str] = gettext_noop(
        "Group %(group_id)s is not known here; look at the board for the groups that are."
    )
    group_id: int


@dataclass(eq=False)
class ChatNotFoundError(NotFoundError):
    code: ClassVar[str] = "chat_not_found"
    message: ClassVar[str] = gettext_noop("Chat %(chat_id)s has not been read from WeCom yet; synchronise it first.")
    chat_id: str


@dataclass(eq=False)
class ChatTakenError(ConflictError):
    code: ClassVar[str] = "chat_taken"
    message: ClassVar[str] = gettext_noop("Chat %(chat_id)s already belongs to another way in; choose another chat.")
    chat_id: str


@dataclass(eq=False)
class NotInGroupError(NotFoundError):
    code: ClassVar[str] = "not_in_group"
    message: ClassVar[str] = gettext_noop(
        "Member %(member_id)s is not in group %(group_id)s; choose one of its members."
    )
    group_id: int
    member_id: int


@dataclass(eq=False)
class GroupWelcomeTextError(InvalidInputError):
    code: ClassVar[str] = "group_welcome_text"
    message: ClassVar[str] = gettext_noop(
        "A group welcome holds 1 to 3000 bytes, not %(byte_count)s; shorten it to about 1000 Chinese characters."
    )
    byte_count: int


@dataclass(eq=False)
class GroupWelcomeLinkError(InvalidInputError):
    code: ClassVar[str] = "group_welcome_link"
    message: ClassVar[str] = gettext_noop(
        "A link needs a title of at most 128 bytes and an address that begins with https:// or http://; mend both."
    )


@dataclass(eq=False)
class GroupWelcomeMissingError(NotFoundError):
    code: ClassVar[str] = "group_welcome_missing"
    message: ClassVar[str] = gettext_noop("This kind has no welcome in WeCom's library yet; write one first.")
