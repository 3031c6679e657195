"""Who of a snapshot can be reached, by whom and when: facts of other rooms brought together, set by set."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from juqun.domains.campaigns import rules
from juqun.domains.campaigns.rules import Candidate
from juqun.domains.members import queries as member_queries
from juqun.domains.members.types import ConsentPurpose
from juqun.domains.org import queries as org_queries
from juqun.domains.org.types import PolicyKey
from juqun.kernel import clock


@dataclass(frozen=True, slots=True, kw_only=True)
class Sender:
    """The friend link over which a member is written to: the staff member who befriended them last."""

    staff_id: int
    userid: str
    external_userid: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """Senders of the members that have an active one, who is a friend of anybody at all, and who consented."""

    senders: dict[int, Sender]
    friends: frozenset[int]
    consenting: frozenset[int]


def reach(*, member_ids: Sequence[int]) -> Reach:
    """Current friendship and marketing consent of `member_ids`; a sender must still work for the chain."""
    senders: dict[int, Sender] = {}
    friends: set[int] = set()
    consenting: set[int] = set()
    for chunk in rules.chunks(member_ids, rules.ID_CHUNK):
        for link in member_queries.list_friend_links(member_ids=chunk):
            senders.setdefault(
                link.member_id,
                Sender(staff_id=link.staff_id, userid=link.userid, external_userid=link.external_userid),
            )
        friends |= member_queries.list_friend_ids(member_ids=chunk)
        consenting |= member_queries.list_consenting_ids(member_ids=chunk, purpose=ConsentPurpose.MARKETING)
    return Reach(senders=senders, friends=frozenset(friends), consenting=frozenset(consenting))


@dataclass(frozen=True, slots=True)
class _Limits:
    cap_day: int
    cap_month: int
    not_before: datetime | None


def candidates(*, member_ids: Sequence[int], node_id: int, starts_at: datetime) -> list[Candidate]:
    """The members in ascending order with what decides over them; the policies are those of each member's own store.

    An id that was merged into another since the snapshot's lake was written stands for the kept member, once.
    """
    ordered = sorted(set(member_queries.resolve_member_ids(member_ids=member_ids).values()))
    stores: dict[int, int | None] = {}
    for chunk in rules.chunks(ordered, rules.ID_CHUNK):
        stores.update(member_queries.member_stores(member_ids=chunk))
    found = reach(member_ids=ordered)
    limits = _limits({node_id, *(store_id for store_id in stores.values() if store_id is not None)}, starts_at)
    result = []
    for member_id in ordered:
        store_id = stores.get(member_id)
        limit = limits[store_id if store_id is not None else node_id]
        sender = found.senders.get(member_id)
        result.append(
            Candidate(
                member_id=member_id,
                store_id=store_id,
                staff_id=sender.staff_id if sender else None,
                userid=sender.userid if sender else "",
                is_friend=member_id in found.friends,
                has_consent=member_id in found.consenting,
                not_before=limit.not_before,
                cap_day=limit.cap_day,
                cap_month=limit.cap_month,
            )
        )
    return result


def _limits(node_ids: Iterable[int], starts_at: datetime) -> dict[int, _Limits]:
    wanted = sorted(node_ids)
    policies = {
        key: org_queries.get_policies(node_ids=wanted, key=key)
        for key in (
            PolicyKey.MESSAGES_PER_DAY,
            PolicyKey.MESSAGES_PER_MONTH,
            PolicyKey.QUIET_FROM_HOUR,
            PolicyKey.QUIET_TO_HOUR,
        )
    }
    return {
        node_id: _Limits(
            cap_day=policies[PolicyKey.MESSAGES_PER_DAY][node_id].value,
            cap_month=policies[PolicyKey.MESSAGES_PER_MONTH][node_id].value,
            not_before=rules.after_quiet(
                starts_at,
                policies[PolicyKey.QUIET_FROM_HOUR][node_id].value,
                policies[PolicyKey.QUIET_TO_HOUR][node_id].value,
                clock.BUSINESS_ZONE,
            ),
        )
        for node_id in wanted
    }
