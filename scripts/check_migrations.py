"""Fail when a model has changed without a migration, or when a room has two migration leaves."""

import os
import sys
import tempfile

os.environ["JUQUN_DATA_DIR"] = tempfile.mkdtemp(prefix="juqun-migrations-")
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "juqun.config.settings")

from django.core.management import execute_from_command_line

sys.exit(execute_from_command_line(["django-admin", "makemigrations", "--check", "--dry-run"]))
