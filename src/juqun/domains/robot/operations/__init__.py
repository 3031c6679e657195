"""Writes of the robot room, one module per concern."""

from juqun.domains.robot.operations.prepare import prepare_store_welcomes, prepare_welcome, set_default_welcome
from juqun.domains.robot.operations.replies import delete_keyword_reply, set_keyword_reply
from juqun.domains.robot.operations.service import answer_message, forget_member, pull_messages, set_service_account
from juqun.domains.robot.operations.welcome import send_welcome

__all__ = [
    "answer_message",
    "delete_keyword_reply",
    "forget_member",
    "prepare_store_welcomes",
    "prepare_welcome",
    "pull_messages",
    "send_welcome",
    "set_default_welcome",
    "set_keyword_reply",
    "set_service_account",
]
