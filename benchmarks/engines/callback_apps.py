"""The two WSGI applications of the callback benchmark: our lane beside Django, and what one would write in Django without it."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "juqun.config.settings")

from django.conf import settings
from django.core.wsgi import get_wsgi_application

settings.ROOT_URLCONF = "benchmarks.engines.callback_urls"
_django = get_wsgi_application()

from juqun.surfaces.callbacks.lane import beside  # noqa: E402 - models load after the set-up

ours = beside(_django)
plain = _django
