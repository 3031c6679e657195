"""Tables of the groups room."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from juqun.domains.groups.types import EntryState, GroupRole, GroupState, WelcomeState
from juqun.kernel.scope import ScopedModel


class Kind(models.Model):
    """A kind of the matrix; chain-wide, so not scoped."""

    code = models.SlugField(_("code"), max_length=32, unique=True)
    name = models.CharField(_("name"), max_length=40)
    theme = models.CharField(_("theme"), max_length=80, blank=True)
    capacity = models.PositiveIntegerField(_("capacity"))
    is_default = models.BooleanField(_("default"), default=False)
    priority = models.IntegerField(_("priority"), default=0)

    class Meta:
        verbose_name = _("kind of group")
        verbose_name_plural = _("kinds of group")
        constraints = [
            models.UniqueConstraint(
                fields=["is_default"], condition=models.Q(is_default=True), name="groups_one_default_kind"
            ),
        ]


class KindTag(models.Model):
    """A member's tag that speaks for a kind."""

    kind = models.ForeignKey(Kind, on_delete=models.CASCADE, related_name="tags")
    tag = models.CharField(_("tag"), max_length=64)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["kind", "tag"], name="groups_kind_tag_once")]


class Entry(ScopedModel):
    """The way into the groups of one kind at one store, with the whole document its join way should be.

    ``wanted_version`` counts changes of the document, ``applied_version`` the last one the channel took; ``applied`` is that
    document, ``earlier`` the fingerprints of those over which may be written.
    """

    SCOPE_PATH = "store__path"
    SCOPE_STAFF = "owner_staff_id"

    store = models.ForeignKey("org.OrgNode", on_delete=models.PROTECT, related_name="+", verbose_name=_("store"))
    kind = models.ForeignKey(Kind, on_delete=models.PROTECT, related_name="+", verbose_name=_("kind"))
    owner_staff = models.ForeignKey("org.Staff", on_delete=models.PROTECT, related_name="+", verbose_name=_("owner"))
    code = models.CharField(_("state code"), max_length=30, unique=True)
    room_base_name = models.CharField(_("base name"), max_length=40)
    next_number = models.PositiveIntegerField(_("next number"), default=1)
    least_number = models.PositiveIntegerField(default=1)  # somebody set a higher one in WeCom, and it was taken over
    auto_create_room = models.BooleanField(default=True)
    remark = models.CharField(max_length=30, default="", blank=True)  # empty: made from store and kind
    chat_ids = models.JSONField(_("linked chats"), default=list)
    config_id = models.CharField(max_length=64, default="", blank=True)
    qr_code = models.CharField(_("QR code"), max_length=500, default="", blank=True)
    state = models.CharField(_("state"), max_length=10, choices=[(s.value, s.value) for s in EntryState])
    refusal = models.TextField(_("refusal"), default="", blank=True)
    wanted_version = models.PositiveIntegerField(default=0)
    applied_version = models.PositiveIntegerField(default=0)
    applied = models.JSONField(default=dict)
    earlier = models.JSONField(default=list)
    checked_at = models.DateTimeField(_("compared at"), null=True)
    claimed_until = models.DateTimeField(null=True)
    created_at = models.DateTimeField(_("created at"))

    class Meta(ScopedModel.Meta):
        verbose_name = _("way in")
        verbose_name_plural = _("ways in")
        constraints = [models.UniqueConstraint(fields=["store", "kind"], name="groups_entry_once")]


class PlannedGroup(ScopedModel):
    """A group to be created next behind an entry; done when a chat of that series turns up."""

    SCOPE_PATH = "entry__store__path"
    SCOPE_STAFF = "entry__owner_staff_id"

    entry = models.ForeignKey(Entry, on_delete=models.CASCADE, related_name="+")
    number = models.PositiveIntegerField()
    name = models.CharField(_("name"), max_length=60)
    planned_at = models.DateTimeField(_("planned at"))
    group = models.ForeignKey("groups.Group", null=True, on_delete=models.SET_NULL, related_name="+")

    class Meta(ScopedModel.Meta):
        verbose_name = _("planned group")
        verbose_name_plural = _("planned groups")
        constraints = [
            models.UniqueConstraint(fields=["entry", "number"], name="groups_planned_number_once"),
            models.UniqueConstraint(
                fields=["entry"], condition=models.Q(group__isnull=True), name="groups_one_open_plan_per_entry"
            ),
        ]


