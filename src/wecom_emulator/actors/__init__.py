"""What customers, staff and the admin do: one module per actor and area, each registering its verbs."""

from wecom_emulator.actors import address_book, cards, customers, moments, staff
from wecom_emulator.actors.staff import open_tasks
from wecom_emulator.actors.verbs import perform

__all__ = ["address_book", "cards", "customers", "moments", "open_tasks", "perform", "staff"]
