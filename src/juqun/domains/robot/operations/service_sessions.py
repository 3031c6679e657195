"""Where each customer stands, followed from what a pull brings: words of people, and what they did in their clients."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from juqun.channels.wecom.types import KfChange, KfMessage, KfOrigin, KfSession, KfState
from juqun.domains.members import queries as members
from juqun.domains.members.types import IdentityKind
from juqun.domains.robot import rules
from juqun.domains.robot.events import ServiceCustomerRefused, ServiceCustomerSeen, ServiceSendPlanned
from juqun.domains.robot.models import ServiceAccount, ServiceMessage, ServiceSend, ServiceServicer, ServiceSession
from juqun.domains.robot.operations import service_sends as sends
from juqun.domains.robot.types import MessageOutcome, SendPurpose, SendState, ServicerStatus
from juqun.kernel import events
from juqun.kernel.secrets import keyed_hash, seal

FAIL_WORDS: Mapping[int, str] = {
    1: gettext_noop("the account was deleted"),
    2: gettext_noop("the app is switched off"),
    4: gettext_noop("48 hours without a word of the customer"),
    5: gettext_noop("the session was closed"),
    6: gettext_noop("more than five messages"),
    7: gettext_noop("no video channel is bound"),
    8: gettext_noop("the corp is not verified"),
    9: gettext_noop("no video channel is bound and the corp is not verified"),
    10: gettext_noop("the customer takes no messages of this account"),
    11: gettext_noop("nobody of the corp is logged in to WeCom"),
    12: gettext_noop("this kind of message is not allowed here"),
    13: gettext_noop("a safety limit of WeCom"),
}
FAIL_UNKNOWN = gettext_noop("WeCom does not say why")
HASH_KIND = "kf_customer"
PEOPLE = frozenset({KfState.POOL.value, KfState.SERVICER.value})
FIELDS = (
    "member", "state", "servicer_userid", "scene", "scene_param", "entered_at", "entry_noted", "opened_at", "last_customer_at",
    "sent_since", "misses", "state_at", "is_refused", "is_muted",
)  # fmt: skip


@dataclass(slots=True)
class _Walk:
    """One page on its way through the sessions of an account."""

    account: ServiceAccount
    now: datetime
    sessions: Mapping[str, ServiceSession]
    strangers: set[int] = field(default_factory=set)

    def of(self, message: KfMessage) -> ServiceSession:
        return self.sessions[message.external_userid]


def follow(account: ServiceAccount, messages: Sequence[KfMessage], now: datetime) -> None:
    """Move the sessions of an account by new rows, in their order, inside the transaction that stores these."""
    people = sorted({one.external_userid for one in messages if one.external_userid})
    walk = _Walk(account=account, now=now, sessions=_sessions(account, people, now))
    for one in messages:
        if one.origin == KfOrigin.CUSTOMER:
            _customer_wrote(walk, one)
        elif one.origin == KfOrigin.SERVICER:
            move(walk.of(one), KfState.SERVICER, one.at, one.servicer_userid)
        elif one.event_type in _EVENTS and (one.external_userid or one.event_type == "servicer_status_change"):
            _EVENTS[one.event_type](walk, one)
    ServiceSession.unscoped.bulk_update(walk.sessions.values(), FIELDS, batch_size=200)
    events.publish(*[ServiceCustomerSeen(session_id=pk) for pk in sorted(walk.strangers)])


def _sessions(account: ServiceAccount, people: Sequence[str], now: datetime) -> dict[str, ServiceSession]:
    """Return the sessions of these customers, made where they are new, locked."""
    keys = {keyed_hash(HASH_KIND, one): one for one in people}
    ServiceSession.unscoped.bulk_create(
        [
            ServiceSession(account=account, customer_key=key, external_userid=seal(one), state_at=now)
            for key, one in keys.items()
        ],
        batch_size=500,
        ignore_conflicts=True,
    )
    rows = (
        ServiceSession.unscoped.select_for_update().filter(account=account, customer_key__in=list(keys)).order_by("pk")
    )
    known = members.find_member_ids(kind=IdentityKind.EXTERNAL_USERID, values=people)
    found: dict[str, ServiceSession] = {}
    for row in rows:
        external_userid = keys[bytes(row.customer_key)]
        row.account = account
        row.member_id = known.get(external_userid, row.member_id)
        found[external_userid] = row
    return found


def move(session: ServiceSession, state: KfState, at: datetime, servicer_userid: str = "") -> None:
    """Set where a session stands."""
    if session.state != state:
        session.state_at = at
    session.state, session.servicer_userid = state.value, servicer_userid if state is KfState.SERVICER else ""


def _customer_wrote(walk: _Walk, message: KfMessage) -> None:
    """The customer's word opens a session that has ended (also by 48 hours), and the window anew."""
    session, last = walk.of(message), walk.of(message).last_customer_at
    is_over = last is not None and message.at - last >= rules.REPLY_WINDOW
    if session.state == KfState.ENDED or is_over:
        move(session, KfState.NEW, message.at)
        session.opened_at, session.misses = message.at, 0
    session.last_customer_at = message.at if last is None else max(last, message.at)
    session.sent_since, session.is_refused = 0, False
    _note_stranger(walk, session)


