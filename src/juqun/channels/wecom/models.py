from django.db import models

from juqun.channels.wecom.types import DriftKind, InboxState, SyncKind, SyncMode, SyncState


class InboxCallback(models.Model):
    """One callback, stored once before anything is done about it. `body` is the plain XML, sealed: it names people.

    Belongs to the chain as a whole, not to a store; read through queries by headquarters only.
    """

    dedupe_key = models.CharField(max_length=32, unique=True)
    received_at = models.DateTimeField()
    event = models.CharField(max_length=64)
    change_type = models.CharField(max_length=64, blank=True)
    body = models.BinaryField()
    state = models.CharField(max_length=8, choices=[(state.value, state.value) for state in InboxState])
    attempts = models.PositiveSmallIntegerField(default=0)
    error = models.CharField(max_length=200, blank=True)

    class Meta:
        verbose_name = "callback"
        indexes = [
            models.Index(fields=["state", "received_at"], name="wecom_inbox_state"),
            models.Index(fields=["received_at"], name="wecom_inbox_received"),
        ]


class AccessToken(models.Model):
    """The one token of (corp, app) that all processes share; `app` is the kind of secret and a keyed hash of it.

    Whoever sets `refreshing_by` fetches the next one; others wait.

    `generation` counts the tokens fetched, so that two users of a dead token cause one refresh, not two.
    `refusal` is WeCom's last no to this secret (errcode, detail); nobody asks again before `refused_until`.
    """

    corp = models.CharField(max_length=64)
    app = models.CharField(max_length=80)
    token = models.BinaryField(default=b"")
    expires_at = models.DateTimeField(null=True)
    generation = models.PositiveIntegerField(default=0)
    refreshing_by = models.CharField(max_length=40, blank=True, default="")
    refreshing_until = models.DateTimeField(null=True)
    refusals = models.PositiveSmallIntegerField(default=0)
    refused_until = models.DateTimeField(null=True)
    refusal = models.JSONField(default=dict)

    class Meta:
        verbose_name = "access token"
        constraints = [models.UniqueConstraint(fields=["corp", "app"], name="wecom_one_token_per_app")]


class CallBudget(models.Model):
    """How many calls of one endpoint were handed out lately, and until when WeCom blocks it.

    `taken`: span (minute, hour, day, month) -> number of the part of time -> calls. `blocks`: how many blocks of WeCom followed
    one upon the other.
    """

    corp = models.CharField(max_length=64)
    endpoint = models.CharField(max_length=80)
    taken = models.JSONField(default=dict)
    blocked_until = models.DateTimeField(null=True)
    blocks = models.PositiveSmallIntegerField(default=0)

    class Meta:
        verbose_name = "call budget"
        constraints = [models.UniqueConstraint(fields=["corp", "endpoint"], name="wecom_one_budget_per_endpoint")]


class RemoteDrift(models.Model):
    """A difference between a desired document and what WeCom has; closed ones stay as the history of decisions.

    `key` is the owning room's id. At most one per object is open; `choice` is empty while it is, and when it went away by itself.
    """

    kind = models.CharField(max_length=16, choices=[(kind.value, kind.value) for kind in DriftKind])
    key = models.CharField(max_length=64)
    label = models.CharField(max_length=200)
    ours = models.JSONField()
    theirs = models.JSONField(null=True)
    blocker = models.CharField(max_length=32, blank=True, default="")
    first_seen_at = models.DateTimeField()
    seen_at = models.DateTimeField()
    choice = models.CharField(max_length=16, blank=True, default="")
    decided_by = models.CharField(max_length=150, blank=True, default="")
    closed_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = "difference"
        indexes = [models.Index(fields=["-closed_at"], name="wecom_drift_history")]
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "key"], condition=models.Q(closed_at__isnull=True), name="wecom_one_open_drift"
            )
        ]


