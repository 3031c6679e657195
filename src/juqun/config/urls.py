"""Every URL of the web process but the callback lane, which stands before Django."""

from django.urls import URLPattern, URLResolver

urlpatterns: list[URLPattern | URLResolver] = []
