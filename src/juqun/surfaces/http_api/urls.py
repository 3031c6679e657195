from django.urls import path

from juqun.surfaces.http_api.api import api

urlpatterns = [path("", api.urls)]
