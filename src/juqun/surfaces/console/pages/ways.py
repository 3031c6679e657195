"""Ways in: one per store and kind, with the picture that customers scan, and what stands between them and a group."""

from dataclasses import dataclass
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminSelectWidget

from juqun.domains.groups import operations, queries
from juqun.domains.groups.types import EntryState, JoinEntry, PlannedGroupView
from juqun.domains.org import queries as org
from juqun.domains.org.types import NodeKind
from juqun.kernel import clock
from juqun.kernel.errors import DomainError
from juqun.surfaces.console.access import Area, Reader
from juqun.surfaces.console.page import Page
from juqun.surfaces.console.pages.codes import TALKERS
from juqun.surfaces.console.pages.pictures import hand_on

PER_PAGE = 24
MOST_LOOSE_GROUPS = 200
MOST_PLANNED = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """A way in with what is to be done next."""

    entry: JoinEntry
    next_step: str


class WayForm(forms.Form):
    """A new way in; the choices hold only what the reader may see."""

    store = forms.TypedChoiceField(label=gettext_lazy("Store"), coerce=int, widget=UnfoldAdminSelectWidget)
    kind = forms.ChoiceField(label=gettext_lazy("Kind"), widget=UnfoldAdminSelectWidget)
    owner = forms.TypedChoiceField(
        label=gettext_lazy("Owner of the groups"), coerce=int, widget=UnfoldAdminSelectWidget,
        help_text=gettext_lazy("A member of staff of the store, or of a node above it; they make the groups in WeCom."),
    )  # fmt: skip
    chat = forms.ChoiceField(
        label=gettext_lazy("First group"), required=False, widget=UnfoldAdminSelectWidget,
        help_text=gettext_lazy("A group that is there already and to which no way in leads yet; else one is planned."),
    )  # fmt: skip

    def __init__(self, *args: Any, reader: Reader, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._stores = {one.id: one for one in org.list_nodes(scope=reader.scope, kind=NodeKind.STORE)}
        self._staff = {one.id: one for one in org.list_staff(scope=reader.scope) if one.role in TALKERS}
        loose = queries.list_loose_groups(scope=reader.scope, limit=MOST_LOOSE_GROUPS)
        self._offer("store", [(one.id, f"{one.name} · {one.city_name}") for one in self._stores.values()])
        self._offer("kind", [(kind.code, kind.name) for kind in queries.list_kinds()])
        self._offer("owner", [(one.id, f"{one.name} · {one.node_name}") for one in self._staff.values()])
        chats = [(one.chat_id, f"{one.name or one.chat_id} · {one.store_name}".rstrip(" ·")) for one in loose]
        self._offer("chat", [("", _("none yet: the owner makes it in WeCom")), *chats])
        if reader.staff.node_id in self._stores:
            self.fields["store"].initial = reader.staff.node_id

    def _offer(self, name: str, choices: list[Any]) -> None:
        self.fields[name].choices = choices  # type: ignore[attr-defined]  # each is a choice field

    def clean(self) -> dict[str, Any]:
        """Whoever works at another store cannot own this store's groups."""
        given: dict[str, Any] = super().clean() or {}
        store, owner = self._stores.get(given.get("store", 0)), self._staff.get(given.get("owner", 0))
        if store is not None and owner is not None and not store.path.startswith(owner.node_path):
            self.add_error("owner", _("This person works at another store; choose somebody of this one."))
        return given


class WaysPage(Page):
    """All ways in of the reader's part, with their pictures, and the groups that owners are to make."""

    area = Area.GROUPS
    title = gettext_lazy("Ways in")
    template_name = "console/ways.html"
    actions = {"retry": "retry"}
    deciders_only = frozenset({"retry"})

    def values(self, **kwargs: Any) -> dict[str, Any]:
        """One page of ways in, the counts of their states, and the planned groups."""
        page = self.page_number()
        state = _state(self.request.GET.get("state", ""))
        entries = queries.list_entries(scope=self.scope, state=state, limit=PER_PAGE + 1, offset=(page - 1) * PER_PAGE)
        planned = queries.list_planned_groups(scope=self.scope)
        by_place = {(one.store_id, one.kind_code): one for one in planned}
        counts = queries.count_entries_by_state(scope=self.scope)
        return {
            "ways": [
                Way(entry=one, next_step=next_step(one, by_place.get((one.store_id, one.kind_code))))
                for one in entries[:PER_PAGE]
            ],
            "has_next": len(entries) > PER_PAGE,
            "page_number": page,
            "state": state,
            "counts": counts,
            "is_empty": not any(counts.values()),
            "has_kinds": bool(queries.list_kinds()),
            "planned": planned[:MOST_PLANNED],
            "planned_left_out": max(0, len(planned) - MOST_PLANNED),
            "may_change": self.reader.decides,
        }

    def retry(self) -> None:
        """Write a way in to WeCom once more."""
        entry = queries.get_scoped_entry(scope=self.scope, entry_id=self.number("entry"))
        operations.reconcile_entry(entry_id=entry.id, at=clock.now())
        self.tell(_("Trying again."))


class NewWayPage(Page):
    """The form that opens a way in."""

    area = Area.GROUPS
    title = gettext_lazy("New way in")
    template_name = "console/form.html"
    actions = {"create": "create"}
    deciders_only = frozenset({"create"})

    def values(self, **kwargs: Any) -> dict[str, Any]:
        """An empty form."""
        return self._form_values(WayForm(reader=self.reader))

    def create(self) -> HttpResponse:
        """Open the way in; one that is open already stays as it is."""
        form = WayForm(self.request.POST, reader=self.reader)
        if form.is_valid():
            given = form.cleaned_data
            known = queries.get_entry(store_id=given["store"], kind_code=given["kind"])
            try:
                operations.open_entry(
                    store_id=given["store"],
                    kind_code=given["kind"],
                    owner_staff_id=given["owner"],
                    chat_id=given["chat"] or None,
                    at=clock.now(),
                )
            except DomainError as error:
                form.add_error(None, str(error))
            else:
                self.tell(
                    _("The way in is open; what is to be done next stands beside it.")
                    if known is None
                    else _("This way in was open already; its owner stays.")
                )
                return HttpResponseRedirect(reverse("console:ways"))
        return self.show(status=422, **self._form_values(form))

    def _form_values(self, form: WayForm) -> dict[str, Any]:
        return {"form": form, "back": reverse("console:ways"), "submit": _("Open the way in"), "action": "create"}


class WayPicture(Page):
    """WeCom's own picture of a way in, handed on."""

    area = Area.GROUPS

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        """Send the picture; 404 while WeCom gave none, 503 while WeCom is out of reach."""
        entry = queries.get_scoped_entry(scope=self.scope, entry_id=kwargs["entry_id"])
        return hand_on(url=entry.qr_code, key=f"way-picture:{entry.id}:{entry.qr_code}")


def next_step(entry: JoinEntry, planned: PlannedGroupView | None) -> str:
    """What is to be done next about a way in, in words."""
    fields = {"owner": entry.owner_name, "group": planned.name if planned else ""}
    if entry.state == EntryState.REFUSED:
        return _("WeCom refused it for the reason above. Mend that in WeCom, then try again.")
    if entry.state == EntryState.WAITING and planned is not None:
        return _("%(owner)s makes the group “%(group)s” in WeCom; it is taken up by itself.") % fields
    if entry.state == EntryState.PENDING:
        return _("WeCom is asked for the picture; reload in a moment.")
    if planned is not None:
        return _("Nearly full: %(owner)s makes the next group “%(group)s” in WeCom.") % fields
    return _("Hang the picture up or send it; who scans it joins the group that has room.")


def _state(given: str) -> EntryState | None:
    return EntryState(given) if given in set(EntryState) else None
