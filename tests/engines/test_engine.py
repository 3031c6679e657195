"""The run uses the database that it was asked to use; everything else here says nothing if this is wrong."""

import os
import tempfile
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection


@pytest.mark.django_db
def test_the_engine_is_the_one_asked_for():
    wanted = "postgresql" if os.environ.get("JUQUN_TEST_DATABASE") == "postgres" else "sqlite"
    assert connection.vendor == wanted


def test_the_data_folder_is_a_throw_away_one():
    assert Path(settings.DATA_DIR).is_relative_to(tempfile.gettempdir())
