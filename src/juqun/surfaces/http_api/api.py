"""The one API object: routers, keys, and how errors are written down."""

import logging
from typing import Any

from django.apps import apps
from django.core.exceptions import RequestDataTooBig
from django.db import InterfaceError, OperationalError, connection
from django.http import Http404, HttpRequest, HttpResponse
from django.http.multipartparser import MultiPartParserError
from django.utils.translation import gettext
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError, ValidationError

from juqun.domains.commerce.errors import TillKeyUnknownError
from juqun.kernel import clock
from juqun.kernel.errors import BusyError, DomainError, NotFoundError
from juqun.surfaces.http_api import imports, selling
from juqun.surfaces.http_api.auth import TillKeyAuth
from juqun.surfaces.http_api.schemas import HealthOut

log = logging.getLogger(__name__)

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
    return _refuse(request, 422, "invalid_input", message, faults)


@api.exception_handler(HttpError)
def answer_unreadable(request: HttpRequest, error: HttpError) -> HttpResponse:
    """A body that is no JSON (or whatever else the framework refuses by itself)."""
    message = gettext("The body cannot be read; send JSON in UTF-8, or a form with a file to an import.")
    return _refuse(request, error.status_code, "unreadable_body", message)


@api.exception_handler(MultiPartParserError)
def answer_broken_form(request: HttpRequest, error: MultiPartParserError) -> HttpResponse:
    """A form that is cut or broken."""
    return answer_unreadable(request, HttpError(400, str(error)))


@api.exception_handler(RequestDataTooBig)
def answer_too_big(request: HttpRequest, error: RequestDataTooBig) -> HttpResponse:
    """More than any order needs."""
    return _refuse(
        request, 413, "too_big", gettext("The body is too big; send one order at a time, files to an import.")
    )


@api.exception_handler(Http404)
def answer_no_such_call(request: HttpRequest, error: Http404) -> HttpResponse:
    """No such address."""
    return answer_domain_error(request, NotFoundError())


@api.exception_handler(OperationalError)
@api.exception_handler(InterfaceError)
def answer_database_away(request: HttpRequest, error: Exception) -> HttpResponse:
    """The database is away or busy beyond patience: the same call may go through a little later."""
    log.error("%s %s: the database is away (%s)", request.method, request.path, type(error).__name__)
    return answer_domain_error(request, BusyError())


@api.exception_handler(Exception)
def answer_own_fault(request: HttpRequest, error: Exception) -> HttpResponse:
    """A fault of ours: logged where it happened; the caller learns that and nothing of our inside."""
    log.error("%s %s failed", request.method, request.path, exc_info=error)
    message = gettext("Our mistake; nothing was stored. Try again, and tell the operator of this server if it stays.")
    return _refuse(request, 500, "internal", message)


def answer_method(request: HttpRequest) -> HttpResponse:
    """The address exists, but not for this method."""
    message = gettext("This address does not know the method; see the description of the API.")
    return _refuse(request, 405, "method_not_allowed", message)


def _refuse(
    request: HttpRequest, status: int, code: str, message: str, fields: dict[str, Any] | None = None
) -> HttpResponse:
    return api.create_response(request, {"code": code, "message": message, "fields": fields or {}}, status=status)
