"""What WeCom no longer shows: friendships that a whole reading did not see, and their end once it is certain."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from juqun.channels.wecom.types import FindingKind, SyncFinding, SyncTaken
from juqun.domains.members.errors import MemberErasedError
from juqun.domains.members.models import FriendLink
from juqun.domains.members.operations.friends import lose_friend
from juqun.domains.members.operations.take_up import SEEN_BYTES
from juqun.domains.members.queries.lookups import chunked
from juqun.domains.members.types import IdentityKind, LostBy
from juqun.domains.org import queries as org
from juqun.kernel.secrets import keyed_hashes, mask, unseal


@dataclass(frozen=True, slots=True, kw_only=True)
class DoubtedFriend:
    """An active friendship that a reading did not see."""

    link_id: int
    member_id: int
    staff_id: int
    external: bytes


def doubted_friends(*, userids: Sequence[str], seen: Iterable[bytes]) -> dict[str, list[DoubtedFriend]]:
    """By userid, in its order: the active friendships of these staff that are not in `seen` (see SyncTaken of `take_up_contacts`)."""
    people = {person.id: person.userid for person in org.find_staff(userids=userids).values()}
    known = {page[at : at + SEEN_BYTES] for page in seen for at in range(0, len(page), SEEN_BYTES)}
    doubted: dict[str, list[DoubtedFriend]] = {}
    links = FriendLink.objects.filter(staff_id__in=people, lost_at__isnull=True).order_by("pk")
    rows = links.values_list("pk", "member_id", "staff_id", "identity__hash")
    for link_id, member_id, staff_id, digest in rows.iterator(chunk_size=5_000):
        external = bytes(digest)
        if staff_id.to_bytes(8, "big") + external not in known:
            doubted.setdefault(people[staff_id], []).append(
                DoubtedFriend(link_id=link_id, member_id=member_id, staff_id=staff_id, external=external)
            )
    return dict(sorted(doubted.items()))


def end_missing_friends(
    *, doubted: Sequence[DoubtedFriend], listed: Iterable[str], userid: str, at: datetime
) -> SyncTaken:
    """End those friendships that WeCom does not list any more: as of `at`, when it was asked, unless they began after that."""
    there = set(keyed_hashes(IdentityKind.EXTERNAL_USERID, [one.strip() for one in listed]))
    # by member, as whoever takes up a page locks them: two shards that share customers cannot wait for each other
    gone = sorted((one for one in doubted if one.external not in there), key=lambda one: one.member_id)
    names = _masked(gone)
    findings = []
    for friend in gone:
        try:
            is_lost = lose_friend(
                member_id=friend.member_id, staff_id=friend.staff_id, at=at, by=LostBy.RECONCILE, link_id=friend.link_id
            )
        except MemberErasedError:
            continue
        if is_lost:
            findings.append(SyncFinding(kind=FindingKind.LOST, subject=names.get(friend.link_id, ""), other=userid))
    return SyncTaken(lost=len(findings), findings=tuple(findings))


def _masked(friends: Sequence[DoubtedFriend]) -> Mapping[int, str]:
    names: dict[int, str] = {}
    for part in chunked([friend.link_id for friend in friends]):
        rows = FriendLink.objects.filter(pk__in=part).values_list("pk", "identity__sealed")
        names.update({pk: mask(unseal(sealed)) for pk, sealed in rows})
    return names
