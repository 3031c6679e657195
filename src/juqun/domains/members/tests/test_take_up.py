"""Pages of friends, taken up at once: the same as one by one, and the edges of both."""

import random
from datetime import UTC, datetime, timedelta

import pytest
from django.db import transaction

from juqun.channels.wecom.types import Contact, FindingKind, Follow
from juqun.domains.members import operations, queries
from juqun.domains.members.events import FriendsTakenUp
from juqun.domains.members.models import FriendLink, Member, MemberIdentity, TimelineRecord
from juqun.domains.members.operations import take_up as take_up_module
from juqun.domains.members.testing import make_member
from juqun.domains.members.types import IdentityKind, LostBy
from juqun.domains.org import queries as org
from juqun.domains.org.testing import SmallChain, make_small_chain
from juqun.domains.org.types import NodeKind
from juqun.kernel import clock
from juqun.kernel.models import EventRecord
from juqun.kernel.scope import DataScope
from juqun.kernel.secrets import unseal

pytestmark = pytest.mark.django_db
ALL = DataScope.whole_chain()
EXTERNAL = IdentityKind.EXTERNAL_USERID
START = datetime(2026, 1, 1, tzinfo=UTC)
USERIDS = ("wang", "li", "chen", "zhao")


def friend(who: str, userid: str, minute: int, *, mobiles=(), unionid=None, name="", state=None, gender=0) -> Contact:
    follow = Follow(
        userid=userid,
        remark="",
        tag_ids=(),
        state=state,
        add_way=1,
        created_at=START + timedelta(minutes=minute),
        remark_mobiles=tuple(mobiles),
    )
    return Contact(external_userid=who, name=name, unionid=unionid, gender=gender, follow=(follow,))


def take_up(*contacts: Contact):
    with transaction.atomic():
        return operations.take_up_contacts(contacts=contacts)


def one_by_one(contacts: list[Contact]) -> list[tuple]:
    """What callbacks would have done, and what they would have told."""
    for contact in contacts:
        follow = contact.follow[0]
        person = org.get_staff_by_userid(userid=follow.userid)
        node = org.get_node(scope=ALL, node_id=person.node_id)
        found = operations.identify(
            identities=operations.identities_of(contact),
            display_name=contact.name,
            store_id=node.id if node.kind is NodeKind.STORE else None,
            gender=operations.GENDERS.get(contact.gender, ""),
            source=operations.SOURCE,
            at=follow.created_at,
        )
        operations.add_friend(
            member_id=found.member_id,
            staff_id=person.id,
            external_userid=contact.external_userid,
            state=follow.state or "",
            at=follow.created_at,
        )
    told = EventRecord.objects.filter(name="members.friend_added").order_by("pk")
    return [(row.payload["staff_id"], row.payload["at"], row.payload["is_first"]) for row in told]


def in_pages(contacts: list[Contact], size: int) -> list[tuple]:
    told = []
    for start in range(0, len(contacts), size):
        take_up(*contacts[start : start + size])
    for row in EventRecord.objects.filter(name=FriendsTakenUp.NAME).order_by("pk"):
        told += [
            (one.staff_id, one.at.isoformat(), one.is_first)
            for one in queries.list_taken_up(friends=row.payload["friends"])
        ]
    return told


def picture() -> dict:
    """All that is stored, told by names that do not depend on the order of keys: who has which names, friends, fields."""
    people = {}
    for member in Member.unscoped.filter(absorbed_into__isnull=True):
        names = frozenset(
            (kind, unseal(sealed))
            for kind, sealed in MemberIdentity.objects.filter(member=member).values_list("kind", "sealed")
        )
        links = FriendLink.objects.filter(member=member).order_by("staff_id", "added_at", "identity__hash")
        people[names] = (
            member.display_name,
            member.store_id,
            member.gender,
            member.is_friend,
            member.source,
            [(one.staff_id, one.state, one.added_at, one.lost_at, one.lost_by) for one in links],
            sorted(
                (row.at, row.kind, row.fields.get("staff_id", 0))
                for row in TimelineRecord.objects.filter(member=member).exclude(kind="merged")
            ),
        )
    return people


