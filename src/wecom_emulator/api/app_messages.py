"""App messages: message/{send,recall,update_template_card}."""

from wecom_emulator.api.call import Answer, Call, post
from wecom_emulator.errors import WeComError
from wecom_emulator.rules import notices
from wecom_emulator.rules.app_content import CONTENTS, INTERACTIVE_CARDS, checked_content
from wecom_emulator.rules.payload import object_of, string
from wecom_emulator.state.notices import AppMessage
from wecom_emulator.state.people import Staff

USERS, PARTIES, TAGS = 1000, 100, 100
DUPLICATE_SECONDS, MOST_DUPLICATE_SECONDS = 1800, 14_400


class _Receivers:
    """Who is reached, and what of the wanted lists is unknown or out of the visible range."""

    def __init__(self, call: Call) -> None:
        self.call = call
        self.reached: dict[str, Staff] = {}
        self.bad_users: list[str] = []
        self.bad_parties: list[str] = []
        self.bad_tags: list[str] = []
        if call.text("touser") == "@all":
            self.reached = {item.userid: item for item in call.corp.staff.values() if call.sees(item)}
            return
        self._users(self._listed("touser", USERS))
        self._parties(self._listed("toparty", PARTIES))
        self._tags(self._listed("totag", TAGS))

    def _listed(self, name: str, most: int) -> list[str]:
        items = [item for item in self.call.text(name).split("|") if item]
        if len(items) > most:
            raise WeComError(40058, f"invalid Request Parameter: {name} exceed max size {most}")
        return items

    def _users(self, userids: list[str]) -> None:
        for userid in userids:
            staff = self.call.corp.employed(userid)
            if staff is not None and self.call.corp.sees(self.call.app, staff):
                self.reached[userid] = staff
            else:
                self.bad_users.append(userid)

    def _parties(self, parties: list[str]) -> None:
        departments = {int(item) for item in parties if item.isdecimal()} & self.call.corp.departments.keys()
        self.bad_parties = [item for item in parties if not item.isdecimal() or int(item) not in departments]
        self._departments(departments)

    def _departments(self, departments: set[int]) -> None:
        if departments:
            everybody = self.call.corp.staff.values()
            found = [item for item in everybody if self.call.sees(item) and self.call.corp.under(item, departments)]
            self.reached.update({item.userid: item for item in found})

    def _tags(self, tagids: list[str]) -> None:
        for tagid in tagids:
            tag = self.call.corp.staff_tags.get(int(tagid)) if tagid.isdecimal() else None
            if tag is None:
                self.bad_tags.append(tagid)
                continue
            members = [self.call.corp.employed(userid) for userid in tag.userids]
            self.reached.update({item.userid: item for item in members if item is not None and self.call.sees(item)})
            self._departments(set(tag.departments) & self.call.corp.departments.keys())

    def as_answer(self) -> Answer:
        """Return the lists of who was not reached."""
        return {
            "invaliduser": "|".join(self.bad_users),
            "invalidparty": "|".join(self.bad_parties),
            "invalidtag": "|".join(self.bad_tags),
            "unlicenseduser": "",
        }


def _duplicate_interval(call: Call) -> int:
    if not call.flag("enable_duplicate_check", default=False):
        return 0
    interval = call.integer("duplicate_check_interval", DUPLICATE_SECONDS)
    if not 0 < interval <= MOST_DUPLICATE_SECONDS:
        raise WeComError(40058, "invalid Request Parameter: duplicate_check_interval is at most 14400")
    return interval


def _check_agent(call: Call) -> None:
    if call.integer("agentid", 0) != call.app.agent_id:
        raise WeComError(40056)


@post("message/send", "message")
def send_app_message(call: Call) -> Answer:
    """Answer message/send.

    40008 msgtype, 40056 another app's agentid, 81013 nobody reachable, 45009 the app's day is full. An equal message
    within duplicate_check_interval is accepted but shown once; over 30 a minute or 1,000 an hour a member gets no more.
    """
    msgtype, content = checked_content(call.world, call.body, allowed=tuple(CONTENTS))
    _check_agent(call)
    safe, interval = call.integer("safe", 0), _duplicate_interval(call)
    receivers = _Receivers(call)
    if not receivers.reached:
        raise WeComError(81013)
    corp, userids = call.corp, list(receivers.reached)
    mark = notices.fingerprint(call.app.agent_id, userids, {"msgtype": msgtype, msgtype: content})
    twin = notices.earlier_twin(call.world, mark, interval=interval) if interval else None
    if twin is not None:
        return {**receivers.as_answer(), "msgid": twin.msgid}
    notices.check_day(call.world, call.app, len(userids))
    message = AppMessage(
        msgid=corp.new_id("app_message", "am", length=40),
        agent_id=call.app.agent_id,
        sent_at=call.world.clock.seconds(),
        userids=userids,
        fingerprint=mark,
    )
    if msgtype == "template_card":
        message.card_type, message.task_id = content["card_type"], content.get("task_id") or ""
        if message.card_type in INTERACTIVE_CARDS:
            message.response_code = corp.new_id("response_code", "rc", length=60)
            corp.response_codes[message.response_code] = message.msgid
    corp.app_messages[message.msgid] = message
    if interval:
        corp.notice_marks[mark] = message.msgid
    letter = {"at": message.sent_at, "from": message.agent_id, "msgid": message.msgid, "msgtype": msgtype}
    letter |= {msgtype: content, **({"safe": safe} if safe else {})}
    for staff in receivers.reached.values():
        if notices.has_room(call.world, call.app, staff):
            staff.inbox.append(dict(letter))
    code = {"response_code": message.response_code} if message.response_code else {}
    return {**receivers.as_answer(), "msgid": message.msgid, **code}


@post("message/recall", "message")
def recall_app_message(call: Call) -> Answer:
    """Answer message/recall: within 24 hours, by the app that sent it; else 40058."""
    message = call.corp.app_messages.get(call.text("msgid", missing=40063))
    if message is None or message.agent_id != call.app.agent_id:
        raise WeComError(40058, "invalid Request Parameter: msgid")
    if message.sent_at + notices.RECALL_SECONDS <= call.world.clock.now():
        raise WeComError(40058, "invalid Request Parameter: the message is over 24 hours old")
    notices.recall(call.world, message)
    return {}


@post("message/update_template_card", "message")
def update_template_card(call: Call) -> Answer:
    """Answer message/update_template_card: once per response_code, within 72 hours, a button text or a new card."""
    _check_agent(call)
    message = notices.card_message(call.world, call.app, call.text("response_code", missing=40063))
    button = object_of(call.body.get("button"), "button")
    if button:
        change = {"replace_name": string(button, "replace_name", most=128, required=True)}
    else:
        change = checked_content(call.world, {**call.body, "msgtype": "template_card"}, allowed=("template_card",))[1]
    wanted = message.userids if call.flag("atall", default=False) else call.texts("userids", most=100)
    if not wanted:
        raise WeComError(40063)
    reached = [userid for userid in wanted if userid in set(message.userids)]
    notices.change_card(call.world, message, reached, change)
    return {"invaliduser": [userid for userid in wanted if userid not in set(reached)]}