def _note_stranger(walk: _Walk, session: ServiceSession) -> None:
    if session.member_id is None:
        walk.strangers.add(session.pk)


def _entered(walk: _Walk, message: KfMessage) -> None:
    session, account = walk.of(message), walk.account
    session.scene, session.scene_param = message.scene[:32], message.scene_param[:128]
    session.entered_at, session.entry_noted = message.at, not message.scene
    if message.scene or session.member_id is None:
        walk.strangers.add(session.pk)
    text = sends.text_for(account, SendPurpose.WELCOME)
    if message.welcome_code and (text or account.menu):
        _plan_short_lived(walk, message, SendPurpose.WELCOME, text, message.welcome_code)


def _plan_short_lived(walk: _Walk, message: KfMessage, purpose: SendPurpose, text: str, code: str) -> None:
    """Plan what must be said within 20 seconds of the event; too late it is noted as late and not tried."""
    send = sends.plan(
        walk.of(message),
        sends.Words(
            purpose=purpose,
            text=text,
            cause=message.msgid,
            has_menu=purpose == SendPurpose.WELCOME and bool(walk.account.menu),
            code=code,
            expires_at=message.at + rules.EVENT_CODE_LIFE - rules.EVENT_CODE_MARGIN,
        ),
    )
    if send.state != SendState.PLANNED:
        return
    if rules.is_event_code_late(at=message.at, now=walk.now):
        send.state, send.settled_at = SendState.LATE, walk.now
        send.save(update_fields=["state", "settled_at"])
        return
    events.publish(ServiceSendPlanned(send_id=send.pk))


def _changed(walk: _Walk, message: KfMessage) -> None:
    session = walk.of(message)
    if message.change_type != KfChange.ENDED:
        move(session, KfState.SERVICER, message.at, message.servicer_userid)
        return
    move(session, KfState.ENDED, message.at)
    text = sends.text_for(walk.account, SendPurpose.GOODBYE)
    if message.msg_code and text:
        _plan_short_lived(walk, message, SendPurpose.GOODBYE, text, message.msg_code)


def _not_delivered(walk: _Walk, message: KfMessage) -> None:
    session = walk.of(message)
    words = _(FAIL_WORDS.get(message.fail_type, FAIL_UNKNOWN))
    ServiceSend.unscoped.filter(account=walk.account, msgid=message.fail_msgid).update(
        state=SendState.FAILED, errcode=message.fail_type, refusal=words, settled_at=walk.now
    )
    if message.fail_type in rules.FAILS_THAT_CLOSE:
        session.sent_since = rules.REPLIES_PER_WINDOW
    if message.fail_type == rules.FAIL_REFUSED_BY_CUSTOMER and not session.is_refused:
        session.is_refused = True
        events.publish(ServiceCustomerRefused(session_id=session.pk, at=message.at))


def _recalled(walk: _Walk, message: KfMessage) -> None:
    """What was taken back is not kept, and not answered any more."""
    theirs = ServiceMessage.unscoped.filter(account=walk.account, msgid=message.recall_msgid)
    theirs.update(recalled_at=message.at, text=seal(""))
    theirs.filter(outcome=MessageOutcome.WAITING).update(outcome=MessageOutcome.RECORDED)


def _switched(walk: _Walk, message: KfMessage) -> None:
    walk.of(message).is_muted = message.is_rejecting


def _servicer_changed(walk: _Walk, message: KfMessage) -> None:
    stopped = ServicerStatus.PAUSED if message.stop_type == 1 else ServicerStatus.STOPPED
    status = ServicerStatus.SERVING if message.status == 1 else stopped
    ServiceServicer.unscoped.update_or_create(
        account=walk.account,
        userid=message.servicer_userid[:64],
        defaults={"status": status, "seen_at": message.at},
    )


_EVENTS: Mapping[str, Callable[[_Walk, KfMessage], None]] = {
    "enter_session": _entered,
    "session_status_change": _changed,
    "msg_send_fail": _not_delivered,
    "user_recall_msg": _recalled,
    "servicer_recall_msg": _recalled,
    "reject_customer_msg_switch_change": _switched,
    "servicer_status_change": _servicer_changed,
}


def note_read(session: ServiceSession, read: KfSession, at: datetime) -> None:
    """Note where WeCom says a session stands."""
    move(session, read.state, at, read.servicer_userid)
    session.save(update_fields=["state", "state_at", "servicer_userid"])


def of_message(message: ServiceMessage) -> ServiceSession:
    """Return the session that a message belongs to."""
    session, _created = ServiceSession.unscoped.get_or_create(
        account=message.account,
        customer_key=bytes(message.customer_key),
        defaults={
            "external_userid": bytes(message.external_userid),
            "member_id": message.member_id,
            "state": KfState.NEW,
            "state_at": message.at,
            "last_customer_at": message.at,
        },
    )
    session.account = message.account
    return session


def end_silent_sessions(*, now: datetime) -> int:
    """End the sessions whose customers have been silent for 48 hours, of which WeCom sends no news; returns how many."""
    silent = ServiceSession.unscoped.exclude(state=KfState.ENDED).filter(last_customer_at__lte=now - rules.REPLY_WINDOW)
    return silent.update(state=KfState.ENDED, servicer_userid="", state_at=now)
