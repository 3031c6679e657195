"""The answer to a login that was closed after too many wrong passwords."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _


def locked_out(request: HttpRequest, _response: Any = None, _credentials: Any = None, *_args: Any) -> HttpResponse:
    """Say in words that the login is closed and for how long."""
    title = _("Login closed for a while")
    text = _(
        "There were too many wrong passwords for this login. Wait 15 minutes, or ask your headquarters to reset it."
    )
    return render(request, "console/problem_bare.html", {"title": title, "text": text}, status=429)
