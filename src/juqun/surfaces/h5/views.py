"""The pages: each reads, makes one domain call and renders."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext
from django.views.decorators.http import require_safe

from juqun.domains.campaigns import operations as campaign_operations
from juqun.domains.campaigns import queries as campaigns
from juqun.domains.catalog import queries as catalog
from juqun.domains.commerce import queries as commerce
from juqun.domains.commerce.types import OrderState
from juqun.domains.promotions import queries as promotions
from juqun.domains.promotions.types import CouponState
from juqun.kernel import clock
from juqun.kernel.errors import DomainError
from juqun.surfaces.h5 import who
from juqun.surfaces.h5.contexts import coupon_card, short_yuan, spaced
from juqun.surfaces.h5.qr import qr_svg

View = Callable[..., HttpResponse]


def page(view: View) -> View:
    """A page for phones: read only, never stored by others, and a typed error becomes a page that says what to do."""

    @wraps(view)
    def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            response = view(request, *args, **kwargs)
        except DomainError as error:
            response = render(request, "h5/problem.html", {"message": str(error)}, status=error.http_status)
        response["Cache-Control"] = "private, no-store"
        response["Referrer-Policy"] = "no-referrer"
        return response

    return require_safe(wrapped)


@page
def coupon(request: HttpRequest, code: str) -> HttpResponse:
    """A coupon, opened by its code."""
    found = promotions.get_coupon_by_code(code=code)
    return render(request, "h5/coupon.html", {"coupon": coupon_card(found, at=clock.now(), with_qr=True)})


@page
def wallet(request: HttpRequest, token: str) -> HttpResponse:
    """The member's own coupons, opened by a signed link; the phone remembers the member."""
    member_id = promotions.read_wallet_token(token=token)
    response = _wallet_page(request, member_id)
    who.remember(response, request, member_id)
    return response


@page
def link(request: HttpRequest, token: str) -> HttpResponse:
    """A campaign's tracked link: the opening is recorded, then the customer sees what the campaign promised.

    A member whom the phone knows sees the campaign's coupon; nobody is given one here, for who gets one was drawn before
    sending. Others are sent on to the campaign's page, or are told how to get at their coupons.
    """
    target = campaigns.resolve_link(token=token)
    member_id = who.member_of(request)
    campaign_operations.record_link_opened(token=token, member_id=member_id, at=clock.now())
    response = _link_answer(request, target.link_url, target.coupon_template_id, member_id, target.campaign_name)
    if member_id is not None:
        who.remember(response, request, member_id)
    return response


@page
def pickup(request: HttpRequest, code: str) -> HttpResponse:
    """A paid order's pickup code, for the till to scan."""
    order = commerce.get_order_by_pickup_code(code=code)
    names = catalog.product_names(product_refs=[line.product_ref for line in order.lines])
    is_waiting = order.state is OrderState.PAID
    context = {
        "code": spaced(order.pickup_code or ""),
        "qr": qr_svg(order.pickup_code or "", title=gettext("Pickup code")) if is_waiting else "",
        "is_waiting": is_waiting,
        "is_refunded": order.state is OrderState.REFUNDED,
        "amount": short_yuan(order.amount_fen),
        "lines": [
            {"name": names.get(line.product_ref) or line.product_ref, "quantity": line.quantity.normalize()}
            for line in order.lines
        ],
    }
    return render(request, "h5/pickup.html", context)


def _wallet_page(request: HttpRequest, member_id: int) -> HttpResponse:
    at = clock.now()
    cards = [coupon_card(one, at=at) for one in promotions.list_own_coupons(member_id=member_id)]
    context = {
        "ready": [card for card in cards if card.is_ready],
        "past": [card for card in cards if not card.is_ready],
    }
    return render(request, "h5/wallet.html", context)


def _link_answer(
    request: HttpRequest, url: str, template_id: int | None, member_id: int | None, name: str
) -> HttpResponse:
    if member_id is not None and template_id is not None:
        own = promotions.list_own_coupons(member_id=member_id, states=[CouponState.ISSUED, CouponState.FROZEN])
        promised = [one for one in own if one.template_id == template_id]
        if promised:
            return HttpResponseRedirect(reverse("h5:coupon", args=[promised[0].code]))
        return _wallet_page(request, member_id)
    if url and _is_web_address(url):
        return HttpResponseRedirect(url)
    return render(request, "h5/link.html", {"campaign_name": name, "has_coupon": template_id is not None})


def _is_web_address(url: str) -> bool:
    """The campaign's author chose the address, so any host will do, but only a web page and never a script."""
    host = url.split("/")[2] if url.startswith(("https://", "http://")) else None
    return url_has_allowed_host_and_scheme(url, allowed_hosts={host} if host else None)