class Group(ScopedModel):
    """One group chat. ``sync_ticket`` numbers the readings begun, ``applied_ticket`` the last one stored."""

    SCOPE_PATH = "store__path"
    SCOPE_STAFF = "owner_staff_id"

    chat_id = models.CharField(max_length=64, unique=True)
    name = models.CharField(_("name"), max_length=200, default="", blank=True)
    kind = models.ForeignKey(Kind, null=True, on_delete=models.PROTECT, related_name="+", verbose_name=_("kind"))
    store = models.ForeignKey(
        "org.OrgNode", null=True, on_delete=models.PROTECT, related_name="+", verbose_name=_("store")
    )
    entry = models.ForeignKey(Entry, null=True, on_delete=models.SET_NULL, related_name="+", verbose_name=_("way in"))
    owner_staff = models.ForeignKey(
        "org.Staff", null=True, on_delete=models.PROTECT, related_name="+", verbose_name=_("owner")
    )
    owner_userid = models.CharField(max_length=64, default="", blank=True)
    member_count = models.PositiveIntegerField(_("people"), default=0)
    customer_count = models.PositiveIntegerField(_("customers"), default=0)
    capacity = models.PositiveIntegerField(_("capacity"))
    member_version = models.CharField(max_length=64, default="", blank=True)
    state = models.CharField(
        _("state"), max_length=10, choices=[(s.value, s.value) for s in GroupState], default=GroupState.OPEN.value
    )
    is_at_capacity = models.BooleanField(default=False)
    is_linkable = models.BooleanField(
        default=True
    )  # False: somebody took it off its way in by hand, and that was taken over
    created_at = models.DateTimeField(_("created at"))
    last_activity_at = models.DateTimeField(_("last activity"))
    last_message_at = models.DateTimeField(_("last message"), null=True)
    synced_at = models.DateTimeField(_("read at"), null=True)
    dismissed_at = models.DateTimeField(_("dismissed at"), null=True)
    sync_ticket = models.PositiveIntegerField(default=0)
    applied_ticket = models.PositiveIntegerField(default=0)

    class Meta(ScopedModel.Meta):
        verbose_name = _("group")
        verbose_name_plural = _("groups")
        indexes = [models.Index(fields=["state", "last_activity_at"], name="groups_group_state")]


class Membership(ScopedModel):
    """A customer's stay in a group: one row per pair, the latest stay; earlier ones are facts in the lake."""

    SCOPE_PATH = "group__store__path"
    SCOPE_STAFF = "group__owner_staff_id"

    group = models.ForeignKey(Group, on_delete=models.CASCADE, related_name="+")
    member = models.ForeignKey("members.Member", on_delete=models.CASCADE, related_name="+")
    role = models.CharField(
        _("role"), max_length=10, choices=[(r.value, r.value) for r in GroupRole], default=GroupRole.MEMBER.value
    )
    joined_at = models.DateTimeField(_("joined at"))
    left_at = models.DateTimeField(_("left at"), null=True)
    via_code = models.CharField(max_length=30, default="", blank=True)
    last_spoke_at = models.DateTimeField(_("last spoke at"), null=True)

    class Meta(ScopedModel.Meta):
        verbose_name = _("membership")
        verbose_name_plural = _("memberships")
        constraints = [models.UniqueConstraint(fields=["group", "member"], name="groups_membership_once")]
        indexes = [models.Index(fields=["member", "left_at"], name="groups_membership_member")]


class GroupWelcome(models.Model):
    """The welcome of a kind's groups, with the whole document its template in WeCom's library should be; chain-wide, so not scoped."""

    kind = models.OneToOneField(Kind, on_delete=models.CASCADE, related_name="+")
    text = models.TextField(blank=True)
    link_title = models.CharField(max_length=128, blank=True, default="")
    link_url = models.CharField(max_length=2048, blank=True, default="")
    link_desc = models.CharField(max_length=512, blank=True, default="")
    image_hash = models.CharField(max_length=64, blank=True, default="")
    template_id = models.CharField(max_length=64, blank=True, default="")
    state = models.CharField(max_length=10, choices=[(s.value, s.value) for s in WelcomeState])
    refusal = models.TextField(default="", blank=True)
    is_dropped = models.BooleanField(default=False)
    wanted_version = models.PositiveIntegerField(default=1)
    applied_version = models.PositiveIntegerField(default=0)
    earlier = models.JSONField(default=list)
    checked_at = models.DateTimeField(null=True)
    claimed_until = models.DateTimeField(null=True)
    changed_by = models.CharField(max_length=150, blank=True, default="")
    changed_at = models.DateTimeField()


class WelcomeTick(models.Model):
    """Somebody saw to it that a group's owner attached a template: the API cannot, and cannot tell."""

    group = models.ForeignKey(Group, on_delete=models.CASCADE, related_name="+")
    template_id = models.CharField(max_length=64)
    ticked_by = models.CharField(max_length=150)
    ticked_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["group", "template_id"], name="groups_welcome_tick_once")]