class History:
    """Random friendships of few people, so that names meet: two WeCom ids of one person, phones of known members, repetitions."""

    def __init__(self, seed: int, *, tangled: bool) -> None:
        self.rng, self.tangled = random.Random(seed), tangled

    def before(self, staff: dict[str, int]) -> None:
        """What is known before the page comes: members from files, friends who left."""
        for number in range(4):
            make_member(phone=f"1390000000{number}", display_name=f"文件{number}" if number % 2 else "")
        for number in range(3):
            member_id = make_member(external_userid=f"wm{number}", unionid=f"o{number}" if number else None)
            userid = USERIDS[number]
            operations.add_friend(
                member_id=member_id, staff_id=staff[userid], external_userid=f"wm{number}", state="", at=START
            )
            if number:
                operations.lose_friend(
                    member_id=member_id, staff_id=staff[userid], at=START + timedelta(minutes=30), by=LostBy.CUSTOMER
                )

    def contacts(self, count: int) -> list[Contact]:
        rng, made = self.rng, []
        for minute in range(count):
            who = rng.randrange(12)
            phone = rng.randrange(12) if self.tangled else who
            made.append(
                friend(
                    f"wm{who}",
                    rng.choice(USERIDS),
                    minute * 2,
                    mobiles=[f"1390000{phone:04d}", "n/a"] if rng.random() < 0.4 else (),
                    unionid=f"o{who % 9 if self.tangled else who}" if rng.random() < 0.6 else None,
                    name=rng.choice(["", f"客{who}"]),
                    state=rng.choice([None, "code1"]),
                    gender=rng.randrange(3),
                )
            )
        return made


@pytest.mark.parametrize("tangled", [False, True])
@pytest.mark.parametrize("seed", range(5))
def test_a_page_at_once_is_the_same_as_one_by_one(seed, tangled):
    outcomes = []
    for way in (one_by_one, lambda contacts: in_pages(contacts, 7)):
        with transaction.atomic():
            chain = make_small_chain()
            staff = {person.userid: person.id for person in (chain.wang, chain.li, chain.chen, chain.zhao)}
            history = History(seed, tangled=tangled)
            history.before(staff)
            nodes = {chain.tianhe.id: "tianhe", chain.nanshan.id: "nanshan", None: None}
            names = {pk: userid for userid, pk in staff.items()}
            EventRecord.objects.all().delete()
            told = sorted((names[pk], at, is_first) for pk, at, is_first in way(history.contacts(40)))
            outcomes.append((told, _renamed(picture(), nodes, names)))
            transaction.set_rollback(True)
    assert outcomes[0][1] == outcomes[1][1]
    if not tangled:
        assert outcomes[0][0] == outcomes[1][0]
    assert {one[:2] for one in outcomes[0][0]} == {one[:2] for one in outcomes[1][0]}


def _renamed(people: dict, nodes: dict, staff: dict) -> dict:
    return {
        names: (
            name, nodes[store], gender, is_friend, source,
            sorted((staff[one[0]], *map(str, one[1:])) for one in links),
            [(at, kind, staff.get(pk, pk)) for at, kind, pk in lines],
        )
        for names, (name, store, gender, is_friend, source, links, lines) in people.items()
    }  # fmt: skip


@pytest.fixture
def chain() -> SmallChain:
    return make_small_chain()


def test_a_page_is_told_of_once_and_its_repetition_changes_nothing(chain):
    page = [friend("wmA", "wang", 1, name="小王", unionid="oA", state="code7"), friend("wmB", "li", 2)]
    first, second = take_up(*page), take_up(*page)
    assert (first.checked, first.added, first.edited, first.lost) == (2, 2, 0, 0)
    assert (second.checked, second.added, second.edited) == (2, 0, 0)
    assert [one.kind for one in first.findings] == [FindingKind.ADDED] * 2
    assert "wmA" not in {one.subject for one in first.findings}
    event = EventRecord.objects.get(name=FriendsTakenUp.NAME)
    told = queries.list_taken_up(friends=event.payload["friends"])
    assert [(one.external_userid, one.state, one.at, one.is_first) for one in told] == [
        ("wmA", "code7", START + timedelta(minutes=1), True),
        ("wmB", "", START + timedelta(minutes=2), True),
    ]
    assert not EventRecord.objects.filter(name__in=["members.friend_added", "members.member_identified"]).exists()


