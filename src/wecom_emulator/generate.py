"""Makes a corp of any size: stores with staff, their contacts and groups; the same order and seed give the same corp.

Rows are written as text straight into the tables, because two million contacts are otherwise a matter of minutes.
"""

from collections.abc import Iterator
from dataclasses import dataclass, fields
from json import dumps

from wecom_emulator.state import codec
from wecom_emulator.state.chats import JOIN_QR, MEMBER_EXTERNAL, MEMBER_STAFF
from wecom_emulator.state.corp import Corp
from wecom_emulator.state.people import Department, Staff
from wecom_emulator.state.table import Table
from wecom_emulator.state.tags import Tag, TagGroup

STAFF_PER_STORE = 8
STORES_PER_REGION = 20
CONTACTS_PER_STAFF = 1000
SECOND_KEEPER_EVERY = 20
WITHOUT_INDEXES_FROM = 50_000
"""From so many contacts on the indexes are dropped first and built at the end, which is faster."""

MIXER, MASK = 0x9E3779B97F4A7C15, (1 << 64) - 1
TWO_YEARS = 63_072_000
ADD_WAYS = (1, 1, 1, 1, 1, 2, 3, 16)
SURNAMES = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗"
GIVEN = (
    "芳",
    "伟",
    "娜",
    "秀英",
    "敏",
    "静",
    "丽",
    "强",
    "磊",
    "军",
    "洋",
    "勇",
    "艳",
    "杰",
    "娟",
    "涛",
    "明",
    "超",
    "霞",
    "平",
)
TAGS = {"客户等级": ("普通", "银卡", "金卡", "黑金"), "偏好": ("女装", "男装", "童装", "家居", "美妆", "食品")}
NAMES = tuple(dumps(surname + given)[1:-1] for surname in SURNAMES for given in GIVEN)


@dataclass(slots=True, frozen=True, kw_only=True)
class Order:
    """What to make; 0 for staff means one per 1,000 contacts, at least two stores full."""

    contacts: int = 0
    groups: int = 0
    staff: int = 0
    members_per_group: int = 150
    seed: int = 0


def parse_order(text: str) -> Order:
    """Return the order of a text such as `contacts=20000,groups=80`; raises ValueError."""
    known = {item.name for item in fields(Order)}
    given: dict[str, int] = {}
    for part in text.split(","):
        name, _, value = part.strip().partition("=")
        if name not in known or not value.isdigit():
            raise ValueError(f"{part!r}: give {', '.join(sorted(known))} as name=number, with commas between")
        given[name] = int(value)
    return checked_order(codec.load(Order, given))


def checked_order(order: Order) -> Order:
    """Return an order that can be carried out; raises ValueError."""
    if min(order.contacts, order.groups, order.staff) < 0 or not 3 <= order.members_per_group <= 500:
        raise ValueError("numbers are not negative, and a group has 3 to 500 members")
    if order.groups and not order.contacts:
        raise ValueError("groups need contacts")
    if order.contacts > 10_000_000 or order.groups > 100_000 or order.staff > 50_000:
        raise ValueError("at most 10,000,000 contacts, 100,000 groups and 50,000 staff")
    return order


