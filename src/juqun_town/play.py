"""The weeks of the town: customers scan, join, ask, leave; staff confirm; tills sell. Everything at the emulator or over HTTP."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from juqun.kernel import clock
from juqun_town import desk, plan, year
from juqun_town.desk import Codes
from juqun_town.files import Household, Town
from juqun_town.streets import Streets, Till, TownError

FIRST_DAY: Final = year.CAMPAIGN_DAY - timedelta(weeks=plan.WEEKS_BEFORE)
WEEKS: Final = plan.WEEKS_BEFORE + plan.WEEKS_DURING
# So many customers at once that each one's welcome leaves inside its 20 seconds on a busy machine too.
CROWD: Final = 170
GROUP_BUYERS: Final = 12
BUYING_HOUR: Final = 12
Tell = Callable[[str], None]


def at_time(week: int, day: int, hour: int, minute: int = 0) -> datetime:
    """An instant of the town's weeks; day 0 is Monday."""
    start = clock.start_of_day(FIRST_DAY + timedelta(weeks=week, days=day))
    return start + timedelta(hours=hour, minutes=minute)


@dataclass(slots=True)
class Diary:
    """What really happened to each household, as the emulator and the tills answered."""

    external: dict[int, str] = field(default_factory=dict)
    guide: dict[int, str] = field(default_factory=dict)
    chat: dict[int, str] = field(default_factory=dict)
    gone: set[int] = field(default_factory=set)
    uninvited: int = 0
    asked: int = 0
    reached: list[int] = field(default_factory=list)
    added_fen: dict[int, int] = field(default_factory=dict)
    extra_orders: int = 0
    coupons_shown: int = 0
    refusals: Counter[str] = field(default_factory=Counter)
    store_coupon_orders: int = 0


