"""The feed's outbox: facts that are true in the database and on their way into the lake."""

from django.db import models


class FactOutbox(models.Model):
    """One fact, stored in the transaction that made it true. Flushed rows stay for a while to recognise repeats."""

    fact = models.CharField(max_length=32)
    key = models.CharField(max_length=200)
    payload = models.JSONField()
    restates = models.BooleanField(default=False)
    recorded_at = models.DateTimeField()
    batch = models.CharField(max_length=64, default="", blank=True)
    flushed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["fact", "key"], name="lake_outbox_fact_key")]
        indexes = [
            models.Index(
                fields=["batch", "id"], condition=models.Q(flushed_at__isnull=True), name="lake_outbox_pending"
            ),
            models.Index(fields=["flushed_at"], name="lake_outbox_flushed"),
        ]
