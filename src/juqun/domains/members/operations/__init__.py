"""Writes of the members room."""

from juqun.domains.members.operations.consent import set_consent
from juqun.domains.members.operations.erase import erase_member, export_member
from juqun.domains.members.operations.files import import_members
from juqun.domains.members.operations.friends import add_friend, lose_friend
from juqun.domains.members.operations.identify import identify
from juqun.domains.members.operations.merges import merge_members, undo_merge
from juqun.domains.members.operations.profile import assign_store, note, note_many
from juqun.domains.members.operations.reconcile import DoubtedFriend, doubted_friends, end_missing_friends
from juqun.domains.members.operations.tags import tag_members, untag_members
from juqun.domains.members.operations.take_up import GENDERS, SOURCE, identities_of, take_up_contacts

__all__ = [
    "GENDERS",
    "SOURCE",
    "DoubtedFriend",
    "add_friend",
    "assign_store",
    "doubted_friends",
    "end_missing_friends",
    "erase_member",
    "export_member",
    "identify",
    "identities_of",
    "import_members",
    "lose_friend",
    "merge_members",
    "note",
    "note_many",
    "set_consent",
    "tag_members",
    "take_up_contacts",
    "undo_merge",
    "untag_members",
]
