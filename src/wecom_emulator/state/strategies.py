"""Customer strategies (规则组): who administers which staff with which rights."""

from dataclasses import dataclass, field


@dataclass(slots=True, kw_only=True)
class Strategy:
    """One strategy; `parent_id` 0 at the top, `users` and `parties` are its range."""

    strategy_id: int
    parent_id: int
    strategy_name: str
    create_time: int
    admin_list: list[str] = field(default_factory=list)
    privilege: dict[str, bool] = field(default_factory=dict)
    users: list[str] = field(default_factory=list)
    parties: list[int] = field(default_factory=list)
    created_by: int = 0
