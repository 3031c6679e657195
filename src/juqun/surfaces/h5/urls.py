from django.urls import path

from juqun.surfaces.h5 import views

app_name = "h5"
urlpatterns = [
    path("c/<str:code>", views.coupon, name="coupon"),
    path("l/<str:token>", views.link, name="link"),
    path("m/<str:token>", views.wallet, name="wallet"),
    path("pickup/<str:code>", views.pickup, name="pickup"),
]
