from django.contrib import admin
from unfold.admin import ModelAdmin

from juqun.channels.wecom.models import InboxCallback


@admin.register(InboxCallback)
class InboxCallbackAdmin(ModelAdmin):  # type: ignore[misc]
    """Callbacks as they came in; their content is sealed and never shown."""

    list_display = ["id", "received_at", "event", "change_type", "state", "attempts", "error"]
    list_filter = ["state", "event"]
    fields = ["received_at", "event", "change_type", "state", "attempts", "error"]
    readonly_fields = fields

    def has_add_permission(self, request: object) -> bool:
        return False

    def has_change_permission(self, request: object, obj: object = None) -> bool:
        return False

    def has_delete_permission(self, request: object, obj: object = None) -> bool:
        return False
