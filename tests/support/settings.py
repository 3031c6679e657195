"""Settings of every test run: a data folder of its own, a fixed secret, SQLite or (JUQUN_TEST_DATABASE=postgres) PostgreSQL.

A settings module and not a conftest: pytest-django reads the settings before any conftest is loaded. The environment is set
first, so that processes which a test starts find the same folder and the same database under the product's own settings.
"""

import atexit
import os
import shutil
import tempfile

from tests.support import postgres

_folder = tempfile.mkdtemp(prefix="juqun-test-")
atexit.register(shutil.rmtree, _folder, ignore_errors=True)

if os.environ.get("JUQUN_TEST_DATABASE") == "postgres" and "JUQUN_TEST_DATABASE_URL" not in os.environ:
    os.environ["JUQUN_TEST_DATABASE_URL"] = postgres.start()  # parallel test processes inherit it

os.environ["JUQUN_DATA_DIR"] = _folder
os.environ["JUQUN_SECRET_KEY"] = "tests-only-secret-of-sufficient-length"
os.environ["JUQUN_DATABASE_URL"] = os.environ.get("JUQUN_TEST_DATABASE_URL", "")
os.environ["DJANGO_SETTINGS_MODULE"] = "juqun.config.settings"
# Tests read the texts of the code itself, whether or not the catalogues are compiled on this machine.
os.environ["JUQUN_LANGUAGE"] = "en"
os.environ.pop("JUQUN_CLOCK_FILE", None)

from juqun.config.settings import *  # noqa: E402, F403 - the environment above decides what they say
from juqun.config.settings import STATIC_ROOT  # noqa: E402

STATIC_ROOT.mkdir(parents=True, exist_ok=True)

# Slow hashing protects passwords of people; here it would be most of the suite's time.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
