"""Answering a stored message: by menu, by keyword, or by people.

The robot speaks while no person has the session, within the window, and keeps the last message of the window for "a person
will answer".
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from juqun.channels.wecom import operations as wecom
from juqun.channels.wecom.errors import WecomError, WecomRefusedError
from juqun.channels.wecom.types import KfRefusal, KfState
from juqun.domains.members import queries as members
from juqun.domains.org import queries as org
from juqun.domains.robot import rules
from juqun.domains.robot.events import HandedToStaff, ReplySent, ServiceSendPlanned
from juqun.domains.robot.models import Reply, ReplyWord, ServiceMessage, ServiceSend, ServiceSession
from juqun.domains.robot.operations import service_people as people
from juqun.domains.robot.operations import service_sends as sends
from juqun.domains.robot.operations import service_sessions as sessions
from juqun.domains.robot.types import MessageOutcome, SendPurpose, SendState
from juqun.kernel import clock, events
from juqun.kernel.scope import DataScope
from juqun.kernel.secrets import unseal

CLAIM_SECONDS = 60
AGAIN_SECONDS = 2.0
NOTICE_CHARACTERS = 120
SESSION_ENDED = 95013
WINDOW_CODES = frozenset({KfRefusal.WINDOW_FULL, KfRefusal.WINDOW_OVER, SESSION_ENDED})


@dataclass(frozen=True, slots=True, kw_only=True)
class _Answer:
    """What the robot knows to say; without a text a person is wished for."""

    text: str = ""
    reply: Reply | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ending:
    """How a message ended."""

    outcome: MessageOutcome
    reply: Reply | None = None
    staff_id: int | None = None
    refusal: str = ""
    queue: sends.Words | None = None


def answer_message(*, message_id: int) -> float | None:
    """Answer a stored message; returns the seconds after which to come again, None when it is settled.

    What is said carries an id that follows from the message's, so that the channel refuses a second one: a repetition cannot
    double an answer. A wish for a person, and what nothing matches, goes to a servicer or the pool; where WeCom lets it go
    nowhere, staff are told by an app notice (after a crash between the notice and our note of it they may see it twice).
    """
    message = _claim(message_id)
    if message is None:
        return AGAIN_SECONDS
    if message.outcome != MessageOutcome.WAITING:
        return None
    try:
        _answer(message, sessions.of_message(message))
    except WecomError:
        ServiceMessage.unscoped.filter(pk=message.pk).update(claimed_until=None)
        raise
    return None


def _claim(message_id: int) -> ServiceMessage | None:
    """Take a message; None while another worker has it."""
    wall = clock.wall()
    with transaction.atomic():
        message = (
            ServiceMessage.unscoped.select_for_update(of=("self",))
            .select_related("account")
            .filter(Q(claimed_until__isnull=True) | Q(claimed_until__lt=wall), pk=message_id)
            .first()
        )
        if message is not None and message.outcome == MessageOutcome.WAITING:
            message.claimed_until = wall + timedelta(seconds=CLAIM_SECONDS)
            message.save(update_fields=["claimed_until"])
        return message


def _answer(message: ServiceMessage, session: ServiceSession) -> None:
    if session.state in sessions.PEOPLE and not message.maybe_sent:
        return _settle(message, session, _Ending(outcome=MessageOutcome.WITH_SERVICER))
    if message.maybe_sent:  # an earlier try was on its way to people
        return _hand_over(message, session, MessageOutcome.HANDED)
    answer = _find_answer(message)
    if answer is None and session.misses < message.account.misses_allowed:
        text = sends.text_for(message.account, SendPurpose.MISSED)
        return _say(message, session, _Answer(text=text), SendPurpose.MISSED)
    if answer is None or not answer.text:
        return _hand_over(message, session, MessageOutcome.HANDED)
    return _say(message, session, answer, SendPurpose.REPLY)


def _find_answer(message: ServiceMessage) -> _Answer | None:
    """Return what a tapped line, a wish for a person, or a keyword calls for; None when nothing matches."""
    if message.menu_id:
        line = _menu_line(message.account.menu, message.menu_id)
        if line is not None:
            return _Answer(text=line["answer"])
    text = unseal(message.text)
    wishes = [rules.normalise(word) for word in message.account.person_words or rules.PERSON_WORDS]
    if rules.first_word(wishes, text) is not None:
        return _Answer()
    reply = _matching_reply(message.account.store_id, text)
    return None if reply is None else _Answer(text=reply.text, reply=reply)


def _menu_line(menu: list[Mapping[str, Any]], menu_id: str) -> Mapping[str, Any] | None:
    return next((line for line in menu if line["id"] == menu_id), None)


def _matching_reply(store_id: int | None, text: str) -> Reply | None:
    """Return the reply that a text calls for: a word of the store's own replies goes before the same word of all."""
    rows = (
        ReplyWord.objects.filter(reply__is_active=True)
        .filter(Q(reply__store__isnull=True) | Q(reply__store_id=store_id))
        .order_by("reply__store_id", "reply_id")
        .values_list("word", "reply_id", "reply__store_id")
    )
    by_word: dict[str, tuple[int, bool]] = {}
    for word, reply_id, of_store in rows:
        is_stores = of_store is not None
        if word not in by_word or (is_stores and not by_word[word][1]):
            by_word[word] = (reply_id, is_stores)
    words = sorted(by_word)
    place = rules.first_word(words, text)
    return None if place is None else Reply.unscoped.get(pk=by_word[words[place]][0])


