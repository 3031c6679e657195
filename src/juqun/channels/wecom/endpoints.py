"""The one table of WeCom calls: path, method, whose token, whether it may be repeated blindly, and how many a minute we allow.

WeCom's documented limits are 10,000 calls a minute and 150,000 an hour per corp and call, 20,000 and 600,000 per address; the
budgets stay below them in any span of a minute or hour, so that no block is ever of our own doing.
`is_idempotent`: sending the same request twice leaves WeCom as one does. `is_urgent`: somebody waits, seconds count; such calls
have a place in flight kept free for them.
"""

from dataclasses import dataclass
from enum import StrEnum

MINUTE_BUDGET = 9_500
HOUR_BUDGET = 142_500


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
    is_urgent: bool = False
    per_minute: int = MINUTE_BUDGET
    per_hour: int = HOUR_BUDGET
    per_day: int | None = None
    per_month: int | None = None


def _get(path: str) -> Endpoint:
    return Endpoint(path=path, method="GET")


def _once(path: str) -> Endpoint:
    return Endpoint(path=path, is_idempotent=False)


def _post(path: str) -> Endpoint:
    return Endpoint(path=path)


def _now(path: str, *, is_idempotent: bool = False) -> Endpoint:
    return Endpoint(path=path, is_idempotent=is_idempotent, is_urgent=True)


ALL_CALLS = Endpoint(path="*", per_minute=19_000, per_hour=570_000)  # of one address; all our processes count as one
GET_TOKEN = Endpoint(path="gettoken", method="GET", is_urgent=True, per_minute=30, per_hour=1_000)

# address book
DEPARTMENT_SIMPLE_LIST = _get("department/simplelist")
DEPARTMENT_LIST = _get("department/list")
USER_GET = _get("user/get")
USER_SIMPLE_LIST = _get("user/simplelist")
USER_LIST_ID = Endpoint(path="user/list_id", credential=Credential.CONTACTS)

# login and pages inside the client
OAUTH_USER = Endpoint(
    path="auth/getuserinfo", method="GET", is_urgent=True
)  # the code works once, but a second try only says so
JSAPI_TICKET = Endpoint(path="get_jsapi_ticket", method="GET", per_hour=350)
AGENT_TICKET = Endpoint(path="ticket/get", method="GET", per_hour=90)

# customers
FOLLOW_USER_LIST = _get("externalcontact/get_follow_user_list")
CONTACT_LIST = _get("externalcontact/list")
CONTACT_GET = _get("externalcontact/get")
CONTACT_BATCH = _post("externalcontact/batch/get_by_user")
CONTACT_REMARK = _post("externalcontact/remark")
UNIONID_CONVERT = Endpoint(
    path="idconvert/unionid_to_external_userid", per_hour=95_000, per_day=475_000, per_month=7_400_000
)

# live codes
CONTACT_WAY_ADD = _once("externalcontact/add_contact_way")
CONTACT_WAY_GET = _post("externalcontact/get_contact_way")
CONTACT_WAY_LIST = _post("externalcontact/list_contact_way")
CONTACT_WAY_UPDATE = _post("externalcontact/update_contact_way")
CONTACT_WAY_DELETE = _post("externalcontact/del_contact_way")

# group codes
JOIN_WAY_ADD = _once("externalcontact/groupchat/add_join_way")
JOIN_WAY_GET = _post("externalcontact/groupchat/get_join_way")
JOIN_WAY_UPDATE = _post("externalcontact/groupchat/update_join_way")
JOIN_WAY_DELETE = _post("externalcontact/groupchat/del_join_way")

# groups
GROUP_CHAT_LIST = _post("externalcontact/groupchat/list")
GROUP_CHAT_GET = _post("externalcontact/groupchat/get")
GROUP_CHAT_STATISTIC = _post("externalcontact/groupchat/statistic")
GROUP_CHAT_STATISTIC_BY_DAY = _post("externalcontact/groupchat/statistic_group_by_day")
GROUP_ID_CONVERT = _post("externalcontact/opengid_to_chatid")

# tags
CORP_TAG_LIST = _post("externalcontact/get_corp_tag_list")
CORP_TAG_ADD = _once("externalcontact/add_corp_tag")
CORP_TAG_EDIT = _post("externalcontact/edit_corp_tag")
CORP_TAG_DELETE = _post("externalcontact/del_corp_tag")
TAG_MARK = _post("externalcontact/mark_tag")

# mass messages and welcomes
WELCOME_SEND = _now("externalcontact/send_welcome_msg")
MASS_ADD = _once("externalcontact/add_msg_template")
MASS_LIST = _post("externalcontact/get_groupmsg_list_v2")
MASS_TASKS = _post("externalcontact/get_groupmsg_task")
MASS_RESULTS = _post("externalcontact/get_groupmsg_send_result")
MASS_REMIND = _once("externalcontact/remind_groupmsg_send")
MASS_CANCEL = _post("externalcontact/cancel_groupmsg_send")
GROUP_WELCOME_ADD = _once("externalcontact/group_welcome_template/add")
GROUP_WELCOME_EDIT = _post("externalcontact/group_welcome_template/edit")
GROUP_WELCOME_GET = _post("externalcontact/group_welcome_template/get")
GROUP_WELCOME_DELETE = _post("externalcontact/group_welcome_template/del")

