"""The one API object: routers, keys, and how errors are written down."""

from django.apps import apps
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, ValidationError

from juqun.domains.commerce.errors import TillKeyUnknownError
from juqun.kernel import clock
from juqun.kernel.errors import DomainError
from juqun.surfaces.http_api import imports, selling
from juqun.surfaces.http_api.auth import TillKeyAuth
from juqun.surfaces.http_api.schemas import HealthOut

api = NinjaAPI(
    title="Juqun",
    version="1",
    description="Orders, coupons and members for tills; imports for head-office programs. Money is integer fen.",
    urls_namespace="http_api",
    auth=TillKeyAuth(),
    # The page of the documentation needs ninja's own assets as static files; without the app it would ask a CDN.
    docs_url="/docs" if apps.is_installed("ninja") else None,
)
api.add_router("", selling.router)
api.add_router("", imports.router)


@api.get("/health", auth=None, response=HealthOut, tags=["health"], summary="Does the server answer")
def get_health(request: HttpRequest) -> HealthOut:
    """Answers when the process and its database do."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return HealthOut(status="ok", at=clock.now())


@api.exception_handler(DomainError)
def answer_domain_error(request: HttpRequest, error: DomainError) -> HttpResponse:
    """Write a typed error down: its code, its sentence in the caller's language, its fields."""
    return api.create_response(
        request, {"code": error.code, "message": str(error), "fields": error.fields}, status=error.http_status
    )


@api.exception_handler(AuthenticationError)
def answer_missing_key(request: HttpRequest, error: AuthenticationError) -> HttpResponse:
    """A call without any key is told the same as one with a wrong key."""
    return answer_domain_error(request, TillKeyUnknownError())


@api.exception_handler(ValidationError)
def answer_bad_shape(request: HttpRequest, error: ValidationError) -> HttpResponse:
    """What does not fit the schema: the place of each fault and what is wrong with it."""
    faults = {".".join(str(part) for part in fault["loc"][1:]): fault["msg"] for fault in error.errors}
    message = gettext("The request does not fit the description; correct the named fields and send it again.")
    return api.create_response(request, {"code": "invalid_input", "message": message, "fields": faults}, status=422)