def _say(message: ServiceMessage, session: ServiceSession, answer: _Answer, purpose: SendPurpose) -> None:
    """Say an answer; what the channel does not take goes to people."""
    words = sends.Words(purpose=purpose, text=answer.text, cause=message.msgid)
    send = _earlier(session, words) or None
    if send is None and not _may_say(session, rules.ANSWERS_PER_WINDOW):
        return _hand_over(message, session, MessageOutcome.WINDOW_CLOSED)
    said = sends.deliver((send or sends.plan(session, words, message=message)).pk)
    if said is not None and said.state == SendState.SENT:
        outcome = MessageOutcome.ANSWERED if purpose == SendPurpose.REPLY else MessageOutcome.MISSED
        return _settle(message, session, _Ending(outcome=outcome, reply=answer.reply))
    errcode, refusal = (said.errcode, said.refusal) if said is not None else (0, "")
    if errcode == KfRefusal.PEOPLE_SERVE and people.read(session).state in sessions.PEOPLE:
        return _settle(message, session, _Ending(outcome=MessageOutcome.WITH_SERVICER, refusal=refusal))
    is_window = errcode in WINDOW_CODES or errcode == KfRefusal.PEOPLE_SERVE
    outcome = MessageOutcome.WINDOW_CLOSED if is_window else MessageOutcome.REFUSED
    return _hand_over(message, session, outcome, refusal)


def _earlier(session: ServiceSession, words: sends.Words) -> ServiceSend | None:
    """Return the row of an earlier try, which the window must not stop: it may have been sent."""
    return ServiceSend.unscoped.filter(account=session.account, msgid=sends.msgid_of(session.account, words)).first()


def _may_say(session: ServiceSession, most: int) -> bool:
    return rules.may_reply(
        last_written_at=session.last_customer_at, replies_since=session.sent_since, now=clock.now(), most=most
    )


def _hand_over(message: ServiceMessage, session: ServiceSession, outcome: MessageOutcome, refusal: str = "") -> None:
    """Bring people in: at once while they serve, else by a notice; the customer hears which of both it is."""
    account, local = message.account, clock.business_time(clock.now())
    minute = local.hour * 60 + local.minute
    if not rules.is_staffed(minute=minute, opens=account.opens_minute, closes=account.closes_minute):
        _tell_customer(message, session, SendPurpose.OFF_HOURS)
        return _notify(message, session, _Ending(outcome=outcome, refusal=refusal))
    placed = people.bring_to_people(session, was_moving=message.maybe_sent, before_move=lambda: _note_moving(message))
    if placed is None:
        _tell_customer(message, session, SendPurpose.PERSON)
        return _notify(message, session, _Ending(outcome=outcome, refusal=refusal))
    if not placed.is_ours:
        return _settle(message, session, _Ending(outcome=MessageOutcome.WITH_SERVICER, refusal=refusal))
    queue = None
    if placed.code:
        queue = sends.Words(
            purpose=SendPurpose.QUEUE,
            text=sends.text_for(account, SendPurpose.QUEUE),
            cause=message.msgid,
            code=placed.code,
            expires_at=clock.now() + rules.QUEUE_CODE_LIFE,
        )
    if placed.session.state is KfState.POOL:
        return _notify(message, session, _Ending(outcome=outcome, refusal=refusal, queue=queue))
    staff = org.get_staff_by_userid(userid=placed.session.servicer_userid)
    ending = _Ending(outcome=outcome, staff_id=staff.id if staff else None, refusal=refusal, queue=queue)
    return _settle(message, session, ending)


