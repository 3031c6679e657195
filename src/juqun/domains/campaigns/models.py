"""Tables of the campaigns room. The unique constraints are the promises: one message per recipient, one place per cap."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from juqun.domains.campaigns.types import Arm, BatchState, CampaignState, HoldoutUnit, MessageState
from juqun.kernel.scope import ScopedModel


def _choices(enum: type) -> list[tuple[str, str]]:
    return [(item.value, item.value) for item in enum]  # type: ignore[attr-defined]


class Campaign(ScopedModel):
    SCOPE_PATH = "node__path"

    public_id = models.CharField(max_length=26, unique=True)
    name = models.CharField(_("name"), max_length=120)
    node = models.ForeignKey("org.OrgNode", on_delete=models.PROTECT, related_name="+", verbose_name=_("node"))
    segment_id = models.BigIntegerField(_("segment"))
    snapshot_id = models.BigIntegerField(null=True)
    text = models.TextField(_("text"))
    link_url = models.CharField(_("link"), max_length=2048, blank=True)
    coupon_template_id = models.BigIntegerField(_("coupon template"), null=True)
    unit = models.CharField(_("drawn by"), max_length=8, choices=_choices(HoldoutUnit))
    holdout_bp = models.PositiveIntegerField(_("holdout in basis points"))
    salt = models.CharField(max_length=32)
    state = models.CharField(_("state"), max_length=8, choices=_choices(CampaignState), default=CampaignState.DRAFT)
    starts_at = models.DateTimeField(_("starts at"))
    measure_days = models.PositiveSmallIntegerField(_("days measured"), default=28)
    created_by = models.ForeignKey("org.Staff", null=True, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()
    planned_at = models.DateTimeField(null=True)
    launched_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    class Meta(ScopedModel.Meta):
        verbose_name = _("campaign")
        verbose_name_plural = _("campaigns")
        constraints = [
            models.CheckConstraint(condition=Q(holdout_bp__lte=10_000), name="campaign_holdout_share"),
            models.CheckConstraint(
                condition=~Q(link_url="") | Q(coupon_template_id__isnull=False), name="campaign_has_link"
            ),
        ]
        indexes = [models.Index(fields=["state"], name="campaign_state")]


class MessageBatch(ScopedModel):
    """One task: one add_msg_template call of one sender. The token in its link makes the content unique at WeCom."""

    SCOPE_PATH = "staff__node__path"
    SCOPE_STAFF = "staff_id"

    campaign = models.ForeignKey(Campaign, on_delete=models.PROTECT, related_name="+")
    step = models.PositiveSmallIntegerField(default=1)
    rotation = models.PositiveSmallIntegerField(default=1)
    staff = models.ForeignKey("org.Staff", on_delete=models.PROTECT, related_name="+")
    userid = models.CharField(max_length=64)
    chunk_no = models.PositiveIntegerField()
    token = models.CharField(max_length=16, unique=True)
    size = models.PositiveIntegerField()
    not_before = models.DateTimeField()
    state = models.CharField(max_length=9, choices=_choices(BatchState), default=BatchState.WAITING)
    asked_wall_at = models.DateTimeField(null=True)
    attempts = models.PositiveIntegerField(default=0)
    claim_id = models.CharField(max_length=26, blank=True)
    called_at = models.DateTimeField(null=True)
    first_called_at = models.DateTimeField(null=True)
    claimed_wall_at = models.DateTimeField(null=True)
    msgid = models.CharField(max_length=128, blank=True)
    created_at = models.DateTimeField(null=True)
    confirmed_at = models.DateTimeField(null=True)
    collect_at = models.DateTimeField(null=True)
    is_verified = models.BooleanField(default=True)
    refusal = models.CharField(max_length=200, blank=True)
    reminded_at = models.JSONField(default=list)
    reminder_count = models.PositiveIntegerField(default=0)

    class Meta(ScopedModel.Meta):
        verbose_name = _("sending task")
        verbose_name_plural = _("sending tasks")
        constraints = [
            models.UniqueConstraint(
                fields=["campaign", "step", "rotation", "staff", "chunk_no"], name="batch_once_per_sender_chunk"
            ),
            models.UniqueConstraint(fields=["msgid"], condition=~Q(msgid=""), name="batch_msgid_once"),
        ]
        indexes = [
            models.Index(fields=["state", "not_before"], name="batch_state_due"),
            models.Index(fields=["state", "collect_at"], name="batch_collect_due"),
        ]


class Message(ScopedModel):
    """The outbox: one row per member of the snapshot, also for those who get nothing (then with the reason)."""

    SCOPE_PATH = "store__path"
    SCOPE_STAFF = "staff_id"

    campaign = models.ForeignKey(Campaign, on_delete=models.PROTECT, related_name="+")
    step = models.PositiveSmallIntegerField(default=1)
    rotation = models.PositiveSmallIntegerField(default=1)
    member_id = models.BigIntegerField(db_index=True)
    store = models.ForeignKey("org.OrgNode", null=True, on_delete=models.PROTECT, related_name="+")
    staff = models.ForeignKey("org.Staff", null=True, on_delete=models.PROTECT, related_name="+")
    batch = models.ForeignKey(MessageBatch, null=True, on_delete=models.PROTECT, related_name="+")
    arm = models.CharField(max_length=8, blank=True, choices=_choices(Arm))
    state = models.CharField(_("state"), max_length=9, choices=_choices(MessageState))
    reason = models.CharField(_("reason"), max_length=16, blank=True)
    queued_at = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    class Meta(ScopedModel.Meta):
        verbose_name = _("message")
        verbose_name_plural = _("messages")
        constraints = [
            models.UniqueConstraint(
                fields=["campaign", "step", "member_id", "rotation"], name="message_once_per_recipient"
            )
        ]
        indexes = [models.Index(fields=["campaign", "state", "reason"], name="message_campaign_state")]


class PressureEntry(models.Model):
    """The ledger of contact pressure: a message holds the n-th place of its member's day and of its month.

    Two plans that run at once cannot take the same place, so they cannot exceed a cap together. A place that is given
    back loses its numbers (empty values never collide) and stays as history.
    """

    member_id = models.BigIntegerField()
    campaign = models.ForeignKey(Campaign, on_delete=models.PROTECT, related_name="+")
    step = models.PositiveSmallIntegerField(default=1)
    rotation = models.PositiveSmallIntegerField(default=1)
    day = models.DateField()
    month = models.PositiveIntegerField()
    day_slot = models.PositiveSmallIntegerField(null=True)
    month_slot = models.PositiveSmallIntegerField(null=True)
    released_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("contact pressure entry")
        verbose_name_plural = _("contact pressure entries")
        constraints = [
            models.UniqueConstraint(fields=["member_id", "day", "day_slot"], name="pressure_day_place"),
            models.UniqueConstraint(fields=["member_id", "month", "month_slot"], name="pressure_month_place"),
            models.UniqueConstraint(
                fields=["campaign", "step", "rotation", "member_id"], name="pressure_once_per_message"
            ),
        ]
