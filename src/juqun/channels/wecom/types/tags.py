"""Corp tags."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class CorpTag:
    """A corp tag with the name of its group."""

    id: str
    name: str
    group_name: str
    group_id: str = ""
    order: int = 0
    group_order: int = 0
