"""Kinds of groups: headquarters says for whom, about what and for how many; stores open ways into them."""

import re
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminIntegerFieldWidget, UnfoldAdminTextInputWidget, UnfoldBooleanWidget

from juqun.domains.groups import operations, queries
from juqun.domains.groups.types import GroupKind
from juqun.kernel.errors import DomainError, NotFoundError
from juqun.surfaces.console.access import Area, reader_of
from juqun.surfaces.console.page import Page

MOST_TAGS = 20
LONGEST_TAG = 64


class KindForm(forms.Form):
    """A kind of group. Its code never changes: ways in and files name it so."""

    code = forms.SlugField(
        label=gettext_lazy("Code"), max_length=32, widget=UnfoldAdminTextInputWidget,
        help_text=gettext_lazy("Latin letters, digits and hyphens, such as deals; it stays."),
    )  # fmt: skip
    name = forms.CharField(
        label=gettext_lazy("Name"), max_length=40, widget=UnfoldAdminTextInputWidget,
        help_text=gettext_lazy("Customers see it: groups are called store, name and a number."),
    )  # fmt: skip
    theme = forms.CharField(
        label=gettext_lazy("Theme"), max_length=80, required=False, widget=UnfoldAdminTextInputWidget,
        help_text=gettext_lazy("What the group is about, for your staff."),
    )  # fmt: skip
    capacity = forms.IntegerField(
        label=gettext_lazy("People per group"), initial=200, min_value=3, max_value=500,
        widget=UnfoldAdminIntegerFieldWidget,
        help_text=gettext_lazy("Staff included; a store's policy may allow less."),
    )  # fmt: skip
    tags = forms.CharField(
        label=gettext_lazy("Members' tags"), required=False, max_length=400, widget=UnfoldAdminTextInputWidget,
        help_text=gettext_lazy("Separated by commas; whoever carries one of them is led into this kind."),
    )  # fmt: skip
    priority = forms.IntegerField(
        label=gettext_lazy("Priority"), initial=0, min_value=-100, max_value=100, widget=UnfoldAdminIntegerFieldWidget,
        help_text=gettext_lazy("Where several kinds suit a member, the higher one is taken."),
    )  # fmt: skip
    is_default = forms.BooleanField(
        label=gettext_lazy("For everybody whom no tag leads elsewhere"), required=False, widget=UnfoldBooleanWidget
    )

    def __init__(self, *args: Any, kind: GroupKind | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if kind is not None:
            del self.fields["code"]
            del self.fields["is_default"]

    def clean_tags(self) -> list[str]:
        """The tags as a list, each once."""
        tags = list(
            dict.fromkeys(tag for tag in re.split(r"\s*[,，、;；]\s*", self.cleaned_data["tags"].strip()) if tag)
        )
        if len(tags) > MOST_TAGS or any(len(tag) > LONGEST_TAG for tag in tags):
            raise forms.ValidationError(_("At most 20 tags of at most 64 characters each."))
        return tags


class KindPage(Page):
    """The form for a kind, new or known; the matrix is the chain's own, so it is headquarters' alone."""

    area = Area.GROUPS
    template_name = "console/form.html"
    actions = {"save": "save"}
    deciders_only = frozenset({"save"})

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Refuse whoever does not see the whole chain."""
        reader = reader_of(request)
        if reader is not None and not (reader.decides and reader.scope.is_whole_chain):
            text = _("Kinds of groups are the same for the whole chain; ask your headquarters.")
            return self.problem(403, _("Not for your role"), text)
        return super().dispatch(request, *args, **kwargs)

    def values(self, **kwargs: Any) -> dict[str, Any]:
        """An empty form, or one with the kind as it is."""
        kind = _kind(kwargs.get("kind_id"))
        if kind is None:
            return self._form_values(KindForm(), None)
        known = {
            "name": kind.name, "theme": kind.theme, "capacity": kind.capacity, "priority": kind.priority,
            "tags": ", ".join(kind.member_tags),
        }  # fmt: skip
        return self._form_values(KindForm(kind=kind, initial=known), kind)

    def save(self, kind_id: int | None = None) -> HttpResponse:
        """Write the kind and lead back to the board."""
        kind = _kind(kind_id)
        form = KindForm(self.request.POST, kind=kind)
        if form.is_valid():
            try:
                self._write(kind, form.cleaned_data)
            except DomainError as error:
                form.add_error(None, str(error))
            else:
                self.tell(_("The kind is saved. Stores open ways into it under Ways in."))
                return HttpResponseRedirect(reverse("console:groups"))
        return self.show(status=422, **self._form_values(form, kind))

    def _write(self, kind: GroupKind | None, given: dict[str, Any]) -> None:
        shared = {
            "name": given["name"], "theme": given["theme"], "capacity": given["capacity"],
            "member_tags": given["tags"], "priority": given["priority"],
        }  # fmt: skip
        if kind is None:
            # Unticked says nothing: the chain's first kind is its default.
            operations.create_kind(code=given["code"], is_default=given["is_default"] or None, **shared)
        else:
            operations.update_kind(code=kind.code, **shared)

    def _form_values(self, form: KindForm, kind: GroupKind | None) -> dict[str, Any]:
        return {
            "title": kind.name if kind else _("New kind of group"),
            "form": form,
            "back": reverse("console:groups"),
            "submit": _("Save the kind"),
            "action": "save",
        }


def _kind(kind_id: int | None) -> GroupKind | None:
    """The kind; None for a new one. Raises NotFoundError."""
    if kind_id is None:
        return None
    found = next((kind for kind in queries.list_kinds() if kind.id == kind_id), None)
    if found is None:
        raise NotFoundError
    return found
