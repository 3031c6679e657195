"""Friendships between members and staff on WeCom."""

from datetime import datetime

from django.db import IntegrityError, transaction

from juqun.domains.members.errors import ConcurrentIdentifyError
from juqun.domains.members.events import FriendAdded, FriendLost
from juqun.domains.members.models import FriendLink, Member, MemberIdentity, TimelineRecord
from juqun.domains.members.operations.identify import attach
from juqun.domains.members.operations.locks import TRIES, lock_member
from juqun.domains.members.operations.marks import forget_marks, plan_links
from juqun.domains.members.operations.merges import absorb, refresh_friend
from juqun.domains.members.types import IdentityKind, LostBy
from juqun.kernel.events import publish
from juqun.kernel.secrets import keyed_hash


def add_friend(
    *,
    member_id: int,
    staff_id: int,
    external_userid: str,
    state: str,
    at: datetime,
    is_handed_over: bool = False,
) -> bool:
    """Note that a member and a member of staff became friends at `at`; False when that was known (or is older news).

    `state` is what the live code carried; `is_handed_over`: the company gave the member to this member of staff.
    The first friend becomes the member's guide. When `external_userid` belongs to
    another member so far, they are one person and are merged. Raises MemberNotFoundError and MemberErasedError.
    """
    for _try in range(TRIES):
        try:
            with transaction.atomic():
                return _add_friend(
                    member_id, staff_id, external_userid.strip(), state, at, is_handed_over=is_handed_over
                )
        except IntegrityError:
            continue
    raise ConcurrentIdentifyError


def _add_friend(
    member_id: int, staff_id: int, external_userid: str, state: str, at: datetime, *, is_handed_over: bool
) -> bool:
    noted = note_friend(member_id, staff_id, external_userid, state, at)
    if noted is None:
        return False
    link, is_first = noted
    publish(
        FriendAdded(
            member_id=link.member_id,
            staff_id=staff_id,
            external_userid=external_userid,
            state=state,
            at=at,
            is_first=is_first,
            is_handed_over=is_handed_over,
        )
    )
    return True


def note_friend(
    member_id: int, staff_id: int, external_userid: str, state: str, at: datetime
) -> tuple[FriendLink, bool] | None:
    """Store a friendship and tell nobody: the link and whether it is the member's first; None when there is nothing new."""
    member = lock_member(member_id)
    identity = _identity(member, external_userid, at)
    link = FriendLink.objects.select_for_update().filter(identity=identity, staff_id=staff_id).first()
    if link is not None and (link.lost_at is None or at <= link.lost_at):
        if link.lost_at is None and at > link.added_at:
            # they parted and met again, and only the second news is here: the loss that is still to come is older than this
            link.added_at = at
            link.save(update_fields=["added_at"])
        return None
    is_first = not FriendLink.objects.filter(member=member).exists()
    if link is None:
        link = FriendLink.objects.create(
            member=member, staff_id=staff_id, identity=identity, state=state[:64], added_at=at
        )
    else:
        link.added_at, link.state, link.lost_at, link.lost_by = at, state[:64], None, ""
        link.save()
    plan_links(link_ids=[link.pk])
    member.is_friend = True
    if member.staff_id is None:
        member.staff_id = staff_id
    member.save(update_fields=["is_friend", "staff"])
    fields = {"staff_id": staff_id, "state": state}
    TimelineRecord.objects.create(member=member, at=at, kind="friend_added", fields=fields)
    return link, is_first


def _identity(member: Member, external_userid: str, at: datetime) -> MemberIdentity:
    """The member's identity row of `external_userid`, made when it is new."""
    kind = IdentityKind.EXTERNAL_USERID
    found = keyed_hash(kind, external_userid)
    row = MemberIdentity.objects.filter(kind=kind, hash=found).first()
    if row is None:
        attach(member.pk, {(kind, found): external_userid}, at)
        row = MemberIdentity.objects.get(kind=kind, hash=found)
    elif row.member_id != member.pk:
        absorb(keep=member, other=lock_member(row.member_id), actor="", reason="friend:external_userid", at=at)
        row.refresh_from_db()
    return row


def lose_friend(*, member_id: int, staff_id: int, at: datetime, by: LostBy, link_id: int | None = None) -> bool:
    """Note that a friendship ended at `at`; False when there was none, or when it was renewed later than `at`.

    `link_id` means one of them only, for a member whom WeCom knows twice. The guide stays responsible for
    the member unless another friendship is active: then the latest of these takes over.
    Raises MemberNotFoundError and MemberErasedError.
    """
    by = LostBy(by)
    with transaction.atomic():
        member = lock_member(member_id)
        links = FriendLink.objects.filter(member=member, staff_id=staff_id, lost_at__isnull=True, added_at__lte=at)
        if link_id is not None:
            links = links.filter(pk=link_id)
        if not links.update(lost_at=at, lost_by=by):
            return False
        forget_marks(member_id=member.pk, staff_id=staff_id)
        refresh_friend(member)
        if member.staff_id == staff_id:
            active = FriendLink.objects.filter(member=member, lost_at__isnull=True).order_by("-added_at", "-pk")
            heir = active.values_list("staff_id", flat=True).first()
            if heir is not None:
                member.staff_id = heir
                member.save(update_fields=["staff"])
        TimelineRecord.objects.create(
            member=member, at=at, kind="friend_lost", fields={"staff_id": staff_id, "by": str(by)}
        )
        publish(FriendLost(member_id=member.pk, staff_id=staff_id, at=at, by=by))
    return True
