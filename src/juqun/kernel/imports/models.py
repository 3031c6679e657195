from django.db import models
from django.utils.translation import gettext_lazy as _


class ImportRun(models.Model):
    """One run over one file. Counts and progress move while it runs."""

    class State(models.TextChoices):
        RUNNING = "running", _("running")
        DONE = "done", _("done")
        FAILED = "failed", _("failed")

    public_id = models.CharField(max_length=26, unique=True)
    kind = models.CharField(_("kind"), max_length=32)
    filename = models.CharField(_("file"), max_length=255)
    actor_name = models.CharField(_("started by"), max_length=150)
    state = models.CharField(_("state"), max_length=8, choices=State, default=State.RUNNING)
    started_at = models.DateTimeField(_("started at"))
    finished_at = models.DateTimeField(_("finished at"), null=True, blank=True)
    progress = models.FloatField(_("progress"), default=0)
    rows_total = models.BigIntegerField(_("lines"), default=0)
    rows_ok = models.BigIntegerField(_("taken over"), default=0)
    rows_skipped = models.BigIntegerField(_("already known"), default=0)
    rows_rejected = models.BigIntegerField(_("set aside"), default=0)
    error_file = models.CharField(_("error file"), max_length=255, blank=True, default="")
    failure = models.TextField(_("failure"), blank=True, default="")

    class Meta:
        verbose_name = _("import")
        verbose_name_plural = _("imports")
        indexes = [models.Index(fields=["-started_at"], name="imports_run_latest")]
