"""Till keys: with one, a store's till reports orders and redeems coupons over the HTTP API."""

from typing import Any

from django import forms
from django.http import HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from juqun.domains.commerce import operations, queries
from juqun.domains.commerce.types import TillKeyMade
from juqun.domains.org import queries as org
from juqun.domains.org.types import NodeKind
from juqun.surfaces.console.access import Area, Reader
from juqun.surfaces.console.page import Page


class KeyForm(forms.Form):
    """A new key; the choices hold only what the reader may see."""

    store = forms.TypedChoiceField(label=gettext_lazy("Store"), coerce=int, widget=UnfoldAdminSelectWidget)
    name = forms.CharField(
        label=gettext_lazy("Name"), max_length=100, widget=UnfoldAdminTextInputWidget,
        help_text=gettext_lazy("Which till it is, for you to know it again."),
    )  # fmt: skip

    def __init__(self, *args: Any, reader: Reader, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        stores = org.list_nodes(scope=reader.scope, kind=NodeKind.STORE)
        choices = [(one.id, f"{one.name} · {one.city_name}") for one in stores]
        if reader.scope.is_whole_chain:
            chains = org.list_nodes(scope=reader.scope, kind=NodeKind.CHAIN)
            choices += [(one.id, _("%(chain)s: every store, and imports") % {"chain": one.name}) for one in chains]
        self.fields["store"].choices = choices  # type: ignore[attr-defined]  # it is a choice field


class TillKeysPage(Page):
    """The valid keys of the reader's part; one is made, shown once, withdrawn."""

    area = Area.TILL_KEYS
    title = gettext_lazy("Till keys")
    template_name = "console/till_keys.html"
    actions = {"create": "create", "revoke": "revoke"}
    deciders_only = frozenset({"create", "revoke"})

    def values(self, **kwargs: Any) -> dict[str, Any]:
        """The keys and an empty form."""
        return self._values(KeyForm(reader=self.reader))

    def create(self) -> HttpResponse:
        """Make a key and show its secret in this answer only: it is kept nowhere, and the browser is told not to keep it."""
        form = KeyForm(self.request.POST, reader=self.reader)
        if not form.is_valid():
            return self.show(status=422, **self._values(form))
        made = operations.create_till_key(store_id=form.cleaned_data["store"], name=form.cleaned_data["name"])
        answer = self.show(**self._values(KeyForm(reader=self.reader), made))
        answer["Cache-Control"] = "no-store"
        return answer

    def revoke(self) -> None:
        """Withdraw a key of the reader's part."""
        key = queries.get_till_key(scope=self.scope, key_id=self.number("key_id"))
        operations.revoke_till_key(key_id=key.id)
        self.tell(_("The key is withdrawn; calls with it are refused from now on."))

    def _values(self, form: KeyForm, made: TillKeyMade | None = None) -> dict[str, Any]:
        return {"keys": queries.list_till_keys(scope=self.scope), "form": form, "made": made}
