"""What Juqun can ask of WeCom. All calls block and raise the WecomError tree; one module per concern."""

from juqun.channels.wecom.operations.acquisition import (
    create_acquisition_link,
    delete_acquisition_link,
    get_acquisition_link,
    get_acquisition_quota,
    get_link_statistic,
    iter_acquisition_link_ids,
    iter_link_customers,
    update_acquisition_link,
)
from juqun.channels.wecom.operations.callbacks import MAX_CALLBACK_BYTES, check_url, open_callback, store_callbacks
from juqun.channels.wecom.operations.checks import check_names, run_check, run_checks
from juqun.channels.wecom.operations.contacts import (
    convert_unionid,
    get_contact,
    iter_contacts,
    list_contact_ids,
    remark_contact,
)
from juqun.channels.wecom.operations.customer_service import (
    kf_contact_link,
    kf_list_accounts,
    kf_send_on_event,
    kf_send_text,
    kf_sync_messages,
)
from juqun.channels.wecom.operations.groups import get_group_chat, iter_group_chat_ids
from juqun.channels.wecom.operations.login import get_login_user, sign_page
from juqun.channels.wecom.operations.messages import (
    cancel_message,
    create_group_mass_message,
    create_mass_message,
    iter_mass_messages,
    iter_send_results,
    list_message_tasks,
    remind_message,
    send_welcome,
)
from juqun.channels.wecom.operations.staff import (
    iter_staff_users,
    list_follow_userids,
    send_staff_notice,
    upload_media,
)
from juqun.channels.wecom.operations.statistics import (
    iter_group_statistics,
    list_group_statistics_by_day,
    list_staff_behavior,
)
from juqun.channels.wecom.operations.tags import ensure_corp_tags, list_corp_tags, mark_tags
from juqun.channels.wecom.operations.ways import (
    create_contact_way,
    create_join_way,
    delete_contact_way,
    delete_join_way,
    find_contact_way,
    get_contact_way,
    get_join_way,
    get_picture,
    update_contact_way,
    update_join_way,
)

__all__ = [
    "MAX_CALLBACK_BYTES",
    "cancel_message",
    "check_names",
    "check_url",
    "convert_unionid",
    "create_acquisition_link",
    "create_contact_way",
    "create_group_mass_message",
    "create_join_way",
    "create_mass_message",
    "delete_acquisition_link",
    "delete_contact_way",
    "delete_join_way",
    "ensure_corp_tags",
    "find_contact_way",
    "get_acquisition_link",
    "get_acquisition_quota",
    "get_contact",
    "get_contact_way",
    "get_group_chat",
    "get_join_way",
    "get_link_statistic",
    "get_login_user",
    "get_picture",
    "iter_acquisition_link_ids",
    "iter_contacts",
    "iter_group_chat_ids",
    "iter_group_statistics",
    "iter_link_customers",
    "iter_mass_messages",
    "iter_send_results",
    "iter_staff_users",
    "kf_contact_link",
    "kf_list_accounts",
    "kf_send_on_event",
    "kf_send_text",
    "kf_sync_messages",
    "list_contact_ids",
    "list_corp_tags",
    "list_follow_userids",
    "list_group_statistics_by_day",
    "list_message_tasks",
    "list_staff_behavior",
    "mark_tags",
    "open_callback",
    "remark_contact",
    "remind_message",
    "run_check",
    "run_checks",
    "send_staff_notice",
    "send_welcome",
    "sign_page",
    "store_callbacks",
    "update_acquisition_link",
    "update_contact_way",
    "update_join_way",
    "upload_media",
]
