from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from juqun.domains.commerce.types import OrderState
from juqun.kernel.scope import ScopedModel


class Order(ScopedModel):
    """An order of the chain's own tills or phone shop. Its state moves by compare-and-set only."""

    SCOPE_PATH: ClassVar[str] = "store__path"
    SCOPE_STAFF: ClassVar[str | None] = "staff_id"

    public_id = models.CharField(max_length=26, unique=True)
    source = models.CharField(max_length=20)
    external_ref = models.CharField(max_length=80)
    order_key = models.CharField(max_length=120, unique=True)
    intent_key = models.CharField(max_length=120, unique=True)
    content_hash = models.CharField(max_length=64)
    store = models.ForeignKey("org.OrgNode", on_delete=models.PROTECT, related_name="+")
    member = models.ForeignKey("members.Member", on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    # Who bought, as it was known then; `member` is that person today, which differs after a merge of members.
    original_member = models.ForeignKey(
        "members.Member", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    staff = models.ForeignKey("org.Staff", on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    campaign_id = models.BigIntegerField(null=True, blank=True)
    coupon_code = models.CharField(max_length=20, blank=True)
    amount_fen = models.BigIntegerField()
    discount_fen = models.BigIntegerField(default=0)
    state = models.CharField(max_length=10, choices=[(state.value, state.value) for state in OrderState])
    pickup_code = models.CharField(max_length=20, unique=True, null=True, blank=True)
    created_at = models.DateTimeField()
    hold_until = models.DateTimeField(null=True, blank=True)
    paid_at = models.DateTimeField(null=True, blank=True)
    picked_up_at = models.DateTimeField(null=True, blank=True)
    picked_up_by = models.ForeignKey("org.Staff", on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    refunded_at = models.DateTimeField(null=True, blank=True)

    class Meta(ScopedModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["source", "external_ref"], name="commerce_order_once"),
            models.CheckConstraint(condition=Q(amount_fen__gte=0, discount_fen__gte=0), name="commerce_order_amounts"),
            models.CheckConstraint(
                condition=Q(state__in=["held", "released"]) | Q(paid_at__isnull=False), name="commerce_order_paid"
            ),
        ]
        indexes = [
            models.Index(fields=["store", "-created_at"], name="commerce_order_store"),
            models.Index(fields=["member", "-created_at"], name="commerce_order_member"),
            models.Index(fields=["hold_until"], condition=Q(state="held"), name="commerce_order_due"),
        ]


class OrderLine(models.Model):
    """A line with its price trace: `amount_fen` was paid, `coupon_fen` is the coupon's part."""

    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="lines")
    line_no = models.PositiveIntegerField()
    product_ref = models.CharField(max_length=64)
    quantity = models.DecimalField(max_digits=12, decimal_places=3)
    amount_fen = models.BigIntegerField()
    coupon_fen = models.BigIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["order", "line_no"], name="commerce_line_once"),
            models.CheckConstraint(condition=Q(amount_fen__gte=0, coupon_fen__gte=0), name="commerce_line_amounts"),
        ]


class TillKey(models.Model):
    """A key of the HTTP interface; only its hash is kept (the secret has 256 random bits, so a fast hash is enough)."""

    node = models.ForeignKey("org.OrgNode", on_delete=models.PROTECT, related_name="+")
    name = models.CharField(max_length=100)
    key_hash = models.CharField(max_length=64, unique=True)
    hint = models.CharField(max_length=12)
    created_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(revoked_at__isnull=True) | Q(revoked_at__gte=F("created_at")), name="commerce_key_dates"
            )
        ]
