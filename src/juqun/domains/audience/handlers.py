"""Reactions of the audience room to news from below."""

from juqun.domains.audience import operations
from juqun.domains.members.events import MemberErased


def on_member_erased(event: MemberErased) -> None:
    """Take the erased member out of every snapshot; segments forget by themselves when the lake does."""
    operations.forget_member(member_id=event.member_id)
