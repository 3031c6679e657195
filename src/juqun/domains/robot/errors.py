"""What the robot room refuses."""

from dataclasses import dataclass
from typing import ClassVar

from django.utils.translation import gettext_noop

from juqun.kernel.errors import InvalidInputError, NotFoundError


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
