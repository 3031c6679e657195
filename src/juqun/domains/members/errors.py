"""Refusals of the members room."""

from dataclasses import dataclass
from typing import ClassVar

from django.utils.translation import gettext_noop

from juqun.kernel.errors import ConflictError, InvalidInputError, NotFoundError


@dataclass(eq=False)
class MemberNotFoundError(NotFoundError):
    """No such member, or not in the reader's scope."""

    code: ClassVar[str] = "member_not_found"
    message: ClassVar[str] = gettext_noop("There is no member %(member)s that you may see; search by phone or card.")
    member: str


@dataclass(eq=False)
class MemberErasedError(ConflictError):
    """An erased member stays a tombstone."""

    code: ClassVar[str] = "member_erased"
    message: ClassVar[str] = gettext_noop("Member %(member_id)s was erased; a new contact becomes a new member.")
    member_id: int


@dataclass(eq=False)
class IdentityInvalidError(InvalidInputError):
    """A value that cannot be a name of that kind."""

    code: ClassVar[str] = "identity_invalid"
    message: ClassVar[str] = gettext_noop("This is not a valid %(kind)s: %(masked)s; check the value.")
    kind: str
    masked: str


@dataclass(eq=False)
class IdentityMissingError(InvalidInputError):
    """Nobody can be identified by nothing."""

    code: ClassVar[str] = "identity_missing"
    message: ClassVar[str] = gettext_noop("No usable identity was given; give a phone, card or WeCom id.")


@dataclass(eq=False)
class MergeImpossibleError(ConflictError):
    """These two cannot be merged."""

    code: ClassVar[str] = "merge_impossible"
    message: ClassVar[str] = gettext_noop(
        "Members %(keep_id)s and %(absorb_id)s are one member already; reload to see it."
    )
    keep_id: int
    absorb_id: int


@dataclass(eq=False)
class MergeNotFoundError(NotFoundError):
    """No such merge."""

    code: ClassVar[str] = "merge_not_found"
    message: ClassVar[str] = gettext_noop("There is no merge %(merge_id)s; look at the member's time line.")
    merge_id: int


@dataclass(eq=False)
class MergeUndoneError(ConflictError):
    """A merge is undone once."""

    code: ClassVar[str] = "merge_undone"
    message: ClassVar[str] = gettext_noop("Merge %(merge_id)s was undone before; both members stand on their own.")
    merge_id: int


@dataclass(eq=False)
class MergeBuriedError(ConflictError):
    """Merges on the same members are undone in reverse order."""

    code: ClassVar[str] = "merge_buried"
    message: ClassVar[str] = gettext_noop("Merge %(merge_id)s lies under merge %(later_id)s; undo that one first.")
    merge_id: int
    later_id: int


@dataclass(eq=False)
class MergeErasedError(ConflictError):
    """What was destroyed cannot be given back."""

    code: ClassVar[str] = "merge_erased"
    message: ClassVar[str] = gettext_noop(
        "Merge %(merge_id)s cannot be undone: data of these members was erased at their wish."
    )
    merge_id: int


@dataclass(eq=False)
class ConcurrentIdentifyError(ConflictError):
    """Others kept changing the same identities."""

    code: ClassVar[str] = "concurrent_identify"
    message: ClassVar[str] = gettext_noop("The same person is being changed by others; try again in a moment.")


@dataclass(eq=False)
class ManagedTagNotFoundError(NotFoundError):
    """There is no such tag."""

    code: ClassVar[str] = "managed_tag_not_found"
    message: ClassVar[str] = gettext_noop("Tag %(tag_id)s of WeCom is not known here; read WeCom's tags again.")
    tag_id: int


@dataclass(eq=False)
class ManagedTagNameError(InvalidInputError):
    """WeCom takes names of 1 to 30 characters."""

    code: ClassVar[str] = "managed_tag_name"
    message: ClassVar[str] = gettext_noop("WeCom takes tag names of 1 to 30 characters, not “%(name)s”; shorten it.")
    name: str


@dataclass(eq=False)
class ManagedWordTakenError(ConflictError):
    """One word of members is one corp tag."""

    code: ClassVar[str] = "managed_word_taken"
    message: ClassVar[str] = gettext_noop(
        "The members' tag “%(word)s” has a tag in WeCom already; choose another, or stop managing that one first."
    )
    word: str


@dataclass(eq=False)
class ManagedTagTakenError(ConflictError):
    """One corp tag is one word of members."""

    code: ClassVar[str] = "managed_tag_taken"
    message: ClassVar[str] = gettext_noop(
        "WeCom's tag “%(name)s” stands for the members' tag “%(word)s” already; choose another name, or stop managing that one first."
    )
    name: str
    word: str


@dataclass(eq=False)
class ManagedTagLimitError(ConflictError):
    """The corp's tags are used up."""

    code: ClassVar[str] = "managed_tag_limit"
    message: ClassVar[str] = gettext_noop(
        "WeCom holds %(count)s tags of at most %(limit)s; delete some in WeCom, or raise JUQUN_WECOM_TAG_LIMIT if WeCom allows more."
    )
    count: int
    limit: int


@dataclass(eq=False)
class ManagedTagGoneError(ConflictError):
    """WeCom does not know a tag that was to be set: somebody deleted it, and its list has to be read again."""

    code: ClassVar[str] = "managed_tag_gone"
    message: ClassVar[str] = gettext_noop("WeCom does not know a tag that was to be set; read WeCom's tags again.")
