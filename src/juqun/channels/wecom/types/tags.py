"""Corp tags."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class CorpTag:
    """A corp tag with the name of its group."""

    id: str
    name: str
    group_name: str
