from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from juqun.domains.members.types import TagState
from juqun.kernel.scope import ScopedModel

# db_index=False: an index or a constraint in Meta begins with that key, a second one would only slow down bulk loading.


class Member(ScopedModel):
    """A customer. An absorbed member keeps its row as an alias (`absorbed_into`); an erased one as a tombstone."""

    SCOPE_PATH: ClassVar[str] = "store__path"
    SCOPE_STAFF: ClassVar[str | None] = "staff_id"

    public_id = models.CharField(_("public id"), max_length=26, unique=True)
    display_name = models.CharField(_("name"), max_length=120, blank=True, default="")
    store = models.ForeignKey(
        "org.OrgNode",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("store"),
        db_index=False,
    )
    staff = models.ForeignKey(
        "org.Staff",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("guide"),
        db_index=False,
    )
    tier = models.CharField(_("tier"), max_length=32, blank=True, default="")
    gender = models.CharField(_("gender"), max_length=16, blank=True, default="")
    birth_year = models.IntegerField(_("year of birth"), null=True, blank=True)
    is_friend = models.BooleanField(_("friend on WeCom"), default=False)
    consent_marketing = models.BooleanField(_("agrees to marketing"), default=False)
    consent_profiling = models.BooleanField(_("agrees to profiling"), default=False)
    attributes = models.JSONField(_("attributes"), default=dict, blank=True)
    source = models.CharField(_("source"), max_length=32, blank=True, default="")
    created_at = models.DateTimeField(_("created at"))
    absorbed_into = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="+", db_index=False
    )
    erased_at = models.DateTimeField(null=True, blank=True)

    class Meta(ScopedModel.Meta):
        verbose_name = _("member")
        verbose_name_plural = _("members")
        indexes = [
            models.Index(fields=["store", "created_at"], name="members_store_created"),
            models.Index(fields=["staff"], name="members_staff", condition=Q(staff__isnull=False)),
            models.Index(fields=["absorbed_into"], name="members_absorbed", condition=Q(absorbed_into__isnull=False)),
        ]


class MemberIdentity(models.Model):
    """A name of a member: sealed, and found by the keyed hash of its normal form."""

    member = models.ForeignKey(Member, on_delete=models.CASCADE, related_name="identities")
    kind = models.CharField(max_length=16)
    hash = models.BinaryField(max_length=16)
    sealed = models.BinaryField()
    created_at = models.DateTimeField()
    # Only on the card that is the key of an imported file: a hash of the line's values, and the run that read it last.
    # With them the same line is known again, and a key that stands twice in one file is noticed.
    import_fingerprint = models.BinaryField(max_length=16, null=True)
    import_run = models.BigIntegerField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["hash", "kind"], name="members_identity_once")]


class MemberTag(models.Model):
    """A word on a member."""

    member = models.ForeignKey(Member, on_delete=models.CASCADE, related_name="tags", db_index=False)
    tag = models.CharField(max_length=64)
    source = models.CharField(max_length=32)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["member", "tag"], name="members_tag_once")]
        indexes = [models.Index(fields=["tag", "member"], name="members_tag_members")]


class ConsentRecord(models.Model):
    """One answer to one purpose; the history is only ever added to."""

    member = models.ForeignKey(Member, on_delete=models.CASCADE, related_name="consents")
    purpose = models.CharField(max_length=16)
    granted = models.BooleanField()
    source = models.CharField(max_length=64)
    at = models.DateTimeField()


class ErasedContact(models.Model):
    """The keyed hash of an erased member's WeCom id, and nothing else: reading contacts again must not bring them back.

    Who adds somebody of the staff anew comes by themselves, and is taken up as everybody is.
    """

    hash = models.BinaryField(max_length=16, unique=True)
    erased_at = models.DateTimeField()


class FriendLink(models.Model):
    """The friendship of a member and a member of staff; ended ones stay with their end."""

    member = models.ForeignKey(Member, on_delete=models.CASCADE, related_name="friend_links")
    staff = models.ForeignKey("org.Staff", on_delete=models.PROTECT, related_name="+", db_index=False)
    identity = models.ForeignKey(MemberIdentity, on_delete=models.CASCADE, related_name="+", db_index=False)
    state = models.CharField(max_length=64, blank=True, default="")
    added_at = models.DateTimeField()
    lost_at = models.DateTimeField(null=True)
    lost_by = models.CharField(max_length=16, blank=True, default="")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["identity", "staff"], name="members_friend_once")]
        indexes = [models.Index(fields=["staff", "lost_at"], name="members_friend_staff")]


class TimelineRecord(models.Model):
    """A line of the time line; `fields` hold ids and plain values, never sentences."""

    member = models.ForeignKey(Member, on_delete=models.CASCADE, related_name="timeline", db_index=False)
    at = models.DateTimeField()
    kind = models.CharField(max_length=48)
    fields = models.JSONField(default=dict)

    class Meta:
        indexes = [models.Index(fields=["member", "-at"], name="members_timeline_latest")]


class MergeRecord(models.Model):
    """A merge with the journal of everything that it moved or changed."""

    keep = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="+", db_index=False)
    absorb = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="+")
    actor = models.CharField(_("actor"), max_length=150)
    reason = models.CharField(_("reason"), max_length=255)
    at = models.DateTimeField(_("at"))
    journal = models.JSONField(default=dict)
    is_erased = models.BooleanField(default=False)
    undone_at = models.DateTimeField(null=True)
    undone_by = models.CharField(max_length=150, blank=True, default="")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["absorb"], condition=Q(undone_at__isnull=True), name="members_absorbed_once"
            )
        ]
        indexes = [models.Index(fields=["keep"], name="members_merge_keep")]


class ManagedTag(models.Model):
    """A corp tag of WeCom: its name there, and (when managed) the word of members that stands for it.

    Rows that are not managed are known from WeCom only and touch nobody. Chain-wide, so not scoped.
    """

    group_name = models.CharField(max_length=30)
    name = models.CharField(max_length=30)
    order = models.IntegerField(default=0)
    group_order = models.IntegerField(default=0)
    word = models.CharField(max_length=64, blank=True, default="")
    remote_id = models.CharField(max_length=64, blank=True, default="")
    source = models.CharField(max_length=8)
    is_managed = models.BooleanField(default=False)
    state = models.CharField(max_length=10, choices=[(state.value, state.value) for state in TagState])
    refusal = models.TextField(blank=True, default="")
    created_at = models.DateTimeField()
    checked_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["remote_id"], condition=~Q(remote_id=""), name="members_remote_tag_once"),
            models.UniqueConstraint(fields=["word"], condition=Q(is_managed=True), name="members_managed_word_once"),
        ]


class TagMark(models.Model):
    """One managed tag on one friendship: whether we want it there and whether WeCom has it.

    `in_doubt` while a call is out, `is_pending` while something is to be pushed. A mark neither wanted nor applied has no row.
    """

    link = models.ForeignKey(FriendLink, on_delete=models.CASCADE, related_name="+", db_index=False)
    tag = models.ForeignKey(ManagedTag, on_delete=models.CASCADE, related_name="+")
    is_wanted = models.BooleanField()
    is_applied = models.BooleanField(default=False)
    is_pending = models.BooleanField()
    in_doubt = models.BooleanField(default=False)
    refusal = models.CharField(max_length=200, blank=True, default="")
    settled_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["link", "tag"], name="members_mark_once")]
        indexes = [models.Index(fields=["link"], condition=Q(is_pending=True), name="members_mark_pending")]
