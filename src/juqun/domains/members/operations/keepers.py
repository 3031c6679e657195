"""A member gets another keeper; everything that is known about them stays where it is."""

from datetime import datetime

from django.db import transaction

from juqun.domains.members.events import FriendAdded, FriendLost
from juqun.domains.members.models import FriendLink, Member, TimelineRecord
from juqun.domains.members.operations.locks import lock_member
from juqun.domains.members.operations.marks import forget_marks, plan_links
from juqun.domains.members.operations.merges import refresh_friend
from juqun.domains.members.types import LostBy
from juqun.kernel.events import publish
from juqun.kernel.secrets import unseal


def hand_over(
    *, member_id: int, from_staff_id: int, to_staff_id: int, at: datetime, link_id: int | None, makes_friend: bool
) -> None:
    """Make `to_staff_id` the keeper of a member in the place of `from_staff_id`, and write it into the time line.

    `link_id`: the friendship that ends by the hand-over (None: there was none). `makes_friend`: WeCom made the taker a friend
    of the same contact, which is noted in case its callback was lost. The guide changes unless somebody else was the guide.
    Tags, orders and the time line stay. Call it once, in the transaction that marks the hand-over as done. Raises
    MemberNotFoundError and MemberErasedError.
    """
    with transaction.atomic():
        member = lock_member(member_id)
        link = FriendLink.objects.select_for_update().filter(pk=link_id, member=member).first() if link_id else None
        if link is not None:
            if makes_friend:
                _befriend(member, link, to_staff_id, at)
            _end(member, link, at)
        if member.staff_id in (None, from_staff_id):
            member.staff_id = to_staff_id
            member.save(update_fields=["staff"])
        fields = {"from_staff_id": from_staff_id, "staff_id": to_staff_id}
        TimelineRecord.objects.create(member=member, at=at, kind="handed_over", fields=fields)


def _end(member: Member, link: FriendLink, at: datetime) -> None:
    if link.lost_at is not None:
        return
    link.lost_at, link.lost_by = max(at, link.added_at), LostBy.TRANSFER
    link.save(update_fields=["lost_at", "lost_by"])
    forget_marks(member_id=member.pk, staff_id=link.staff_id)
    refresh_friend(member)
    publish(FriendLost(member_id=member.pk, staff_id=link.staff_id, at=link.lost_at, by=LostBy.TRANSFER))


def _befriend(member: Member, link: FriendLink, staff_id: int, at: datetime) -> None:
    same = FriendLink.objects.select_for_update().filter(identity_id=link.identity_id, staff_id=staff_id).first()
    if same is not None and (same.lost_at is None or same.lost_at >= at):
        return
    if same is None:
        same = FriendLink.objects.create(member=member, staff_id=staff_id, identity_id=link.identity_id, added_at=at)
    else:
        same.added_at, same.state, same.lost_at, same.lost_by = at, "", None, ""
        same.save()
    refresh_friend(member)
    plan_links(link_ids=[same.pk])
    publish(
        FriendAdded(
            member_id=member.pk,
            staff_id=staff_id,
            external_userid=unseal(link.identity.sealed),
            state="",
            at=at,
            is_first=False,
            is_handed_over=True,
        )
    )
