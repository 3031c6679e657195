from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class GrowthConfig(AppConfig):
    name = "juqun.domains.growth"
    label = "growth"
    verbose_name = _("Recruiting")
    default_auto_field = "django.db.models.BigAutoField"
