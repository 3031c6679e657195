from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class LakeConfig(AppConfig):
    name = "juqun.lake"
    label = "lake"
    verbose_name = _("Lake")
    default_auto_field = "django.db.models.BigAutoField"
