"""The console's URL map; every view goes through the site's login."""

from collections.abc import Sequence
from typing import Any

from django.urls import URLPattern, path

from juqun.surfaces.console.page import Page
from juqun.surfaces.console.pages import (
    campaigns,
    codes,
    connection,
    coupons,
    dashboard,
    differences,
    group_welcomes,
    groups,
    handovers,
    imports,
    jobs,
    kinds,
    members,
    organisation,
    robot,
    segments,
    service,
    sync,
    tags,
    till_keys,
    ways,
)

PAGES: Sequence[tuple[str, type[Page], str]] = (
    ("", dashboard.DashboardPage, "index"),
    ("sources/models/", dashboard.SourceModels, "source_models"),
    ("organisation/", organisation.OrganisationPage, "organisation"),
    ("organisation/<int:node_id>/", organisation.OrganisationPage, "node"),
    ("members/", members.MembersPage, "members"),
    ("members/export.csv", members.MembersExport, "members_export"),
    ("members/<int:member_id>/", members.MemberPage, "member"),
    ("groups/", groups.GroupsPage, "groups"),
    ("groups/kinds/new/", kinds.KindPage, "kind_new"),
    ("groups/kinds/<int:kind_id>/", kinds.KindPage, "kind"),
    ("groups/kinds/<int:kind_id>/welcome/", group_welcomes.GroupWelcomePage, "group_welcome"),
    ("groups/ways/", ways.WaysPage, "ways"),
    ("groups/ways/new/", ways.NewWayPage, "way_new"),
    ("groups/ways/<int:entry_id>/picture", ways.WayPicture, "way_picture"),
    ("codes/", codes.CodesPage, "codes"),
    ("codes/new/", codes.NewCodePage, "code_new"),
    ("codes/<int:code_id>/", codes.CodePage, "code"),
    ("codes/<int:code_id>/picture", codes.CodePicture, "code_picture"),
    ("robot/", robot.RobotPage, "robot"),
    ("service/", service.ServicePage, "service"),
    ("service/<int:account_id>/", service.ServiceAccountPage, "service_account"),
    ("service/conversations/<int:session_id>/", service.ConversationPage, "service_conversation"),
    ("handovers/", handovers.HandoversPage, "handovers"),
    ("handovers/new/", handovers.NewHandoverPage, "handover_new"),
    ("handovers/<int:handover_id>/", handovers.HandoverPage, "handover"),
    ("segments/", segments.SegmentsPage, "segments"),
    ("segments/new/", segments.SegmentPage, "segment_new"),
    ("segments/rows/", segments.SegmentRows, "segment_rows"),
    ("segments/count/", segments.SegmentCount, "segment_count"),
    ("segments/<int:segment_id>/", segments.SegmentPage, "segment"),
    ("campaigns/", campaigns.CampaignsPage, "campaigns"),
    ("campaigns/new/", campaigns.NewCampaignPage, "campaign_new"),
    ("campaigns/<int:campaign_id>/", campaigns.CampaignPage, "campaign"),
    ("coupons/", coupons.CouponsPage, "coupons"),
    ("coupons/new/", coupons.NewCouponPage, "coupon_new"),
    ("redeem/", coupons.RedeemPage, "redeem"),
    ("till-keys/", till_keys.TillKeysPage, "till_keys"),
    ("imports/", imports.ImportsPage, "imports"),
    ("imports/runs/", imports.ImportRuns, "import_runs"),
    ("imports/<int:run_id>/errors.csv", imports.ImportErrors, "import_errors"),
    ("differences/", differences.DifferencesPage, "differences"),
    ("tags/", tags.TagsPage, "tags"),
    ("jobs/", jobs.JobsPage, "jobs"),
    ("connection/", connection.ConnectionPage, "connection"),
    ("connection/line/", connection.ConnectionLine, "connection_line"),
    ("sync/", sync.SyncPage, "sync"),
    ("sync/runs/", sync.SyncRuns, "sync_runs"),
)


def page_urls(site: Any) -> list[URLPattern]:
    """Return the pages behind the site's login."""
    return [path(route, site.admin_view(page.as_view(site=site)), name=name) for route, page, name in PAGES]
