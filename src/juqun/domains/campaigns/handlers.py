"""Reactions of the campaigns room to news of the rooms below; each may come twice."""

from juqun.domains.campaigns.outbox import merging
from juqun.domains.members.events import MembersMerged


def on_members_merged(event: MembersMerged) -> None:
    merging.follow_merge(keep_id=event.keep_id, absorbed_id=event.absorb_id)
