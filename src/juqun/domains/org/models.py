from typing import Any, ClassVar

from django.contrib.auth.models import AbstractUser
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from treebeard.mp_tree import MP_Node, MP_NodeManager, MP_NodeQuerySet

from juqun.domains.org import rules
from juqun.kernel import clock
from juqun.kernel.scope import ScopedModel, ScopedQuerySet


class Account(AbstractUser):
    """A login. What it may see comes from the staff entry that it belongs to; without one it sees nothing."""

    date_joined = models.DateTimeField(_("joined at"), default=clock.now)

    class Meta:
        verbose_name = _("account")
        verbose_name_plural = _("accounts")


class NodeQuerySet(ScopedQuerySet, MP_NodeQuerySet):  # type: ignore[misc]
    """Treebeard's queryset that fails closed."""


class NodeManager(MP_NodeManager.from_queryset(NodeQuerySet)):  # type: ignore[misc]
    """Treebeard's manager over it, ordered by path."""

    def get_queryset(self) -> NodeQuerySet:
        return NodeQuerySet(self.model, using=self._db).order_by("path")


class OrgNode(ScopedModel, MP_Node):  # type: ignore[misc]
    """A node of the tree; `path` is treebeard's materialised path, four characters per tier."""

    SCOPE_PATH: ClassVar[str] = "path"
    steplen = rules.STEP

    objects: ClassVar[Any] = NodeManager()
    unscoped: ClassVar[Any] = models.Manager()

    class Kind(models.TextChoices):
        CHAIN = "chain", _("chain")
        PROVINCE = "province", _("province")
        CITY = "city", _("city")
        STORE = "store", _("store")

    kind = models.CharField(_("kind"), max_length=16, choices=Kind)
    name = models.CharField(_("name"), max_length=120)
    code = models.CharField(_("code"), max_length=64, unique=True)
    longitude = models.FloatField(_("longitude"), null=True, blank=True)
    latitude = models.FloatField(_("latitude"), null=True, blank=True)
    opened_at = models.DateTimeField(_("opened at"), null=True, blank=True)

    class Meta(ScopedModel.Meta):
        verbose_name = _("node")
        verbose_name_plural = _("nodes")
        constraints = [
            models.UniqueConstraint(fields=["kind"], condition=Q(kind="chain"), name="org_one_chain"),
        ]
        indexes = [models.Index(fields=["kind", "path"], name="org_node_kind_path")]

    def __str__(self) -> str:
        return self.name


class Staff(ScopedModel):
    """A member of staff at one node; `userid` is the name by which WeCom knows them."""

    SCOPE_PATH: ClassVar[str] = "node__path"

    class Role(models.TextChoices):
        HQ_LEAD = "hq_lead", _("headquarters lead")
        CITY_OPERATOR = "city_operator", _("city operator")
        STORE_MANAGER = "store_manager", _("store manager")
        STORE_OPERATOR = "store_operator", _("store operator")
        GUIDE = "guide", _("guide")
        CASHIER = "cashier", _("cashier")

    account = models.OneToOneField(
        Account, on_delete=models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("account")
    )
    name = models.CharField(_("name"), max_length=120)
    userid = models.CharField(_("WeCom userid"), max_length=64, unique=True)
    role = models.CharField(_("role"), max_length=24, choices=Role)
    node = models.ForeignKey(OrgNode, on_delete=models.PROTECT, related_name="+", verbose_name=_("node"))
    is_active = models.BooleanField(_("active"), default=True)
    joined_at = models.DateTimeField(_("joined at"))
    left_at = models.DateTimeField(_("left at"), null=True, blank=True)
    # Whoever left by WeCom's word comes back by it; whom people entered as gone stays gone.
    left_by_wecom = models.BooleanField(default=False)
    # Whoever was never in WeCom's address book (a lead of headquarters, a cashier) cannot leave by not being there.
    was_in_wecom = models.BooleanField(default=False)

    class Meta(ScopedModel.Meta):
        verbose_name = _("member of staff")
        verbose_name_plural = _("staff")
        indexes = [models.Index(fields=["role", "is_active"], name="org_staff_role_active")]

    def __str__(self) -> str:
        return self.name


class Policy(ScopedModel):
    """What one node set for one key, and what it leaves to the nodes below."""

    SCOPE_PATH: ClassVar[str] = "node__path"

    class Mode(models.TextChoices):
        FIXED = "fixed", _("fixed")
        RANGE = "range", _("range")
        FREE = "free", _("free")

    node = models.ForeignKey(OrgNode, on_delete=models.CASCADE, related_name="+", verbose_name=_("node"))
    key = models.CharField(_("policy"), max_length=32)
    mode = models.CharField(_("mode"), max_length=8, choices=Mode)
    value = models.IntegerField(_("value"))
    low = models.IntegerField(_("from"))
    high = models.IntegerField(_("to"))
    set_by = models.ForeignKey(Staff, on_delete=models.SET_NULL, null=True, related_name="+", verbose_name=_("set by"))
    set_at = models.DateTimeField(_("set at"))

    class Meta(ScopedModel.Meta):
        verbose_name = _("policy")
        verbose_name_plural = _("policies")
        constraints = [
            models.UniqueConstraint(fields=["key", "node"], name="org_policy_once_per_node"),
            models.CheckConstraint(
                condition=Q(low__lte=models.F("value"), value__lte=models.F("high")), name="org_policy_in_range"
            ),
        ]
