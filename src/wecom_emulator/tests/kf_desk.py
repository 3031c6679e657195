"""Short ways to do customer service at a desk."""

from typing import Any

from wecom_emulator.tests.conftest import Desk

KF = "wkEmulatorDefaultAccount00000001"


class KfDesk:
    """The default kf account with one customer and, when asked for, servicers."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        (self.customer,) = desk.customers(1)
        self.cursor = ""

    def servicers(self, *userids: str) -> None:
        self.desk.staff(*userids)
        self.desk.ok("kf/servicer/add", open_kfid=KF, userid_list=list(userids))

    def says(self, text: str = "q", **fields: Any) -> str:
        return str(self.desk.customer(self.customer, "write", to="kf", open_kfid=KF, text=text, **fields)["msgid"])

    def does(self, verb: str, *, status: int = 200, **fields: Any) -> Any:
        return self.desk.customer(self.customer, verb, status=status, open_kfid=KF, **fields)

    def servicer(self, userid: str, verb: str, *, status: int = 200, **fields: Any) -> Any:
        target = {"open_kfid": KF, "external_userid": self.customer}
        return self.desk.member(userid, f"kf_{verb}", status=status, **{**target, **fields})

    def admin(self, verb: str, *, status: int = 200, **fields: Any) -> Any:
        return self.desk.admin("POST", f"/actors/admin/{verb}", {"open_kfid": KF, **fields}, status=status)

    def pull(self, **fields: Any) -> list[dict[str, Any]]:
        """Return the rows since the last pull."""
        answer = self.desk.ok("kf/sync_msg", open_kfid=KF, cursor=self.cursor, **fields)
        self.cursor = answer["next_cursor"]
        return list(answer["msg_list"])

    def events(self) -> list[dict[str, Any]]:
        """Return the events since the last pull, without the fields that name account and customer."""
        mine = {"open_kfid": KF, "external_userid": self.customer}
        rows = [row["event"] for row in self.pull() if row["msgtype"] == "event"]
        return [{name: value for name, value in row.items() if mine.get(name) != value} for row in rows]

    def state(self) -> tuple[int, str]:
        answer = self.desk.ok("kf/service_state/get", open_kfid=KF, external_userid=self.customer)
        return answer["service_state"], answer["servicer_userid"]

    def move(self, target: int, userid: str = "") -> Any:
        return self.desk.post(
            "kf/service_state/trans",
            open_kfid=KF,
            external_userid=self.customer,
            service_state=target,
            servicer_userid=userid,
        )

    def send(self, msgtype: str = "text", content: Any = None, **fields: Any) -> Any:
        body = {"content": "a"} if content is None else content
        base = {"touser": self.customer, "open_kfid": KF, "msgtype": msgtype, msgtype: body}
        return self.desk.post("kf/send_msg", **{**base, **fields})

    def answer_event(self, code: str, msgtype: str = "text", content: Any = None, **fields: Any) -> int:
        body = {"content": "a"} if content is None else content
        answer = self.desk.post("kf/send_msg_on_event", code=code, msgtype=msgtype, **{msgtype: body}, **fields)
        return int(answer["errcode"])

    def letters(self) -> list[dict[str, Any]]:
        return self.desk.inbox(self.customer)
