"""What tests need to play hand-overs: a WeCom that remembers transfers, with its own rules and its own people."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import httpx

from juqun.channels.wecom.testing import ScriptedWecom, scripted_wecom
from juqun.domains.org import queries as org
from juqun.domains.service import operations, rules
from juqun.domains.service.types import HandoverReason
from juqun.kernel import clock
from juqun.kernel.scope import DataScope

DAY = timedelta(days=1)


@dataclass(slots=True)
class TransferWecom:
    """Transfers as WeCom keeps them, by (giver, taker, customer). `refusing`, `twice`, `gone`: customers; `full`: takers."""

    script: ScriptedWecom
    follow: list[str]
    started: dict[tuple[str, str, str], datetime] = field(default_factory=dict)
    refusing: set[str] = field(default_factory=set)
    twice: set[str] = field(default_factory=set)
    gone: set[str] = field(default_factory=set)
    full: set[str] = field(default_factory=set)
    unfit: set[str] = field(default_factory=set)
    owners: dict[str, str] = field(default_factory=dict)
    losing: int = 0  # answers that will be lost after they took effect
    ways: dict[str, dict[str, Any]] = field(default_factory=dict)
    unassigned: list[dict[str, Any]] = field(default_factory=list)

    def customers(self, body: Mapping[str, Any]) -> Mapping[str, Any]:
        """transfer_customer, on the job or after leaving."""
        giver, taker = body["handover_userid"], body["takeover_userid"]
        if taker in self.unfit:
            return {"errcode": 40098, "errmsg": "not real-name verified"}
        rows = [{"external_userid": one, "errcode": self._start(giver, taker, one)} for one in body["external_userid"]]
        self._lose()
        return {"customer": rows}

    def _start(self, giver: str, taker: str, customer: str) -> int:
        if taker in self.full:
            return 40099
        if customer in self.gone:
            return 40096
        if customer in self.twice:
            return 40128
        if any(key[2] == customer and clock.now() < at + DAY for key, at in self.started.items()):
            return 40100
        self.started[giver, taker, customer] = clock.now()
        return 0

    def results(self, body: Mapping[str, Any]) -> Mapping[str, Any]:
        """transfer_result, on the job or after leaving."""
        pair = (body["handover_userid"], body["takeover_userid"])
        return {"customer": [self._row(key[2], at) for key, at in self.started.items() if key[:2] == pair]}

    def _row(self, customer: str, at: datetime) -> dict[str, Any]:
        due = at + rules.TAKE_OVER
        if customer in self.refusing:
            return {"external_userid": customer, "status": 3}
        status = 1 if due <= clock.now() else 2
        return {"external_userid": customer, "status": status, "takeover_time": int(due.timestamp())}

    def groups(self, body: Mapping[str, Any]) -> Mapping[str, Any]:
        """groupchat/transfer and groupchat/onjob_transfer."""
        self.owners.update(dict.fromkeys(body["chat_id_list"], body["new_owner"]))
        self._lose()
        return {"failed_chat_list": []}

    def chat(self, body: Mapping[str, Any]) -> Mapping[str, Any]:
        """groupchat/get."""
        owner = self.owners.get(body["chat_id"], "")
        return {
            "group_chat": {
                "chat_id": body["chat_id"], "name": "g", "owner": owner, "create_time": 1, "member_version": "1",
                "member_list": [],
            }
        }  # fmt: skip

    def add_way(self, body: Mapping[str, Any]) -> Mapping[str, Any]:
        """add_contact_way."""
        made = {"config_id": f"config{len(self.ways)}", "qr_code": f"https://qr.example/{len(self.ways)}"}
        self.ways[made["config_id"]] = {**body, **made}
        return made

    def update_way(self, body: Mapping[str, Any]) -> Mapping[str, Any]:
        """update_contact_way; of codes made before this stage nothing is known but what is written now."""
        self.ways[body["config_id"]] = {**self.way(body["config_id"]), **body}
        return {}

    def way(self, config_id: str) -> dict[str, Any]:
        """What stands at WeCom for a config."""
        old = {
            "config_id": config_id,
            "type": 2,
            "scene": 2,
            "qr_code": "https://qr.example/old",
            "state": "",
            "user": [],
        }
        return self.ways.get(config_id, old)

    def _lose(self) -> None:
        if self.losing:
            self.losing -= 1
            raise httpx.ReadTimeout("the answer is lost")


@contextmanager
def transfer_wecom(follow: list[str]) -> Iterator[TransferWecom]:
    """Let every call of this process go to a WeCom that knows transfers; `follow`: staff with the feature."""
    with scripted_wecom() as script:
        world = TransferWecom(script=script, follow=follow)
        script.script("externalcontact/get_follow_user_list", lambda _body: {"follow_user": world.follow})
        script.script("externalcontact/get_unassigned_list", lambda _body: {"info": world.unassigned})
        script.script("message/send", {})
        script.script("externalcontact/add_contact_way", world.add_way)
        script.script("externalcontact/update_contact_way", world.update_way)
        script.script("externalcontact/get_contact_way", lambda body: {"contact_way": world.way(body["config_id"])})
        script.script("externalcontact/list_contact_way", {"contact_way": []})
        for prefix in ("externalcontact/", "externalcontact/resigned/"):
            script.script(f"{prefix}transfer_customer", world.customers)
            script.script(f"{prefix}transfer_result", world.results)
        script.script("externalcontact/groupchat/transfer", world.groups)
        script.script("externalcontact/groupchat/onjob_transfer", world.groups)
        script.script("externalcontact/groupchat/get", world.chat)
        yield world


def make_handover(*, giver_staff_id: int, keeper_id: int, member_ids: list[int] | None = None) -> int:
    """A hand-over of somebody who stays, proposed to one keeper; its id."""
    keeper = org.get_staff(scope=DataScope.whole_chain(), staff_id=keeper_id)
    handover_id = operations.open_on_request(
        scope=DataScope.whole_chain(), giver_staff_id=giver_staff_id, reason=HandoverReason.MOVED,
        member_ids=member_ids, keeper_ids=[keeper_id], actor="test",
    )  # fmt: skip
    with transfer_wecom([keeper.userid]):
        operations.collect(handover_id=handover_id)
    return handover_id
