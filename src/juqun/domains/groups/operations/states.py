"""States that come about by nothing happening."""

from datetime import datetime

from django.db import transaction

from juqun.domains.groups import rules
from juqun.domains.groups.events import GroupWentSilent
from juqun.domains.groups.models import Group
from juqun.domains.groups.types import GroupState
from juqun.kernel import events


def refresh_states(*, now: datetime) -> int:
    """Mark the groups in which nobody wrote or joined for a week as silent; returns how many became so."""
    with transaction.atomic():
        ids = list(
            Group.unscoped.select_for_update()
            .filter(
                state__in=[GroupState.OPEN, GroupState.FULL],
                dismissed_at__isnull=True,
                last_activity_at__lte=now - rules.SILENT_AFTER,
            )
            .values_list("pk", flat=True)
        )
        Group.unscoped.filter(pk__in=ids).update(state=GroupState.SILENT)
        events.publish(*[GroupWentSilent(group_id=group_id) for group_id in ids])
    return len(ids)
