"""Tables of the robot room."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from juqun.domains.robot.types import MessageOutcome, WelcomeState
from juqun.kernel.scope import ScopedModel


class PreparedWelcome(ScopedModel):
    """All that the welcome of a live code says, ready to be sent: nothing is computed or uploaded inside the 20 seconds."""

    SCOPE_PATH = "store__path"

    live_code = models.OneToOneField("growth.LiveCode", on_delete=models.CASCADE, related_name="+")
    state = models.CharField(max_length=30, unique=True)
    store = models.ForeignKey("org.OrgNode", on_delete=models.PROTECT, related_name="+")
    text = models.TextField(blank=True)
    link_title = models.CharField(max_length=128, default="", blank=True)
    link_description = models.CharField(max_length=512, default="", blank=True)
    link_url = models.CharField(max_length=2048, default="", blank=True)
    image_hash = models.CharField(max_length=64, default="", blank=True)
    prepared_at = models.DateTimeField()

    class Meta(ScopedModel.Meta):
        verbose_name = _("prepared welcome")
        verbose_name_plural = _("prepared welcomes")


class DefaultWelcome(ScopedModel):
    """What is said where a live code says nothing of its own, or where there is no code; without a store: chain-wide."""

    SCOPE_PATH = "store__path"

    store = models.ForeignKey("org.OrgNode", null=True, on_delete=models.CASCADE, related_name="+")
    is_chains = models.BooleanField()
    text = models.TextField(_("text"))

    class Meta(ScopedModel.Meta):
        verbose_name = _("default welcome")
        verbose_name_plural = _("default welcomes")
        constraints = [
            models.UniqueConstraint(fields=["store"], name="robot_default_welcome_per_store"),
            models.UniqueConstraint(
                fields=["is_chains"], condition=models.Q(is_chains=True), name="robot_chain_welcome"
            ),
            models.CheckConstraint(
                condition=models.Q(is_chains=True, store__isnull=True) | models.Q(is_chains=False, store__isnull=False),
                name="robot_welcome_of_chain_or_store",
            ),
        ]


class WelcomeAttempt(ScopedModel):
    """The one attempt that a welcome code gets.

    ``maybe_sent`` is true while a call is out: should its answer never come, the next try tells by the channel's "spent"
    that this one got through.
    """

    SCOPE_PATH = "store__path"

    code_hash = models.CharField(max_length=64, unique=True)
    store = models.ForeignKey("org.OrgNode", null=True, on_delete=models.PROTECT, related_name="+")
    live_code = models.ForeignKey("growth.LiveCode", null=True, on_delete=models.SET_NULL, related_name="+")
    userid = models.CharField(max_length=64)
    state = models.CharField(
        _("state"),
        max_length=10,
        choices=[(s.value, s.value) for s in WelcomeState],
        default=WelcomeState.SENDING.value,
    )
    tries = models.PositiveSmallIntegerField(default=0)
    maybe_sent = models.BooleanField(default=False)
    claimed_until = models.DateTimeField(null=True)
    at = models.DateTimeField(_("at"))
    settled_at = models.DateTimeField(null=True)
    latency_ms = models.PositiveIntegerField(_("latency (ms)"), null=True)
    refusal = models.TextField(default="", blank=True)

    class Meta(ScopedModel.Meta):
        verbose_name = _("welcome")
        verbose_name_plural = _("welcomes")
        indexes = [models.Index(fields=["state", "latency_ms"], name="robot_welcome_latency")]


class Reply(ScopedModel):
    """A keyword reply; without a store it holds at all of them."""

    SCOPE_PATH = "store__path"

    store = models.ForeignKey("org.OrgNode", null=True, on_delete=models.CASCADE, related_name="+")
    text = models.TextField(_("text"))
    is_active = models.BooleanField(_("active"), default=True)

    class Meta(ScopedModel.Meta):
        verbose_name = _("keyword reply")
        verbose_name_plural = _("keyword replies")


class ReplyWord(models.Model):
    """A word that calls for a reply, normalised."""

    reply = models.ForeignKey(Reply, on_delete=models.CASCADE, related_name="words")
    word = models.CharField(max_length=64)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["reply", "word"], name="robot_reply_word_once")]


class ServiceAccount(ScopedModel):
    """A customer-service account and how far its messages have been pulled."""

    SCOPE_PATH = "store__path"

    open_kfid = models.CharField(max_length=64, unique=True)
    name = models.CharField(_("name"), max_length=64, default="", blank=True)
    store = models.ForeignKey("org.OrgNode", null=True, on_delete=models.PROTECT, related_name="+")
    keeper_staff = models.ForeignKey("org.Staff", null=True, on_delete=models.PROTECT, related_name="+")
    cursor = models.CharField(max_length=128, default="", blank=True)

    class Meta(ScopedModel.Meta):
        verbose_name = _("customer-service account")
        verbose_name_plural = _("customer-service accounts")


class ServiceMessage(ScopedModel):
    """A message of customer service; who wrote it and what it says are sealed."""

    SCOPE_PATH = "account__store__path"
    SCOPE_STAFF = "member__staff_id"

    account = models.ForeignKey(ServiceAccount, on_delete=models.CASCADE, related_name="+")
    msgid = models.CharField(max_length=64)
    customer_key = models.BinaryField(max_length=16)
    external_userid = models.BinaryField()
    text = models.BinaryField()
    member = models.ForeignKey("members.Member", null=True, on_delete=models.SET_NULL, related_name="+")
    at = models.DateTimeField(_("at"))
    is_customers = models.BooleanField()
    outcome = models.CharField(_("outcome"), max_length=16, choices=[(o.value, o.value) for o in MessageOutcome])
    reply = models.ForeignKey(Reply, null=True, on_delete=models.SET_NULL, related_name="+")
    staff = models.ForeignKey("org.Staff", null=True, on_delete=models.SET_NULL, related_name="+")
    maybe_sent = models.BooleanField(default=False)
    claimed_until = models.DateTimeField(null=True)
    settled_at = models.DateTimeField(null=True)
    refusal = models.TextField(default="", blank=True)

    class Meta(ScopedModel.Meta):
        verbose_name = _("customer-service message")
        verbose_name_plural = _("customer-service messages")
        constraints = [models.UniqueConstraint(fields=["account", "msgid"], name="robot_message_once")]
        indexes = [
            models.Index(fields=["account", "customer_key", "at"], name="robot_message_customer"),
            models.Index(fields=["outcome", "at"], name="robot_message_outcome"),
        ]
