"""Coupons are quoted, frozen for an unpaid order, redeemed, released and returned.

A coupon's state moves by compare-and-set only; the Redemption row under its unique keys is the proof of use. The counter
row is always written last, after the coupon (one lock order for all of promotions).
"""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import F

from juqun.domains.members import operations as member_operations
from juqun.domains.members import queries as members
from juqun.domains.promotions import facts, rules
from juqun.domains.promotions.errors import (
    CouponFrozenError,
    CouponUnknownError,
    CouponUsedError,
    RedemptionConflictError,
)
from juqun.domains.promotions.events import CouponRedeemed, CouponReturned
from juqun.domains.promotions.mappers import COUPON_JOINS, coupon_view
from juqun.domains.promotions.models import Coupon, CouponStock, Redemption
from juqun.domains.promotions.types import CouponState, CouponView
from juqun.kernel import events
from juqun.lake import feed


def quote_coupon(*, code: str, store_id: int, amount_fen: int, member_id: int | None = None, at: datetime) -> int:
    """Answer the fen that the coupon would take off now at this store; nothing changes.

    Raises the typed errors of `redeem_coupon`.
    """
    coupon = _load(code)
    owner_id = _owner(coupon, member_id)
    return rules.check_usable(
        coupon, store_id=store_id, amount_fen=amount_fen, member_id=owner_id, order_key=None, at=at
    )


def freeze_coupon(
    *, code: str, store_id: int, order_key: str, amount_fen: int, member_id: int | None = None, at: datetime
) -> int:
    """Hold the coupon for an order that is not paid yet, and answer the fen it will take off.

    Repeated for the same order it answers the same. Raises the typed errors of `redeem_coupon`.
    """
    with transaction.atomic():
        coupon = _load(code)
        member_id = _owner(coupon, member_id)
        discount_fen = rules.check_usable(
            coupon, store_id=store_id, amount_fen=amount_fen, member_id=member_id, order_key=order_key, at=at
        )
        if coupon.state is CouponState.FROZEN:
            return discount_fen
        moved = Coupon.unscoped.filter(pk=coupon.id, state=CouponState.ISSUED, valid_until__gt=at).update(
            state=CouponState.FROZEN, order_key=order_key
        )
        if not moved:  # another order was faster: its state gives the error, or it is this very order
            coupon = _load(code)
            rules.check_usable(
                coupon, store_id=store_id, amount_fen=amount_fen, member_id=member_id, order_key=order_key, at=at
            )
            if coupon.state is not CouponState.FROZEN:
                raise CouponFrozenError(coupon_code=coupon.code)
    return discount_fen


def redeem_coupon(
    *, code: str, store_id: int, order_key: str, amount_fen: int, member_id: int | None = None, at: datetime
) -> int:
    """Use the coupon on a paid order, once, and answer the fen it takes off.

    `amount_fen` is the order before the coupon. A repeated call with the same `order_key` answers the same; with other
    figures it raises RedemptionConflictError. `member_id` None: the bearer is taken for the owner. Raises
    CouponUnknownError, CouponWrongMemberError, CouponWrongStoreError, CouponUsedError, CouponFrozenError, CouponVoidError,
    CouponExpiredError, CouponNotYetValidError, CouponBelowThresholdError.
    """
    with transaction.atomic():
        coupon = _load(code)
        member_id = _owner(coupon, member_id)
        known = _repeated(coupon, order_key, store_id, amount_fen, member_id)
        if known is not None:
            return known
        discount_fen = rules.check_usable(
            coupon, store_id=store_id, amount_fen=amount_fen, member_id=member_id, order_key=order_key, at=at
        )
        if not _mark_used(coupon, order_key, at):
            return _lost_race(code, order_key, store_id, amount_fen, member_id, at)
        _store_redemption(coupon, order_key, store_id, amount_fen, discount_fen, at)
        liability_fen = Coupon.unscoped.values_list("liability_fen", flat=True).get(pk=coupon.id)
        CouponStock.objects.filter(template_id=coupon.template_id).update(
            redeemed=F("redeemed") + 1,
            spent_fen=F("spent_fen") + discount_fen,
            committed_fen=F("committed_fen") + discount_fen - liability_fen,
        )
        _tell_redeemed(coupon, order_key, store_id, discount_fen, at)
    return discount_fen


def release_coupons(*, order_keys: Sequence[str]) -> int:
    """Let go of the coupons that were frozen for orders which are not paid; answer how many there were.

    A coupon whose last moment passed meanwhile is caught by the check at its next use and by the expiry job.
    """
    return Coupon.unscoped.filter(order_key__in=order_keys, state=CouponState.FROZEN).update(
        state=CouponState.ISSUED, order_key=None
    )


