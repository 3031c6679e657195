"""Settings of every test run: a data folder of its own, a fixed secret, the database that JUQUN_TEST_DATABASE_URL names."""

import os
import tempfile

_folder = tempfile.mkdtemp(prefix="juqun-test-")
os.environ["JUQUN_DATA_DIR"] = _folder
os.environ["JUQUN_SECRET_KEY"] = "tests-only-secret-of-sufficient-length"
os.environ["JUQUN_DATABASE_URL"] = os.environ.get("JUQUN_TEST_DATABASE_URL", "")
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "juqun.config.settings")
os.environ.pop("JUQUN_CLOCK_FILE", None)
