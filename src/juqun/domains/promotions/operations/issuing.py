"""Coupons are given out: to one member by an intent, or to many at once.

The claim (the coupon row under its unique keys) is written first, the hot counter row last, in one transaction: whoever
finds the stock used up takes the claim back with the transaction. Never a count instead of a key, never a check without
a condition in the UPDATE.
"""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import F, Max, Q

from juqun.domains.members import operations as member_operations
from juqun.domains.members import queries as members
from juqun.domains.promotions import facts
from juqun.domains.promotions.errors import (
    CouponLimitReachedError,
    CouponsExhaustedError,
    IntentReusedError,
    TemplateNotOnError,
    TemplateUnknownError,
)
from juqun.domains.promotions.events import CouponIssued
from juqun.domains.promotions.mappers import COUPON_JOINS, TEMPLATE_JOINS, coupon_view, issuing_state, template_view
from juqun.domains.promotions.models import Coupon, CouponStock, CouponTemplate, CouponTemplateVersion
from juqun.domains.promotions.rules import CODE_LETTERS
from juqun.domains.promotions.types import CouponView, TemplateState
from juqun.kernel import events
from juqun.kernel.ids import short_code
from juqun.lake import feed

BATCH = 1_000


def issue_coupon(
    *,
    template_id: int,
    member_id: int,
    source: str,
    intent_key: str,
    campaign_id: int | None = None,
    at: datetime,
) -> CouponView:
    """Give one coupon of the template to the member, once per `intent_key`: a repeated call answers the same coupon.

    Raises TemplateUnknownError, TemplateNotOnError, CouponLimitReachedError, CouponsExhaustedError, IntentReusedError.
    """
    member_id = members.resolve_member_ids(member_ids=[member_id])[member_id]
    with transaction.atomic():
        template = _load_template(template_id)
        known = _by_intent(intent_key, template_id, member_id)
        if known is not None:
            return known
        _check_on(template, at)
        _check_limit(template, member_id)
        version = _present_version(template)
        for seq in range(1, template.per_member + 1):
            coupon = _new_coupon(template, version, member_id, seq, source, campaign_id, at, intent_key)
            Coupon.unscoped.bulk_create([coupon], ignore_conflicts=True)
            if Coupon.unscoped.filter(code=coupon.code).exists():
                break
            # Another coupon holds the seat (template, member, seq), or another call with this intent was first.
            known = _by_intent(intent_key, template_id, member_id)
            if known is not None:
                return known
        else:
            raise _limit_reached(template, member_id)
        if not _take_stock(template_id, 1, coupon.liability_fen):
            raise CouponsExhaustedError(template_id=template_id)
        issued = _load_by_codes([coupon.code])
        _tell(issued, source, at)
    return issued[0]


def issue_coupons(
    *, template_id: int, member_ids: Sequence[int], source: str, campaign_id: int | None, at: datetime
) -> dict[int, str]:
    """Give one coupon to each member, set-based, and answer the codes by member.

    One coupon per (source, campaign, member): a repeated call answers the same codes. Members who already have all they
    may have, and those for whom the stock did not last (in order of id), are not in the answer. Raises TemplateUnknownError
    and TemplateNotOnError.
    """
    owners = members.resolve_member_ids(member_ids=member_ids)
    keys = {
        f"{source}:{campaign_id or 0}:{template_id}:{owner_id}": owner_id for owner_id in sorted(set(owners.values()))
    }
    with transaction.atomic():
        template = _load_template(template_id)
        _check_on(template, at)
        codes = _codes_by_intent(keys)
        missing = {key: owner_id for key, owner_id in keys.items() if owner_id not in codes}
        fresh = _insert_claims(template, missing, source, campaign_id, at)
        fresh = _fit_to_stock(template_id, fresh)
        issued = _load_by_codes([coupon.code for coupon in fresh])
        _tell(issued, source, at)
        codes.update({coupon.member_id: coupon.code for coupon in issued})
        if len(codes) < len(keys):
            codes.update(_codes_by_intent(keys))  # claims that a parallel call made a moment before
    return {member_id: codes[owner_id] for member_id, owner_id in owners.items() if owner_id in codes}


def _load_template(template_id: int) -> CouponTemplate:
    template = (
        CouponTemplate.unscoped.select_related(*TEMPLATE_JOINS)
        .prefetch_related("versions")
        .filter(pk=template_id)
        .first()
    )
    if template is None:
        raise TemplateUnknownError(template_id=template_id)
    return template


def _check_on(template: CouponTemplate, at: datetime) -> None:
    state = issuing_state(template_view(template), at)
    if state is not TemplateState.ON:
        raise TemplateNotOnError(template_id=template.pk, state=state.value)


def _check_limit(template: CouponTemplate, member_id: int) -> None:
    """Coupons that came with a merge count too; against parallel calls the seats decide, not this look."""
    if Coupon.unscoped.filter(template=template, member_id=member_id).count() >= template.per_member:
        raise _limit_reached(template, member_id)


def _limit_reached(template: CouponTemplate, member_id: int) -> CouponLimitReachedError:
    return CouponLimitReachedError(template_id=template.pk, member_id=member_id, per_member=template.per_member)


def _present_version(template: CouponTemplate) -> CouponTemplateVersion:
    return next(one for one in template.versions.all() if one.number == template.version)


