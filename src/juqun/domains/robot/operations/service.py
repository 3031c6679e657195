"""Customer service: pulling what customers wrote and what happened to their sessions; one pull at a time per account.

Customer service is the one conversation in which the channel lets a machine speak: five messages within 48 hours of the
customer's last one, and only while no person serves the session.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F, Q

from juqun.channels.wecom import operations as wecom
from juqun.channels.wecom.types import KfMessage, KfOrigin, KfPage
from juqun.domains.members import queries as members
from juqun.domains.members.types import IdentityKind
from juqun.domains.robot import rules
from juqun.domains.robot.events import ServiceMessageArrived
from juqun.domains.robot.models import ServiceAccount, ServiceMessage
from juqun.domains.robot.operations import service_sessions as sessions
from juqun.domains.robot.types import MessageAuthor, MessageOutcome
from juqun.kernel import clock, events
from juqun.kernel.secrets import keyed_hash, seal

PULL_SECONDS = 60  # the lease of a pull; renewed with each page
AUTHORS = {KfOrigin.CUSTOMER: MessageAuthor.CUSTOMER, KfOrigin.SERVICER: MessageAuthor.SERVICER}


def pull_messages(*, open_kfid: str, token: str, at: datetime) -> int:
    """Pull what waits in an account since the last time; returns how many messages are new.

    ``at`` is when the bell rang that brought ``token``. The cursor moves in the transaction that stores the messages, so
    that none is lost or stored twice. While another pull of the account is running this one only rings: that one pulls again
    before it stops. An empty ``open_kfid`` (the oldest kind of bell) pulls all known accounts.
    """
    if not open_kfid:
        known = list(ServiceAccount.unscoped.order_by("pk").values_list("open_kfid", flat=True))
        return sum(pull_messages(open_kfid=one, token=token, at=at) for one in known)
    ServiceAccount.unscoped.bulk_create([ServiceAccount(open_kfid=open_kfid)], ignore_conflicts=True)
    theirs = ServiceAccount.unscoped.filter(open_kfid=open_kfid)
    theirs.update(rings=F("rings") + 1)
    lease = _take_lease(open_kfid, None)
    stored = 0
    while lease is not None:
        rings = theirs.values_list("rings", flat=True).get()
        try:
            added, lease = _pull_all(open_kfid, token, at, lease)
        except Exception:
            theirs.filter(pulling_until=lease).update(pulling_until=None)
            raise
        stored += added
        if lease is None or theirs.filter(pulling_until=lease, rings=rings).update(pulling_until=None):
            break
    return stored


def _take_lease(open_kfid: str, held: datetime | None) -> datetime | None:
    """Take or renew the right to pull; None while another has it, who sees our ring before they stop."""
    wall = clock.wall()
    mine = Q(pulling_until=held) if held is not None else Q(pulling_until__isnull=True) | Q(pulling_until__lt=wall)
    until = wall + timedelta(seconds=PULL_SECONDS)
    is_taken = ServiceAccount.unscoped.filter(mine, open_kfid=open_kfid).update(pulling_until=until)
    return until if is_taken else None


def _pull_all(open_kfid: str, token: str, at: datetime, lease: datetime) -> tuple[int, datetime | None]:
    """Pull page after page; returns how many rows are new, and the lease (None: another has taken it over)."""
    stored, held = 0, lease
    while True:
        cursor = ServiceAccount.unscoped.values_list("cursor", flat=True).get(open_kfid=open_kfid)
        is_alive = rules.is_token_alive(at=at, now=clock.now())
        page = wecom.kf_sync_messages(open_kfid=open_kfid, token=token if is_alive else "", cursor=cursor)
        stored += _store_page(open_kfid, cursor, page)
        renewed = _take_lease(open_kfid, held)
        if renewed is None or not page.has_more:
            return stored, renewed
        held = renewed


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
        new = {row.msgid for row in rows}
        sessions.follow(account, [one for one in page.messages if one.msgid in new], now)
        events.publish(
            *[ServiceMessageArrived(message_id=row.pk) for row in rows if row.outcome == MessageOutcome.WAITING]
        )
        return len(rows)


def _rows(account: ServiceAccount, messages: Sequence[KfMessage], now: datetime) -> list[ServiceMessage]:
    """Return rows for what is not stored yet: people's words, and events, by which the conversation is told.

    What somebody wrote before they were erased, and comes late, is not stored.
    """
    wanted = {one.msgid: one for one in messages}
    known = set(ServiceMessage.unscoped.filter(account=account, msgid__in=list(wanted)).values_list("msgid", flat=True))
    people = sorted({one.external_userid for one in wanted.values() if one.external_userid})
    erased = members.erased_contacts(external_userids=people)
    wanted = {
        msgid: one
        for msgid, one in wanted.items()
        if one.external_userid not in erased or one.at > erased[one.external_userid]
    }
    member_ids = members.find_member_ids(kind=IdentityKind.EXTERNAL_USERID, values=people)
    return [
        ServiceMessage(
            account=account,
            msgid=one.msgid,
            customer_key=keyed_hash(sessions.HASH_KIND, one.external_userid),
            external_userid=seal(one.external_userid),
            text=seal(one.text),
            member_id=member_ids.get(one.external_userid),
            at=one.at,
            is_customers=one.origin == KfOrigin.CUSTOMER,
            author=AUTHORS.get(one.origin, MessageAuthor.SYSTEM),
            kind=(one.event_type or one.msgtype)[:40],
            menu_id=one.menu_id[:128],
            servicer_userid=one.servicer_userid[:64],
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
