"""Writes of the members room."""

from juqun.domains.members.operations.consent import set_consent
from juqun.domains.members.operations.erase import erase_member, export_member
from juqun.domains.members.operations.files import import_members
from juqun.domains.members.operations.friends import add_friend, lose_friend
from juqun.domains.members.operations.identify import identify
from juqun.domains.members.operations.merges import merge_members, undo_merge
from juqun.domains.members.operations.profile import assign_store, note, note_many
from juqun.domains.members.operations.tags import tag_members, untag_members

__all__ = [
    "add_friend",
    "assign_store",
    "erase_member",
    "export_member",
    "identify",
    "import_members",
    "lose_friend",
    "merge_members",
    "note",
    "note_many",
    "set_consent",
    "tag_members",
    "undo_merge",
    "untag_members",
]
