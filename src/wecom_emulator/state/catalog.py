"""Product albums (商品图册) and sensitive-word rules (敏感词)."""

from dataclasses import dataclass, field
from typing import Any

INTERCEPT_BLOCK = 1
INTERCEPT_WARN = 2


@dataclass(slots=True, kw_only=True)
class Product:
    """One product of the album; price in fen."""

    product_id: str
    description: str
    price: int
    create_time: int
    product_sn: str = ""
    attachments: list[dict[str, Any]] = field(default_factory=list)
    agent_id: int = 0


@dataclass(slots=True, kw_only=True)
class InterceptRule:
    """Words that some staff may not write to customers; semantics 1 phone number, 2 e-mail, 3 red packet."""

    rule_id: str
    rule_name: str
    create_time: int
    intercept_type: int
    word_list: list[str] = field(default_factory=list)
    semantics_list: list[int] = field(default_factory=list)
    userids: list[str] = field(default_factory=list)
    departments: list[int] = field(default_factory=list)