def _note_moving(message: ServiceMessage) -> None:
    message.maybe_sent = True
    ServiceMessage.unscoped.filter(pk=message.pk).update(maybe_sent=True)


def _tell_customer(message: ServiceMessage, session: ServiceSession, purpose: SendPurpose) -> None:
    """Say what the window's last message is kept for, where it still may be said; a refusal is noted on its row."""
    words = sends.Words(purpose=purpose, text=sends.text_for(message.account, purpose), cause=message.msgid)
    send = _earlier(session, words)
    session.refresh_from_db(fields=["state", "sent_since", "last_customer_at"])
    if send is None and session.state != KfState.ENDED and _may_say(session, rules.REPLIES_PER_WINDOW):
        send = sends.plan(session, words, message=message)
    if send is not None:
        sends.deliver(send.pk)


def _notify(message: ServiceMessage, session: ServiceSession, ending: _Ending) -> None:
    """Tell the customer's own member of staff, else the account's keeper, that somebody waits for an answer."""
    staff_id, userid = _keeper(message)
    refusal = ending.refusal
    if userid:
        words = unseal(message.text)
        shown = words if len(words) <= NOTICE_CHARACTERS else words[:NOTICE_CHARACTERS] + "…"
        try:
            wecom.send_staff_notice(
                userids=[userid],
                title=_("A customer waits for an answer"),
                description=_("In customer service somebody wrote: %(words)s") % {"words": shown},
                url=f"{settings.PUBLIC_URL}/console/",
            )
        except WecomRefusedError as refused_notice:
            staff_id, refusal = None, refusal or str(refused_notice)
    _settle(
        message,
        session,
        _Ending(outcome=ending.outcome, staff_id=staff_id, refusal=refusal, queue=ending.queue),
    )


def _keeper(message: ServiceMessage) -> tuple[int | None, str]:
    """Return id and userid of who is to be told; nobody gives (None, "")."""
    if message.member_id is not None:
        links = members.list_friend_links(member_ids=[message.member_id])
        if links:
            return links[0].staff_id, links[0].userid
    keeper_id = message.account.keeper_staff_id
    if keeper_id is None:
        return None, ""
    keeper = org.get_staff(scope=DataScope.whole_chain(), staff_id=keeper_id)
    return (keeper.id, keeper.userid) if keeper.is_active else (None, "")


def _settle(message: ServiceMessage, session: ServiceSession, ending: _Ending) -> None:
    now = clock.now()
    with transaction.atomic():
        settled = ServiceMessage.unscoped.filter(pk=message.pk, outcome=MessageOutcome.WAITING).update(
            outcome=ending.outcome,
            reply=ending.reply,
            staff_id=ending.staff_id,
            refusal=ending.refusal,
            settled_at=now,
            maybe_sent=False,
            claimed_until=None,
        )
        if not settled:
            return
        if ending.queue is not None:
            events.publish(ServiceSendPlanned(send_id=sends.plan(session, ending.queue, message=message).pk))
        if ending.outcome in (MessageOutcome.ANSWERED, MessageOutcome.MISSED):
            misses = session.misses + 1 if ending.outcome == MessageOutcome.MISSED else 0
            ServiceSession.unscoped.filter(pk=session.pk).update(misses=misses)
            if ending.reply is not None:
                events.publish(ReplySent(reply_id=ending.reply.pk, member_id=message.member_id, at=now))
        elif ending.outcome != MessageOutcome.WITH_SERVICER:
            events.publish(
                HandedToStaff(message_id=message.pk, member_id=message.member_id, staff_id=ending.staff_id, at=now)
            )
