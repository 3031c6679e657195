from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from juqun.kernel import clock, ids
from juqun.kernel.scope import ScopedModel


class SavedSegment(ScopedModel):
    """A segment with a name. It belongs to a node of the organisation; without one it belongs to the whole chain."""

    SCOPE_PATH: ClassVar[str] = "node__path"

    public_id = models.CharField(_("public id"), max_length=26, unique=True, default=ids.new_id, editable=False)
    name = models.CharField(_("name"), max_length=100)
    tree = models.JSONField(_("conditions"))
    version = models.PositiveSmallIntegerField(_("language version"))
    description_zh = models.TextField(_("description in Chinese"))
    description_en = models.TextField(_("description in English"))
    owner = models.CharField(_("owner"), max_length=150)
    node = models.ForeignKey(
        "org.OrgNode", on_delete=models.PROTECT, related_name="+", null=True, blank=True, verbose_name=_("node")
    )
    count = models.PositiveBigIntegerField(_("members"), null=True, editable=False)
    reachable = models.PositiveBigIntegerField(_("reachable members"), null=True, editable=False)
    counted_at = models.DateTimeField(_("counted at"), null=True, editable=False)
    is_archived = models.BooleanField(_("archived"), default=False)
    created_at = models.DateTimeField(_("created at"), default=clock.now, editable=False)
    updated_at = models.DateTimeField(_("updated at"), default=clock.now, editable=False)

    class Meta(ScopedModel.Meta):
        verbose_name = _("segment")
        verbose_name_plural = _("segments")
        constraints = [
            models.UniqueConstraint(
                fields=["node", "name"],
                condition=models.Q(is_archived=False),
                name="audience_segment_name_per_node",
            ),
            models.UniqueConstraint(
                fields=["name"],
                condition=models.Q(is_archived=False, node__isnull=True),
                name="audience_segment_name_of_chain",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Snapshot(models.Model):
    """The members of a segment at one moment. The tree and the scope are copies: later changes do not reach it."""

    class State(models.TextChoices):
        BUILDING = "building", _("being taken")
        READY = "ready", _("ready")

    segment = models.ForeignKey(SavedSegment, on_delete=models.PROTECT, related_name="+", verbose_name=_("segment"))
    tree = models.JSONField(_("conditions"))
    scope_paths = models.JSONField(_("area"))
    scope_staff_id = models.BigIntegerField(_("only customers of"), null=True)
    as_of_day = models.IntegerField(_("day"))
    taken_at = models.DateTimeField(_("taken at"))
    state = models.CharField(_("state"), max_length=16, choices=State, default=State.BUILDING)
    size = models.PositiveBigIntegerField(_("members"), default=0)
    digest = models.CharField(_("digest"), max_length=64, blank=True)

    class Meta:
        verbose_name = _("snapshot")
        verbose_name_plural = _("snapshots")
        indexes = [models.Index(fields=["segment", "taken_at"], name="audience_snapshot_taken")]

    def __str__(self) -> str:
        return f"{self.segment_id}@{self.as_of_day}"


class SnapshotMember(models.Model):
    """One member of a snapshot. No foreign key to the member: a snapshot tells what was, also when the member is gone."""

    pk = models.CompositePrimaryKey("snapshot_id", "member_id")
    snapshot = models.ForeignKey(Snapshot, on_delete=models.CASCADE, related_name="+", db_index=False)
    member_id = models.BigIntegerField()

    class Meta:
        verbose_name = _("snapshot member")
        verbose_name_plural = _("snapshot members")

    def __str__(self) -> str:
        return f"{self.snapshot_id}/{self.member_id}"
