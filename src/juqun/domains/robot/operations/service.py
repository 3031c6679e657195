"""Customer service: pulling what customers wrote, answering by keyword, handing the rest to staff.

Customer service is the one conversation in which the channel lets a machine speak: five messages within 48 hours of the
customer's last one, and only while no person serves the session.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Max, Q
from django.utils.translation import gettext as _

from juqun.channels.wecom import operations as wecom
from juqun.channels.wecom.errors import WecomError, WecomRefusedError
from juqun.channels.wecom.types import KfMessage, KfOrigin, KfPage
from juqun.domains.members import queries as members
from juqun.domains.members.types import IdentityKind
from juqun.domains.org import queries as org
from juqun.domains.robot import rules
from juqun.domains.robot.events import HandedToStaff, ReplySent, ServiceMessageArrived
from juqun.domains.robot.models import Reply, ReplyWord, ServiceAccount, ServiceMessage
from juqun.domains.robot.types import MessageOutcome
from juqun.kernel import clock, events
from juqun.kernel.scope import DataScope
from juqun.kernel.secrets import keyed_hash, seal, unseal

CLAIM_SECONDS = 30
AGAIN_SECONDS = 2.0
HASH_KIND = "kf_customer"
WINDOW_CODES = frozenset({95001, 95002, 95013})  # five messages, 48 hours, session ended
SERVICER_CODES = frozenset({95018})  # the session is not ours: a person talks there
NOTICE_CHARACTERS = 120


def set_service_account(
    *, open_kfid: str, name: str = "", store_id: int | None = None, keeper_staff_id: int | None = None
) -> int:
    """Say which store a customer-service account speaks for, and who gets what the robot cannot answer; returns its id."""
    account, _created = ServiceAccount.unscoped.update_or_create(
        open_kfid=open_kfid, defaults={"name": name, "store_id": store_id, "keeper_staff_id": keeper_staff_id}
    )
    return account.pk


def pull_messages(*, open_kfid: str, token: str, at: datetime) -> int:
    """Pull what waits in an account since the last time; returns how many messages are new.

    ``at`` is when the bell rang that brought ``token``. The cursor moves in the transaction that stores the messages, so
    that none is lost or stored twice. An empty ``open_kfid`` (the oldest kind of bell) pulls all known accounts.
    """
    if not open_kfid:
        known = list(ServiceAccount.unscoped.order_by("pk").values_list("open_kfid", flat=True))
        return sum(pull_messages(open_kfid=one, token=token, at=at) for one in known)
    ServiceAccount.unscoped.bulk_create([ServiceAccount(open_kfid=open_kfid)], ignore_conflicts=True)
    stored, has_more = 0, True
    while has_more:
        cursor = ServiceAccount.unscoped.values_list("cursor", flat=True).get(open_kfid=open_kfid)
        is_alive = rules.is_token_alive(at=at, now=clock.now())
        page = wecom.kf_sync_messages(open_kfid=open_kfid, token=token if is_alive else "", cursor=cursor)
        stored += _store_page(open_kfid, cursor, page)
        has_more = page.has_more
    return stored


def _store_page(open_kfid: str, cursor: str, page: KfPage) -> int:
    """Store one page and move the cursor; 0 when another pull has moved it on, which stored this page already."""
    now = clock.now()
    with transaction.atomic():
        account = ServiceAccount.unscoped.select_for_update().get(open_kfid=open_kfid)
        if account.cursor != cursor:
            return 0
        rows = _rows(account, page.messages, now)
        ServiceMessage.unscoped.bulk_create(rows, batch_size=500)
        account.cursor = page.next_cursor
        account.save(update_fields=["cursor"])
        events.publish(
            *[ServiceMessageArrived(message_id=row.pk) for row in rows if row.outcome == MessageOutcome.WAITING]
        )
        return len(rows)


def _rows(account: ServiceAccount, messages: Sequence[KfMessage], now: datetime) -> list[ServiceMessage]:
    """Return rows for the messages that are not stored yet; people's words only, the account's own news is left out."""
    wanted = {one.msgid: one for one in messages if one.origin in {KfOrigin.CUSTOMER, KfOrigin.SERVICER}}
    known = set(ServiceMessage.unscoped.filter(account=account, msgid__in=list(wanted)).values_list("msgid", flat=True))
    people = sorted({one.external_userid for one in wanted.values()})
    member_ids = members.find_member_ids(kind=IdentityKind.EXTERNAL_USERID, values=people)
    return [
        ServiceMessage(
            account=account,
            msgid=one.msgid,
            customer_key=keyed_hash(HASH_KIND, one.external_userid),
            external_userid=seal(one.external_userid),
            text=seal(one.text),
            member_id=member_ids.get(one.external_userid),
            at=one.at,
            is_customers=one.origin == KfOrigin.CUSTOMER,
            outcome=_first_outcome(one, now),
        )
        for one in wanted.values()
        if one.msgid not in known
    ]


def _first_outcome(message: KfMessage, now: datetime) -> MessageOutcome:
    is_question = message.origin == KfOrigin.CUSTOMER and bool(message.text.strip())
    if is_question and rules.is_worth_answering(at=message.at, now=now):
        return MessageOutcome.WAITING
    return MessageOutcome.RECORDED


def answer_message(*, message_id: int) -> float | None:
    """Answer a stored message; returns the seconds after which to come again, None when it is settled.

    The reply carries an id that follows from the message's, so that the channel refuses a second one: a repetition cannot
    double an answer. What no keyword matches, or what the channel does not take, is told to staff by an app notice; after
    a crash between the notice and our note of it they may see it twice.
    """
    message = _claim(message_id)
    if message is None:
        return AGAIN_SECONDS
    if message.outcome != MessageOutcome.WAITING:
        return None
    reply = _matching_reply(message)
    if reply is None:
        return _hand_over(message, MessageOutcome.HANDED)
    if not _is_window_open(message):
        return _hand_over(message, MessageOutcome.WINDOW_CLOSED)
    return _reply(message, reply)


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


def _matching_reply(message: ServiceMessage) -> Reply | None:
    """Return the reply that a message calls for: a word of the store's own replies goes before the same word of all."""
    store_id = message.account.store_id
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
    place = rules.first_word(words, unseal(message.text))
    return None if place is None else Reply.unscoped.get(pk=by_word[words[place]][0])