def _by_intent(intent_key: str, template_id: int, member_id: int) -> CouponView | None:
    row = Coupon.unscoped.select_related(*COUPON_JOINS).filter(intent_key=intent_key).first()
    if row is None:
        return None
    if row.template_id != template_id or member_id not in (row.member_id, row.original_member_id):
        raise IntentReusedError(intent_key=intent_key)
    return coupon_view(row)


def _new_coupon(
    template: CouponTemplate,
    version: CouponTemplateVersion,
    member_id: int,
    seq: int,
    source: str,
    campaign_id: int | None,
    at: datetime,
    intent_key: str,
) -> Coupon:
    return Coupon(
        code=short_code(CODE_LETTERS),
        template=template,
        version=version,
        member_id=member_id,
        original_member_id=member_id,
        seq=seq,
        intent_key=intent_key,
        source=source,
        campaign_id=campaign_id,
        valid_until=version.valid_until,
        liability_fen=version.amount_fen,
        issued_at=at,
    )


def _take_stock(template_id: int, count: int, liability_fen: int) -> bool:
    """Move the counter row when stock and budget allow; one conditional UPDATE."""
    in_budget = Q(budget_fen__isnull=True) | Q(budget_fen__gte=F("committed_fen") + count * liability_fen)
    moved = CouponStock.objects.filter(in_budget, template_id=template_id, issued__lte=F("total") - count).update(
        issued=F("issued") + count, committed_fen=F("committed_fen") + count * liability_fen
    )
    return moved == 1


def _codes_by_intent(keys: dict[str, int]) -> dict[int, str]:
    """Codes by member of the intents that have been fulfilled."""
    intents = list(keys)
    codes: dict[int, str] = {}
    for start in range(0, len(intents), BATCH):
        part = intents[start : start + BATCH]
        found = Coupon.unscoped.filter(intent_key__in=part).values_list("intent_key", "code")
        codes.update({keys[intent]: code for intent, code in found})
    return codes


def _insert_claims(
    template: CouponTemplate, missing: dict[str, int], source: str, campaign_id: int | None, at: datetime
) -> list[Coupon]:
    """The claims that went in, in order of member (so that parallel calls lock in one order)."""
    version = _present_version(template)
    owners = sorted(missing.values())
    held: Counter[int] = Counter()
    last: dict[int, int] = {}
    for start in range(0, len(owners), BATCH):
        part = owners[start : start + BATCH]
        of_template = Coupon.unscoped.filter(template=template)
        held.update(of_template.filter(member_id__in=part).values_list("member_id", flat=True))
        seats = of_template.filter(original_member_id__in=part).values_list("original_member_id")
        last.update(dict(seats.annotate(last=Max("seq"))))
    claims = [
        _new_coupon(template, version, member_id, last.get(member_id, 0) + 1, source, campaign_id, at, key)
        for key, member_id in sorted(missing.items(), key=lambda item: item[1])
        if max(held[member_id], last.get(member_id, 0)) < template.per_member
    ]
    Coupon.unscoped.bulk_create(claims, ignore_conflicts=True, batch_size=BATCH)
    codes = [coupon.code for coupon in claims]
    there: set[str] = set()
    for start in range(0, len(codes), BATCH):
        there.update(Coupon.unscoped.filter(code__in=codes[start : start + BATCH]).values_list("code", flat=True))
    return [coupon for coupon in claims if coupon.code in there]


def _fit_to_stock(template_id: int, fresh: list[Coupon]) -> list[Coupon]:
    """Take the stock for all claims, or for as many as it lasts; the claims beyond are taken back."""
    if not fresh:
        return []
    liability_fen = fresh[0].liability_fen
    if _take_stock(template_id, len(fresh), liability_fen):
        return fresh
    stock = CouponStock.objects.select_for_update().get(template_id=template_id)
    room = stock.total - stock.issued
    if stock.budget_fen is not None and liability_fen:
        room = min(room, (stock.budget_fen - stock.committed_fen) // liability_fen)
    kept, beyond = fresh[:room], [coupon.code for coupon in fresh[room:]]
    for start in range(0, len(beyond), BATCH):
        Coupon.unscoped.filter(code__in=beyond[start : start + BATCH]).delete()
    if kept and not _take_stock(template_id, len(kept), liability_fen):
        raise CouponsExhaustedError(template_id=template_id)
    return kept


def _load_by_codes(codes: list[str]) -> list[CouponView]:
    found: list[CouponView] = []
    for start in range(0, len(codes), BATCH):
        part = codes[start : start + BATCH]
        rows = Coupon.unscoped.select_related(*COUPON_JOINS).filter(code__in=part).order_by("member_id")
        found.extend(coupon_view(row) for row in rows)
    return found


def _tell(issued: list[CouponView], source: str, at: datetime) -> None:
    if not issued:
        return
    events.publish(
        *(
            CouponIssued(
                coupon_id=coupon.id,
                template_id=coupon.template_id,
                member_id=coupon.member_id,
                campaign_id=coupon.campaign_id,
            )
            for coupon in issued
        )
    )
    feed.record_many("touches", [facts.issued_touch(coupon=coupon, source=source, at=at) for coupon in issued])
    for start in range(0, len(issued), BATCH):
        member_operations.note_many(
            lines=[
                (
                    coupon.member_id,
                    at,
                    "promotions.coupon_issued",
                    {"coupon_id": coupon.id, "template_name": coupon.template_name, "store_name": coupon.store_name},
                )
                for coupon in issued[start : start + BATCH]
            ]
        )
