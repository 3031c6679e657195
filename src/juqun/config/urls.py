"""Every URL of the web process but the callback lane, which stands before Django."""

from django.urls import URLPattern, URLResolver, include, path
from django.views.generic import RedirectView

from juqun.surfaces.console.site import console_site

urlpatterns: list[URLPattern | URLResolver] = [
    path("", RedirectView.as_view(url="/console/"), name="root"),
    path("api/v1/", include("juqun.surfaces.http_api.urls")),
    path("h5/", include("juqun.surfaces.h5.urls")),
    path("console/", console_site.urls),
    path("i18n/", include("django.conf.urls.i18n")),
]