def _is_window_open(message: ServiceMessage) -> bool:
    theirs = ServiceMessage.unscoped.filter(account_id=message.account_id, customer_key=message.customer_key)
    last_at = theirs.filter(is_customers=True).aggregate(last=Max("at"))["last"] or message.at
    replies = theirs.filter(outcome=MessageOutcome.ANSWERED, settled_at__gte=last_at).count()
    return rules.may_reply(last_written_at=last_at, replies_since=replies, now=clock.now())


def _reply(message: ServiceMessage, reply: Reply) -> float | None:
    was_maybe_sent = message.maybe_sent
    ServiceMessage.unscoped.filter(pk=message.pk).update(maybe_sent=True)
    try:
        wecom.kf_send_text(
            open_kfid=message.account.open_kfid,
            external_userid=unseal(message.external_userid),
            text=reply.text,
            msgid=rules.reply_msgid(message.account.open_kfid, message.msgid),
        )
    except WecomRefusedError as refused:
        return _refused(message, reply, refused, was_maybe_sent=was_maybe_sent)
    except WecomError:
        ServiceMessage.unscoped.filter(pk=message.pk).update(claimed_until=None)
        raise
    _settle(message, _Ending(outcome=MessageOutcome.ANSWERED, reply=reply))
    return None


def _refused(
    message: ServiceMessage, reply: Reply, refused: WecomRefusedError, *, was_maybe_sent: bool
) -> float | None:
    """Read a refusal: the window is closed, a person talks there, our earlier call had got through, or a plain no."""
    if refused.errcode in WINDOW_CODES:
        return _hand_over(message, MessageOutcome.WINDOW_CLOSED, str(refused))
    if refused.errcode in SERVICER_CODES:
        _settle(message, _Ending(outcome=MessageOutcome.WITH_SERVICER, refusal=str(refused)))
        return None
    if was_maybe_sent:  # the same id was sent before and is refused now: the channel has it
        _settle(message, _Ending(outcome=MessageOutcome.ANSWERED, reply=reply))
        return None
    return _hand_over(message, MessageOutcome.REFUSED, str(refused))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ending:
    """How a message ended."""

    outcome: MessageOutcome
    reply: Reply | None = None
    staff_id: int | None = None
    refusal: str = ""


def _hand_over(message: ServiceMessage, outcome: MessageOutcome, refusal: str = "") -> float | None:
    """Tell the customer's own member of staff, else the account's keeper, that somebody waits for an answer."""
    staff_id, userid = _keeper(message)
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
        except WecomError:
            ServiceMessage.unscoped.filter(pk=message.pk).update(claimed_until=None)
            raise
    _settle(message, _Ending(outcome=outcome, staff_id=staff_id, refusal=refusal))
    return None


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


def _settle(message: ServiceMessage, ending: _Ending) -> None:
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
        if ending.reply is not None:
            events.publish(ReplySent(reply_id=ending.reply.pk, member_id=message.member_id, at=now))
        elif ending.outcome != MessageOutcome.WITH_SERVICER:
            events.publish(
                HandedToStaff(message_id=message.pk, member_id=message.member_id, staff_id=ending.staff_id, at=now)
            )


def forget_member(*, member_id: int) -> int:
    """Destroy what an erased member wrote to customer service; returns how many messages."""
    return ServiceMessage.unscoped.filter(member_id=member_id).delete()[0]
