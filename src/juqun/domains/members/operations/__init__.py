"""Writes of the members room."""

from juqun.domains.members.operations.consent import set_consent
from juqun.domains.members.operations.corp_tags import (
    act_on_tag_drift,
    add_managed_tag,
    apply_corp_tag,
    manage_tag,
    read_corp_tags,
    rename_tag,
    retry_tag,
    unmanage_tag,
)
from juqun.domains.members.operations.erase import erase_member, export_member
from juqun.domains.members.operations.files import import_members
from juqun.domains.members.operations.friends import add_friend, lose_friend
from juqun.domains.members.operations.identify import identify
from juqun.domains.members.operations.keepers import hand_over
from juqun.domains.members.operations.marks import plan_links, plan_part, push_marks, take_contact_marks, take_marks
from juqun.domains.members.operations.merges import merge_members, undo_merge
from juqun.domains.members.operations.profile import assign_store, note, note_many
from juqun.domains.members.operations.reconcile import DoubtedFriend, doubted_friends, end_missing_friends
from juqun.domains.members.operations.tags import tag_members, untag_members
from juqun.domains.members.operations.take_up import GENDERS, SOURCE, identities_of, take_up_contacts

__all__ = [
    "GENDERS",
    "SOURCE",
    "DoubtedFriend",
    "act_on_tag_drift",
    "add_friend",
    "add_managed_tag",
    "apply_corp_tag",
    "assign_store",
    "doubted_friends",
    "end_missing_friends",
    "erase_member",
    "export_member",
    "hand_over",
    "identify",
    "identities_of",
    "import_members",
    "lose_friend",
    "manage_tag",
    "merge_members",
    "note",
    "note_many",
    "plan_links",
    "plan_part",
    "push_marks",
    "read_corp_tags",
    "rename_tag",
    "retry_tag",
    "set_consent",
    "tag_members",
    "take_contact_marks",
    "take_marks",
    "take_up_contacts",
    "undo_merge",
    "unmanage_tag",
    "untag_members",
]
