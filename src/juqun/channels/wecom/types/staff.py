"""Members of the corp."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class StaffUser:
    """A member of the corp inside the app's visible range."""

    userid: str
    name: str
    department_ids: tuple[int, ...]
