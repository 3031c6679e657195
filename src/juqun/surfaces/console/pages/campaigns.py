"""Campaigns: the list, the form, the way from draft to sending, and what came of it."""

from dataclasses import dataclass
from typing import Any

from django import forms
from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import (
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
)

from juqun.domains.audience import queries as audience
from juqun.domains.campaigns import operations, queries
from juqun.domains.campaigns.types import CampaignState, CampaignView, HoldoutUnit, MessageState
from juqun.domains.insight import queries as insight
from juqun.domains.insight.types import UpliftResult
from juqun.domains.org import queries as org
from juqun.domains.org.types import PolicyKey
from juqun.domains.promotions import queries as promotions
from juqun.kernel import clock
from juqun.kernel.errors import DomainError
from juqun.surfaces.console.access import Area, Reader
from juqun.surfaces.console.page import Page

PER_PAGE = 50
MOST_NODES = 800
MOST_STAFF = 25
MESSAGE_STEPS = (
    MessageState.PLANNED,
    MessageState.QUEUED,
    MessageState.CREATED,
    MessageState.SENT,
    MessageState.REFUSED,
    MessageState.UNKNOWN,
    MessageState.CANCELLED,
    MessageState.SKIPPED,
)


class CampaignForm(forms.Form):
    """A new campaign; segments, places and coupons are those of the reader's part."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=80, widget=UnfoldAdminTextInputWidget)
    segment = forms.TypedChoiceField(label=gettext_lazy("Segment"), coerce=int, widget=UnfoldAdminSelectWidget)
    node = forms.TypedChoiceField(
        label=gettext_lazy("Where"), coerce=int, widget=UnfoldAdminSelectWidget,
        help_text=gettext_lazy("Only members who belong there get the message."),
    )  # fmt: skip
    text = forms.CharField(label=gettext_lazy("Message"), max_length=1000, widget=UnfoldAdminTextareaWidget)
    coupon = forms.TypedChoiceField(
        label=gettext_lazy("Coupon"), coerce=int, empty_value=None, required=False, widget=UnfoldAdminSelectWidget
    )
    link_url = forms.URLField(
        label=gettext_lazy("Or a link"), required=False, assume_scheme="https", widget=UnfoldAdminTextInputWidget
    )
    holdout = forms.IntegerField(
        label=gettext_lazy("Holdout (%)"), min_value=0, max_value=90, widget=UnfoldAdminIntegerFieldWidget,
        help_text=gettext_lazy("Drawn by lot and not written to: only against them can an effect be measured."),
    )  # fmt: skip
    unit = forms.ChoiceField(
        label=gettext_lazy("Draw"), widget=UnfoldAdminSelectWidget,
        choices=[(HoldoutUnit.MEMBER.value, gettext_lazy("single members")), (HoldoutUnit.STORE.value, gettext_lazy("whole stores"))],
    )  # fmt: skip
    starts_at = forms.DateTimeField(
        label=gettext_lazy("Starts at"),
        widget=UnfoldAdminTextInputWidget(attrs={"type": "datetime-local"}),
        input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M"],
    )
    measure_days = forms.IntegerField(
        label=gettext_lazy("Measured over days"),
        initial=28,
        min_value=1,
        max_value=180,
        widget=UnfoldAdminIntegerFieldWidget,
    )

    def __init__(self, *args: Any, reader: Reader, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        nodes = org.list_nodes(scope=reader.scope)[:MOST_NODES]
        segments = audience.list_segments(scope=reader.scope)
        templates = promotions.list_templates(scope=reader.scope)
        self._offer("segment", [(one.id, one.name) for one in segments])
        self._offer("node", [(one.id, "\u3000" * (len(one.path) // 4 - 1) + one.name) for one in nodes])
        self._offer("coupon", [("", "–"), *((one.id, one.name) for one in templates)])
        self.fields["node"].initial = reader.staff.node_id
        policy = org.get_policy(node_id=reader.staff.node_id, key=PolicyKey.HOLDOUT_BASIS_POINTS)
        self.fields["holdout"].initial = policy.value // 100
        self.fields["starts_at"].initial = clock.business_time(clock.now()).strftime("%Y-%m-%dT%H:%M")

    def _offer(self, name: str, choices: list[Any]) -> None:
        self.fields[name].choices = choices  # type: ignore[attr-defined]  # each is a choice field


class CampaignsPage(Page):
    """The campaigns that touch the reader's part."""

    area = Area.CAMPAIGNS
    title = gettext_lazy("Campaigns")
    template_name = "console/campaigns.html"

    def values(self, **kwargs: Any) -> dict[str, Any]:
        """The latest first."""
        page = self.page_number()
        found = queries.list_campaigns(scope=self.scope, limit=PER_PAGE + 1, offset=(page - 1) * PER_PAGE)
        rows = [
            {"campaign": one, "sent": one.counts.get(MessageState.SENT, 0), "all": _asked(one)}
            for one in found[:PER_PAGE]
        ]
        return {
            "rows": rows,
            "has_next": len(found) > PER_PAGE,
            "page_number": page,
            "may_create": self.reader.decides,
        }


