"""Tables of the growth room."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from juqun.domains.growth.types import CodeState, SourceKind
from juqun.kernel.scope import ScopedModel


class LiveCode(ScopedModel):
    """A code that hangs at a store, with all that its contact way should be.

    ``wanted_version`` counts changes of the wish, ``applied_version`` the last one that the channel took. ``earlier`` holds the
    fingerprints of the documents that we wrote, or that a person said may be overwritten: only over these do we write.
    """

    SCOPE_PATH = "store__path"
    SCOPE_STAFF = "staff__staff_id"

    state = models.CharField(_("state code"), max_length=30, unique=True)
    store = models.ForeignKey("org.OrgNode", on_delete=models.PROTECT, related_name="+", verbose_name=_("store"))
    source = models.CharField(_("source"), max_length=20, choices=[(s.value, s.value) for s in SourceKind])
    label = models.CharField(_("label"), max_length=60, blank=True)
    kind_code = models.CharField(_("kind of group"), max_length=32, default="", blank=True)
    welcome_text = models.TextField(_("welcome text"), default="", blank=True)
    welcome_image = models.CharField(max_length=64, default="", blank=True)  # the content hash of a kept picture
    status = models.CharField(
        _("status"), max_length=10, choices=[(s.value, s.value) for s in CodeState], default=CodeState.PENDING.value
    )
    refusal = models.TextField(_("refusal"), default="", blank=True)
    config_id = models.CharField(max_length=64, default="", blank=True)
    qr_code = models.CharField(_("QR code"), max_length=500, default="", blank=True)
    wanted_version = models.PositiveIntegerField(default=1)
    applied_version = models.PositiveIntegerField(default=0)
    asked_at = models.DateTimeField(null=True)  # when the channel was first asked to create it
    claimed_until = models.DateTimeField(null=True)
    remark = models.CharField(max_length=30, default="", blank=True)  # empty: made from store and label
    skip_verify = models.BooleanField(default=True)
    earlier = models.JSONField(default=list)
    checked_at = models.DateTimeField(_("compared at"), null=True)
    is_active = models.BooleanField(_("active"), default=True)
    created_by = models.CharField(_("created by"), max_length=80, default="", blank=True)
    created_at = models.DateTimeField(_("created at"))
    retired_at = models.DateTimeField(_("retired at"), null=True)

    class Meta(ScopedModel.Meta):
        verbose_name = _("live code")
        verbose_name_plural = _("live codes")
        indexes = [models.Index(fields=["store", "source"], name="growth_code_store_source")]


class LiveCodeStaff(models.Model):
    """Who takes the customers of a code."""

    live_code = models.ForeignKey(LiveCode, on_delete=models.CASCADE, related_name="staff")
    staff = models.ForeignKey("org.Staff", on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["live_code", "staff"], name="growth_code_staff_once")]


class Scan(ScopedModel):
    """A friendship that came with a state; ``live_code`` is empty while nobody here knows the state."""

    SCOPE_PATH = "staff__node__path"
    SCOPE_STAFF = "staff_id"

    live_code = models.ForeignKey(LiveCode, null=True, on_delete=models.PROTECT, related_name="scans")
    state = models.CharField(_("state code"), max_length=64)
    member = models.ForeignKey("members.Member", on_delete=models.CASCADE, related_name="+", db_index=False)
    came_as_id = models.BigIntegerField()  # the member at that time: what a merge that is undone goes back to
    staff = models.ForeignKey("org.Staff", on_delete=models.PROTECT, related_name="+")
    external_userid = models.BinaryField()  # sealed; empty once the member was erased
    is_first = models.BooleanField()
    at = models.DateTimeField(_("at"))

    class Meta(ScopedModel.Meta):
        verbose_name = _("scan")
        verbose_name_plural = _("scans")
        constraints = [models.UniqueConstraint(fields=["came_as_id", "staff", "at"], name="growth_scan_once")]
        indexes = [
            models.Index(fields=["state"], name="growth_scan_state"),
            models.Index(fields=["member"], name="growth_scan_member"),
        ]