def return_coupon(*, order_key: str, at: datetime) -> bool:
    """Give back the coupon of an order that was refunded in full; True when there was one to give back, once.

    The coupon can be used again until its last moment. The lake keeps the redemption: it did happen.
    """
    with transaction.atomic():
        redemption = (
            Redemption.objects.select_related("coupon").filter(order_key=order_key, returned_at__isnull=True).first()
        )
        if redemption is None:
            return False
        coupon = redemption.coupon
        moved = Coupon.unscoped.filter(pk=coupon.pk, state=CouponState.USED, order_key=order_key).update(
            state=CouponState.ISSUED, order_key=None, used_at=None
        )
        if not moved:
            return False
        Redemption.objects.filter(pk=redemption.pk).update(returned_at=at)
        off = redemption.discount_fen
        CouponStock.objects.filter(template_id=coupon.template_id).update(
            redeemed=F("redeemed") - 1,
            spent_fen=F("spent_fen") - off,
            committed_fen=F("committed_fen") - off + coupon.liability_fen,
        )
        events.publish(
            CouponReturned(
                coupon_id=coupon.pk, template_id=coupon.template_id, member_id=coupon.member_id, order_key=order_key
            )
        )
    return True


def _load(code: str) -> CouponView:
    cleaned = rules.normalise_code(code)
    row = Coupon.unscoped.select_related(*COUPON_JOINS).filter(code=cleaned).first()
    if row is None:
        raise CouponUnknownError(coupon_code=code.strip()[:40])
    return coupon_view(row)


def _owner(coupon: CouponView, member_id: int | None) -> int | None:
    """The member as the coupon knows them: the two ids may name one person whose records were merged."""
    if member_id is None or member_id == coupon.member_id:
        return member_id
    same = members.resolve_member_ids(member_ids=[coupon.member_id, member_id])
    return coupon.member_id if same[coupon.member_id] == same[member_id] else member_id


def _repeated(coupon: CouponView, order_key: str, store_id: int, amount_fen: int, member_id: int | None) -> int | None:
    """The first answer when this order has redeemed this coupon already."""
    found = Redemption.objects.filter(order_key=order_key, returned_at__isnull=True).first()
    if found is None:
        return None
    same = (found.coupon_id, found.store_id, found.amount_fen) == (coupon.id, store_id, amount_fen)
    if not same or member_id not in (None, coupon.member_id):
        raise RedemptionConflictError(order_key=order_key)
    return found.discount_fen


def _mark_used(coupon: CouponView, order_key: str, at: datetime) -> bool:
    if coupon.state is CouponState.FROZEN:
        expected = Coupon.unscoped.filter(pk=coupon.id, state=CouponState.FROZEN, order_key=order_key)
    else:
        expected = Coupon.unscoped.filter(pk=coupon.id, state=CouponState.ISSUED, valid_until__gt=at)
    return expected.update(state=CouponState.USED, order_key=order_key, used_at=at) == 1


def _lost_race(code: str, order_key: str, store_id: int, amount_fen: int, member_id: int | None, at: datetime) -> int:
    """The answer of the call that was not first: the same discount for the same order, else the error of the new state."""
    coupon = _load(code)
    known = _repeated(coupon, order_key, store_id, amount_fen, member_id)
    if known is not None:
        return known
    rules.check_usable(coupon, store_id=store_id, amount_fen=amount_fen, member_id=member_id, order_key=None, at=at)
    raise CouponUsedError(coupon_code=coupon.code)  # used and given back between the two looks: this call was not first


def _store_redemption(
    coupon: CouponView, order_key: str, store_id: int, amount_fen: int, discount_fen: int, at: datetime
) -> None:
    """Write the proof of use. An order that returned this very coupon before must take a new number."""
    if Redemption.objects.filter(coupon_id=coupon.id, order_key=order_key).exists():
        raise RedemptionConflictError(order_key=order_key)
    Redemption.objects.create(
        coupon_id=coupon.id,
        order_key=order_key,
        store_id=store_id,
        amount_fen=amount_fen,
        discount_fen=discount_fen,
        redeemed_at=at,
    )


def _tell_redeemed(coupon: CouponView, order_key: str, store_id: int, discount_fen: int, at: datetime) -> None:
    events.publish(
        CouponRedeemed(
            coupon_id=coupon.id,
            template_id=coupon.template_id,
            member_id=coupon.member_id,
            order_key=order_key,
            store_id=store_id,
            discount_fen=discount_fen,
            campaign_id=coupon.campaign_id,
        )
    )
    key, row = facts.redeemed_touch(coupon=coupon, order_key=order_key, store_id=store_id, at=at)
    feed.record("touches", key, row)
    key, row = facts.redemption(coupon=coupon, order_key=order_key, store_id=store_id, discount_fen=discount_fen, at=at)
    feed.record("redemptions", key, row)
    member_operations.note(
        member_id=coupon.member_id,
        at=at,
        kind="promotions.coupon_redeemed",
        fields={"coupon_id": coupon.id, "template_name": coupon.template_name, "discount_fen": discount_fen},
    )
