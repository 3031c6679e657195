"""Hand-overs: who gives away whom, who is proposed as keeper, what WeCom made of it, and what is to be done next."""

from typing import Any

from django import forms
from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextareaWidget, UnfoldAdminTextInputWidget

from juqun.domains.audience import queries as audience
from juqun.domains.members import queries as members
from juqun.domains.members.errors import MemberNotFoundError
from juqun.domains.org import queries as org
from juqun.domains.org.types import Role, StaffView
from juqun.domains.service import operations, queries
from juqun.domains.service.errors import HandoverStateError
from juqun.domains.service.types import (
    HandoverItemView,
    HandoverReason,
    HandoverState,
    HandoverView,
    ItemNote,
    ItemState,
    KeeperShare,
)
from juqun.kernel import clock
from juqun.kernel.errors import DomainError
from juqun.kernel.scope import DataScope
from juqun.surfaces.console.access import Area, Reader
from juqun.surfaces.console.page import Page

PER_PAGE = 30
ITEMS_PER_PAGE = 100
MOST_NAMED = 500
SHOWN_STATES = (HandoverState.PROPOSED, HandoverState.RUNNING, HandoverState.DONE, HandoverState.CANCELLED)


class HandoversPage(Page):
    """All hand-overs of the reader's part with their progress."""

    area = Area.HANDOVERS
    title = gettext_lazy("Hand-over")
    template_name = "console/handovers.html"

    def values(self, **kwargs: Any) -> dict[str, Any]:
        """One page of hand-overs, the counts by state, and all of them together."""
        asked = self.request.GET.get("state", "")
        state = HandoverState(asked) if asked in SHOWN_STATES else None
        counts = queries.count_handovers(scope=self.scope)
        total = sum(counts.values()) if state is None else counts[state]
        pages = max(1, -(-total // PER_PAGE))
        number = min(self.page_number(), pages)
        return {
            "handovers": queries.list_handovers(
                scope=self.scope, state=state, limit=PER_PAGE, offset=(number - 1) * PER_PAGE
            ),
            "counts": {one: counts[one] for one in SHOWN_STATES},
            "state": state,
            "page_number": number,
            "pages": pages,
            "is_empty": not sum(counts.values()),
            "progress": queries.progress(scope=self.scope, at=clock.now()),
            "may_open": self.reader.decides,
        }


class HandoverPage(Page):
    """One hand-over: proposals by keeper, every customer and group, and the decision."""

    area = Area.HANDOVERS
    template_name = "console/handover.html"
    actions = {"approve": "approve", "change": "change", "cancel": "cancel"}
    deciders_only = frozenset({"approve", "change", "cancel"})

    def values(self, **kwargs: Any) -> dict[str, Any]:
        """The hand-over, its keepers with their loads, and one page of its items."""
        handover = queries.get_handover(scope=self.scope, handover_id=kwargs["handover_id"])
        asked = self.request.GET.get("state", "")
        state = ItemState(asked) if asked in set(ItemState) else None
        keeper_id = self.number("keeper", -1)
        shares = queries.keeper_shares(scope=self.scope, handover_id=handover.id)
        number = self.page_number()
        items = queries.list_items(
            scope=self.scope, handover_id=handover.id, state=state, keeper_id=keeper_id if keeper_id >= 0 else None,
            limit=ITEMS_PER_PAGE + 1, offset=(number - 1) * ITEMS_PER_PAGE,
        )  # fmt: skip
        return {
            "title": _("Hand-over of %(name)s") % {"name": handover.giver_name},
            "handover": handover,
            "shares": [(one, _bars(one, shares)) for one in shares],
            "items": [(one, next_step(one)) for one in items[:ITEMS_PER_PAGE]],
            "has_next": len(items) > ITEMS_PER_PAGE,
            "page_number": number,
            "state": state,
            "keeper_id": keeper_id,
            "next": what_next(handover),
            "takers": _takers(self.scope, handover.giver_id),
            "may_decide": self.reader.decides,
            "is_proposed": handover.state is HandoverState.PROPOSED,
            "is_open": handover.state in {HandoverState.PROPOSED, HandoverState.RUNNING},
            "may_cancel": handover.state is HandoverState.PROPOSED and handover.reason is not HandoverReason.LEFT,
        }

    def approve(self, handover_id: int) -> None:
        """Let the proposals hold."""
        handover = queries.get_handover(scope=self.scope, handover_id=handover_id)
        operations.approve(handover_id=handover.id, actor=self.reader.staff.name)
        self.tell(_("Approved. WeCom is asked now; customers who do not refuse are taken over after 24 hours."))

    def cancel(self, handover_id: int) -> HttpResponse:
        """Withdraw a hand-over of somebody who stays."""
        handover = queries.get_handover(scope=self.scope, handover_id=handover_id)
        operations.cancel(handover_id=handover.id)
        self.tell(_("Withdrawn; everybody stays where they are."))
        return HttpResponseRedirect(reverse("console:handovers"))

    def change(self, handover_id: int) -> None:
        """Give the ticked items, or all of one keeper, to somebody of the reader's part."""
        handover = queries.get_handover(scope=self.scope, handover_id=handover_id)
        if handover.state not in {HandoverState.PROPOSED, HandoverState.RUNNING}:
            raise HandoverStateError(handover_id=handover_id, state=handover.state)
        taker = org.get_staff(scope=_of_place(self.scope), staff_id=self.number("to"))
        ticked = self.numbers("item")
        of_keeper = self.number("of", -1)
        changed = operations.change_keeper(
            handover_id=handover.id,
            to_staff_id=taker.id,
            item_ids=ticked if of_keeper < 0 else None,
            from_keeper_id=of_keeper if of_keeper > 0 else None,
            only_keeperless=of_keeper == 0,
        )
        said = ngettext("%(number)s now goes to %(name)s.", "%(number)s now go to %(name)s.", changed)
        self.tell(said % {"number": changed, "name": taker.name})


class NewHandoverForm(forms.Form):
    """A hand-over of somebody who stays; the choices hold only what the reader may see."""

    giver = forms.TypedChoiceField(label=gettext_lazy("Who gives away"), coerce=int, widget=UnfoldAdminSelectWidget)
    reason = forms.ChoiceField(label=gettext_lazy("Reason"), widget=UnfoldAdminSelectWidget)
    segment = forms.TypedChoiceField(
        label=gettext_lazy("Which customers"), coerce=int, required=False, widget=UnfoldAdminSelectWidget,
        help_text=gettext_lazy("Everybody means the groups too."),
    )  # fmt: skip
    members = forms.CharField(
        label=gettext_lazy("Or these members (ids)"), required=False, max_length=10_000, widget=UnfoldAdminTextInputWidget,
        help_text=gettext_lazy("Numbers from the addresses of their pages, with commas between them."),
    )  # fmt: skip
    keeper = forms.TypedChoiceField(
        label=gettext_lazy("To whom"), coerce=int, required=False, widget=UnfoldAdminSelectWidget
    )
    message = forms.CharField(
        label=gettext_lazy("Message to the customers"), required=False, max_length=200,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 3}),
        help_text=gettext_lazy("WeCom shows it to those who are taken over; at most 200 characters."),
    )  # fmt: skip

    def __init__(self, *args: Any, reader: Reader, giver_id: int = 0, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        staff = org.list_staff(scope=_of_place(reader.scope))
        people = [(one.id, f"{one.name} · {one.node_name}") for one in staff if one.role != Role.CASHIER]
        self._offer("giver", people)
        self._offer("keeper", [(0, gettext_lazy("by rule: same store first, then up the tree")), *people])
        self._offer(
            "reason",
            [(HandoverReason.MOVED, _("moves to another place")), (HandoverReason.ON_REQUEST, _("on request"))],
        )
        segments = [(one.id, one.name) for one in audience.list_segments(scope=reader.scope)]
        self._offer("segment", [(0, gettext_lazy("everybody")), *segments])
        self.fields["giver"].initial = giver_id

    def _offer(self, name: str, choices: list[Any]) -> None:
        self.fields[name].choices = choices  # type: ignore[attr-defined]  # each is a choice field

    def clean_members(self) -> list[int] | None:
        """Member ids, or None when the field is empty."""
        words = [word for word in self.cleaned_data["members"].replace("，", ",").replace(" ", ",").split(",") if word]
        if not all(word.isdecimal() and len(word) < 19 for word in words):
            raise forms.ValidationError(_("Give numbers with commas between them."))
        ids = list(dict.fromkeys(int(word) for word in words))
        if len(ids) > MOST_NAMED:
            raise forms.ValidationError(
                _("At most %(number)s members can be named here; choose a segment for more.") % {"number": MOST_NAMED}
            )
        return ids or None


class NewHandoverPage(Page):
    """The form that opens a hand-over of somebody who stays."""

    area = Area.HANDOVERS
    title = gettext_lazy("New hand-over")
    template_name = "console/form.html"
    actions = {"open": "open"}
    deciders_only = frozenset({"open"})

    def values(self, **kwargs: Any) -> dict[str, Any]:
        """An empty form, for the giver asked for."""
        return self._form_values(NewHandoverForm(reader=self.reader, giver_id=self.number("giver")))

    def open(self) -> HttpResponse:
        """Open the hand-over; keepers are looked for by a job."""
        form = NewHandoverForm(self.request.POST, reader=self.reader)
        if form.is_valid():
            given = form.cleaned_data
            try:
                handover_id = operations.open_on_request(
                    scope=_of_place(self.scope),
                    giver_staff_id=given["giver"],
                    reason=HandoverReason(given["reason"]),
                    member_ids=self._visible(given["members"]),
                    segment_id=given["segment"] or None,
                    keeper_ids=[given["keeper"]] if given["keeper"] else [],
                    message=given["message"],
                    actor=self.reader.staff.name,
                )
            except DomainError as error:
                form.add_error(None, str(error))
            else:
                self.tell(_("Keepers are being looked for; reload in a moment, then decide."))
                return HttpResponseRedirect(reverse("console:handover", args=[handover_id]))
        return self.show(status=422, **self._form_values(form))

    def _visible(self, member_ids: list[int] | None) -> list[int] | None:
        """Refuse ids out of the reader's scope."""
        for member_id in member_ids or ():
            if members.get_member(scope=self.scope, member_id=member_id).is_erased:
                raise MemberNotFoundError(member=str(member_id))
        return member_ids

    def _form_values(self, form: NewHandoverForm) -> dict[str, Any]:
        return {"form": form, "back": reverse("console:handovers"), "submit": _("Look for keepers"), "action": "open"}


def what_next(handover: HandoverView) -> str:
    """What is to be done next about a hand-over, in words."""
    if handover.state is HandoverState.COLLECTING:
        return _("Keepers are being looked for; reload in a moment.")
    if handover.state is HandoverState.PROPOSED:
        if handover.auto_approve_at is not None:
            return _(
                "Check the proposals, change what does not fit, then approve. They are approved by themselves later."
            )
        return _("Check the proposals, change what does not fit, then approve.")
    if handover.counts.get(ItemState.TAKER_FULL):
        return _("Some have nobody yet: choose a keeper for them below.")
    if handover.state is HandoverState.RUNNING:
        return _("WeCom hands over whoever does not refuse within 24 hours. Nothing is to be done.")
    if handover.counts.get(ItemState.REFUSED):
        return _("Over. Customers who refused can be invited by the live code beside them.")
    return _("Over. Everybody has a keeper or a named reason.")


def next_step(item: HandoverItemView) -> str:
    """What stands between an item and its keeper, and who does what about it."""
    return {
        ItemNote.NOBODY_NEAR: _("Nobody near may talk to customers in WeCom: choose somebody."),
        ItemNote.ALL_FULL: _("All who were proposed are full: choose somebody else."),
        ItemNote.QUOTA: _("Handed over twice in 90 days; WeCom allows it again later. Tried again by itself."),
        ItemNote.DAILY_GROUPS: _("300 groups a day per person; goes on tomorrow."),
        ItemNote.GIVER_PRESENT: _("WeCom does not know yet that they left; tried again by itself."),
        ItemNote.NOT_A_CONTACT: _("The customer is nobody's friend any more; the keeper is their guide."),
        ItemNote.CUSTOMER_REFUSED: _("The customer refused: invite them with the live code."),
        ItemNote.WECOM_REFUSED: _("WeCom refused; tried again tomorrow. Mend what it says, or choose somebody else."),
    }.get(item.note, "")


def _of_place(scope: DataScope) -> DataScope:
    return DataScope(paths=scope.paths)


def _takers(scope: DataScope, giver_id: int) -> list[StaffView]:
    return [one for one in org.list_staff(scope=_of_place(scope)) if one.role != Role.CASHIER and one.id != giver_id]


def _bars(share: KeeperShare, shares: list[KeeperShare]) -> dict[str, float]:
    """Widths of the load chart: what a keeper has already, and what comes, against the fullest of all."""
    most = max((one.load + one.customers for one in shares if one.keeper_id is not None), default=0) or 1
    coming = share.customers - share.done if share.customers > share.done else 0
    return {"has": share.load / most, "gets": coming / most}
