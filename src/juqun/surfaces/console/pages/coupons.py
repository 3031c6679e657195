"""Coupons: the templates of the reader's part, a form for a new one, and the page where a till redeems one."""

from typing import Any

from django import forms
from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminIntegerFieldWidget, UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from juqun.domains.org import queries as org
from juqun.domains.org.types import NodeKind
from juqun.domains.promotions import operations, queries
from juqun.domains.promotions.types import CouponKind
from juqun.kernel import clock
from juqun.kernel.errors import DomainError
from juqun.kernel.money import format_yuan, parse_yuan
from juqun.surfaces.console.access import Area, Reader
from juqun.surfaces.console.page import Page


class YuanField(forms.CharField):
    """An amount in yuan, as integer fen."""

    def clean(self, value: Any) -> int:
        """Read '12.50' as 1250."""
        text = super().clean(value)
        if not text:
            return 0
        try:
            return parse_yuan(text)
        except ValueError as error:
            raise forms.ValidationError(_("Write an amount in yuan, such as 12.50.")) from error


class CouponForm(forms.Form):
    """A new coupon: so much off from so much on, at one store or all."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=60, widget=UnfoldAdminTextInputWidget)
    amount = YuanField(label=gettext_lazy("Yuan off"), widget=UnfoldAdminTextInputWidget)
    threshold = YuanField(
        label=gettext_lazy("From an order of (yuan)"), required=False, widget=UnfoldAdminTextInputWidget
    )
    store = forms.TypedChoiceField(
        label=gettext_lazy("Valid at"), coerce=int, required=False, empty_value=None, widget=UnfoldAdminSelectWidget
    )
    days = forms.IntegerField(
        label=gettext_lazy("Valid for days"),
        initial=14,
        min_value=1,
        max_value=365,
        widget=UnfoldAdminIntegerFieldWidget,
    )
    total = forms.IntegerField(
        label=gettext_lazy("Number of coupons"), initial=500, min_value=1, max_value=1_000_000,
        widget=UnfoldAdminIntegerFieldWidget,
    )  # fmt: skip

    def __init__(self, *args: Any, reader: Reader, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        stores = [(one.id, one.name) for one in org.list_nodes(scope=reader.scope, kind=NodeKind.STORE)]
        # Only headquarters may give something away at every store.
        everywhere = [("", _("every store"))] if reader.scope.is_whole_chain else []
        self.fields["store"].choices = [*everywhere, *stores]  # type: ignore[attr-defined]
        self.fields["store"].required = not everywhere


class CouponsPage(Page):
    """Templates with what was issued and used."""

    area = Area.COUPONS
    title = gettext_lazy("Coupons")
    template_name = "console/coupons.html"

    def values(self, **kwargs: Any) -> dict[str, Any]:
        """The templates that hold in the reader's part."""
        return {
            "templates": queries.list_templates(scope=self.scope),
            "may_create": self.reader.decides,
            "now": clock.now(),
        }


class NewCouponPage(Page):
    """The form for a new coupon."""

    area = Area.COUPONS
    title = gettext_lazy("New coupon")
    template_name = "console/form.html"
    actions = {"create": "create"}
    deciders_only = frozenset({"create"})

    def values(self, **kwargs: Any) -> dict[str, Any]:
        """An empty form."""
        return self._form_values(CouponForm(reader=self.reader))

    def create(self) -> HttpResponse:
        """Make the template; it is on at once."""
        form = CouponForm(self.request.POST, reader=self.reader)
        if form.is_valid():
            given = form.cleaned_data
            day = clock.day_number(clock.business_day(clock.now()))
            try:
                operations.create_template(
                    name=given["name"],
                    kind=CouponKind.AMOUNT,
                    amount_fen=given["amount"],
                    threshold_fen=given["threshold"],
                    store_id=given["store"],
                    valid_from=clock.now(),
                    valid_until=clock.start_of_day(clock.day_from_number(day + given["days"] + 1)),
                    total=given["total"],
                    actor=self.reader.staff.name,
                )
            except DomainError as error:
                form.add_error(None, str(error))
            else:
                self.tell(_("The coupon is ready to be used in a campaign."))
                return HttpResponseRedirect(reverse("console:coupons"))
        return self.show(status=422, **self._form_values(form))

    def _form_values(self, form: CouponForm) -> dict[str, Any]:
        return {"form": form, "back": reverse("console:coupons"), "submit": _("Make the coupon"), "action": "create"}


class RedeemPage(Page):
    """For the till: a coupon's code and the receipt, first what it takes off, then marked as used."""

    area = Area.REDEEM
    title = gettext_lazy("Redeem a coupon")
    template_name = "console/redeem.html"
    actions = {"quote": "quote", "redeem": "redeem"}

    def values(self, **kwargs: Any) -> dict[str, Any]:
        """The coupons that hold at the reader's own store."""
        store_id = self.reader.staff.node_id
        valid = [one for one in queries.list_templates(scope=self.scope) if one.store_id in {None, store_id}]
        return {"store_name": self.reader.staff.node_name, "templates": valid, "now": clock.now(), "given": {}}

    def quote(self) -> HttpResponse:
        """Say what the coupon would take off; nothing changes."""
        given = self._given()
        try:
            amount_fen = parse_yuan(given["amount"])
        except ValueError:
            return self._again(given, _("Write an amount in yuan, such as 12.50."))
        if not given["receipt"]:
            return self._again(given, _("Give the number of the receipt: it keeps a coupon from being used twice."))
        try:
            off_fen = operations.quote_coupon(
                code=given["code"], store_id=self.reader.staff.node_id, amount_fen=amount_fen, at=clock.now()
            )
        except DomainError as error:
            return self._again(given, str(error))
        return self.show(**self.values() | {"given": given, "off_fen": off_fen, "pay_fen": amount_fen - off_fen})

    def redeem(self) -> HttpResponse:
        """Mark the coupon as used on this receipt; the same receipt again answers the same."""
        given = self._given()
        try:
            amount_fen = parse_yuan(given["amount"])
        except ValueError:
            return self._again(given, _("Write an amount in yuan, such as 12.50."))
        if not given["receipt"]:
            return self._again(given, _("Give the number of the receipt: it keeps a coupon from being used twice."))
        store_id = self.reader.staff.node_id
        try:
            off_fen = operations.redeem_coupon(
                code=given["code"],
                store_id=store_id,
                order_key=f"desk:{store_id}:{given['receipt']}",
                amount_fen=amount_fen,
                at=clock.now(),
            )
        except DomainError as error:
            return self._again(given, str(error))
        self.tell(_("Used: take ¥%(amount)s off.") % {"amount": format_yuan(off_fen)})
        return HttpResponseRedirect(reverse("console:redeem"))

    def _given(self) -> dict[str, str]:
        return {name: self.request.POST.get(name, "").strip()[:64] for name in ("code", "amount", "receipt")}

    def _again(self, given: dict[str, str], text: str) -> HttpResponse:
        return self.show(status=422, **self.values() | {"given": given, "problem_text": text})
