"""Tables of the service room. The unique constraints promise that nothing is handed over twice at once."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from juqun.domains.service.types import (
    OPEN_STATES,
    HandoverReason,
    HandoverState,
    ItemKind,
    ItemNote,
    ItemState,
    Why,
)
from juqun.kernel.scope import ScopedModel

OPEN = Q(state__in=[state.value for state in OPEN_STATES])
OPEN_HANDOVERS = (HandoverState.COLLECTING, HandoverState.PROPOSED, HandoverState.RUNNING)


def _choices(enum: type) -> list[tuple[str, str]]:
    return [(item.value, item.value) for item in enum]  # type: ignore[attr-defined]


class Handover(ScopedModel):
    """What one member of staff gives away. `candidates` holds [staff_id, tiers] of those who may take it."""

    SCOPE_PATH = "node__path"
    SCOPE_STAFF = "giver_id"

    giver = models.ForeignKey("org.Staff", on_delete=models.PROTECT, related_name="+", verbose_name=_("giver"))
    node = models.ForeignKey("org.OrgNode", on_delete=models.PROTECT, related_name="+", verbose_name=_("node"))
    reason = models.CharField(_("reason"), max_length=12, choices=_choices(HandoverReason))
    state = models.CharField(_("state"), max_length=12, choices=_choices(HandoverState))
    message = models.CharField(_("message to the customers"), max_length=200, blank=True, default="")
    member_ids = models.JSONField(null=True)  # None: everybody, and the groups too
    wanted_keepers = models.JSONField(default=list)  # staff ids; empty: by rule
    candidates = models.JSONField(default=list)
    created_by = models.CharField(_("created by"), max_length=120, blank=True, default="")
    created_at = models.DateTimeField(_("created at"))
    auto_approve_at = models.DateTimeField(null=True)
    approved_by = models.CharField(_("approved by"), max_length=120, blank=True, default="")
    approved_at = models.DateTimeField(_("approved at"), null=True)
    finished_at = models.DateTimeField(_("finished at"), null=True)

    class Meta(ScopedModel.Meta):
        verbose_name = _("hand-over")
        verbose_name_plural = _("hand-overs")
        constraints = [
            models.UniqueConstraint(
                fields=["giver"],
                condition=Q(reason=HandoverReason.LEFT.value, state__in=[one.value for one in OPEN_HANDOVERS]),
                name="service_one_open_leaving",
            ),
        ]
        indexes = [models.Index(fields=["state", "created_at"], name="service_handover_state")]


class HandoverItem(ScopedModel):
    """One friendship, one member without a friendship, or one group of the giver."""

    SCOPE_PATH = "handover__node__path"
    SCOPE_STAFF = "keeper_id"

    handover = models.ForeignKey(Handover, on_delete=models.CASCADE, related_name="items", db_index=False)
    giver = models.ForeignKey("org.Staff", on_delete=models.PROTECT, related_name="+", db_index=False)
    kind = models.CharField(_("kind"), max_length=8, choices=_choices(ItemKind))
    member = models.ForeignKey("members.Member", on_delete=models.CASCADE, null=True, related_name="+")
    link = models.ForeignKey("members.FriendLink", on_delete=models.CASCADE, null=True, related_name="+")
    group = models.ForeignKey("groups.Group", on_delete=models.CASCADE, null=True, related_name="+")
    proposed = models.ForeignKey("org.Staff", on_delete=models.PROTECT, null=True, related_name="+", db_index=False)
    keeper = models.ForeignKey(
        "org.Staff", on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("keeper")
    )
    why = models.CharField(_("why"), max_length=12, choices=_choices(Why))
    state = models.CharField(_("state"), max_length=12, choices=_choices(ItemState))
    note = models.CharField(_("note"), max_length=20, choices=_choices(ItemNote), blank=True, default="")
    detail = models.CharField(max_length=220, blank=True, default="")
    attempts = models.PositiveSmallIntegerField(default=0)
    tried = models.JSONField(default=list)  # keepers who could not take it
    claim_id = models.CharField(max_length=26, blank=True, default="")
    claimed_wall_at = models.DateTimeField(null=True)
    requested_at = models.DateTimeField(null=True)
    deadline_at = models.DateTimeField(_("taken over at the latest"), null=True)
    next_try_at = models.DateTimeField(_("tried again at"), null=True)
    taken_over_at = models.DateTimeField(_("taken over at"), null=True)
    offered_at = models.DateTimeField(null=True)  # when the store was asked to win the customer back
    win_back_code_id = models.BigIntegerField(null=True)

    class Meta(ScopedModel.Meta):
        verbose_name = _("part of a hand-over")
        verbose_name_plural = _("parts of hand-overs")
        constraints = [
            models.UniqueConstraint(fields=["handover", "link"], name="service_item_link_once"),
            models.UniqueConstraint(fields=["handover", "group"], name="service_item_group_once"),
            models.UniqueConstraint(
                fields=["handover", "member"], condition=Q(link__isnull=True), name="service_item_member_once"
            ),
            models.UniqueConstraint(fields=["link"], condition=OPEN, name="service_open_link_once"),
            models.UniqueConstraint(fields=["group"], condition=OPEN, name="service_open_group_once"),
            models.UniqueConstraint(
                fields=["giver", "member"], condition=OPEN & Q(link__isnull=True), name="service_open_member_once"
            ),
        ]
        indexes = [
            models.Index(fields=["handover", "state", "keeper"], name="service_item_state"),
            models.Index(fields=["state", "deadline_at"], name="service_item_deadline"),
        ]

    @property
    def taker_id(self) -> int:
        """The keeper of an item that has one (whatever is asked for has)."""
        return _there(self.keeper_id)

    @property
    def customer_id(self) -> int:
        """The member of an item that is a customer."""
        return _there(self.member_id)

    @property
    def chat_group_id(self) -> int:
        """The group of an item that is a group."""
        return _there(self.group_id)


def _there(value: int | None) -> int:
    if value is None:
        msg = "an item was taken for another kind than it is"
        raise ValueError(msg)
    return value


class KeeperFault(models.Model):
    """WeCom said that somebody can take no customers: full, or not activated, verified or with the feature."""

    staff = models.OneToOneField("org.Staff", on_delete=models.CASCADE, related_name="+")
    errcode = models.IntegerField()
    until = models.DateTimeField()
