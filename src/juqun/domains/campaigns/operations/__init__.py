"""Writes of the campaigns room: draft, plan, launch, stop, remind, and what the jobs do in between."""

from juqun.domains.campaigns.operations.drafts import create_campaign
from juqun.domains.campaigns.operations.launching import launch_campaign, stop_campaign
from juqun.domains.campaigns.operations.links import record_link_opened
from juqun.domains.campaigns.operations.planning import dry_run, plan_campaign
from juqun.domains.campaigns.outbox.results import remind_batch

__all__ = [
    "create_campaign",
    "dry_run",
    "launch_campaign",
    "plan_campaign",
    "record_link_opened",
    "remind_batch",
    "stop_campaign",
]
