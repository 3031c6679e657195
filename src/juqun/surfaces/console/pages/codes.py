"""Live codes: one per store and source, with its QR picture, what it brought, and states that nobody here knows."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import (
    UnfoldAdminSelectMultipleWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
)

from juqun.domains.groups import queries as groups
from juqun.domains.growth import operations, queries
from juqun.domains.growth.types import SourceKind
from juqun.domains.org import queries as org
from juqun.domains.org.types import NodeKind, Role
from juqun.kernel import clock
from juqun.kernel.errors import DomainError
from juqun.surfaces.console import phrases
from juqun.surfaces.console.access import Area, Reader
from juqun.surfaces.console.page import Page
from juqun.surfaces.console.pages.pictures import hand_on

PER_PAGE = 50
TALKERS = (Role.GUIDE, Role.STORE_MANAGER, Role.STORE_OPERATOR)


class CodeForm(forms.Form):
    """A new live code; the choices hold only what the reader may see."""

    store = forms.TypedChoiceField(label=gettext_lazy("Store"), coerce=int, widget=UnfoldAdminSelectWidget)
    source = forms.ChoiceField(label=gettext_lazy("Source"), widget=UnfoldAdminSelectWidget)
    label = forms.CharField(
        label=gettext_lazy("Label"), max_length=100, widget=UnfoldAdminTextInputWidget,
        help_text=gettext_lazy("Where the code hangs, for you to know it again."),
    )  # fmt: skip
    staff = forms.TypedMultipleChoiceField(
        label=gettext_lazy("Staff who take the customers"), coerce=int, widget=UnfoldAdminSelectMultipleWidget,
        help_text=gettext_lazy("Several may be chosen; WeCom spreads the customers over them."),
    )  # fmt: skip
    kind = forms.ChoiceField(label=gettext_lazy("Group to invite into"), required=False, widget=UnfoldAdminSelectWidget)
    welcome_text = forms.CharField(
        label=gettext_lazy("Welcome text"), required=False, max_length=1000, widget=UnfoldAdminTextareaWidget,
        help_text=gettext_lazy("Sent within 20 seconds, with the card that leads into the group."),
    )  # fmt: skip

    def __init__(self, *args: Any, reader: Reader, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        stores = org.list_nodes(scope=reader.scope, kind=NodeKind.STORE)
        staff = [one for one in org.list_staff(scope=reader.scope) if one.role in TALKERS]
        own = reader.staff.node_id
        self._offer("store", [(one.id, f"{one.name} · {one.city_name}") for one in stores])
        self._offer("staff", [(one.id, f"{one.name} · {one.node_name}") for one in staff])
        self._offer("source", [(kind.value, phrases.word("source", kind)) for kind in SourceKind])
        kinds = [(kind.code, kind.name) for kind in groups.list_kinds()]
        self._offer("kind", [("", _("the chain's default")), *kinds])
        if own in {one.id for one in stores}:
            self.fields["store"].initial = own

    def _offer(self, name: str, choices: list[Any]) -> None:
        self.fields[name].choices = choices  # type: ignore[attr-defined]  # each is a choice field


class CodesPage(Page):
    """All codes of the reader's part, recruits by source, unknown states."""

    area = Area.CODES
    title = gettext_lazy("Live codes")
    template_name = "console/codes.html"

    def values(self, **kwargs: Any) -> dict[str, Any]:
        """The latest codes, the sources' counts, and the unknown states."""
        codes = queries.list_live_codes(scope=self.scope, limit=PER_PAGE + 1, offset=(self._page() - 1) * PER_PAGE)
        recruits = queries.recruits_by_source(scope=self.scope)
        return {
            "codes": codes[:PER_PAGE],
            "has_next": len(codes) > PER_PAGE,
            "page_number": self._page(),
            "recruits": [one for one in recruits if one.codes or one.scans],
            "most_recruits": max((one.recruits for one in recruits), default=0),
            "unknown": queries.list_unknown_scans(scope=self.scope, limit=50),
            "may_create": self.reader.decides,
        }

    def _page(self) -> int:
        return self.page_number()


