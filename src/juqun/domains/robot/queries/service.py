"""Reads of customer service: accounts, links, servicers, sessions, conversations."""

from datetime import datetime

from django.db.models import Count, F

from juqun.channels.wecom.types import KfState
from juqun.domains.robot import rules
from juqun.domains.robot.errors import ServiceAccountNotFoundError, ServiceSessionNotFoundError
from juqun.domains.robot.models import (
    ServiceAccount,
    ServiceLink,
    ServiceMessage,
    ServiceSend,
    ServiceServicer,
    ServiceSession,
)
from juqun.domains.robot.types import (
    ConversationLine,
    MessageOutcome,
    SendPurpose,
    ServiceAccountView,
    ServiceChoice,
    ServiceLinkView,
    ServicerStatus,
    ServiceRules,
    ServicerView,
    ServiceSessionView,
    ServiceStats,
)
from juqun.kernel.scope import DataScope
from juqun.kernel.secrets import unseal

LINES = 200
TO_PEOPLE = (
    MessageOutcome.HANDED,
    MessageOutcome.WINDOW_CLOSED,
    MessageOutcome.REFUSED,
)


def _account(scope: DataScope, account_id: int) -> ServiceAccount:
    account: ServiceAccount | None = ServiceAccount.objects.within(scope).filter(pk=account_id).first()
    if account is None:
        raise ServiceAccountNotFoundError(account_id=account_id)
    return account


def get_service_account(*, scope: DataScope, account_id: int) -> ServiceAccountView:
    """Return one account; raises ServiceAccountNotFoundError outside the scope as well as for an unknown id."""
    one = _account(scope, account_id)
    return ServiceAccountView(
        id=one.pk, open_kfid=one.open_kfid, name=one.name, store_id=one.store_id, keeper_staff_id=one.keeper_staff_id
    )


def get_service_rules(*, scope: DataScope, account_id: int) -> ServiceRules:
    """Return how the robot serves at an account; raises ServiceAccountNotFoundError."""
    one = _account(scope, account_id)
    return ServiceRules(
        texts={purpose: one.texts.get(purpose.value, "") for purpose in SendPurpose},
        menu=tuple(ServiceChoice(choice_id=line["id"], text=line["text"], answer=line["answer"]) for line in one.menu),
        person_words=tuple(one.person_words or rules.PERSON_WORDS),
        misses_allowed=one.misses_allowed,
        opens_minute=one.opens_minute,
        closes_minute=one.closes_minute,
    )


def list_links(*, scope: DataScope, account_id: int) -> list[ServiceLinkView]:
    """Return the links of an account, first made first; raises ServiceAccountNotFoundError."""
    account = _account(scope, account_id)
    return [
        ServiceLinkView(scene=one.scene, url=one.url, label=one.label, store_id=one.store_id)
        for one in ServiceLink.unscoped.filter(account=account).order_by("pk")
    ]


def list_servicers(*, scope: DataScope, account_id: int) -> list[ServicerView]:
    """Return who serves an account, with the customers they have there now; raises ServiceAccountNotFoundError."""
    account = _account(scope, account_id)
    busy = ServiceSession.unscoped.filter(account=account, state=KfState.SERVICER).order_by()
    loads = dict(busy.values_list("servicer_userid").annotate(n=Count("pk")))
    return [
        ServicerView(userid=one.userid, status=ServicerStatus(one.status), load=loads.get(one.userid, 0))
        for one in ServiceServicer.unscoped.filter(account=account).order_by("userid")
    ]


def list_sessions(*, scope: DataScope, state: KfState | None = None, limit: int = 100) -> list[ServiceSessionView]:
    """Return the conversations inside a scope, those who wait longest first within a state."""
    found = ServiceSession.objects.within(scope).select_related("account")
    if state is not None:
        found = found.filter(state=state)
    return [_session_view(one) for one in found.order_by("state_at", "pk")[:limit]]


def count_sessions(*, scope: DataScope) -> dict[KfState, int]:
    """Return how many conversations stand where inside a scope; every state is there, with zero too."""
    counts = dict(ServiceSession.objects.within(scope).order_by().values_list("state").annotate(n=Count("pk")))
    return {state: counts.get(state.value, 0) for state in KfState}


def get_session(*, scope: DataScope, session_id: int) -> ServiceSessionView:
    """Return one conversation's state; raises ServiceSessionNotFoundError outside the scope as well as for an unknown id."""
    return _session_view(_session(scope, session_id))


def _session(scope: DataScope, session_id: int) -> ServiceSession:
    session: ServiceSession | None = (
        ServiceSession.objects.within(scope).select_related("account").filter(pk=session_id).first()
    )
    if session is None:
        raise ServiceSessionNotFoundError(session_id=session_id)
    return session


def _session_view(one: ServiceSession) -> ServiceSessionView:
    return ServiceSessionView(
        id=one.pk,
        account_id=one.account_id,
        account_name=one.account.name or one.account.open_kfid,
        store_id=one.account.store_id,
        member_id=one.member_id,
        state=KfState(one.state),
        servicer_userid=one.servicer_userid,
        scene=one.scene,
        state_at=one.state_at,
        last_customer_at=one.last_customer_at,
        closes_at=one.last_customer_at + rules.REPLY_WINDOW if one.last_customer_at else None,
        is_refused=one.is_refused,
    )


def get_conversation(*, scope: DataScope, session_id: int) -> list[ConversationLine]:
    """Return the latest lines of a conversation, oldest first; raises ServiceSessionNotFoundError."""
    session = _session(scope, session_id)
    heard = ServiceMessage.unscoped.filter(account_id=session.account_id, customer_key=bytes(session.customer_key))
    said = ServiceSend.unscoped.filter(session=session)
    lines = [
        ConversationLine(
            at=one.at,
            author=one.author,
            kind="recalled" if one.recalled_at else one.kind,
            text=unseal(one.text),
            userid=one.servicer_userid,
        )
        for one in heard.order_by("-at", "-pk")[:LINES]
    ]
    lines += [
        ConversationLine(
            at=one.settled_at or one.at,
            author="robot",
            kind="text",
            text=unseal(one.text),
            note=one.refusal or one.state,
        )
        for one in said.order_by("-at", "-pk")[:LINES]
    ]
    return sorted(lines, key=lambda line: line.at)[-LINES:]


def service_stats(*, scope: DataScope, since: datetime) -> ServiceStats:
    """Return what became of the questions since a time inside a scope; the time to the answer is the robot's (nearest rank)."""
    asked = ServiceMessage.objects.within(scope).filter(is_customers=True, at__gte=since)
    counts = dict(asked.order_by().values_list("outcome").annotate(n=Count("pk")))
    answered = counts.get(MessageOutcome.ANSWERED.value, 0)
    spans = (
        asked.filter(outcome=MessageOutcome.ANSWERED)
        .annotate(span=F("settled_at") - F("at"))
        .order_by("span")
        .values_list("span", flat=True)
    )
    return ServiceStats(
        asked=sum(counts.values()),
        answered=answered,
        handed=sum(counts.get(outcome.value, 0) for outcome in TO_PEOPLE),
        median_seconds=max(0, round(spans[rules.rank(0.5, answered)].total_seconds())) if answered else None,
    )