def test_an_edit_is_counted_as_such(chain):
    take_up(friend("wmA", "wang", 1))
    by_phone = make_member(phone="13800138000")
    edited = take_up(friend("wmA", "wang", 1, name="王", mobiles=["138 0013 8000"]))
    assert (edited.added, edited.edited) == (0, 1)
    assert queries.find_member_id(kind=EXTERNAL, value="wmA") == min(
        by_phone, *Member.unscoped.values_list("pk", flat=True)
    )
    assert take_up(friend("wmA", "wang", 1, name="王", mobiles=["138 0013 8000"])).edited == 0


def test_friends_of_people_who_are_not_among_the_staff_are_set_aside(chain):
    taken = take_up(friend("wmA", "stranger", 1), friend("wmB", "wang", 1))
    assert (taken.checked, taken.added, taken.refused) == (2, 1, 1)
    assert queries.find_member_id(kind=EXTERNAL, value="wmA") is None


def test_an_erased_contact_stays_erased_until_they_come_by_themselves(chain):
    take_up(friend("wmA", "wang", 1))
    operations.erase_member(member_id=queries.find_member_id(kind=EXTERNAL, value="wmA"), actor="hong")
    assert take_up(friend("wmA", "wang", 1)).added == 0
    assert queries.find_member_id(kind=EXTERNAL, value="wmA") is None
    minutes = int((clock.now() - START).total_seconds() // 60) + 5
    assert take_up(friend("wmA", "li", minutes)).added == 1


def test_who_is_erased_between_the_look_and_the_writing_stays_erased(chain, monkeypatch):
    take_up(friend("wmA", "wang", 1))
    operations.erase_member(member_id=queries.find_member_id(kind=EXTERNAL, value="wmA"), actor="hong")
    looks = []

    def as_another_transaction_saw_it(rows):
        looks.append(len(rows))
        return list(rows) if len(looks) == 1 else without_erased(rows)

    without_erased = take_up_module._without_erased
    monkeypatch.setattr(take_up_module, "_without_erased", as_another_transaction_saw_it)
    assert take_up(friend("wmA", "wang", 1), friend("wmB", "wang", 2)).added == 1
    assert queries.find_member_id(kind=EXTERNAL, value="wmA") is None


def test_an_end_is_newer_than_a_page_that_shows_the_old_friendship(chain):
    take_up(friend("wmA", "wang", 1))
    member_id = queries.find_member_id(kind=EXTERNAL, value="wmA")
    ended = START + timedelta(minutes=5)
    operations.lose_friend(member_id=member_id, staff_id=chain.wang.id, at=ended, by=LostBy.CUSTOMER)
    assert take_up(friend("wmA", "wang", 1)).added == 0
    assert take_up(friend("wmA", "wang", 5)).added == 1  # in the same second: WeCom has it, so they met again
    operations.lose_friend(
        member_id=member_id, staff_id=chain.wang.id, at=START + timedelta(minutes=9), by=LostBy.RECONCILE
    )
    assert take_up(friend("wmA", "wang", 5)).added == 1  # the end was only a conclusion, and WeCom shows them now
    assert queries.count_friends(scope=ALL) == 1


def test_missing_friends_end_only_when_they_are_not_listed_and_began_before_the_question(chain):
    asked = START + timedelta(minutes=10)
    seen = take_up(friend("wmA", "wang", 1)).seen
    take_up(friend("wmB", "wang", 2), friend("wmC", "wang", 3), friend("wmD", "wang", 20), friend("wmE", "li", 1))
    doubted = operations.doubted_friends(userids=["wang", "li", "nobody"], seen=[seen])
    assert {userid: len(friends) for userid, friends in doubted.items()} == {"li": 1, "wang": 3}
    taken = operations.end_missing_friends(doubted=doubted["wang"], listed=["wmA", "wmC"], userid="wang", at=asked)
    assert (taken.lost, [one.other for one in taken.findings]) == (1, ["wang"])
    assert FriendLink.objects.get(lost_at=asked).lost_by == LostBy.RECONCILE
    again = operations.end_missing_friends(doubted=doubted["wang"], listed=["wmA", "wmC"], userid="wang", at=asked)
    assert again.lost == 0
    event = EventRecord.objects.get(name="members.friend_lost")
    assert (event.payload["by"], event.payload["staff_id"]) == ("reconcile", chain.wang.id)


def test_a_page_costs_the_same_number_of_statements_however_full(chain, django_assert_max_num_queries):
    with django_assert_max_num_queries(20):
        take_up(*[friend(f"wm{number}", "wang", number, mobiles=[f"139{number:08d}"]) for number in range(100)])
