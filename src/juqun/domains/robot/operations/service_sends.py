"""What the robot says in customer service: written down first, sent under our own id, and marked when it could not arrive."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q
from django.utils.translation import gettext as _

from juqun.channels.wecom import operations as wecom
from juqun.channels.wecom.errors import (
    WecomBusyError,
    WecomError,
    WecomRefusedError,
    WecomUnknownOutcomeError,
    WelcomeSpentError,
)
from juqun.channels.wecom.types import KfMenu, KfMenuChoice, KfState
from juqun.domains.robot import rules
from juqun.domains.robot.models import ServiceAccount, ServiceMessage, ServiceSend, ServiceSession
from juqun.domains.robot.types import SendPurpose, SendState
from juqun.kernel import clock
from juqun.kernel.secrets import seal, unseal

CLAIM_SECONDS = 30
AGAIN_SECONDS = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """What is to be said, why, and because of which id; ``code`` and ``expires_at`` belong to what an event allows."""

    purpose: SendPurpose
    text: str
    cause: str
    has_menu: bool = False
    code: str = ""
    expires_at: datetime | None = None


def text_for(account: ServiceAccount, purpose: SendPurpose) -> str:
    """Return what an account says for a purpose: its own text, else ours; "" for a welcome or goodbye that nobody wrote."""
    ours = {
        SendPurpose.MISSED: _("I did not understand that. Please say it in other words, or ask for a person."),
        SendPurpose.QUEUE: _("One moment: a person will answer you here."),
        SendPurpose.PERSON: _("A person will answer you as soon as possible."),
        SendPurpose.OFF_HOURS: _("Nobody is here now. We have noted your question and will come back to you."),
    }
    return str(account.texts.get(purpose.value) or ours.get(purpose, ""))


def msgid_of(account: ServiceAccount, words: Words) -> str:
    """Return the id under which something is said: it follows from its cause and purpose."""
    if words.purpose == SendPurpose.REPLY:
        return rules.reply_msgid(account.open_kfid, words.cause)
    return rules.send_msgid(account.open_kfid, words.cause, words.purpose)


def plan(session: ServiceSession, words: Words, *, message: ServiceMessage | None = None) -> ServiceSend:
    """Write down what is to be said; the same cause and purpose give the same row, however often they come."""
    account = session.account
    send, _created = ServiceSend.unscoped.get_or_create(
        account=account,
        msgid=msgid_of(account, words),
        defaults={
            "session": session,
            "message": message,
            "purpose": words.purpose,
            "text": seal(rules.cut(words.text, rules.REPLY_BYTES)),
            "has_menu": words.has_menu,
            "code": seal(words.code) if words.code else None,
            "expires_at": words.expires_at,
            "at": clock.now(),
        },
    )
    return send


def send_planned(*, send_id: int) -> float | None:
    """Say what was planned under an event's code; returns the seconds after which to come again, None when it is settled.

    What was lost or could not get through is tried again soon while the code lives: a spent code tells then that the earlier
    call had got through. Raises WecomError for the queue's notice, whose code lives long, and for what waiting does not mend.
    """
    try:
        send = deliver(send_id)
    except (WecomUnknownOutcomeError, WecomBusyError):
        if ServiceSend.unscoped.filter(pk=send_id, purpose=SendPurpose.QUEUE).exists():
            raise
        return AGAIN_SECONDS
    return AGAIN_SECONDS if send is None else None


def deliver(send_id: int) -> ServiceSend | None:
    """Send a planned row once; returns it settled, None while another worker has it. Raises WecomError to be tried again."""
    send = _claim(send_id)
    if send is None or send.state != SendState.PLANNED:
        return send
    if send.expires_at is not None and clock.now() >= send.expires_at:
        return _settle(send, SendState.SENT if send.maybe_sent else SendState.LATE)
    was_maybe_sent = send.maybe_sent
    ServiceSend.unscoped.filter(pk=send.pk).update(maybe_sent=True)
    try:
        _call(send)
    except WelcomeSpentError as spent:
        return _settle(send, SendState.SENT if was_maybe_sent else SendState.REFUSED, spent)
    except WecomRefusedError as refused:
        is_ours = was_maybe_sent and refused.errcode == settings.JUQUN_WECOM_KF_DUPLICATE_ERRCODE
        return _settle(send, SendState.SENT if is_ours else SendState.REFUSED, refused)
    except WecomError:
        ServiceSend.unscoped.filter(pk=send.pk).update(claimed_until=None)
        raise
    return _settle(send, SendState.SENT)


def _claim(send_id: int) -> ServiceSend | None:
    wall = clock.wall()
    with transaction.atomic():
        send = (
            ServiceSend.unscoped.select_for_update(of=("self",))
            .select_related("session", "account")
            .filter(Q(claimed_until__isnull=True) | Q(claimed_until__lt=wall), pk=send_id)
            .first()
        )
        if send is not None and send.state == SendState.PLANNED:
            send.claimed_until = wall + timedelta(seconds=CLAIM_SECONDS)
            send.save(update_fields=["claimed_until"])
        return send


def _call(send: ServiceSend) -> None:
    text = unseal(send.text)
    if send.code is not None:
        code = unseal(send.code)
        if send.has_menu:
            wecom.kf_send_menu_on_event(code=code, menu=menu_of(send.account, text), msgid=send.msgid)
        else:
            wecom.kf_send_on_event(code=code, text=text, msgid=send.msgid)
        return
    wecom.kf_send_text(
        open_kfid=send.account.open_kfid,
        external_userid=unseal(send.session.external_userid),
        text=text,
        msgid=send.msgid,
    )


def menu_of(account: ServiceAccount, head: str) -> KfMenu:
    """Return an account's welcome menu under a text."""
    items = tuple(KfMenuChoice(menu_id=line["id"], text=line["text"]) for line in account.menu)
    return KfMenu(head=rules.cut(head, rules.MENU_HEAD_BYTES), items=items)


def _settle(send: ServiceSend, state: SendState, refused: WecomRefusedError | None = None) -> ServiceSend:
    """Note the outcome; an ordinary message counts towards the window, one under an event's code does not."""
    is_no = refused is not None and state != SendState.SENT
    send.state, send.settled_at, send.maybe_sent, send.claimed_until = state, clock.now(), False, None
    send.errcode, send.refusal = (refused.errcode, str(refused)) if refused is not None and is_no else (0, "")
    with transaction.atomic():
        send.save(
            update_fields=["state", "settled_at", "maybe_sent", "claimed_until", "errcode", "refusal"],
        )
        if state == SendState.SENT and send.code is None:
            theirs = ServiceSession.unscoped.filter(pk=send.session_id)
            theirs.update(sent_since=F("sent_since") + 1)
            theirs.filter(state=KfState.NEW).update(state=KfState.ROBOT, state_at=send.settled_at)
    return send
