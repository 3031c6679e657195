"""Call budgets: all processes together stay below WeCom's limits per corp and call, and all of them rest when WeCom says so.

A process takes calls from the row in blocks, so that a budget costs one short transaction per hundred calls, not one per call.
Minutes and hours are business time, as WeCom (or the rehearsal in its place) counts them.
"""

import threading
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction

from juqun.channels.wecom.endpoints import Endpoint
from juqun.channels.wecom.errors import WecomBusyError
from juqun.channels.wecom.models import CallBudget
from juqun.kernel import clock

MINUTE, HOUR = 60, 3600
BLOCKS_PER_MINUTE = 50


@dataclass(slots=True)
class _Block:
    minute: int = -1
    left: int = 0
    blocked_until: datetime | None = None


class Budget:
    """The budgets of one corp as this process sees them."""

    def __init__(self, corp: str) -> None:
        self._corp = corp
        self._lock = threading.Lock()
        self._blocks: dict[str, _Block] = {}

    def take(self, endpoint: Endpoint) -> None:
        """Count one call; raises WecomBusyError with the seconds until there is room again."""
        now = clock.now()
        with self._lock:
            block = self._blocks.setdefault(endpoint.path, _Block())
            if block.blocked_until is not None and block.blocked_until > now:
                raise _busy(endpoint, block.blocked_until - now)
            minute = int(now.timestamp()) // MINUTE
            if block.minute != minute or block.left <= 0:
                block.left, block.minute = self._reserve(endpoint, now), minute
            block.left -= 1

    def block(self, endpoint: Endpoint, seconds: float) -> None:
        """Let every process rest from this call for `seconds`: WeCom's limit is reached."""
        until = clock.now() + timedelta(seconds=seconds)
        with self._lock:
            self._blocks.setdefault(endpoint.path, _Block()).blocked_until = until
        CallBudget.objects.update_or_create(corp=self._corp, endpoint=endpoint.path, defaults={"blocked_until": until})

    def _reserve(self, endpoint: Endpoint, now: datetime) -> int:
        minute, hour = int(now.timestamp()) // MINUTE, int(now.timestamp()) // HOUR
        CallBudget.objects.get_or_create(corp=self._corp, endpoint=endpoint.path)
        with transaction.atomic():
            row = CallBudget.objects.select_for_update().get(corp=self._corp, endpoint=endpoint.path)
            if row.blocked_until is not None and row.blocked_until > now:
                raise _busy(endpoint, row.blocked_until - now)
            if row.minute != minute:
                row.minute, row.minute_taken = minute, 0
            if row.hour != hour:
                row.hour, row.hour_taken = hour, 0
            if row.hour_taken >= endpoint.per_hour:
                raise _busy(endpoint, timedelta(seconds=HOUR - now.timestamp() % HOUR))
            if row.minute_taken >= endpoint.per_minute:
                raise _busy(endpoint, timedelta(seconds=MINUTE - now.timestamp() % MINUTE))
            grant = min(
                max(1, endpoint.per_minute // BLOCKS_PER_MINUTE),
                endpoint.per_minute - row.minute_taken,
                endpoint.per_hour - row.hour_taken,
            )
            row.minute_taken += grant
            row.hour_taken += grant
            row.save(update_fields=["minute", "minute_taken", "hour", "hour_taken"])
        return grant


def _busy(endpoint: Endpoint, rest: timedelta) -> WecomBusyError:
    return WecomBusyError(endpoint=endpoint.path, detail="call budget used up", seconds=round(rest.total_seconds(), 3))
