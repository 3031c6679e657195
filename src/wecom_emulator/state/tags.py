"""Corp tags in their groups; a deleted one stays known because WeCom shows it when it is asked for by id."""

from dataclasses import dataclass, field


@dataclass(slots=True, kw_only=True)
class Tag:
    """One corp tag."""

    id: str
    name: str
    create_time: int
    order: int = 0
    deleted: bool = False


@dataclass(slots=True, kw_only=True)
class TagGroup:
    """A group of corp tags; `created_by` is the agent id of the app that made it, 0 for the admin console.

    `strategy_id` is 0 for tags of the whole corp.
    """

    group_id: str
    group_name: str
    create_time: int
    order: int = 0
    deleted: bool = False
    created_by: int = 0
    strategy_id: int = 0
    tags: list[Tag] = field(default_factory=list)