class _Plan:
    """Who is who: everything follows from numbers, so rows can be written in any order."""

    def __init__(self, corp: Corp, order: Order, now: int) -> None:
        self.order, self.now = order, now
        self.run = corp.counters.get("generated", 0) + 1
        corp.counters["generated"] = self.run
        self.salt = (order.seed * 1_000_003 + self.run) & 0xFFFF
        number = order.staff or max(2 * STAFF_PER_STORE, order.contacts // CONTACTS_PER_STAFF)
        self.staff = [f"g{self.run}s{item:05d}" for item in range(number)]
        self.tags = [tag.id for group in corp.tag_groups.values() for tag in group.tags if not tag.deleted]

    def mixed(self, number: int) -> int:
        """Return 64 bits that look drawn by lot, different for every number."""
        x = (number + 1 + (self.salt << 40)) * MIXER & MASK
        return (x ^ (x >> 29)) * MIXER & MASK

    def contact(self, number: int) -> str:
        """Return the external_userid of a contact."""
        return f"wmG{self.salt:04X}{self.mixed(number):016X}{number:09d}"

    def keeper(self, number: int) -> int:
        """Return the place of the staff member who has a contact."""
        return number * len(self.staff) // self.order.contacts

    def first_of(self, place: int) -> int:
        """Return the first contact of a staff member."""
        return -(-place * self.order.contacts // len(self.staff))


def generate(corp: Corp, order: Order, *, now: int) -> dict[str, int]:
    """Add what was ordered to a corp and return how many there are of each; `now` bounds the past it lives in."""
    _tags(corp, now)
    plan = _Plan(corp, order, now)
    _staff(corp, plan)
    tables = corp.keeper.tables
    members = tables["chats"].children["members"]
    bulky = [tables["persons"], tables["friendships"], members] if order.contacts >= WITHOUT_INDEXES_FROM else []
    for table in bulky:
        table.drop_indexes()
    _insert(corp, tables["persons"], _persons(plan))
    _insert(corp, tables["friendships"], _friendships(plan))
    _insert(corp, tables["chats"], _chats(plan))
    _insert(corp, members, _members(plan))
    for table in bulky:
        table.make()
    corp.store.commit()
    return {"staff": len(plan.staff), "contacts": order.contacts, "groups": order.groups}


def _insert(corp: Corp, table: Table, rows: Iterator[tuple[str, str, str]]) -> None:
    corp.store.write_many(f'INSERT INTO "{table.name}" (parent, key, body) VALUES (?, ?, ?)', rows)


def _tags(corp: Corp, now: int) -> None:
    names = {group.group_name for group in corp.tag_groups.values()}
    for number, (name, tags) in enumerate(TAGS.items()):
        if name in names:
            continue
        group = TagGroup(group_id=corp.new_id("tag_group", "et"), group_name=name, create_time=now, order=number)
        group.tags = [Tag(id=corp.new_id("tag", "et"), name=item, create_time=now) for item in tags]
        corp.tag_groups[group.group_id] = group
    corp.tag_index.refill()


def _staff(corp: Corp, plan: _Plan) -> None:
    number = max(corp.departments, default=0)
    store = region = 0
    for place, userid in enumerate(plan.staff):
        if place % (STAFF_PER_STORE * STORES_PER_REGION) == 0:
            region = number = number + 1
            corp.departments[region] = Department(id=region, name=f"区域{region}", parentid=1)
        if place % STAFF_PER_STORE == 0:
            store = number = number + 1
            corp.departments[store] = Department(id=store, name=f"门店{store}", parentid=region)
        bits = plan.mixed(-place - 1)
        name = SURNAMES[bits % len(SURNAMES)] + GIVEN[(bits >> 8) % len(GIVEN)]
        position = "店长" if place % STAFF_PER_STORE == 0 else "导购"
        corp.staff[userid] = Staff(userid=userid, name=name, department=[store], position=position)
    corp.ancestors.clear()


def _persons(plan: _Plan) -> Iterator[tuple[str, str, str]]:
    for number in range(plan.order.contacts):
        key, bits = plan.contact(number), plan.mixed(number)
        gender = f',"gender":{bits % 3}' if bits % 3 else ""
        yield (
            "",
            key,
            f'{{"external_userid":"{key}","name":"{NAMES[bits % len(NAMES)]}","unionid":"o{key[3:30]}"{gender}}}',
        )


def _friendship(plan: _Plan, number: int, place: int, bits: int) -> tuple[str, str, str]:
    userid, key = plan.staff[place], plan.contact(number)
    at = plan.now - 1 - bits % TWO_YEARS
    way = ADD_WAYS[bits >> 8 & 7]
    parts = [f'{{"userid":"{userid}","external_userid":"{key}","createtime":{at}']
    parts.append(f',"state":"store{place // STAFF_PER_STORE}"' if way == 1 else f',"add_way":{way}')
    parts.append(f',"oper_userid":"{key if way == 1 else userid}","remark":"{NAMES[plan.mixed(number) % len(NAMES)]}"')
    if plan.tags and bits >> 12 & 3 == 0:
        first = plan.tags[(bits >> 16) % len(plan.tags)]
        second = plan.tags[(bits >> 24) % len(plan.tags)]
        parts.append(f',"tag_ids":["{first}"]' if first == second else f',"tag_ids":["{first}","{second}"]')
    parts.append(f',"last_chat_at":{at}}}')
    return userid, key, "".join(parts)


def _friendships(plan: _Plan) -> Iterator[tuple[str, str, str]]:
    for number in range(plan.order.contacts):
        yield _friendship(plan, number, plan.keeper(number), plan.mixed(number))
    for number in range(0, plan.order.contacts, SECOND_KEEPER_EVERY):
        place = (plan.keeper(number) + 1) % len(plan.staff)
        yield _friendship(plan, number, place, plan.mixed(number) >> 7)


def _chat_id(plan: _Plan, number: int) -> str:
    return f"wrG{plan.salt:04X}{plan.mixed(number) ^ MASK:016X}{number:09d}"


def _owner(plan: _Plan, number: int) -> int:
    """Return the place of a group's owner: the groups go round the staff."""
    return number % len(plan.staff)


def _chats(plan: _Plan) -> Iterator[tuple[str, str, str]]:
    for number in range(plan.order.groups):
        key, place = _chat_id(plan, number), _owner(plan, number)
        name = dumps(f"门店{place // STAFF_PER_STORE + 1}福利群{number + 1}")
        at = plan.now - 1 - plan.mixed(number) % TWO_YEARS
        body = f'{{"chat_id":"{key}","name":{name},"owner":"{plan.staff[place]}","create_time":{at}}}'
        yield "", key, body


def _members(plan: _Plan) -> Iterator[tuple[str, str, str]]:
    """Yield the members: the owner, a colleague, and customers of the owner and the staff next to it."""
    spread = plan.order.members_per_group // 3
    for number in range(plan.order.groups):
        chat_id, place, bits = _chat_id(plan, number), _owner(plan, number), plan.mixed(number)
        size = plan.order.members_per_group - spread + bits % (2 * spread + 1)
        at = plan.now - 1 - bits % TWO_YEARS
        staff = dict.fromkeys((plan.staff[place], plan.staff[(place + 1) % len(plan.staff)]))
        for userid in staff:
            yield chat_id, userid, f'{{"userid":"{userid}","type":{MEMBER_STAFF},"join_time":{at}}}'
        first = plan.first_of(place) + (number // len(plan.staff)) * size
        for item in range(min(size - len(staff), plan.order.contacts)):
            key = plan.contact((first + item) % plan.order.contacts)
            yield (
                chat_id,
                key,
                f'{{"userid":"{key}","type":{MEMBER_EXTERNAL},"join_time":{at + item},"join_scene":{JOIN_QR}}}',
            )
