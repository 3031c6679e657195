"""The one table of WeCom calls: path, method, whose token, whether it may be repeated blindly, and how many a minute we allow.

WeCom's documented limits are 10,000 calls a minute and 150,000 an hour per corp and call; the budgets stay below them, so that no
block is ever of our own doing. `is_idempotent`: sending the same request twice leaves WeCom as one does.
"""

from dataclasses import dataclass
from enum import StrEnum

MINUTE_BUDGET = 9_000
HOUR_BUDGET = 135_000


class Credential(StrEnum):
    """Whose secret a call needs."""

    APP = "app"
    CONTACTS = "contacts"


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """One call of WeCom's API."""

    path: str
    method: str = "POST"
    is_idempotent: bool = True
    credential: Credential = Credential.APP
    per_minute: int = MINUTE_BUDGET
    per_hour: int = HOUR_BUDGET


def _get(path: str) -> Endpoint:
    return Endpoint(path=path, method="GET")


def _once(path: str) -> Endpoint:
    return Endpoint(path=path, is_idempotent=False)


def _post(path: str) -> Endpoint:
    return Endpoint(path=path)


GET_TOKEN = Endpoint(path="gettoken", method="GET", per_minute=30, per_hour=1_000)

DEPARTMENT_SIMPLE_LIST = _get("department/simplelist")
USER_SIMPLE_LIST = _get("user/simplelist")

FOLLOW_USER_LIST = _get("externalcontact/get_follow_user_list")
CONTACT_LIST = _get("externalcontact/list")
CONTACT_GET = _get("externalcontact/get")
CONTACT_BATCH = _post("externalcontact/batch/get_by_user")

CONTACT_WAY_ADD = _once("externalcontact/add_contact_way")
CONTACT_WAY_GET = _post("externalcontact/get_contact_way")
CONTACT_WAY_LIST = _post("externalcontact/list_contact_way")
CONTACT_WAY_UPDATE = _post("externalcontact/update_contact_way")
CONTACT_WAY_DELETE = _post("externalcontact/del_contact_way")

JOIN_WAY_ADD = _once("externalcontact/groupchat/add_join_way")
JOIN_WAY_GET = _post("externalcontact/groupchat/get_join_way")
JOIN_WAY_UPDATE = _post("externalcontact/groupchat/update_join_way")
JOIN_WAY_DELETE = _post("externalcontact/groupchat/del_join_way")

GROUP_CHAT_LIST = _post("externalcontact/groupchat/list")
GROUP_CHAT_GET = _post("externalcontact/groupchat/get")

CORP_TAG_LIST = _post("externalcontact/get_corp_tag_list")
CORP_TAG_ADD = _once("externalcontact/add_corp_tag")
TAG_MARK = _post("externalcontact/mark_tag")

WELCOME_SEND = _once("externalcontact/send_welcome_msg")
MASS_ADD = _once("externalcontact/add_msg_template")
MASS_LIST = _post("externalcontact/get_groupmsg_list_v2")
MASS_TASKS = _post("externalcontact/get_groupmsg_task")
MASS_RESULTS = _post("externalcontact/get_groupmsg_send_result")
MASS_REMIND = _once("externalcontact/remind_groupmsg_send")
MASS_CANCEL = _post("externalcontact/cancel_groupmsg_send")

MEDIA_UPLOAD = _post("media/upload")  # a second upload leaves an unused copy that dies after 3 days
NOTICE_SEND = _post("message/send")  # repeated within the duplicate check's interval it is shown once

KF_ACCOUNT_LIST = _post("kf/account/list")
KF_CONTACT_LINK = _post("kf/add_contact_way")
KF_SYNC = _post("kf/sync_msg")
KF_SEND = _once("kf/send_msg")
KF_SEND_ON_EVENT = _once("kf/send_msg_on_event")
