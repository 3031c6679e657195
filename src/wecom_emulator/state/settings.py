"""What can be turned: disputed facts of the platform, its limits, and the manners of the callback sender."""

from dataclasses import dataclass, field

CAP_DAYS_OF_MONTH = "days_of_month"
CAP_SEVEN_A_WEEK = "7_per_week"
CAP_ONE_A_DAY = "1_per_day"
CAP_FOUR_A_MONTH = "4_per_month"


RATE_CAPS = {
    "get_jsapi_ticket": "400/hour",
    "ticket/get": "100/hour per app",
    "externalcontact/add_moment_task": "10/minute",
    "media/uploadimg": "1000/day, 3000/month",
    "user/create": "300/minute",
    "user/update": "300/minute",
    "user/delete": "300/minute",
    "user/batchdelete": "300/minute",
}
"""Calls with a cap of their own beside the general limits."""


@dataclass(slots=True, kw_only=True)
class Settings:
    """All settings with the documented values as defaults; sizes in units of their names, times in seconds."""

    group_capacity: int = 500
    overflow_at: int = 200
    receiving_cap: str = CAP_DAYS_OF_MONTH
    token_seconds: int = 7200
    welcome_code_seconds: int = 20
    media_seconds: int = 259_200
    expired_welcome_errcode: int = 41050
    unknown_chat_errcode: int = 40050
    corp_tag_limit: int = 10_000
    contact_way_quota: int = 500_000
    temp_ways_per_day: int = 100_000
    unlicensed_userids: list[str] = field(default_factory=list)
    statistics_ready_hour: int = 3
    chat_detail_lag_seconds: int = 0
    welcome_busy_seconds: int = 0
    staff_per_way: int = 100
    auto_create_room_default: int = 1
    add_join_way_returns_qr_code: bool = False
    groupmsg_list_max: int = 100
    reminders_per_day: int = 3
    welcome_template_limit: int = 100
    quota_warning_days: int = 7
    customers_per_staff: int = 20_000
    transfer_wait_seconds: int = 86_400
    transfers_per_customer: int = 2
    transfers_per_group: int = 2
    transfer_period_days: int = 90
    group_transfers_per_day: int = 300
    group_transfer_seconds: int = 0
    group_transfer_often_errcode: int = 90507
    group_transfer_daily_errcode: int = 90508
    group_transfer_late_errcode: int = 90500
    unionid_bound: bool = True
    api_changes_emit_events: bool = False
    contact_events_full: bool = False
    department_limit: int = 30_000
    department_depth: int = 15
    corp_verified: bool = True
    trusted_domains: list[str] = field(default_factory=list)
    oauth_code_seconds: int = 300
    user_ticket_seconds: int = 1800
    js_ticket_seconds: int = 7200
    pending_id_seconds: int = 7_776_000
    notices_per_member_minute: int = 30
    notices_per_member_hour: int = 1000
    notices_per_staff_day: int = 200
    moment_job_polls: int = 1
    moment_tasks_per_month: int = 100_000
    moment_list_max: int = 20
    archive_on: bool = False
    archive_userids: list[str] = field(default_factory=list)
    archive_consent_default: str = "Default_Agree"
    archive_seconds: int = 432_000
    archive_notify_seconds: int = 15
    trusted_ips: list[str] = field(default_factory=list)
    rate_per_minute: int = 10_000
    rate_per_hour: int = 150_000
    rate_ip_per_minute: int = 20_000
    rate_ip_per_hour: int = 600_000
    rate_debug_per_minute: int = 5
    rate_bad_credentials_per_hour: int = 2000
    rate_caps: dict[str, str] = field(default_factory=lambda: dict(RATE_CAPS))
    concurrency_limit: int = 0
    concurrency_limits: dict[str, int] = field(default_factory=dict)
    mem_change_list_format: str = "item"
    event_join_scene_invited: int = 0
    event_join_scene_qr: int = 3
    event_quit_scene_self: int = 0
    event_quit_scene_removed: int = 1
    kf_duplicate_msgid_errcode: int = 40058
    kf_bad_code_errcode: int = 95013
    kf_token_seconds: int = 600
    kf_strict_sync_per_minute: int = 0
    kf_welcome_code_seconds: int = 20
    kf_messages_per_window: int = 5
    kf_window_seconds: int = 172_800
    kf_async_window_errors: bool = False
    kf_allow_end_from: list[int] = field(default_factory=lambda: [3])
    kf_event_messages_count: bool = False
    kf_expiry_emits_event: bool = False
    kf_native_welcome_blocks_code: bool = True
    kf_merge_bells: bool = False
    kf_recall_seconds: int = 120
    kf_account_limit: int = 5000
    kf_servicers_per_account: int = 2000
    kf_departments_per_account: int = 20
    kf_departments_per_call: int = 100
    kf_menu_items: int = 10
    kf_miniprogram_appids: list[str] = field(default_factory=list)
    kf_statistics_ready_hour: int = 6
    kf_knowledge_groups: int = 100
    kf_intents_per_group: int = 200
    kf_intents_nested: bool = False
    webhook_posts_per_minute: int = 20
    callback_timeout_seconds: float = 5.0
    callback_tries: int = 3
    callback_retry_pause_seconds: float = 0.2
    callback_order: str = "strict"
    callback_parallel: int = 4
    callback_duplicate_probability: float = 0.0
    callback_loss_probability: float = 0.0
    callback_reorder_probability: float = 0.0
    callback_delay_ms: int = 0
    callback_seed: int = 0


@dataclass(slots=True, kw_only=True)
class App:
    """A credential: kind `app` (self-built), `contact_sync`, `msgaudit` or `customer_contact` (the old system secret).

    `visible_users` and `visible_departments` bound what it sees; both None means the whole corp.
    """

    agent_id: int
    secret: str
    name: str = ""
    kind: str = "app"
    customer_contact: bool = True
    kf: bool = True
    visible_users: list[str] | None = None
    visible_departments: list[int] | None = None


@dataclass(slots=True, kw_only=True)
class CallbackConfig:
    """Where events go; agent_id None receives everything, an agent's own only what that app may see."""

    url: str
    token: str
    encoding_aes_key: str
    agent_id: int | None = None
