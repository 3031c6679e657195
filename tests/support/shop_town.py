"""Customers who are friends of a shop's staff, both at the emulator and in the product, ready to be written to."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import httpx

from juqun.domains.campaigns import jobs as campaign_jobs
from juqun.domains.campaigns import testing
from juqun.domains.campaigns.models import MessageBatch
from juqun.domains.campaigns.outbox import results
from juqun.domains.campaigns.types import BatchState
from juqun.domains.org import operations as org
from juqun.domains.org.testing import SmallChain, make_small_chain
from juqun.domains.org.types import PolicyKey, PolicyMode, StaffView
from juqun.kernel.scope import DataScope

WHOLE = DataScope.whole_chain()


@dataclass(frozen=True, slots=True, kw_only=True)
class ShopTown:
    """The chain, its guides, the emulator's base url, and member ids by external_userid."""

    chain: SmallChain
    guides: list[StaffView]
    base_url: str
    members: dict[str, int]

    def post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """Ask the emulator's admin or actor side."""
        answer = httpx.post(f"{self.base_url}/emulator/{path}", json=body, timeout=30)
        answer.raise_for_status()
        return answer.json()

    def confirm_all(self) -> int:
        """Every guide confirms every open task; returns how many tasks."""
        actions = [{"actor": "staff", "id": guide.userid, "do": "confirm"} for guide in self.guides]
        confirmed = 0
        for start in range(0, len(actions), 50):
            results = self.post("actors/batch", {"actions": actions[start : start + 50]})["results"]
            confirmed += sum(len(result["confirmed"]) for result in results)
        return confirmed

    def received(self) -> Counter[int]:
        """How many mass messages each member has received at the emulator, also those with none."""
        found: Counter[int] = Counter()
        with httpx.Client(base_url=self.base_url) as client:
            for external_userid, member_id in self.members.items():
                inbox = client.get(f"/emulator/actors/customers/{external_userid}/inbox").json()["messages"]
                found[member_id] = sum(message["via"] == "mass" for message in inbox)
        return found

    def tasks_made(self) -> int:
        """How many mass messages exist at the emulator, also those taken back."""
        return int(httpx.get(f"{self.base_url}/emulator/corp/summary").json()["mass_messages"])

    def calls(self, path: str) -> int:
        """How often the product called an endpoint."""
        return int(httpx.get(f"{self.base_url}/emulator/calls", params={"path": path}).json()["total"])


def build(*, base_url: str, customers: int, guides: int, at: datetime) -> ShopTown:
    """Make `guides` guides in one store and `customers` consenting friends, spread evenly over the guides."""
    chain = make_small_chain()
    staff = testing.make_guides(store_id=chain.tianhe.id, count=guides)
    people = testing.external_userids(customers)
    town = ShopTown(chain=chain, guides=staff, base_url=base_url, members={})
    town.post("staff", {"staff": [{"userid": one.userid, "name": one.name, "department": [1]} for one in staff]})
    town.post("customers", {"customers": [{"external_userid": one, "name": one[-4:]} for one in people]})
    befriend = [
        {"actor": "customer", "id": one, "do": "add", "userid": staff[n % guides].userid}
        for n, one in enumerate(people)
    ]
    for start in range(0, customers, 1_000):
        for result in town.post("actors/batch", {"actions": befriend[start : start + 1_000]})["results"]:
            assert "error" not in result, result
    town.members.update(testing.make_friends(store_id=chain.tianhe.id, guides=staff, external_userids=people, at=at))
    testing.refresh_dims()
    return town


def lift_quiet_hours(town: ShopTown) -> None:
    """Let messages go out at any hour, for tests that run by the machine's clock."""
    for key in (PolicyKey.QUIET_FROM_HOUR, PolicyKey.QUIET_TO_HOUR):
        org.set_policy(
            actor_staff_id=town.chain.hong.id,
            node_id=town.chain.chain.id,
            key=key,
            mode=PolicyMode.FREE,
            value=0,
        )


def calls_in_hand(campaign_id: int) -> int:
    """How many tasks are between their claim and their outcome."""
    return MessageBatch.unscoped.filter(campaign_id=campaign_id, state=BatchState.CALLING).count()


def collect_now(campaign_id: int) -> None:
    """Ask for the results of every task of a campaign."""
    campaign_jobs.ask_collect(results.list_created_batches(campaign_id=campaign_id))