class NewCodePage(Page):
    """The form for a new code."""

    area = Area.CODES
    title = gettext_lazy("New live code")
    template_name = "console/form.html"
    actions = {"create": "create"}
    deciders_only = frozenset({"create"})

    def values(self, **kwargs: Any) -> dict[str, Any]:
        """An empty form."""
        return self._form_values(CodeForm(reader=self.reader))

    def create(self) -> HttpResponse:
        """Make the code; its picture comes when WeCom has taken it."""
        form = CodeForm(self.request.POST, reader=self.reader)
        if form.is_valid():
            given = form.cleaned_data
            try:
                code = operations.create_live_code(
                    store_id=given["store"],
                    source=SourceKind(given["source"]),
                    label=given["label"],
                    staff_ids=given["staff"],
                    welcome_text=given["welcome_text"],
                    kind_code=given["kind"] or None,
                    actor=self.reader.staff.name,
                    at=clock.now(),
                )
            except DomainError as error:
                form.add_error(None, str(error))
            else:
                self.tell(_("The code is made; its picture appears here in a moment."))
                return HttpResponseRedirect(reverse("console:code", args=[code.id]))
        return self.show(status=422, **self._form_values(form))

    def _form_values(self, form: CodeForm) -> dict[str, Any]:
        return {"form": form, "back": reverse("console:codes"), "submit": _("Make the code"), "action": "create"}


class CodePage(Page):
    """One code."""

    area = Area.CODES
    template_name = "console/code.html"
    actions = {"retire": "retire", "retry": "retry", "picture": "set_picture", "no_picture": "drop_picture"}
    deciders_only = frozenset(actions)

    def values(self, **kwargs: Any) -> dict[str, Any]:
        """The code and whether its picture can be drawn."""
        code = queries.get_live_code(scope=self.scope, live_code_id=kwargs["code_id"])
        staff = {one.userid: one.name for one in org.list_staff(scope=self.scope)}
        return {
            "title": code.label or code.store_name,
            "code": code,
            "staff": [staff.get(userid, userid) for userid in code.staff_userids],
            "may_change": self.reader.decides,
        }

    def retire(self, code_id: int) -> None:
        """Withdraw the code."""
        code = queries.get_live_code(scope=self.scope, live_code_id=code_id)
        operations.retire_live_code(live_code_id=code.id, at=clock.now())
        self.tell(_("The code is withdrawn. Whoever still comes with it is counted."))

    def retry(self, code_id: int) -> None:
        """Write the code to WeCom once more."""
        code = queries.get_live_code(scope=self.scope, live_code_id=code_id)
        operations.retry_refused(live_code_id=code.id)
        self.tell(_("Trying again."))

    def set_picture(self, code_id: int) -> None:
        """Let the welcome carry a picture."""
        code = queries.get_live_code(scope=self.scope, live_code_id=code_id)
        given = self.request.FILES.get("picture")
        if given is None:
            messages.error(self.request, _("Choose a picture first (JPG or PNG, at most 10 MB)."))
            return
        operations.set_welcome_picture(
            live_code_id=code.id, filename=given.name or "welcome.png", content=given.read(), at=clock.now()
        )
        self.tell(_("The welcome carries the picture as soon as WeCom has it."))

    def drop_picture(self, code_id: int) -> None:
        """Let the welcome be text and link again."""
        code = queries.get_live_code(scope=self.scope, live_code_id=code_id)
        operations.set_welcome_picture(live_code_id=code.id, filename="", content=None, at=clock.now())
        self.tell(_("The welcome carries no picture any more."))


class CodePicture(Page):
    """WeCom's own picture of a code, handed on."""

    area = Area.CODES

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        """Send the picture; 404 while WeCom gave none, 503 while WeCom is out of reach."""
        code = queries.get_live_code(scope=self.scope, live_code_id=kwargs["code_id"])
        return hand_on(url=code.qr_code, key=f"code-picture:{code.id}:{code.config_id}")
