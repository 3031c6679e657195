"""Every URL of the web process but the callback lane, which stands before Django."""

from django.urls import URLPattern, URLResolver, path
from django.views.generic import RedirectView

urlpatterns: list[URLPattern | URLResolver] = [
    path("", RedirectView.as_view(url="/console/"), name="root"),
]
