from enum import StrEnum
from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from juqun.domains.promotions.types import CouponKind, CouponState, TemplateState
from juqun.kernel.scope import ScopedModel


def _choices(kind: type[StrEnum]) -> list[tuple[str, str]]:
    return [(item.value, item.value) for item in kind]


class CouponTemplate(ScopedModel):
    """What is offered; its terms live in numbered versions, its counters in `CouponStock`."""

    SCOPE_PATH: ClassVar[str] = "store__path"

    public_id = models.CharField(max_length=26, unique=True)
    name = models.CharField(max_length=100)
    store = models.ForeignKey("org.OrgNode", on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    per_member = models.PositiveIntegerField(default=1)
    state = models.CharField(max_length=8, choices=_choices(TemplateState), default=TemplateState.ON.value)
    version = models.PositiveIntegerField(default=1)
    created_by = models.CharField(max_length=100, blank=True)
    created_at = models.DateTimeField()

    class Meta(ScopedModel.Meta):
        constraints = [models.CheckConstraint(condition=Q(per_member__gte=1), name="promotions_template_per_member")]


class CouponTemplateVersion(models.Model):
    """The terms of a template as they were at one time; never updated."""

    template = models.ForeignKey(CouponTemplate, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    kind = models.CharField(max_length=8, choices=_choices(CouponKind))
    amount_fen = models.BigIntegerField()
    percent_bp = models.IntegerField(default=0)
    threshold_fen = models.BigIntegerField(default=0)
    store = models.ForeignKey("org.OrgNode", on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    valid_from = models.DateTimeField()
    valid_until = models.DateTimeField()
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["template", "number"], name="promotions_version_unique"),
            models.CheckConstraint(
                condition=Q(amount_fen__gte=0, percent_bp__gte=0, percent_bp__lt=10_000, threshold_fen__gte=0),
                name="promotions_version_amounts",
            ),
            models.CheckConstraint(condition=Q(valid_from__lt=F("valid_until")), name="promotions_version_dates"),
        ]


class CouponStock(models.Model):
    """The counter row of a template: moved only by conditional UPDATEs, and the CHECKs hold whatever a caller does.

    `committed_fen` = what redeemed coupons did cost + what the outstanding ones may cost.
    """

    template = models.OneToOneField(CouponTemplate, on_delete=models.PROTECT, related_name="stock")
    total = models.PositiveIntegerField()
    issued = models.PositiveIntegerField(default=0)
    redeemed = models.PositiveIntegerField(default=0)
    budget_fen = models.BigIntegerField(null=True, blank=True)
    committed_fen = models.BigIntegerField(default=0)
    spent_fen = models.BigIntegerField(default=0)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(issued__lte=F("total")), name="promotions_stock_issued"),
            models.CheckConstraint(condition=Q(redeemed__lte=F("issued")), name="promotions_stock_redeemed"),
            models.CheckConstraint(condition=Q(spent_fen__gte=0), name="promotions_stock_spent"),
            models.CheckConstraint(
                condition=Q(budget_fen__isnull=True)
                | Q(committed_fen__lte=F("budget_fen"), spent_fen__lte=F("committed_fen")),
                name="promotions_stock_budget",
            ),
        ]


class Coupon(ScopedModel):
    """One member's coupon. Its dates and store are copied from its version, so that use needs no join to decide."""

    SCOPE_PATH: ClassVar[str] = "member__store__path"
    SCOPE_STAFF: ClassVar[str | None] = "member__staff_id"

    code = models.CharField(max_length=20, unique=True)
    template = models.ForeignKey(CouponTemplate, on_delete=models.PROTECT, related_name="coupons")
    version = models.ForeignKey(CouponTemplateVersion, on_delete=models.PROTECT, related_name="coupons")
    # Whose it is now, and to whom it was given: they differ after a merge, and agree again when it is undone.
    member = models.ForeignKey("members.Member", on_delete=models.PROTECT, related_name="+")
    original_member = models.ForeignKey("members.Member", on_delete=models.PROTECT, related_name="+")
    seq = models.PositiveIntegerField()
    intent_key = models.CharField(max_length=120, unique=True)
    source = models.CharField(max_length=40)
    campaign_id = models.BigIntegerField(null=True, blank=True)
    state = models.CharField(max_length=8, choices=_choices(CouponState), default=CouponState.ISSUED.value)
    valid_until = models.DateTimeField()
    liability_fen = models.BigIntegerField(default=0)
    order_key = models.CharField(max_length=120, null=True, blank=True)  # noqa: DJ001 - null says "no order", not ""
    issued_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True, blank=True)

    class Meta(ScopedModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["template", "original_member", "seq"], name="promotions_coupon_once"),
            models.CheckConstraint(
                condition=Q(state__in=["frozen", "used"], order_key__isnull=False)
                | Q(state__in=["issued", "expired", "void"], order_key__isnull=True),
                name="promotions_coupon_order",
            ),
        ]
        indexes = [
            models.Index(fields=["member", "state"], name="promotions_coupon_member"),
            models.Index(fields=["valid_until"], condition=Q(state="issued"), name="promotions_coupon_due"),
        ]


class Redemption(models.Model):
    """A use of a coupon on an order. At most one is active (not returned) per coupon and per order."""

    coupon = models.ForeignKey(Coupon, on_delete=models.PROTECT, related_name="redemptions")
    order_key = models.CharField(max_length=120)
    store = models.ForeignKey("org.OrgNode", on_delete=models.PROTECT, related_name="+")
    amount_fen = models.BigIntegerField()
    discount_fen = models.BigIntegerField()
    redeemed_at = models.DateTimeField()
    returned_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["coupon", "order_key"], name="promotions_redemption_once"),
            models.UniqueConstraint(
                fields=["coupon"], condition=Q(returned_at__isnull=True), name="promotions_redemption_active"
            ),
            models.UniqueConstraint(
                fields=["order_key"], condition=Q(returned_at__isnull=True), name="promotions_redemption_order"
            ),
            models.CheckConstraint(
                condition=Q(discount_fen__gte=0, discount_fen__lte=F("amount_fen")),
                name="promotions_redemption_amounts",
            ),
        ]
