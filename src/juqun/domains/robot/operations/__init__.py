"""Writes of the robot room, one module per concern."""

from juqun.domains.robot.operations.archive import read_archive
from juqun.domains.robot.operations.prepare import prepare_store_welcomes, prepare_welcome, set_default_welcome
from juqun.domains.robot.operations.replies import delete_keyword_reply, set_keyword_reply
from juqun.domains.robot.operations.service import pull_messages
from juqun.domains.robot.operations.service_answers import answer_message
from juqun.domains.robot.operations.service_customers import forget_member, identify_customer, note_refusal
from juqun.domains.robot.operations.service_people import end_session, give_to_servicer
from juqun.domains.robot.operations.service_sends import send_planned
from juqun.domains.robot.operations.service_sessions import end_silent_sessions
from juqun.domains.robot.operations.service_settings import (
    add_servicer,
    fetch_service_accounts,
    make_service_link,
    refresh_service_account,
    remove_servicer,
    set_service_account,
    set_service_rules,
)
from juqun.domains.robot.operations.welcome import send_welcome

__all__ = [
    "add_servicer",
    "answer_message",
    "delete_keyword_reply",
    "end_session",
    "end_silent_sessions",
    "fetch_service_accounts",
    "forget_member",
    "give_to_servicer",
    "identify_customer",
    "make_service_link",
    "note_refusal",
    "prepare_store_welcomes",
    "prepare_welcome",
    "pull_messages",
    "read_archive",
    "refresh_service_account",
    "remove_servicer",
    "send_planned",
    "send_welcome",
    "set_default_welcome",
    "set_keyword_reply",
    "set_service_account",
    "set_service_rules",
]
