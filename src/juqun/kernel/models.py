"""Tables of the kernel: jobs with lease, schedules, leadership, and the log of events."""

from django.db import models
from django.db.models import Q


class Queue(models.TextChoices):
    """`now`: somebody waits for it (claimed one by one). `send`: calls outside. `bulk`: short jobs in numbers."""

    NOW = "now"
    SEND = "send"
    BULK = "bulk"


class JobState(models.TextChoices):
    WAITING = "waiting"
    RUNNING = "running"
    DEAD = "dead"


class Job(models.Model):
    """One thing to be done at least once; the row is deleted in the transaction that finishes it.

    `run_at` is business time (it follows the clock's travels); `held_until` is the machine's time: the lease while running,
    the back-off while waiting.
    """

    queue = models.CharField(max_length=8, choices=Queue.choices)
    name = models.CharField(max_length=200)
    payload = models.JSONField(default=dict)
    state = models.CharField(max_length=8, choices=JobState.choices, default=JobState.WAITING)
    priority = models.SmallIntegerField(default=0)
    run_at = models.DateTimeField()
    held_until = models.DateTimeField()
    owner = models.CharField(max_length=40, default="")
    attempts = models.PositiveSmallIntegerField(default=0)
    dedupe_key = models.CharField(max_length=200, null=True)  # noqa: DJ001 - NULL means "no key", '' would collide
    last_error = models.TextField(default="")
    created_at = models.DateTimeField()

    class Meta:
        verbose_name = "job"
        constraints = [
            models.UniqueConstraint(
                fields=["dedupe_key"],
                condition=Q(state="waiting"),
                name="kernel_job_one_waiting_per_key",
            ),
        ]
        indexes = [
            models.Index(
                fields=["queue", "-priority", "id"],
                condition=Q(state__in=["waiting", "running"]),
                name="kernel_job_open",
            ),
            models.Index(fields=["state", "id"], name="kernel_job_state"),
        ]


class Schedule(models.Model):
    """A job that recurs; the row is the only memory of when it is next due."""

    name = models.CharField(max_length=100, unique=True)
    job = models.CharField(max_length=200)
    every_seconds = models.PositiveIntegerField()
    next_run_at = models.DateTimeField()
    last_run_at = models.DateTimeField(null=True)


class Leadership(models.Model):
    """Who ticks the schedules; whoever holds the row until `held_until` (machine time) is the leader."""

    role = models.CharField(max_length=40, unique=True)
    owner = models.CharField(max_length=40)
    held_until = models.DateTimeField()


class EventRecord(models.Model):
    """A fact that was published, stored in the transaction of the change it tells of; pruned after the retention time."""

    public_id = models.CharField(max_length=26, unique=True)
    name = models.CharField(max_length=80)
    payload = models.JSONField()
    occurred_at = models.DateTimeField(db_index=True)

    class Meta:
        indexes = [models.Index(fields=["name", "id"], name="kernel_event_name")]
