"""Customer service against the emulator: a customer, two servicers at two stores, and the product pulling by hand."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from juqun.channels.wecom import operations as wecom
from juqun.channels.wecom.types import KfState
from juqun.domains.org.testing import SmallChain, make_small_chain
from juqun.domains.robot import operations
from juqun.domains.robot.types import SendPurpose, ServiceChoice, ServiceRules
from juqun.kernel import clock
from juqun.kernel.models import Job, JobState
from juqun.kernel.testing import run_all_jobs
from wecom_emulator.running import run_in_thread

KF = "wkEmulatorDefaultAccount00000001"
BEGIN = datetime(2026, 3, 10, 4, 0, tzinfo=UTC)  # noon in China
HOURS = ServiceChoice(choice_id="hours", text="几点开门", answer="九点到二十二点")
PERSON = ServiceChoice(choice_id="person", text="人工客服")
RULES = ServiceRules(
    texts={SendPurpose.WELCOME: "您好", SendPurpose.GOODBYE: "再见", SendPurpose.QUEUE: "排队中"}, menu=(HOURS, PERSON)
)


class Desk:
    """Customer wm1, servicers wang (Tianhe) and zhao (Nanshan) at the default account of Tianhe."""

    def __init__(self, base_url: str, chain: SmallChain, travel: ExitStack) -> None:
        self.http = httpx.Client(base_url=base_url + "/emulator/", timeout=40)
        self.chain, self.travel, self.now = chain, travel, BEGIN
        self.account_id = operations.set_service_account(
            open_kfid=KF, name="客服", store_id=chain.tianhe.id, keeper_staff_id=chain.li.id
        )
        operations.set_service_rules(account_id=self.account_id, service=RULES)

    def post(self, door: str, **body: Any) -> dict[str, Any]:
        answer = self.http.post(door, json=body)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def advance(self, **span: float) -> None:
        """Move both clocks on."""
        self.now += timedelta(**span)
        self.post("clock", now=self.now.isoformat(), frozen=True)
        self.travel.enter_context(clock.travelled(self.now))

    def customer(self, verb: str, **body: Any) -> dict[str, Any]:
        return self.post(f"actors/customers/wm1/{verb}", open_kfid=KF, **body)

    def says(self, text: str) -> str:
        return str(self.customer("write", to="kf", text=text)["msgid"])

    def servicer(self, userid: str, verb: str, **body: Any) -> dict[str, Any]:
        return self.post(f"actors/staff/{userid}/{verb}", open_kfid=KF, **body)

    def acts(self, userid: str, verb: str, **body: Any) -> dict[str, Any]:
        return self.servicer(userid, verb, external_userid="wm1", **body)

    def pull(self) -> None:
        """What the bell makes the product do."""
        operations.pull_messages(open_kfid=KF, token="", at=clock.now())
        run_all_jobs()

    def calls(self, path: str) -> list[dict[str, Any]]:
        """The calls that the emulator took."""
        return list(self.http.get("calls", params={"path": path}).json()["calls"])

    def retry(self) -> None:
        """Run what waits for its next try."""
        Job.objects.filter(state=JobState.WAITING).update(held_until=clock.wall())
        run_all_jobs(fail_on_dead=False)

    def heard(self) -> list[str]:
        """What the customer heard since the last time."""
        letters = self.http.get("actors/customers/wm1/inbox").json()["messages"]
        seen, self._seen = getattr(self, "_seen", 0), len(letters)
        return [one["text"] for one in letters[seen:]]

    def state(self) -> KfState:
        return wecom.kf_get_session(open_kfid=KF, external_userid="wm1").state


@contextmanager
def open_desk(settings: Any, **emulator: Any) -> Iterator[Desk]:
    """Run the emulator at BEGIN, standing still, with the product pointed at it."""
    emulator = {"clock": BEGIN.isoformat(), "frozen": True, **emulator}
    with run_in_thread(**emulator) as running, ExitStack() as travel:
        settings.JUQUN_WECOM_BASE_URL = running.base_url
        if emulator["frozen"]:
            travel.enter_context(clock.travelled(BEGIN))
        desk = Desk(running.base_url, make_small_chain(), travel)
        people = [{"userid": one, "name": one, "department": [1]} for one in ("wang", "li", "zhao")]
        desk.post("staff", staff=people)
        desk.post("customers", customers=[{"external_userid": "wm1", "name": "Mei", "unionid": "u1", "gender": 2}])
        wecom.kf_add_servicers(open_kfid=KF, userids=["wang", "zhao"])
        for one in ("wang", "zhao"):
            desk.servicer(one, "kf_status", to="stopped")
        yield desk
        desk.http.close()
