from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class CommerceConfig(AppConfig):
    name = "juqun.domains.commerce"
    label = "commerce"
    verbose_name = _("Commerce")
    default_auto_field = "django.db.models.BigAutoField"
