"""Group welcomes: what only shows when two are at one row at the same moment."""

import pytest
from django.db.models import QuerySet

from juqun.domains.groups import operations
from juqun.domains.groups.models import GroupWelcome
from juqun.domains.groups.testing import make_kind
from juqun.domains.members.testing import AT

pytestmark = pytest.mark.django_db


def test_a_new_text_waits_for_the_worker_who_stores_the_templates_id(monkeypatch):
    kind_id = make_kind()
    operations.set_group_welcome(kind_id=kind_id, text="hello", actor="hong", at=AT)
    locked = []
    lock = QuerySet.select_for_update

    def noting(rows, *args, **kwargs):
        locked.append(rows.model)
        return lock(rows, *args, **kwargs)

    monkeypatch.setattr(QuerySet, "select_for_update", noting)
    operations.set_group_welcome(kind_id=kind_id, text="good morning", actor="hong", at=AT)
    assert GroupWelcome in locked