# hand-over; a repetition meets 40100 (already in transfer) for each customer, so an unknown outcome is read back first
TRANSFER_CUSTOMER = _once("externalcontact/transfer_customer")
TRANSFER_RESULT = _post("externalcontact/transfer_result")
UNASSIGNED_LIST = _post("externalcontact/get_unassigned_list")
RESIGNED_TRANSFER_CUSTOMER = _once("externalcontact/resigned/transfer_customer")
RESIGNED_TRANSFER_RESULT = _post("externalcontact/resigned/transfer_result")
GROUP_TRANSFER_RESIGNED = _once("externalcontact/groupchat/transfer")
GROUP_TRANSFER_ON_JOB = _once("externalcontact/groupchat/onjob_transfer")

# moments, product albums, sensitive words, statistics
MOMENT_ADD = Endpoint(path="externalcontact/add_moment_task", is_idempotent=False, per_minute=9, per_month=99_000)
MOMENT_RESULT = _get("externalcontact/get_moment_task_result")
MOMENT_LIST = _post("externalcontact/get_moment_list")
MOMENT_TASKS = _post("externalcontact/get_moment_task")
MOMENT_CUSTOMERS = _post("externalcontact/get_moment_customer_list")
MOMENT_SENT = _post("externalcontact/get_moment_send_result")
MOMENT_COMMENTS = _post("externalcontact/get_moment_comments")
MOMENT_CANCEL = _post("externalcontact/cancel_moment_task")
ALBUM_ADD = _once("externalcontact/add_product_album")
ALBUM_GET = _post("externalcontact/get_product_album")
ALBUM_LIST = _post("externalcontact/get_product_album_list")
ALBUM_UPDATE = _post("externalcontact/update_product_album")
ALBUM_DELETE = _post("externalcontact/delete_product_album")
INTERCEPT_ADD = _once("externalcontact/add_intercept_rule")
INTERCEPT_LIST = _get("externalcontact/get_intercept_rule_list")
INTERCEPT_GET = _post("externalcontact/get_intercept_rule")
INTERCEPT_UPDATE = _post("externalcontact/update_intercept_rule")
INTERCEPT_DELETE = _post("externalcontact/del_intercept_rule")
STAFF_BEHAVIOR = _post("externalcontact/get_user_behavior_data")

# acquisition links (paid quota)
ACQUISITION_LIST = _post("externalcontact/customer_acquisition/list_link")
ACQUISITION_GET = _post("externalcontact/customer_acquisition/get")
ACQUISITION_CREATE = _once("externalcontact/customer_acquisition/create_link")
ACQUISITION_UPDATE = _post("externalcontact/customer_acquisition/update_link")
ACQUISITION_DELETE = _post("externalcontact/customer_acquisition/delete_link")
ACQUISITION_CUSTOMERS = _post("externalcontact/customer_acquisition/customer")
ACQUISITION_STATISTIC = _post("externalcontact/customer_acquisition/statistic")
ACQUISITION_QUOTA = _get("externalcontact/customer_acquisition_quota")

# media and app messages
MEDIA_UPLOAD = _post("media/upload")  # a second upload leaves an unused copy that dies after 3 days
MEDIA_GET = _get("media/get")
ATTACHMENT_UPLOAD = _post("media/upload_attachment")
NOTICE_SEND = _post("message/send")  # repeated within the duplicate check's interval it is shown once

# customer service
KF_ACCOUNT_LIST = _post("kf/account/list")
KF_ACCOUNT_ADD = _once("kf/account/add")
KF_ACCOUNT_UPDATE = _post("kf/account/update")
KF_ACCOUNT_DELETE = _post("kf/account/del")
KF_CONTACT_LINK = _post("kf/add_contact_way")
KF_SERVICER_LIST = _get("kf/servicer/list")
KF_SERVICER_ADD = _post("kf/servicer/add")
KF_SERVICER_DELETE = _post("kf/servicer/del")
KF_SYNC = _now("kf/sync_msg", is_idempotent=True)
KF_SEND = _now("kf/send_msg")
KF_SEND_ON_EVENT = _now("kf/send_msg_on_event")
KF_STATE_GET = _post("kf/service_state/get")
KF_STATE_MOVE = _once("kf/service_state/trans")
KF_CUSTOMERS = _post("kf/customer/batchget")
KF_CORP_STATISTIC = _post("kf/get_corp_statistic")
KF_SERVICER_STATISTIC = _post("kf/get_servicer_statistic")

# message archive
ARCHIVE_PERMITTED_USERS = _post("msgaudit/get_permit_user_list")
ARCHIVE_ROOM_AGREED = _post("msgaudit/check_room_agree")
