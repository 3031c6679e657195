"""Reads of the robot room, one module per concern."""

from juqun.domains.robot.queries.replies import (
    WHAT_WECOM_ALLOWS,
    count_messages_by_outcome,
    get_default_welcome,
    get_reply,
    list_image_hashes,
    list_open_kfids,
    list_replies,
    list_service_accounts,
    list_service_messages,
    list_welcomes,
    welcome_stats,
)
from juqun.domains.robot.queries.service import (
    count_sessions,
    get_conversation,
    get_service_account,
    get_service_rules,
    get_session,
    list_links,
    list_servicers,
    list_sessions,
    service_stats,
)

__all__ = [
    "WHAT_WECOM_ALLOWS",
    "count_messages_by_outcome",
    "count_sessions",
    "get_conversation",
    "get_default_welcome",
    "get_reply",
    "get_service_account",
    "get_service_rules",
    "get_session",
    "list_image_hashes",
    "list_links",
    "list_open_kfids",
    "list_replies",
    "list_service_accounts",
    "list_service_messages",
    "list_servicers",
    "list_sessions",
    "list_welcomes",
    "service_stats",
    "welcome_stats",
]
