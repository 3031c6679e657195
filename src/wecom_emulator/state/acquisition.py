"""Customer acquisition links (获客助手): links, who came through them, and the quota they use up."""

from dataclasses import dataclass, field

CHAT_SILENT = 0
CHAT_STARTED = 1
CHAT_UNKNOWN = 2


@dataclass(slots=True, kw_only=True)
class LinkCustomer:
    """Somebody who became a friend through a link; `state` is the customer_channel of the url."""

    external_userid: str
    userid: str
    state: str = ""
    chat_status: int = CHAT_SILENT
    added_at: int = 0


@dataclass(slots=True, kw_only=True)
class LinkDay:
    """What happened to a link on one Chinese calendar day; `clicked_by` names each person once."""

    clicked_by: dict[str, int] = field(default_factory=dict)
    new_customers: int = 0


@dataclass(slots=True, kw_only=True)
class AcquisitionLink:
    """A link; `customers` are keyed by external_userid/userid, `days` by ISO date, `scans` drives the round robin."""

    link_id: str
    link_name: str
    url: str
    create_time: int
    skip_verify: bool = True
    mark_source: bool = True
    user_list: list[str] = field(default_factory=list)
    department_list: list[int] = field(default_factory=list)
    priority_type: int = 0
    priority_userids: list[str] = field(default_factory=list)
    created_by: int = 0
    scans: int = 0
    unavailable: bool = False
    customers: dict[str, LinkCustomer] = field(default_factory=dict)
    days: dict[str, LinkDay] = field(default_factory=dict)


@dataclass(slots=True, kw_only=True)
class QuotaLot:
    """A bought amount of new customers; `expire_date` is the epoch second at which the rest of it is lost."""

    lot_id: str
    bought: int
    balance: int
    expire_date: int


@dataclass(slots=True, kw_only=True)
class FriendRequest:
    """A friendship that the staff member has not confirmed yet.

    `half`: the customer skipped the verification, so that the customer sees a friend already (the code of the half
    event can greet); otherwise it is a plain request. `link_id` when it came through an acquisition link.
    """

    userid: str
    external_userid: str
    add_way: int
    asked_at: int
    half: bool = False
    state: str = ""
    link_id: str = ""
    config_id: str = ""
    chat_started: bool = False
