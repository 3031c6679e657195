"""Reads of the inbox: what came in and what became of it. Callbacks belong to the chain as a whole: a smaller scope sees none."""

from django.db.models import Count

from juqun.channels.wecom.models import InboxCallback
from juqun.channels.wecom.types import InboxEntry, InboxState
from juqun.kernel.scope import DataScope


def list_inbox(
    *, scope: DataScope, state: InboxState | None = None, limit: int = 50, offset: int = 0
) -> list[InboxEntry]:
    """List stored callbacks, newest first, without their content."""
    if not scope.is_whole_chain:
        return []
    rows = InboxCallback.objects.order_by("-id")
    if state is not None:
        rows = rows.filter(state=state)
    return [
        InboxEntry(
            id=row.id,
            received_at=row.received_at,
            event=row.event,
            change_type=row.change_type,
            state=InboxState(row.state),
            attempts=row.attempts,
            error=row.error,
        )
        for row in rows.defer("body")[offset : offset + limit]
    ]


def count_inbox(*, scope: DataScope) -> dict[InboxState, int]:
    """Count stored callbacks by state; every state has an entry."""
    counts = dict.fromkeys(InboxState, 0)
    if scope.is_whole_chain:
        for state, count in InboxCallback.objects.values_list("state").annotate(count=Count("id")):
            counts[InboxState(state)] = count
    return counts
