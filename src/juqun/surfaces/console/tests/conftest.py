"""The console's world, built once per module: each test gets its rows inside a savepoint and its lake as a copy."""

import shutil

import pytest
from django.core.cache import cache
from django.db import transaction
from django.test import override_settings

from juqun.surfaces.console.testing import World, make_world


@pytest.fixture(scope="module")
def _built(request, django_db_setup, django_db_blocker, tmp_path_factory):
    """The world of a module (its `WORLD_SIZE` members per store) in a transaction that is rolled back after the last test."""
    folder = tmp_path_factory.mktemp("world") / "lake"
    with django_db_blocker.unblock(), transaction.atomic():
        with override_settings(JUQUN_LAKE_DIR=folder):
            built = make_world(size=request.module.WORLD_SIZE)
        yield built, folder
        transaction.set_rollback(True)


@pytest.fixture
def world(_built, db, settings, tmp_path) -> World:
    """The module's world as it was built, whatever the tests before did."""
    built, folder = _built
    cache.clear()
    shutil.copytree(folder, tmp_path / "lake")
    settings.JUQUN_LAKE_DIR = tmp_path / "lake"
    settings.JUQUN_IMPORT_DIR = tmp_path / "imports"
    return built
