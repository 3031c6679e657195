"""Reads of the members room. Reads for people take a DataScope first; look-ups of the system say that they are such."""

from juqun.domains.members.queries.corp_tags import (
    has_managed_tags,
    list_managed_tags,
    list_unwritten_tag_ids,
    list_waiting_staff_ids,
)
from juqun.domains.members.queries.dims import (
    export_member_merges_dim,
    export_member_tags_dim,
    export_members_dim,
)
from juqun.domains.members.queries.keepers import (
    count_customers,
    link_external_userids,
    list_customers_of,
    member_names,
)
from juqun.domains.members.queries.lookups import (
    erased_contacts,
    find_member_id,
    find_member_ids,
    is_erased_contact,
    list_befriended_userids,
    list_friend_links,
    list_taken_up,
    member_stores,
    resolve_member_ids,
)
from juqun.domains.members.queries.profiles import (
    count_friends,
    count_members,
    get_member,
    get_timeline,
    list_consents,
    list_merges,
    list_tags,
    search_members,
)
from juqun.domains.members.queries.reach import list_consenting_ids, list_friend_ids

__all__ = [
    "count_customers",
    "count_friends",
    "count_members",
    "erased_contacts",
    "export_member_merges_dim",
    "export_member_tags_dim",
    "export_members_dim",
    "find_member_id",
    "find_member_ids",
    "get_member",
    "get_timeline",
    "has_managed_tags",
    "is_erased_contact",
    "link_external_userids",
    "list_befriended_userids",
    "list_consenting_ids",
    "list_consents",
    "list_customers_of",
    "list_friend_ids",
    "list_friend_links",
    "list_managed_tags",
    "list_merges",
    "list_tags",
    "list_taken_up",
    "list_unwritten_tag_ids",
    "list_waiting_staff_ids",
    "member_names",
    "member_stores",
    "resolve_member_ids",
    "search_members",
]
