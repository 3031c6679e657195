"""Which member looks at a page: known by the signed link that was opened on this phone before, else nobody."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from juqun.domains.promotions import queries as promotions
from juqun.domains.promotions.errors import WalletLinkInvalidError

COOKIE = "juqun_wallet"
COOKIE_SECONDS = 30 * 24 * 3600


def member_of(request: HttpRequest) -> int | None:
    """The member named by `?m=` or by the phone's cookie; a spoilt token names nobody."""
    token = request.GET.get("m") or request.COOKIES.get(COOKIE, "")
    try:
        return promotions.read_wallet_token(token=token)
    except WalletLinkInvalidError:
        return None


def remember(response: HttpResponse, request: HttpRequest, member_id: int) -> None:
    """Let this phone keep its wallet link."""
    response.set_cookie(
        COOKIE,
        promotions.wallet_token(member_id=member_id),
        max_age=COOKIE_SECONDS,
        httponly=True,
        secure=settings.SESSION_COOKIE_SECURE,  # by our public address: behind a proxy the request itself looks plain
        samesite="Lax",
        path="/h5/",
    )
