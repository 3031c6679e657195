"""The one table "event -> handlers", the schedules, and the lake's dimensions: what happens when, on one page."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from django.conf import settings

from juqun.channels.wecom import events as wecom
from juqun.channels.wecom import jobs as wecom_jobs
from juqun.config import reactions
from juqun.domains.audience import handlers as audience
from juqun.domains.audience import jobs as audience_jobs
from juqun.domains.campaigns import handlers as campaigns
from juqun.domains.campaigns import jobs as campaigns_jobs
from juqun.domains.campaigns import queries as campaigns_queries
from juqun.domains.catalog import events as catalog_events
from juqun.domains.catalog import queries as catalog_queries
from juqun.domains.commerce import handlers as commerce
from juqun.domains.commerce import jobs as commerce_jobs
from juqun.domains.groups import events as groups_events
from juqun.domains.groups import handlers as groups
from juqun.domains.groups import jobs as groups_jobs
from juqun.domains.groups import queries as groups_queries
from juqun.domains.growth import events as growth_events
from juqun.domains.growth import handlers as growth
from juqun.domains.growth import jobs as growth_jobs
from juqun.domains.members import events as members_events
from juqun.domains.members import handlers as members
from juqun.domains.members import jobs as members_jobs
from juqun.domains.members import queries as members_queries
from juqun.domains.org import events as org_events
from juqun.domains.org import handlers as org
from juqun.domains.org import queries as org_queries
from juqun.domains.promotions import handlers as promotions
from juqun.domains.promotions import jobs as promotions_jobs
from juqun.domains.robot import events as robot_events
from juqun.domains.robot import handlers as robot
from juqun.domains.robot import jobs as robot_jobs
from juqun.domains.service import events as service_events
from juqun.domains.service import handlers as service
from juqun.domains.service import jobs as service_jobs
from juqun.kernel import events
from juqun.kernel.events import Event, Subscription
from juqun.kernel.imports import jobs as imports_jobs
from juqun.kernel.jobs.schedule import Every
from juqun.kernel.models import Queue
from juqun.lake import feed
from juqun.lake import jobs as lake_jobs

WELCOME_PRIORITY = 10  # a welcome code lives 20 seconds: it overtakes everything else in the queue `now`

MINUTE, HOUR, DAY = 60, 3_600, 86_400


def _waited_for(handler: Callable[[Any], None], priority: int = 0) -> Subscription:
    """Calls the channel while somebody waits."""
    return Subscription(handler, queue=Queue.NOW, priority=priority, atomic=False)


SUBSCRIPTIONS: Mapping[type[Event], Sequence[Subscription]] = {
    # gather: what WeCom tells
    wecom.ContactAdded: [_waited_for(robot.on_contact_added, WELCOME_PRIORITY), _waited_for(members.on_contact_added)],
    wecom.ContactEdited: [Subscription(members.on_contact_edited, queue=Queue.SEND, atomic=False)],
    wecom.ContactLost: [Subscription(members.on_contact_lost)],
    wecom.ContactDropped: [Subscription(members.on_contact_dropped)],
    wecom.TransferFailed: [Subscription(service.on_transfer_failed)],
    wecom.GroupChatCreated: [Subscription(groups.on_group_chat_created)],
    wecom.GroupChatChanged: [Subscription(groups.on_group_chat_changed)],
    wecom.GroupChatDismissed: [Subscription(groups.on_group_chat_dismissed)],
    wecom.CorpTagsChanged: [Subscription(members.on_corp_tags_changed)],
    wecom.StaffUserJoined: [Subscription(org.on_staff_user_joined)],
    wecom.StaffUserLeft: [Subscription(org.on_staff_user_left)],
    wecom.AcquisitionBalanceLow: [Subscription(org.on_acquisition_balance_low, queue=Queue.SEND, atomic=False)],
    wecom.AcquisitionBalanceExhausted: [
        Subscription(org.on_acquisition_balance_exhausted, queue=Queue.SEND, atomic=False)
    ],
    wecom.AcquisitionLinkUnavailable: [
        Subscription(org.on_acquisition_link_unavailable, queue=Queue.SEND, atomic=False)
    ],
    wecom.SyncAsked: [
        Subscription(org.on_sync_asked),
        Subscription(members.on_sync_asked, atomic=False),
        Subscription(groups.on_sync_asked),
    ],
    wecom.ArchiveWaiting: [Subscription(robot.on_archive_waiting)],
    wecom.KfMessagesWaiting: [_waited_for(robot.on_kf_messages_waiting, WELCOME_PRIORITY)],
    # who it was
    members_events.FriendAdded: [Subscription(growth.on_friend_added), Subscription(service.on_friend_added)],
    members_events.FriendsTakenUp: [
        Subscription(growth.on_friends_taken_up),
        Subscription(service.on_friends_taken_up),
    ],
    members_events.FriendLost: [Subscription(growth.on_friend_lost)],
    members_events.MembersMerged: [
        Subscription(promotions.on_members_merged),
        Subscription(commerce.on_members_merged),
        Subscription(groups.on_members_merged),
        Subscription(growth.on_members_merged),
        Subscription(campaigns.on_members_merged),
        Subscription(service.on_members_merged),
    ],
    members_events.MembersSplit: [
        Subscription(promotions.on_members_split),
        Subscription(commerce.on_members_split),
        Subscription(groups.on_members_split),
        Subscription(growth.on_members_split),
        Subscription(service.on_members_split),
    ],
    members_events.MemberErased: [
        Subscription(audience.on_member_erased),
        Subscription(promotions.on_member_erased),
        Subscription(groups.on_member_erased),
        Subscription(growth.on_member_erased),
        Subscription(robot.on_member_erased),
        Subscription(service.on_member_erased),
    ],
    # who is gone, and who keeps their customers
    org_events.StaffLeft: [
        Subscription(groups.on_staff_left),
        Subscription(growth.on_staff_left),
        Subscription(campaigns.on_staff_left),
        Subscription(service.on_staff_left),
    ],
    org_events.StaffJoined: [Subscription(service.on_staff_joined)],
    service_events.HandoverOpened: [Subscription(service.on_handover_opened)],
    service_events.HandoverApproved: [Subscription(service.on_handover_approved)],
    service_events.CustomersRefused: [Subscription(service.on_customers_refused)],
    # what the lake must know
    catalog_events.ProductsChanged: [Subscription(reactions.on_products_changed)],
    org_events.StoreOpened: [Subscription(reactions.on_store_opened)],
    # what we want to be true at WeCom, and what depends on it
    growth_events.LiveCodeChanged: [
        Subscription(growth.on_live_code_changed),
        Subscription(robot.on_live_code_changed),
    ],
    groups_events.EntryChanged: [Subscription(groups.on_entry_changed)],
    groups_events.EntryReady: [Subscription(robot.on_entry_ready)],
    groups_events.GroupWelcomeChanged: [Subscription(groups.on_group_welcome_changed)],
    groups_events.NextGroupPlanned: [Subscription(groups.on_next_group_planned)],
    members_events.ManagedTagChanged: [Subscription(members.on_managed_tag_changed)],
    members_events.ManagedTagReady: [Subscription(members.on_managed_tag_ready)],
    members_events.MarksWanted: [Subscription(members.on_marks_wanted)],
    # what is there instead, and what a person decided about it
    wecom.ComparisonAsked: [
        Subscription(members.on_comparison_asked),
        Subscription(groups.on_comparison_asked),
        Subscription(growth.on_comparison_asked),
    ],
    wecom.DriftDecided: [
        Subscription(members.on_drift_decided),
        Subscription(groups.on_drift_decided),
        Subscription(growth.on_drift_decided),
    ],
    # interact
    robot_events.ServiceMessageArrived: [_waited_for(robot.on_service_message_arrived)],
    robot_events.ServiceSendPlanned: [_waited_for(robot.on_service_send_planned, WELCOME_PRIORITY)],
    robot_events.ServiceCustomerSeen: [Subscription(robot.on_service_customer_seen, queue=Queue.SEND, atomic=False)],
    robot_events.ServiceCustomerRefused: [Subscription(robot.on_service_customer_refused)],
}

SCHEDULES: Sequence[Every] = (
    Every("kernel.prune_events", DAY, events.prune_events),
    Every("lake.flush_facts", 5, lake_jobs.flush_facts),
    Every("lake.refresh_dims", 5 * MINUTE, lake_jobs.refresh_dims),
    Every("lake.refresh_all_dims", DAY, lake_jobs.refresh_all_dims),
    Every("lake.compact", DAY, lake_jobs.compact),
    Every("lake.tidy_up", HOUR, lake_jobs.tidy_up),
    Every("imports.discard_error_files", DAY, imports_jobs.discard_error_files),
    Every("imports.end_broken_runs", HOUR, imports_jobs.end_broken_runs),
    Every("wecom.retry_failed_callbacks", 5 * MINUTE, wecom_jobs.retry_failed_callbacks),
    Every("wecom.prune_inbox", DAY, wecom_jobs.prune_inbox),
    Every("wecom.reconcile_nightly", 5 * MINUTE, wecom_jobs.reconcile_nightly),
    Every("promotions.expire_coupons", HOUR, promotions_jobs.expire_coupons),
    Every("commerce.release_holds", MINUTE, commerce_jobs.release_holds),
    Every("members.compare_tags", DAY, members_jobs.compare_tags),
    Every("members.reconcile_tags", 10 * MINUTE, members_jobs.reconcile_tags),
    Every("groups.refresh_states", HOUR, groups_jobs.refresh_states),
    Every("groups.reconcile_entries", 10 * MINUTE, groups_jobs.reconcile_entries),
    Every("groups.compare_entries", DAY, groups_jobs.compare_entries),
    Every("growth.reconcile_live_codes", 10 * MINUTE, growth_jobs.reconcile_live_codes),
    Every("growth.compare_live_codes", DAY, growth_jobs.compare_live_codes),
    Every("robot.poll_service_accounts", settings.JUQUN_WECOM_KF_POLL_SECONDS, robot_jobs.poll_service_accounts),
    Every("robot.read_archive", MINUTE, robot_jobs.read_archive),
    Every("robot.refresh_media", HOUR, robot_jobs.refresh_all_media),
    Every("audience.recount_segments", HOUR, audience_jobs.recount_segments),
    Every("campaigns.push", 15, campaigns_jobs.push),
    Every("campaigns.collect", MINUTE, campaigns_jobs.collect),
    Every("campaigns.remind", 30 * MINUTE, campaigns_jobs.remind),
    Every("service.push", MINUTE, service_jobs.push),
    Every("service.read_unassigned", DAY, service_jobs.read_unassigned),
    Every("campaigns.tidy", HOUR, campaigns_jobs.tidy),
)

DIMS: Mapping[str, Callable[[], Any]] = {
    "stores": org_queries.export_stores_dim,
    "members": members_queries.export_members_dim,
    "member_merges": members_queries.export_member_merges_dim,
    "member_tags": members_queries.export_member_tags_dim,
    "products": catalog_queries.export_products_dim,
    "group_members": groups_queries.export_group_members_dim,
    "campaigns": campaigns_queries.export_campaigns_dim,
}


def connect() -> None:
    """Hand the tables to the kernel and the lake."""
    events.wire(SUBSCRIPTIONS)
    feed.wire_dims(DIMS, on_news=("products", "stores"))
