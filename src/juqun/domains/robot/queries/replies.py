"""Reads of keyword replies, welcomes, and what customers wrote."""

from datetime import datetime

from django.db.models import Count, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from juqun.domains.robot import rules
from juqun.domains.robot.errors import ReplyNotFoundError
from juqun.domains.robot.models import (
    DefaultWelcome,
    PreparedWelcome,
    Reply,
    ReplyWord,
    ServiceAccount,
    ServiceMessage,
    WelcomeAttempt,
)
from juqun.domains.robot.types import (
    KeywordReply,
    MessageOutcome,
    ServiceAccountView,
    ServiceMessageView,
    WelcomeState,
    WelcomeStats,
    WelcomeView,
)
from juqun.kernel.scope import DataScope
from juqun.kernel.secrets import unseal

WHAT_WECOM_ALLOWS = _(
    "What WeCom lets a program say: one welcome within 20 seconds of a new friendship, if staff have set none in WeCom itself; "
    "in customer service up to 5 messages within 48 hours of the customer's last one, while no person serves the session. "
    "What it does not allow: answering in one-to-one chats with staff or in customer groups. There a program can only "
    "prepare a message that a member of staff confirms. So keyword replies work in customer service; put its link into "
    "the welcome and the group notice."
)
"""For the console's page of keyword replies: why the robot speaks here and is silent there."""


def list_replies(*, scope: DataScope) -> list[KeywordReply]:
    """Return the keyword replies that hold inside a scope: the chain's own and those of its stores."""
    found = _visible_replies(scope).order_by("pk")
    words: dict[int, list[str]] = {}
    for reply_id, word in ReplyWord.objects.filter(reply__in=found).order_by("pk").values_list("reply_id", "word"):
        words.setdefault(reply_id, []).append(word)
    return [
        KeywordReply(
            id=reply.pk,
            words=tuple(words.get(reply.pk, ())),
            text=reply.text,
            store_id=reply.store_id,
            is_active=reply.is_active,
        )
        for reply in found
    ]


def _visible_replies(scope: DataScope) -> QuerySet[Reply]:
    rows = Reply.unscoped.all()
    if not scope.paths:
        return rows.none()
    inside = scope.path_condition("store__path")
    # An empty condition means the whole chain; joined by OR it would vanish.
    return rows.filter(Q(store__isnull=True) | inside) if inside else rows


def get_reply(*, scope: DataScope, reply_id: int) -> KeywordReply:
    """Return one reply; raises ReplyNotFoundError outside the scope as well as for an unknown id."""
    for reply in list_replies(scope=scope):
        if reply.id == reply_id:
            return reply
    raise ReplyNotFoundError(reply_id=reply_id)


def get_default_welcome(*, store_id: int | None) -> str:
    """Return a store's own default welcome, or the chain's (None); empty when there is none. A system look-up."""
    return DefaultWelcome.unscoped.filter(store_id=store_id).values_list("text", flat=True).first() or ""


def welcome_stats(*, scope: DataScope, since: datetime | None = None) -> WelcomeStats:
    """Return welcomes by outcome inside a scope, and the median and 99th percentile of those sent (nearest rank)."""
    found = WelcomeAttempt.objects.within(scope).order_by()
    if since is not None:
        found = found.filter(at__gte=since)
    counts = dict(found.values_list("state").annotate(n=Count("pk")))
    count = counts.get(WelcomeState.SENT.value, 0)
    latencies = found.filter(state=WelcomeState.SENT).order_by("latency_ms").values_list("latency_ms", flat=True)
    return WelcomeStats(
        counts={state: counts.get(state.value, 0) for state in WelcomeState},
        p50_ms=latencies[rules.rank(0.5, count)] if count else None,
        p99_ms=latencies[rules.rank(0.99, count)] if count else None,
    )


def list_welcomes(*, scope: DataScope, state: WelcomeState | None = None, limit: int = 100) -> list[WelcomeView]:
    """Return the latest welcomes inside a scope."""
    found = WelcomeAttempt.objects.within(scope).order_by("-at", "-pk")
    if state is not None:
        found = found.filter(state=state)
    return [
        WelcomeView(
            id=one.pk,
            state=WelcomeState(one.state),
            store_id=one.store_id,
            userid=one.userid,
            at=one.at,
            latency_ms=one.latency_ms,
            refusal=one.refusal,
        )
        for one in found[:limit]
    ]


def list_service_accounts(*, scope: DataScope) -> list[ServiceAccountView]:
    """Return the customer-service accounts inside a scope; those of no store are the chain's."""
    return [
        ServiceAccountView(
            id=one.pk,
            open_kfid=one.open_kfid,
            name=one.name,
            store_id=one.store_id,
            keeper_staff_id=one.keeper_staff_id,
        )
        for one in ServiceAccount.objects.within(scope).order_by("pk")
    ]


def list_service_messages(
    *, scope: DataScope, outcome: MessageOutcome | None = None, limit: int = 100
) -> list[ServiceMessageView]:
    """Return what customers wrote to customer service inside a scope, latest first."""
    found = ServiceMessage.objects.within(scope).filter(is_customers=True).select_related("account")
    if outcome is not None:
        found = found.filter(outcome=outcome)
    return [
        ServiceMessageView(
            id=one.pk,
            account_name=one.account.name,
            store_id=one.account.store_id,
            member_id=one.member_id,
            at=one.at,
            text=unseal(one.text),
            outcome=MessageOutcome(one.outcome),
            reply_id=one.reply_id,
            staff_id=one.staff_id,
            refusal=one.refusal,
        )
        for one in found.order_by("-at", "-pk")[:limit]
    ]


def count_messages_by_outcome(*, scope: DataScope) -> dict[MessageOutcome, int]:
    """Return how many customers' messages ended how inside a scope; every outcome is there, with zero too."""
    found = ServiceMessage.objects.within(scope).filter(is_customers=True).order_by()
    counts = dict(found.values_list("outcome").annotate(n=Count("pk")))
    return {outcome: counts.get(outcome.value, 0) for outcome in MessageOutcome}


def list_open_kfids() -> list[str]:
    """Return the ids of all accounts, for the slow poll only; no scope."""
    return list(ServiceAccount.unscoped.order_by("pk").values_list("open_kfid", flat=True))


def list_image_hashes(*, live_code_id: int | None = None) -> list[str]:
    """Return the content hashes of the pictures that prepared welcomes carry (of one code); a system look-up without scope."""
    found = PreparedWelcome.unscoped.exclude(image_hash="")
    if live_code_id is not None:
        found = found.filter(live_code_id=live_code_id)
    return sorted(set(found.values_list("image_hash", flat=True)))
