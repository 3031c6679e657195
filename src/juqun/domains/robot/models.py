"""Tables of the robot room."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from juqun.channels.wecom.types import KfState
from juqun.domains.robot.types import (
    MessageAuthor,
    MessageOutcome,
    SendPurpose,
    SendState,
    ServicerStatus,
    WelcomeState,
)
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
    # One pull at a time: the lease of whoever pulls, and how often the bell rang, so that no ring meanwhile is lost.
    pulling_until = models.DateTimeField(null=True)
    rings = models.PositiveIntegerField(default=0)
    texts = models.JSONField(default=dict, blank=True)
    menu = models.JSONField(default=list, blank=True)
    person_words = models.JSONField(default=list, blank=True)
    misses_allowed = models.PositiveSmallIntegerField(default=0)
    opens_minute = models.PositiveSmallIntegerField(default=0)
    closes_minute = models.PositiveSmallIntegerField(default=0)

    class Meta(ScopedModel.Meta):
        verbose_name = _("customer-service account")
        verbose_name_plural = _("customer-service accounts")


class ServiceLink(ScopedModel):
    """A link that opens an account's chat; WeCom lists none, so each is made once per scene and remembered."""

    SCOPE_PATH = "store__path"

    account = models.ForeignKey(ServiceAccount, on_delete=models.CASCADE, related_name="+")
    scene = models.CharField(max_length=32, default="", blank=True)
    url = models.CharField(max_length=2048)
    label = models.CharField(max_length=64, default="", blank=True)
    store = models.ForeignKey("org.OrgNode", null=True, on_delete=models.SET_NULL, related_name="+")
    made_at = models.DateTimeField()

    class Meta(ScopedModel.Meta):
        verbose_name = _("customer-service link")
        verbose_name_plural = _("customer-service links")
        constraints = [models.UniqueConstraint(fields=["account", "scene"], name="robot_link_per_scene")]


class ServiceServicer(ScopedModel):
    """Who serves an account, as last read or told."""

    SCOPE_PATH = "account__store__path"

    account = models.ForeignKey(ServiceAccount, on_delete=models.CASCADE, related_name="+")
    userid = models.CharField(max_length=64)
    status = models.CharField(
        max_length=10, choices=[(s.value, s.value) for s in ServicerStatus], default=ServicerStatus.UNKNOWN.value
    )
    seen_at = models.DateTimeField()

    class Meta(ScopedModel.Meta):
        verbose_name = _("servicer")
        verbose_name_plural = _("servicers")
        constraints = [models.UniqueConstraint(fields=["account", "userid"], name="robot_servicer_once")]


class ServiceSession(ScopedModel):
    """Where a customer stands at an account: WeCom's state, with whom, and what the window still allows."""

    SCOPE_PATH = "account__store__path"
    SCOPE_STAFF = "member__staff_id"

    account = models.ForeignKey(ServiceAccount, on_delete=models.CASCADE, related_name="+")
    customer_key = models.BinaryField(max_length=16)
    external_userid = models.BinaryField()
    member = models.ForeignKey("members.Member", null=True, on_delete=models.SET_NULL, related_name="+")
    state = models.PositiveSmallIntegerField(
        _("state"), choices=[(s.value, s.name.lower()) for s in KfState], default=KfState.ENDED.value
    )
    servicer_userid = models.CharField(max_length=64, default="", blank=True)
    scene = models.CharField(max_length=32, default="", blank=True)
    scene_param = models.CharField(max_length=128, default="", blank=True)
    entered_at = models.DateTimeField(null=True)
    entry_noted = models.BooleanField(default=True)
    opened_at = models.DateTimeField(null=True)
    last_customer_at = models.DateTimeField(null=True)
    sent_since = models.PositiveSmallIntegerField(default=0)
    misses = models.PositiveSmallIntegerField(default=0)
    state_at = models.DateTimeField()
    is_refused = models.BooleanField(default=False)
    is_muted = models.BooleanField(default=False)

    class Meta(ScopedModel.Meta):
        verbose_name = _("conversation")
        verbose_name_plural = _("conversations")
        constraints = [models.UniqueConstraint(fields=["account", "customer_key"], name="robot_session_of_customer")]
        indexes = [
            models.Index(fields=["account", "state", "state_at"], name="robot_session_state"),
            models.Index(fields=["state", "last_customer_at"], name="robot_session_silence"),
        ]


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
    author = models.CharField(
        max_length=10, choices=[(a.value, a.value) for a in MessageAuthor], default=MessageAuthor.CUSTOMER.value
    )
    kind = models.CharField(max_length=40, default="text")
    menu_id = models.CharField(max_length=128, default="", blank=True)
    servicer_userid = models.CharField(max_length=64, default="", blank=True)
    recalled_at = models.DateTimeField(null=True)
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


class ServiceSend(ScopedModel):
    """Something the robot says, under our own id. Written before the call, so that a repetition sends the same again.

    ``maybe_sent`` is true while a call is out: should its answer never come, the next try tells by the channel's "duplicate"
    or "spent" that this one got through. Our own messages do not come back in the pull; this is their only record.
    """

    SCOPE_PATH = "session__account__store__path"
    SCOPE_STAFF = "session__member__staff_id"

    session = models.ForeignKey(ServiceSession, on_delete=models.CASCADE, related_name="+")
    account = models.ForeignKey(ServiceAccount, on_delete=models.CASCADE, related_name="+")
    message = models.ForeignKey(ServiceMessage, null=True, on_delete=models.SET_NULL, related_name="+")
    msgid = models.CharField(max_length=32)
    purpose = models.CharField(max_length=10, choices=[(p.value, p.value) for p in SendPurpose])
    text = models.BinaryField()
    has_menu = models.BooleanField(default=False)
    code = models.BinaryField(null=True)
    expires_at = models.DateTimeField(null=True)
    state = models.CharField(
        max_length=8, choices=[(s.value, s.value) for s in SendState], default=SendState.PLANNED.value
    )
    maybe_sent = models.BooleanField(default=False)
    claimed_until = models.DateTimeField(null=True)
    at = models.DateTimeField(_("at"))
    settled_at = models.DateTimeField(null=True)
    errcode = models.IntegerField(default=0)
    refusal = models.TextField(default="", blank=True)

    class Meta(ScopedModel.Meta):
        verbose_name = _("message of the robot")
        verbose_name_plural = _("messages of the robot")
        constraints = [models.UniqueConstraint(fields=["account", "msgid"], name="robot_send_once")]
        indexes = [models.Index(fields=["session", "at"], name="robot_send_session")]


class ArchiveCursor(models.Model):
    """How far the message archive has been read."""

    name = models.CharField(max_length=20, unique=True)
    seq = models.BigIntegerField(default=0)
