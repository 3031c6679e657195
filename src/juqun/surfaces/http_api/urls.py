from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.urls import path
from django.views.decorators.csrf import csrf_exempt

from juqun.surfaces.http_api.api import answer_method, answer_no_such_call, api


def _in_json(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """The framework refuses a method in plain text; here every refusal looks alike."""

    @wraps(view)
    def answered(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        answer = view(request, *args, **kwargs)
        if not isinstance(answer, HttpResponseNotAllowed):
            return answer
        refusal = answer_method(request)
        refusal["Allow"] = answer["Allow"]
        return refusal

    return csrf_exempt(answered)


@csrf_exempt
def _no_such_call(request: HttpRequest, rest: str) -> HttpResponse:
    return answer_no_such_call(request, Http404())


_patterns, _app_name, _namespace = api.urls
for _pattern in _patterns:
    if _pattern.callback is not None:
        _pattern.callback = _in_json(_pattern.callback)

urlpatterns = [path("", (_patterns, _app_name, _namespace)), path("<path:rest>", _no_such_call)]
