"""What customers, staff and the admin do: one module per actor and area, each registering its verbs."""

from wecom_emulator.actors import (
    acquisition,
    address_book,
    archive,
    cards,
    customer_service,
    customers,
    groups,
    mass,
    moments,
    staff,
    tags,
    transfers,
    webhooks,
)
from wecom_emulator.actors.staff import open_tasks
from wecom_emulator.actors.verbs import perform

__all__ = [
    "acquisition",
    "address_book",
    "archive",
    "cards",
    "customer_service",
    "customers",
    "groups",
    "mass",
    "moments",
    "open_tasks",
    "perform",
    "staff",
    "tags",
    "transfers",
    "webhooks",
]
