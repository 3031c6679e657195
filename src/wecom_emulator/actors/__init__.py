"""What customers, staff and the admin do: one module per actor and area, each registering its verbs."""

from wecom_emulator.actors import acquisition, customers, groups, mass, staff, tags, transfers
from wecom_emulator.actors.staff import open_tasks
from wecom_emulator.actors.verbs import perform

__all__ = ["acquisition", "customers", "groups", "mass", "open_tasks", "perform", "staff", "tags", "transfers"]
