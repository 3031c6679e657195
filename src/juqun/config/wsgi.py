"""The WSGI application of the web process: the callback lane, and Django behind it."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "juqun.config.settings")

_django = get_wsgi_application()

from juqun.surfaces.callbacks.lane import beside  # noqa: E402 - the lane's rooms need Django to be set up

application = beside(_django)