class MediaFile(models.Model):
    """A picture or file that messages carry again and again; WeCom forgets an upload after 3 days, so it is uploaded anew before."""

    content_hash = models.CharField(max_length=64)
    kind = models.CharField(max_length=8)
    filename = models.CharField(max_length=120)
    content = models.BinaryField()
    media_id = models.CharField(max_length=256, blank=True, default="")
    uploaded_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField()
    used_at = models.DateTimeField()

    class Meta:
        verbose_name = "media file"
        constraints = [models.UniqueConstraint(fields=["content_hash", "kind"], name="wecom_media_once")]


class CallSlot(models.Model):
    """One of the few calls that a corp may have in flight: leased by a process for seconds, free again when it was killed.

    Machine time. `wanted_until` in the future: another process waits for it, so its holder gives it up when it may.
    """

    corp = models.CharField(max_length=64)
    number = models.PositiveSmallIntegerField()
    held_by = models.CharField(max_length=40, blank=True, default="")
    held_until = models.DateTimeField()
    wanted_until = models.DateTimeField()

    class Meta:
        verbose_name = "place in flight"
        constraints = [models.UniqueConstraint(fields=["corp", "number"], name="wecom_one_slot_per_number")]


class SyncRun(models.Model):
    """One reading of the whole corp of one kind. What it found is counted on its parts; `following` are the kinds to be read after it.

    Belongs to the chain as a whole; read through queries by headquarters only.
    """

    kind = models.CharField(max_length=10, choices=[(kind.value, kind.value) for kind in SyncKind])
    mode = models.CharField(max_length=10, choices=[(mode.value, mode.value) for mode in SyncMode])
    state = models.CharField(max_length=10, choices=[(state.value, state.value) for state in SyncState])
    asked_by = models.CharField(max_length=150, blank=True)
    asked_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    begun_at = (
        models.DateTimeField()
    )  # by the machine's clock, as is `ended_at`: how long it took does not jump with business time
    ended_at = models.DateTimeField(null=True)
    following = models.JSONField(default=list)
    plan_calls = models.PositiveIntegerField(default=0)
    findings = models.JSONField(default=list)
    error = models.TextField(blank=True, default="")

    class Meta:
        verbose_name = "sync run"
        constraints = [
            models.UniqueConstraint(
                fields=["kind"],
                condition=models.Q(state__in=[SyncState.PLANNING.value, SyncState.RUNNING.value]),
                name="wecom_one_open_sync_per_kind",
            )
        ]
        indexes = [models.Index(fields=["asked_at"], name="wecom_sync_asked")]


class SyncPart(models.Model):
    """A shard of a run with its checkpoint: `cursor` moves in the transaction that takes up the page before it.

    `held_until` (machine time) is the walker's lease, `generation` the fence behind it: it is counted up by whoever takes the shard
    over, and a walker of an older one can store nothing more.
    """

    run = models.ForeignKey(SyncRun, on_delete=models.CASCADE, related_name="parts")
    subjects = models.JSONField()
    is_open = models.BooleanField(default=True)
    cursor = models.TextField(blank=True, default="")
    is_read = models.BooleanField(default=False)
    settled = models.CharField(max_length=64, blank=True, default="")
    reached = models.PositiveIntegerField(default=0)
    size = models.PositiveIntegerField()
    restarts = models.PositiveSmallIntegerField(default=0)
    generation = models.PositiveIntegerField(default=0)
    held_until = models.DateTimeField(null=True)
    moved_at = models.DateTimeField()
    pages = models.PositiveIntegerField(default=0)
    calls = models.PositiveIntegerField(default=0)
    checked = models.PositiveIntegerField(default=0)
    added = models.PositiveIntegerField(default=0)
    lost = models.PositiveIntegerField(default=0)
    edited = models.PositiveIntegerField(default=0)
    refused = models.PositiveIntegerField(default=0)
    findings = models.JSONField(default=list)

    class Meta:
        verbose_name = "part of a sync run"


class SyncPage(models.Model):
    """What one page of an open run showed, as the room that took it up wants it for comparing; forgotten when the run ends."""

    part = models.ForeignKey(SyncPart, on_delete=models.CASCADE, related_name="+")
    number = models.PositiveIntegerField()
    seen = models.BinaryField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["part", "number"], name="wecom_sync_page_once")]