def _asked(campaign: CampaignView) -> int:
    """Messages that were meant to go out."""
    return sum(number for state, number in campaign.counts.items() if state is not MessageState.SKIPPED)


class NewCampaignPage(Page):
    """The form for a new campaign."""

    area = Area.CAMPAIGNS
    title = gettext_lazy("New campaign")
    template_name = "console/form.html"
    actions = {"create": "create"}
    deciders_only = frozenset({"create"})

    def values(self, **kwargs: Any) -> dict[str, Any]:
        """An empty form; `?segment=` chooses the segment."""
        form = CampaignForm(reader=self.reader)
        form.fields["segment"].initial = self.number("segment") or None
        return self._form_values(form)

    def create(self) -> HttpResponse:
        """Write the draft; nothing is sent yet."""
        form = CampaignForm(self.request.POST, reader=self.reader)
        if form.is_valid():
            given = form.cleaned_data
            try:
                campaign_id = operations.create_campaign(
                    name=given["name"],
                    segment_id=given["segment"],
                    text=given["text"],
                    node_id=given["node"],
                    starts_at=given["starts_at"],
                    link_url=given["link_url"],
                    coupon_template_id=given["coupon"],
                    holdout_bp=given["holdout"] * 100,
                    unit=HoldoutUnit(given["unit"]),
                    measure_days=given["measure_days"],
                    actor_staff_id=self.reader.staff.id,
                )
            except DomainError as error:
                form.add_error(None, str(error))
            else:
                self.tell(_("The draft is written. Try it out below before you plan it."))
                return HttpResponseRedirect(reverse("console:campaign", args=[campaign_id]))
        return self.show(status=422, **self._form_values(form))

    def _form_values(self, form: CampaignForm) -> dict[str, Any]:
        return {"form": form, "back": reverse("console:campaigns"), "submit": _("Write the draft"), "action": "create"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """Where an interval lies on a line from 0 to 100, and where nothing (no effect) lies on it."""

    zero: float
    low: float
    high: float
    value: float


def picture_of(uplift: UpliftResult) -> Picture:
    """Place the effect's interval on a line that also holds zero."""
    effect = uplift.effect_fen
    left, right = min(effect.low, 0.0), max(effect.high, 0.0)
    span = (right - left) or 1.0
    left, span = left - span * 0.08, span * 1.16

    def place(fen: float) -> float:
        return round((fen - left) / span * 100, 2)

    return Picture(zero=place(0.0), low=place(effect.low), high=place(effect.high), value=place(effect.value))


class CampaignPage(Page):
    """One campaign: what it is, how far it is, and what it did."""

    area = Area.CAMPAIGNS
    template_name = "console/campaign.html"
    actions = {"dry_run": "dry_run", "plan": "plan", "launch": "launch", "stop": "stop"}
    deciders_only = frozenset({"dry_run", "plan", "launch", "stop"})

    def values(self, **kwargs: Any) -> dict[str, Any]:
        """Counts, progress and effect, each of the reader's own part."""
        campaign = queries.get_campaign(scope=self.scope, campaign_id=kwargs["campaign_id"])
        counts = queries.message_counts(scope=self.scope, campaign_id=campaign.id)
        staff = queries.staff_progress(scope=self.scope, campaign_id=campaign.id)
        steps = [{"state": state, "number": counts.get(state.value, 0)} for state in MESSAGE_STEPS]
        return {
            "title": campaign.name,
            "campaign": campaign,
            "is_draft": campaign.state is CampaignState.DRAFT,
            "can_stop": campaign.state in {CampaignState.PLANNED, CampaignState.SENDING, CampaignState.SENT},
            "may_run": self.reader.decides and self._reaches(campaign),
            "steps": steps,
            "total": sum(one["number"] for one in steps),
            "reasons": _reasons(counts),
            "staff": staff[:MOST_STAFF],
            "staff_left_out": max(0, len(staff) - MOST_STAFF),
            "template_name": self._coupon(campaign),
            **self._effect(campaign),
        }

    def _coupon(self, campaign: CampaignView) -> str:
        if campaign.coupon_template_id is None:
            return ""
        found = [one for one in promotions.list_templates(scope=self.scope) if one.id == campaign.coupon_template_id]
        return found[0].name if found else ""

    def _effect(self, campaign: CampaignView) -> dict[str, Any]:
        """The uplift with its picture, or in words why there is none yet."""
        if campaign.state is CampaignState.DRAFT:
            return {"uplift": None, "no_uplift": _("Nothing was sent yet.")}
        try:
            uplift = insight.campaign_uplift(scope=self.scope, campaign_id=campaign.id)
        except DomainError as error:
            return {"uplift": None, "no_uplift": str(error)}
        low, high = uplift.effect_fen.low, uplift.effect_fen.high
        return {
            "uplift": uplift,
            "picture": picture_of(uplift),
            "verdict": "more" if low > 0 else "less" if high < 0 else "open",
            "warnings": [insight.describe_warning(code=code) for code in uplift.warnings],
        }

    def _reaches(self, campaign: CampaignView) -> bool:
        try:
            org.get_node(scope=self.scope, node_id=campaign.node_id)
        except DomainError:
            return False
        return True

    def _own(self, campaign_id: int) -> CampaignView:
        """The campaign, if the whole of it lies in the reader's part: seeing a share of it is not enough to run it."""
        campaign = queries.get_campaign(scope=self.scope, campaign_id=campaign_id)
        org.get_node(scope=self.scope, node_id=campaign.node_id)
        return campaign

    def dry_run(self, campaign_id: int) -> HttpResponse:
        """Show who would get it and who would not, and why."""
        campaign = self._own(campaign_id)
        result = operations.dry_run(campaign_id=campaign.id, at=clock.now())
        skipped = sorted(result.skipped.items(), key=lambda one: -one[1])
        return self.part("console/parts/dry_run.html", result=result, skipped=skipped)

    def plan(self, campaign_id: int) -> None:
        """Draw the holdout and write every message with its fate."""
        result = operations.plan_campaign(campaign_id=self._own(campaign_id).id, at=clock.now())
        words = {"planned": result.planned, "holdout": result.holdout}
        self.tell(_("Planned: %(planned)s messages, %(holdout)s members held out.") % words)

    def launch(self, campaign_id: int) -> None:
        """Release the tasks."""
        operations.launch_campaign(campaign_id=self._own(campaign_id).id, at=clock.now())
        self.tell(_("Released: each task reaches its staff member at its hour."))

    def stop(self, campaign_id: int) -> None:
        """Stop what has not gone out."""
        operations.stop_campaign(campaign_id=self._own(campaign_id).id, at=clock.now())
        self.tell(_("Stopped. What customers have already stays with them."))


def _reasons(counts: dict[str, int]) -> list[dict[str, Any]]:
    """Why messages did not arrive, the most frequent first."""
    found = [
        {"state": key.split("/", 1)[0], "reason": key.split("/", 1)[1], "number": number}
        for key, number in counts.items()
        if "/" in key
    ]
    return sorted(found, key=lambda one: -one["number"])
