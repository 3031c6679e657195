"""Coupon templates: made, revised by a new version, switched on and off."""

from datetime import datetime

from django.db import transaction

from juqun.domains.promotions import rules
from juqun.domains.promotions.errors import TemplateInvalidError, TemplateNotOnError, TemplateUnknownError
from juqun.domains.promotions.models import CouponStock, CouponTemplate, CouponTemplateVersion
from juqun.domains.promotions.types import CouponKind, CouponTerms, TemplateState
from juqun.kernel import clock
from juqun.kernel.ids import new_id

_MOVES: dict[TemplateState, frozenset[TemplateState]] = {
    TemplateState.DRAFT: frozenset({TemplateState.ON, TemplateState.ENDED}),
    TemplateState.ON: frozenset({TemplateState.PAUSED, TemplateState.ENDED}),
    TemplateState.PAUSED: frozenset({TemplateState.ON, TemplateState.ENDED}),
    TemplateState.ENDED: frozenset(),
}


def create_template(
    *,
    name: str,
    kind: CouponKind | str,
    amount_fen: int = 0,
    percent_bp: int = 0,
    threshold_fen: int = 0,
    store_id: int | None = None,
    valid_from: datetime,
    valid_until: datetime,
    total: int,
    per_member: int = 1,
    budget_fen: int | None = None,
    actor: str,
) -> int:
    """Make a template that is on at once, and answer its id.

    `amount_fen` is the sum off, or the cap of a percentage (0: no cap); `percent_bp` is the share off in basis points;
    `store_id` None means every store. Under a `budget_fen` each coupon commits its face value when it is issued.
    Raises TemplateInvalidError naming the field.
    """
    terms = CouponTerms(
        kind=CouponKind(kind),
        amount_fen=amount_fen,
        percent_bp=percent_bp,
        threshold_fen=threshold_fen,
        store_id=store_id,
        valid_from=valid_from,
        valid_until=valid_until,
    )
    rules.check_terms(terms)
    rules.check_limits(name=name, total=total, per_member=per_member, budget_fen=budget_fen, terms=terms)
    at = clock.now()
    with transaction.atomic():
        template = CouponTemplate.unscoped.create(
            public_id=new_id(),
            name=name.strip(),
            store_id=store_id,
            per_member=per_member,
            created_by=actor,
            created_at=at,
        )
        _add_version(template, 1, terms, at)
        CouponStock.objects.create(template=template, total=total, budget_fen=budget_fen)
    return template.pk


def revise_template(*, template_id: int, terms: CouponTerms, actor: str) -> int:
    """Give the template new terms for coupons issued from now on, and answer the new version's number.

    Issued coupons keep the terms of their version. The face value under a budget and the store of a template stay what
    they were made with: a new store or value class is a new template. Raises TemplateUnknownError, TemplateInvalidError,
    TemplateNotOnError for one that has ended.
    """
    rules.check_terms(terms)
    with transaction.atomic():
        template = CouponTemplate.unscoped.select_for_update().filter(pk=template_id).first()
        if template is None:
            raise TemplateUnknownError(template_id=template_id)
        if template.state == TemplateState.ENDED:
            raise TemplateNotOnError(template_id=template_id, state=template.state)
        if terms.store_id != template.store_id:
            raise TemplateInvalidError(field="store_id", reason="make a new template for another store")
        template.version += 1
        template.created_by = actor
        template.save(update_fields=["version", "created_by"])
        _add_version(template, template.version, terms, clock.now())
    return template.version


def set_template_state(*, template_id: int, state: TemplateState | str) -> None:
    """Switch a template on, pause it or end it; a move to the present state changes nothing.

    Raises TemplateUnknownError, and TemplateNotOnError when it cannot move there (an ended template stays ended).
    """
    wanted = TemplateState(state)
    allowed = [old.value for old, targets in _MOVES.items() if wanted in targets]
    moved = CouponTemplate.unscoped.filter(pk=template_id, state__in=allowed).update(state=wanted.value)
    if moved:
        return
    present = CouponTemplate.unscoped.filter(pk=template_id).values_list("state", flat=True).first()
    if present is None:
        raise TemplateUnknownError(template_id=template_id)
    if present != wanted:
        raise TemplateNotOnError(template_id=template_id, state=present)


def _add_version(template: CouponTemplate, number: int, terms: CouponTerms, at: datetime) -> None:
    CouponTemplateVersion.objects.create(
        template=template,
        number=number,
        kind=terms.kind.value,
        amount_fen=terms.amount_fen,
        percent_bp=terms.percent_bp,
        threshold_fen=terms.threshold_fen,
        store_id=terms.store_id,
        valid_from=terms.valid_from,
        valid_until=terms.valid_until,
        created_at=at,
    )