class Play:
    """The town in motion."""

    def __init__(self, town: Town, streets: Streets, seed: int, codes: Codes, till: Till) -> None:
        self._town = town
        self._streets = streets
        self._seed = seed
        self._codes = codes
        self._till = till
        self._households: dict[int, Household] = {one.id: one for one in town.households}
        gathering = {store.code for store in town.stores if store.gathers}
        near = [one.id for one in town.households if one.store_code in gathering]
        self.recruits = plan.recruits(seed, near)
        self.diary = Diary()

    def households(self, numbers: Sequence[int]) -> list[Household]:
        """Households by their numbers."""
        return [self._households[number] for number in numbers]

    def arrive(self) -> None:
        """Everybody who will ever scan lives on WeChat."""
        people = [self._households[one.household] for one in self.recruits]
        customers = [{"name": one.name, "unionid": one.unionid, "mobile": one.phone} for one in people]
        answer = self._streets.emulator.call("POST", "customers", {"customers": customers})
        self.diary.external = {one.id: who for one, who in zip(people, answer["external_userids"], strict=True)}

    def week(self, week: int, on_step: Tell) -> None:
        """One week: who comes, who joins, who asks, who goes."""
        self._streets.go_to(at_time(week, 6, 18))
        coming = [one for one in self.recruits if one.week == week]
        for start in range(0, len(coming), CROWD):
            crowd = coming[start : start + CROWD]
            self._scan(crowd)
            self._join([one for one in crowd if one.joins])
            on_step(f"{start + len(crowd)}/{len(coming)} friends")
        self._ask([one for one in coming if one.question])
        self._go(week)
        self._streets.settle()

    def _scan(self, crowd: Sequence[plan.Recruit]) -> None:
        actions = [
            self._customer(
                one.household, "scan", qr_code=self._codes.of(self._store(one.household), one.source), kind="contact"
            )
            for one in crowd
        ]
        for one, answer in zip(crowd, self._all_done(actions), strict=True):
            self.diary.guide[one.household] = answer["userid"]
        self._streets.settle()

    def _join(self, crowd: Sequence[plan.Recruit]) -> None:
        """Who wants to takes the way into the group that the welcome shows."""
        invited: list[tuple[int, str]] = []
        for one in crowd:
            url = _invitation(self._streets.emulator.inbox(self.diary.external[one.household]))
            if url:
                invited.append((one.household, url))
            else:
                self.diary.uninvited += 1
        actions = [self._customer(household, "scan", qr_code=url, kind="join") for household, url in invited]
        for (household, _), answer in zip(invited, self._all_done(actions), strict=True):
            self.diary.chat[household] = answer["chat_id"]

    def _ask(self, crowd: Sequence[plan.Recruit]) -> None:
        actions = [
            self._customer(one.household, "write", to="kf", open_kfid=desk.KF_ACCOUNT, text=one.question)
            for one in crowd
        ]
        self._all_done(actions)
        self.diary.asked += len(actions)

    def _go(self, week: int) -> None:
        actions = []
        for one in self.recruits:
            if one.leaves_week == week and one.household in self.diary.chat:
                actions.append(self._customer(one.household, "leave", chat_id=self.diary.chat.pop(one.household)))
            if one.deletes_week == week and one.household not in self.diary.gone:
                actions.append(self._delete(one.household))
        self._all_done(actions)

    def _delete(self, household: int) -> dict[str, Any]:
        self.diary.gone.add(household)
        return self._customer(household, "delete_staff", userid=self.diary.guide[household])

    def _customer(self, household: int, verb: str, **fields: Any) -> dict[str, Any]:
        return {"actor": "customer", "id": self.diary.external[household], "do": verb, **fields}

    def _store(self, household: int) -> str:
        return self._households[household].store_code

    def _all_done(self, actions: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
        """Let people act; raises TownError when somebody could not."""
        answers = self._streets.emulator.act(actions)
        for action, answer in zip(actions, answers, strict=True):
            if "error" in answer:
                msg = f"{action['do']} of {action['id']}: {answer['message']}"
                raise TownError(msg)
        return answers

    def confirm_tasks(self) -> int:
        """Staff confirm the tasks that HQ sends, but for those who ignore them. Answers how many had one."""
        keepers = sorted(set(self.diary.guide.values()))
        willing = [one for one in keepers if not plan.ignores(self._seed, one)]
        answers = self._all_done([{"actor": "staff", "id": one, "do": "confirm"} for one in willing])
        return sum(bool(answer["confirmed"]) for answer in answers)

    def wake_up(self) -> int:
        """Some of those who ignored a task confirm it, once they were reminded of it. Answers how many did."""
        keepers = sorted(set(self.diary.guide.values()))
        sleepers = [one for one in keepers if plan.ignores(self._seed, one) and plan.wakes_up(self._seed, one)]
        actions = [
            {"actor": "staff", "id": userid, "do": "confirm", "msgid": task["msgid"]}
            for userid in sleepers
            for task in self._streets.emulator.call("GET", f"actors/staff/{userid}/tasks")["tasks"]
            if task["reminders"]
        ]
        return len(self._all_done(actions))

    def change_hearts(self) -> int:
        """A few customers delete their guide while the task lies with staff."""
        friends = [one for one in self.diary.guide if one not in self.diary.gone]
        leaving = [one for one in friends if plan.changes_heart(self._seed, one)]
        self._all_done([self._delete(household) for household in leaving])
        self._streets.settle()
        return len(leaving)

    def look_who_was_reached(self) -> None:
        """Note who has the campaign's message on the phone."""
        for household, who in self.diary.external.items():
            if household in self.diary.guide and _has_mass_message(self._streets.emulator.inbox(who)):
                self.diary.reached.append(household)

    def buy_with_store_coupon(
        self, store_code: str, codes: Mapping[int, str], baskets: Mapping[int, Sequence[Sequence[plan.BasketLine]]]
    ) -> None:
        """People of the store's groups use its coupon there; the first of them tries another store before, and is refused."""
        buyers = [household for household in sorted(codes) if baskets.get(household)][:GROUP_BUYERS]
        elsewhere = next(store.code for store in self._town.stores if store.code != store_code)
        for number, household in enumerate(buyers):
            lines = baskets[household][0]
            order = self._order(f"group-{household}", household, clock.now(), lines, codes[household])
            if number == 0:
                status, code = self._till.try_to_pay(
                    {**order, "store_code": elsewhere, "external_ref": f"astray-{household}"}
                )
                self.diary.refusals[f"{status} {code}"] += 1
            self._till.pay(order)
            self.diary.store_coupon_orders += 1

    def buy_extra(self, orders: Sequence[plan.ExtraOrder]) -> None:
        """The orders that the campaign caused, at the tills of the customers' own stores, with its coupon where it fits."""
        for order in orders:
            household = order.household
            code = self._coupon_of(household) if order.shows_coupon else None
            paid_at = clock.start_of_day(year.CAMPAIGN_DAY + timedelta(days=order.day)) + timedelta(hours=BUYING_HOUR)
            stored = self._till.pay(
                self._order(f"extra-{household}-{order.number}", household, paid_at, order.lines, code)
            )
            self.diary.added_fen[household] = self.diary.added_fen.get(household, 0) + int(stored["amount_fen"])
            self.diary.extra_orders += 1
            self.diary.coupons_shown += code is not None

    def _coupon_of(self, household: int) -> str:
        """The campaign's coupon as the till sees it on the customer's card."""
        for coupon in self._till.coupons(self._households[household].card):
            if coupon["amount_fen"] == plan.COUPON_OFF_FEN:
                return str(coupon["code"])
        msg = f"household {household} got the message but no coupon"
        raise TownError(msg)

    def _order(
        self, ref: str, household: int, paid_at: datetime, lines: Sequence[plan.BasketLine], code: str | None
    ) -> dict[str, Any]:
        one = self._households[household]
        return {
            "external_ref": ref,
            "store_code": one.store_code,
            "member_card": one.card,
            "coupon_code": code,
            "paid_at": paid_at.isoformat(),
            "lines": [{"product_ref": product, "amount_fen": amount} for product, amount in lines],
        }


def _invitation(messages: Sequence[dict[str, Any]]) -> str:
    """The address on the card of the welcome; "" when there is none."""
    for message in messages:
        if message["via"] == "welcome":
            for attachment in message["attachments"]:
                if attachment.get("msgtype") == "link":
                    return str(attachment["link"]["url"])
    return ""


def _has_mass_message(messages: Sequence[dict[str, Any]]) -> bool:
    return any(message["via"] == "mass" for message in messages)
