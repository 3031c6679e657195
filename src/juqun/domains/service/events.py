"""What the service room tells of. Ids and times only."""

from dataclasses import dataclass
from typing import ClassVar

from juqun.kernel.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class HandoverOpened(Event):
    """Somebody's customers and groups are to be handed over; keepers are looked for."""

    NAME: ClassVar[str] = "service.handover_opened"
    handover_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class HandoverApproved(Event):
    """The proposals of a hand-over hold; WeCom is asked for the transfers."""

    NAME: ClassVar[str] = "service.handover_approved"
    handover_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class HandoverFinished(Event):
    """Nothing of a hand-over is open any more: each customer and group has a keeper or a named reason."""

    NAME: ClassVar[str] = "service.handover_finished"
    handover_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomersRefused(Event):
    """Customers of somebody who left refused their new keeper: the store should win them back."""

    NAME: ClassVar[str] = "service.customers_refused"
    handover_id: int
